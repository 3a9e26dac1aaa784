"""Shares in percent, by one rule that ``assets/base/percent.js`` follows to the letter."""

from decimal import ROUND_HALF_UP, Decimal

FEW = 0.01
"""Below it, and as near to all, a share is given to two places instead of one."""


def percent(share: float) -> str:
    """A share from 0 to 1 in percent, halves rounded up in decimal, and never to all or nothing.

    What counts is the shortest decimal that is this number, so that k of n is rounded as the
    fraction is: 41 of 2,000 are 2.1 %, though the double nearest to 0.0205 may lie below it.
    """
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    if not 0 < share < 1:
        return "–"
    places = 1 if FEW <= share <= 1 - FEW else 2
    ticks = Decimal(repr(float(share))).scaleb(places + 2)
    whole = int(ticks.quantize(Decimal(1), ROUND_HALF_UP))
    whole = min(max(whole, 1), 10 ** (places + 2) - 1)
    return f"{Decimal(whole).scaleb(-places)} %"
