"""Shares in percent: rounded as fractions are, never to all or nothing, and everywhere alike."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eosdash.shares import percent
from tests.conftest import ROOT


def in_words(count: int, total: int) -> str:
    """k of n by whole numbers alone."""
    if count in (0, total):
        return f"{100 * count // total} %"
    places = 1 if total <= 100 * count <= 99 * total else 2
    whole = (2 * 10 ** (places + 2) * count + total) // (2 * total)
    whole = min(max(whole, 1), 10 ** (places + 2) - 1)
    return f"{whole // 10**places}.{whole % 10**places:0{places}} %"


EXAMPLES = [
    (1, 16, "6.3 %"),
    (3, 16, "18.8 %"),
    (41, 2000, "2.1 %"),
    (1, 300, "0.33 %"),
    (299, 300, "99.67 %"),
    (1, 1_048_576, "0.01 %"),
    (1_048_575, 1_048_576, "99.99 %"),
    (1, 2, "50.0 %"),
    (0, 7, "0 %"),
    (7, 7, "100 %"),
]


@pytest.mark.parametrize(("count", "total", "words"), EXAMPLES)
def test_a_share_in_words(count, total, words):
    assert percent(count / total) == words


@given(st.integers(1, 4_194_304).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_fraction_is_rounded_as_it_is(numbers):
    count, total = numbers
    assert percent(count / total) == in_words(count, total)


def test_halves_are_rounded_up():
    for tick in range(200, 19_800):  # of 20,000: every second lies halfway between two tenths
        if tick % 20 == 10:
            assert percent(tick / 20_000) == in_words(tick, 20_000)
            assert Fraction(percent(tick / 20_000)[:-2]) > Fraction(tick, 200)


@pytest.mark.parametrize("share", [float("nan"), -0.1, 1.2])
def test_what_is_no_share_has_no_percentage(share):
    assert percent(share) == "–"


def test_nothing_else_writes_shares_in_percent():
    """Neither a format of Python nor one of the page, which round by other rules."""
    own = re.compile(r":\.\d%|toFixed\(\d\)\} %|100 \* .*\} %|tickformat.*%|%\{[xy]:\.\d%\}")
    files = [*(ROOT / "eosdash").rglob("*.py"), *(ROOT / "assets").rglob("*.js")]
    found = {
        f"{file.name}: {line.strip()}"
        for file in files
        for line in file.read_text().splitlines()
        if own.search(line) and file.name not in ("percent.js", "shares.py")
    }
    assert not found
