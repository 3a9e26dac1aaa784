"""Fields of numbers: what is typed and pasted means what it says, or is refused in words."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app_page import AppPage
from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage
from tests.browser.theory_page import TheoryPage

READ = [
    ("2e3", 2000),
    ("2.5E+2", 250),
    ("7e-4", 0.0007),
    ("1,250", 1250),
    ("12,345,678", 12345678),
    ("12,345.6", 12345.6),
    ("12.345,6", 12345.6),
    ("1.234.567", 1234567),
    ("0,25", 0.25),
    ("0,125", 0.125),
    ("3,14159", 3.14159),
    ("3,1e2", 310),
    (",75", 0.75),
    (".75", 0.75),
    ("4.", 4),
    ("1.500", 1.5),
    ("−3.5", -3.5),
    ("–3,5", -3.5),
    ("- 3", -3),
    ("+8", 8),
    ("  0.3\t", 0.3),
    ("\u00a00.3\n", 0.3),
    ("12\u202f345,5", 12345.5),
    ("12’345", 12345),
    ("−0", 0),
    ("0e5", 0),
    ("007", 7),
]
REFUSED = [
    ("", "A number is needed here"),
    ("   ", "A number is needed here"),
    ("fast", "not a number"),
    ("1e", "not a number"),
    ("e5", "not a number"),
    ("-", "not a number"),
    ("--2", "not a number"),
    ("2−", "not a number"),
    ("0x10", "not a number"),
    ("Infinity", "not a number"),
    ("NaN", "not a number"),
    ("1/3", "not a number"),
    ("5 %", "not a number"),
    ("10²", "not a number"),
    ("١٢", "not a number"),
    ("0.3 0.4", "not a number"),
    ("100 200", "not a number"),
    ("100\t200", "not a number"),
    ("1_000", "not a number"),
    ("1,2,3", "several ways"),
    ("1,50,000", "several ways"),
    ("1.2.3", "several ways"),
    ("1,234,5", "several ways"),
    ("1.5,000.2", "several ways"),
    ("1,250e3", "several ways"),
    ("1,250,", "several ways"),
    (".", "several ways"),
    (",", "several ways"),
    ("3e400", "too large"),
    ("3e-400", "too close to 0"),
]
READING = """([text, whole]) => {
    try { return eosdash.number(text, whole); } catch ({ message }) { return message; }
}"""


def reading(page: Page, text: str, whole: bool = False) -> Any:
    return page.evaluate(READING, [text, whole])


def test_a_number_is_read_as_it_is_meant_or_refused(run_page: RunPage) -> None:
    page = run_page.open("steps=60").page
    for text, value in READ:
        assert reading(page, text) == value, text
    for text, words in REFUSED:
        assert words in str(reading(page, text)), text
    assert reading(page, "2,000", whole=True) == 2000
    assert reading(page, "3.0", whole=True) == 3
    for text in ("2.5", "0,5", "5e-1", "9007199254740993"):
        assert "not a whole number" in reading(page, text, whole=True)


TYPED = [
    ("lr", "3e-1", "0.3"),
    ("lr", "0,31", "0.31"),
    ("steps", "1e2", "100"),
    ("steps", "1,000", "1000"),
    ("target", "\u22121.5", "-1.5"),
    ("target", " 0.8 ", "0.8"),
]


@pytest.mark.parametrize("way", ["type", "paste", "at once"])
def test_a_typed_or_pasted_number_is_computed_with(run_page: RunPage, way: str) -> None:
    run_page.open("depth=2&steps=60")
    for name, text, meant in TYPED:
        before = run_page.asked
        enter(run_page, name, text, way)
        assert run_page.another(before).link[name] == meant
        run_page.control(name).blur()
        expect(run_page.control(name)).to_have_value(meant)
        expect(run_page.control(name)).not_to_have_attribute("aria-invalid", "true")


def enter(page: AppPage, name: str, text: str, way: str = "at once") -> None:
    """Type a text key by key, as pasting does, or as one event."""
    control = page.control(name)
    control.select_text()
    if way == "at once":
        return control.evaluate(AT_ONCE, text)
    if way == "type":
        return control.press_sequentially(text, delay=20)
    return page.page.evaluate("(text) => document.execCommand('insertText', false, text)", text)


# Playwright's own ways write past React in Firefox. The setter of the prototype is what a browser
# calls; that of the element is React's.
AT_ONCE = """(input, text) => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, text);
    input.dispatchEvent(new Event("input", { bubbles: true }));
}"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lr", "fast"),
        ("lr", ""),
        ("lr", "1,2,3"),
        ("depth", "2.5"),
        ("steps", "1e-1"),
        ("lr", "1e"),
    ],
)
def test_what_is_no_number_is_refused_and_the_picture_stays(
    run_page: RunPage, name: str, text: str
) -> None:
    run_page.open("depth=3&lr=0.37&steps=60")
    before, loss, kept = run_page.asked, run_page.column("loss"), run_page.link[name]
    enter(run_page, name, text)
    expect(run_page.field(name)).to_contain_text(f"It is still {kept}")
    run_page.control(name).blur()
    expect(run_page.control(name)).to_have_value(text)
    assert (run_page.asked, run_page.column("loss")) == (before, loss)
    other = "target"
    enter(run_page, other, "0.9")  # what else is set goes on, with the last value
    assert run_page.another(before).link[name] == kept
    expect(run_page.field(name)).to_contain_text(f"It is still {kept}")
    enter(run_page, name, kept)
    expect(run_page.field(name)).not_to_contain_text("It is still")


def test_undo_a_slider_and_keys_put_a_number_back(run_page: RunPage) -> None:
    page = run_page.open("depth=2&lr=0.4&steps=60").page
    run_page.control("lr").fill("fast")
    expect(run_page.field("lr")).to_contain_text("It is still 0.4")
    run_page.control("lr").blur()
    before = run_page.asked
    page.keyboard.press("u")
    run_page.another(before)
    expect(run_page.control("lr")).to_have_value("0.404")
    expect(run_page.field("lr")).not_to_contain_text("It is still")
    run_page.control("lr").fill("slow")
    expect(run_page.field("lr")).to_contain_text("It is still 0.404")
    page.locator("#undo").click()
    expect(run_page.control("lr")).to_have_value("0.4")
    expect(run_page.field("lr")).not_to_contain_text("It is still")


def test_arrows_and_buttons_step_by_one(run_page: RunPage) -> None:
    page = run_page.open("depth=3&width=2&lr=0.2&steps=60&target=0.5").page
    run_page.control("depth").press("ArrowUp")
    expect(run_page.control("depth")).to_have_value("4")
    run_page.control("target").press("ArrowDown")
    expect(run_page.control("target")).to_have_value("-0.5")
    up, down = run_page.field("steps").locator("[data-step]").all()
    up.click()
    expect(run_page.control("steps")).to_have_value("61")
    down.click()
    down.click()
    expect(run_page.control("steps")).to_have_value("59")
    page.wait_for_function("() => eosdash.state.current.start.query.steps === '59'")
    run_page.control("width").fill("1")
    page.wait_for_function("() => eosdash.state.current.start.query.width === '1'")
    run_page.control("width").press("ArrowDown")  # there is none below
    expect(run_page.control("width")).to_have_value("1")


def test_what_a_phone_offers_suits_the_numbers(run_page: RunPage) -> None:
    run_page.open("steps=60")
    expect(run_page.control("lr")).to_have_attribute("inputmode", "decimal")
    expect(run_page.control("target")).not_to_have_attribute("inputmode", "decimal")  # has a sign


def test_the_rate_of_a_map_keeps_its_last_number(basin_page: BasinPage) -> None:
    basin_page.open("depth=2&lr=0.5&resolution=32&steps=40")
    still_the_rate(basin_page, "0.5")


def test_the_rate_of_a_sweep_keeps_its_last_number(sweep_page: SweepPage) -> None:
    sweep_page.open("columns=5&starts=3&steps=20&lr=0.5")
    still_the_rate(sweep_page, "0.5")


def test_the_rate_of_the_theory_keeps_its_last_number(theory_page: TheoryPage) -> None:
    theory_page.open("depth=2&points=5&starts=3&steps=20&lr=0.5")
    still_the_rate(theory_page, "0.5")


def still_the_rate(page: AppPage, kept: str) -> None:
    page.control("lr").fill("slow")
    expect(page.field("lr")).to_contain_text(f"It is still {kept}")
    assert page.link["lr"] == kept
    page.control("lr").fill("6e-1")
    expect(page.field("lr")).not_to_contain_text("It is still")
    page.page.wait_for_function("() => new URLSearchParams(location.search).get('lr') === '0.6'")


def test_a_step_goes_on_from_the_last_one_whatever_is_drawn_meanwhile(run_page: RunPage) -> None:
    page = run_page.open("depth=3&width=2&lr=0.2&steps=60&target=0.5").page
    # All in one task of the page: nothing of it is drawn before the end, and the old number is
    # drawn again, as an answer does that comes late.
    page.evaluate("""() => {
        const input = document.getElementById('{"name":"steps","type":"param"}');
        const field = input.closest(".eos-number");
        const [up, down] = field.querySelectorAll("[data-step]");
        const again = () => (input.value = 60);
        const press = (button) => {
            button.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
            button.click();
            again();
        };
        [up, up, up, down].forEach(press);
    }""")
    page.wait_for_function("() => eosdash.state.current.start.query.steps === '62'")
    expect(run_page.control("steps")).to_have_value("62")


def test_a_step_after_an_undo_goes_on_from_what_is_seen(run_page: RunPage) -> None:
    page = run_page.open("depth=3&width=2&lr=0.2&steps=60&target=0.5").page
    up = run_page.field("steps").locator("[data-step]").first
    up.click()
    page.wait_for_function("() => eosdash.state.current.start.query.steps === '61'")
    page.locator("#undo").click()
    page.wait_for_function("() => eosdash.state.current.start.query.steps === '60'")
    expect(run_page.control("steps")).to_have_value("60")
    up.click()
    expect(run_page.control("steps")).to_have_value("61")
    page.wait_for_function("() => eosdash.state.current.start.query.steps === '61'")
