"""Nothing of an old result is seen beside the words of a new one, however slow that is."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app_page import AppPage
from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage
from tests.browser.theory_page import TheoryPage

WATCH = """(names) => {
    const read = (id) => document.getElementById(id)?.innerText ?? "";
    const look = () => {
        const now = Object.fromEntries(names.map((name) => [name, read(name)]));
        window.looks.push({ ...now, running: !asked()?.end });
    };
    const asked = () => eosdash.page().shown();
    window.looks = [];
    look();
    new MutationObserver(look).observe(document.querySelector(".eos-main"), {
        childList: true, subtree: true, characterData: true,
    });
}"""

FAST = "task=scalar&depth=2&seed=3&lr=0.9"
SLOW = {
    "run": "task=regression&depth=6&width=32&d_in=8&d_out=8&lr=0.01&steps=150&lambda_min=true"
    "&seed={seed}",
    "basin": "task=whitened&depth=3&width=4&lr=0.4&resolution=256&steps=600&seed={seed}",
    "sweep": "task=whitened&depth=3&width=4&starts=40&steps=1000&columns=40&seed={seed}",
    "theory": "task=whitened&depth=4&width=6&starts=200&steps=1500&seed={seed}",
}
WORDS = {
    "run": ["summary", "badge", "fate", "events", "scope"],
    "basin": ["summary", "fate", "run-words", "boundary-words", "scope"],
    "sweep": ["summary", "cursor-words", "cobweb-words", "scope"],
    "theory": ["summary", "nonsingular-check", "stable-check", "measure_zero-check"],
}
QUICK = {
    "run": f"{FAST}&steps=60",
    "basin": f"{FAST}&steps=60&resolution=64",
    "sweep": "task=scalar&depth=2&starts=8&steps=100&columns=16",
    "theory": "task=scalar&depth=2&starts=20&steps=100&points=10",
}


def looks(page: Page, names: list[str]) -> list[dict[str, str]]:
    """What was read at every change, with the subtitle that it was read beside."""
    seen: list[dict[str, str]] = page.evaluate("window.looks")
    assert len(seen) > 2
    return [{name: look[name] for name in [*names, "setup", "running"]} for look in seen]


@pytest.mark.parametrize("name", SLOW)
def test_nothing_old_is_said_beside_a_new_subtitle(
    name: str, request: pytest.FixtureRequest
) -> None:
    there: RunPage | BasinPage | SweepPage | TheoryPage = request.getfixturevalue(f"{name}_page")
    there.open(QUICK[name])
    if isinstance(there, BasinPage):
        there.ran()
    page, names = there.page, WORDS[name]
    before = {word: there.text(word) for word in [*names, "setup"]}
    page.evaluate(WATCH, [*names, "setup"])
    page.evaluate("(search) => eosdash.setState(search)", SLOW[name].format(seed=5))
    page.wait_for_function("(before) => document.querySelector('#setup').innerText !== before",
                           arg=before["setup"])  # fmt: skip
    there.finished()
    seen = looks(page, names)
    new = [look for look in seen if look["setup"] != before["setup"]]
    assert any(look["running"] for look in new), "too fast to tell"
    told = [word for word in names if before[word] not in ("", there.text(word))]
    assert "summary" in told
    for look in new:
        assert not [word for word in told if look[word] == before[word]], look


def headline(there: AppPage) -> str:
    return there.text("summary")


def test_a_slow_run_says_that_it_is_computed_and_then_what_it_is(run_page: RunPage) -> None:
    run_page.open(QUICK["run"])
    old, page = headline(run_page), run_page.page
    page.evaluate("(search) => eosdash.setState(search)", SLOW["run"].format(seed=8))
    expect(page.locator("#summary")).to_have_text("Computing the run …")
    expect(page.locator("#badge")).to_be_hidden()
    assert page.locator("#events button").count() == 0
    run_page.finished()
    assert headline(run_page) not in (old, "Computing the run …")
    expect(page.locator("#badge")).to_be_visible()


def test_frames_of_a_played_learning_rate_are_described_as_what_they_are(
    basin_page: BasinPage,
) -> None:
    """The learning rate in the subtitle is that of the caption, at every frame."""
    basin_page.open("depth=2&lr=0.7&plane=weights:0,1&extent=2.5&resolution=64&steps=100")
    page = basin_page.page
    page.evaluate(WATCH, ["play-words", "setup"])
    page.locator("#play-eta").click()
    page.wait_for_function("() => new Set(window.looks.map((look) => look['play-words'])).size > 8")
    page.locator("#play-eta").click()
    seen = [look for look in page.evaluate("window.looks") if look["play-words"]]
    played = page.evaluate("""(rates) => rates.map((lr) => eosdash.digits(lr, 4))""",
                           page.evaluate("eosdash.mapState.map.start.play.lr"))  # fmt: skip
    captions = {look["play-words"]: look["setup"] for look in seen}  # the last of each
    for words, setup in list(captions.items())[:-1]:
        lr = float(words.split(" ")[2])
        near = min(played, key=lambda rate: abs(float(rate) - lr))
        assert f"η = {near} " in setup, (words, setup)
