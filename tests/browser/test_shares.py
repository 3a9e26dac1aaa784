"""Shares on the page: in the words of the server."""

from playwright.sync_api import Page

from eosdash.shares import percent

TOTALS = (7, 16, 300, 1000, 2000, 16_384, 20_000)


def test_the_page_and_the_server_round_alike(page: Page) -> None:
    page.goto("/")
    page.wait_for_function("() => window.eosdash?.percent")
    shares = [k / n for n in TOTALS for k in range(0, n + 1, max(1, n // 1500))]
    shares += [0.5 * k / 2000 for k in range(4001)]
    shares += [1e-9, 5e-7, 1e-6, 0.0049999, 1 - 1e-9, 0.01, 0.99]
    words = page.evaluate("(shares) => shares.map(eosdash.percent)", shares)
    assert len(shares) > 8000
    assert words == [percent(share) for share in shares]
    assert page.evaluate("() => [NaN, -1, 2, null].map(eosdash.percent)") == ["–"] * 4
