"""Every number that a page says is one of its result or of its parameters, to the digits shown."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest

import eosdash
from eosdash.core.maps.boundary import wilson
from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage
from tests.browser.theory_page import TheoryPage

NUMBER = re.compile(r"(?<![\w.,₀-₉])\d[\d,]*(?:\.\d+)?(?:e[+−-]?\d+)?")
FORMULAS = re.compile(
    r"\(?2 \+ 2β\)?/?\(?|1 \+ 2β|2/η|2/S\(θ₀\)|95 %|within 1 %|ln 2|· 10[⁻⁰-⁹]+|α = 1\b|D = 1\b"
    r"|[×] ?\d+ ?ms|\d[\d.]* (?:ms|s)\b|x1|× 1\b"
)
"""Where digits belong to a formula, a definition, or a clock."""


def numbers(words: str) -> Iterator[str]:
    """The numbers in a text, as they are written."""
    yield from NUMBER.findall(FORMULAS.sub(" ", words.replace("−", "-")))


def is_of(written: str, pool: Iterable[float]) -> bool:
    """Whether a number is one of the pool, to its last digit or, with zeros left out, to three."""
    text = written.replace(",", "").replace("−", "-")
    value, exponent = float(text), text.partition("e")[2]
    mantissa = text.partition("e")[0]
    places = len(mantissa.partition(".")[2])
    half = 0.5 * 10.0 ** (int(exponent or 0) - places)
    values = np.abs(np.fromiter((x for x in pool if np.isfinite(x)), dtype=float))
    digits = np.inf if exponent else 5.01e-3 * values
    room = np.where((values == np.round(values)) & (values < 1e5), 0.0, np.minimum(half, digits))
    return bool(np.any(np.abs(values - value) <= np.maximum(room, 1e-9 * values)))


def flat(*parts: Any) -> Iterator[float]:
    """All numbers in a record, and shares in percent too."""
    for part in parts:
        if isinstance(part, bool) or part is None:
            continue
        if isinstance(part, str):
            yield from (float(x.replace(",", "")) for x in numbers(part))
        elif isinstance(part, dict):
            yield from flat(*part.values())
        elif isinstance(part, int | float):
            yield float(part)
            if 0 < part < 1:
                yield 100 * float(part)
        elif isinstance(part, Iterable):
            yield from flat(*part)


def wrong(said: dict[str, str], pool: list[float]) -> list[tuple[str, str]]:
    """Numbers that are none of the pool, with the place that says them."""
    return [(place, n) for place, words in said.items() for n in numbers(words)
            if not is_of(n, pool)]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "value", "same"),
    [("1.198", 1.2, False), ("1.20", 1.198, True), ("0.999", 0.99941, True), ("46", 47, False),
     ("1,499", 1499, True), ("1.01", 0.999, False), ("1.3e-7", 1.34e-7, True), ("0.8", 1.02, False),
     ("0.469", 0.469, True), ("3", 3.4, False)],
)  # fmt: skip
def test_numbers_are_compared_to_their_last_digit(written: str, value: float, same: bool) -> None:
    assert is_of(written, [value]) == same
    assert list(numbers(f"at step {written} · 2/η")) == [written]


RUNS = [
    "task=scalar&depth=4&init=weights&weights=1.38,0.59,0.43,1.14&lr=0.469&steps=900",
    "task=scalar&depth=2&init=weights&weights=0.9,1.2&lr=1.3&steps=400",
    "task=scalar&depth=3&seed=3&lr=2.4&steps=300",
    "task=whitened&depth=2&width=3&optimizer=heavy_ball&momentum=0.7&lr=1.2&steps=250",
    "task=toy&samples=12&activation=softplus&hidden=6&batch=1&lr=0.3&steps=300",
    "task=csv&data=1:2,2:5,4:1,7:3&activation=tanh&hidden=5&lr=0.3&steps=200",
    "task=scalar&depth=2&lr=0.7&steps=320&lr_schedule=160:1.1",
]


@pytest.mark.parametrize("query", RUNS)
def test_a_run(run_page: RunPage, query: str) -> None:
    run_page.open(query)
    page = run_page.page
    start, end, count = page.evaluate(
        "(({ start, end, count }) => [start, end, count])(eosdash.state.current)"
    )
    sharpness, lr, loss = (np.array(run_page.column(name)) for name in ("sharpness", "lr", "loss"))
    ratio = sharpness * lr / start["edge"]["factor"]
    last, rate = count - 1, start["params"]["lr"]
    known = [last, *flat(start["params"], start["parameters"], end["period"], lr)]
    known += [event["step"] for event in end["events"]]
    known += [event["value"] or 0 for event in end["events"]] + [ratio[-1]]
    if start["critical_lr"]:
        known += [rate / start["critical_lr"]["value"]]
    places = ["summary", "setup", "fate", "events", "lr-words"]
    known += range(1, 1 + len(end["events"]))  # they are numbered
    said = {place: run_page.text(place) for place in places}
    edges = [start["edge"]["factor"] / rate]
    assert not wrong(said, known + edges)
    assert len(loss) == count == end["step"]

    def reading(step: int) -> None:
        shown = page.evaluate("eosdash.stepShown(eosdash.state)")
        assert shown == step
        pool = [step, last, loss[step], sharpness[step], ratio[step]]
        assert not wrong({"readout": run_page.text("readout")}, pool), run_page.text("readout")

    reading(last)
    for i, event in enumerate(end["events"]):
        page.locator("#events button").nth(i).click()
        page.wait_for_function(
            "(step) => document.querySelector('#readout').innerText.startsWith(`step ${step} `)",
            arg=f"{event['step']:,}",
        )
        reading(event["step"])
        named = re.search(r"within 1 % of ([\d.]+)", event["text"])
        if named:
            assert ratio[event["step"]] == pytest.approx(float(named[1]), rel=0.0106)


def test_a_basin_with_a_cursor(basin_page: BasinPage) -> None:
    """What is read of a pixel is what is said of the run of its start."""
    basin_page.open("depth=2&lr=0.8&plane=weights:0,1&extent=2.6&resolution=64&steps=200")
    page = basin_page.page
    for at in ((0.53, 0.61), (0.42, 0.27), (0.06, 0.94), (0.71, 0.55)):
        before = page.evaluate("eosdash.mapState.run?.query ?? ''")
        page.mouse.move(*basin_page.at(*at))
        basin_page.click(*at)
        page.wait_for_function(
            "(before) => eosdash.mapState.run?.end && eosdash.mapState.run.query !== before",
            arg=before,
        )
        start, pixel, shares, end, map_end = page.evaluate("""() => {
            const { map, at, run } = eosdash.mapState;
            return [map.start, map.pixel(...at), map.counts(), run.end, map.end];
        }""")
        run = eosdash.train(depth=2, lr=0.8, weights=[pixel["x"], pixel["y"]], steps=200)
        ratio = pixel["sharpness"] * 0.8 / 2 if pixel["sharpness"] else 0
        known = [pixel["steps"] - 1, pixel["x"], pixel["y"], ratio, pixel["sharpness"] or 0]
        known += [pixel["loss"] or 0, pixel["period"] or 0]
        read = {"map-readout": basin_page.text("map-readout")}
        # The axes are called w1 and w2.
        assert not wrong({"map-readout": re.sub(r"w\d", "w", read["map-readout"])}, known), read
        assert run.step == pixel["steps"] == end["step"]
        assert run.outcome == pixel["outcome"] or pixel["kind"], read
        settled = [event["value"] or 0 for event in end["events"]]
        words = {"run-words": basin_page.text("run-words")}
        assert not wrong(words, [run.step - 1, end["period"] or 0, *settled, ratio]), words
    total = sum(shares)
    outcomes = {f"share-{name}": count / total for name, count in
                zip(start["outcomes"], shares, strict=True)}  # fmt: skip
    for place, share in outcomes.items():
        assert not wrong({place: basin_page.text(place)}, [100 * share])
    known = [*flat(start["params"], map_end), 100 * max(outcomes.values()), 64]
    known += [0.8 / start["critical_lr"]["value"], 2 / 0.8, *(100 * x for x in outcomes.values())]
    said = {place: basin_page.text(place) for place in ("summary", "setup", "fate", "lr-words")}
    assert not wrong(said, known), said


def test_a_sweep(sweep_page: SweepPage) -> None:
    """The cursor is called by its own η, and what is known by that of its column."""
    sweep_page.open("task=scalar&depth=3&starts=24&steps=200&columns=37&lr=0.8&low=0.1&high=1.5")
    page = sweep_page.page

    def column_of(lr: float) -> tuple[dict[str, Any], int, list[float]]:
        start, column, columns = page.evaluate(
            """(lr) => {
            const { sweep } = eosdash.sweepState;
            const column = sweep.nearest(sweep.position(lr));
            const { counts, interval, exponent } = sweep.columns;
            return [sweep.start, column,
                    [counts[column], interval.map((row) => row[column]), exponent[column]]];
        }""",
            lr,
        )
        return start, column, [*flat(columns[0], columns[1]), columns[2] or 0]

    start, column, known = column_of(0.8)
    unit, rate = start["unit"]["value"], start["rates"][column]
    assert abs(rate - 0.8) > 1e-3  # the cursor stands between two columns
    words = sweep_page.text("cursor-words")
    beside, _, there = words.partition("; in the column beside it, ")
    assert not wrong({"cursor": beside}, [0.8, 0.8 / unit]), words
    assert not wrong({"column": there}, [rate, rate / unit, 24, *known]), words
    params = [*flat(start["params"]), 0.8 / unit, start["edge"]["factor"] / 0.8]
    end = page.evaluate("eosdash.sweepState.sweep.end")
    said = {place: sweep_page.text(place) for place in ("summary", "setup", "lr-words")}
    assert not wrong(said, [*params, *flat(start["value"]), *start["rates"]]), (said, end)

    sweep_page.page.mouse.click(*sweep_page.at(0.62, 0.5))
    page.wait_for_function("() => eosdash.sweepState.run?.start.params.lr !== 0.8")
    lr = float(sweep_page.link["lr"])
    start, column, known = column_of(lr)
    rate = start["rates"][column]
    assert lr == pytest.approx(rate, rel=1e-4)  # a click is on a column
    words = sweep_page.text("cursor-words")
    assert "beside" not in words
    assert not wrong({"column": words}, [rate, rate / unit, 24, *known]), words


def test_the_theory(theory_page: TheoryPage) -> None:
    query = {"task": "scalar", "depth": 2, "target": 1.3, "lr": 0.55}
    theory_page.open(
        "&".join(f"{k}={v}" for k, v in query.items()) + "&starts=40&steps=300&points=12"
    )
    start, panels = theory_page.page.evaluate(
        "(({ start, panels }) => [start, panels])(eosdash.theoryState.theory)"
    )
    found = eosdash.check_theory(**query, starts=40, steps=300, points=12)
    assert start["params"]["lr"] == 0.55
    critical = eosdash.theory.critical_lr(**query).value
    zero = panels["measure_zero"]
    counted = found.convergence
    past = counted.value > 1 + 1e-9
    total = 40 * int(past.sum())
    converged = round(40 * sum(np.array(zero["fraction"])[past]))
    open_ = round(40 * float(counted.fraction["undecided"][past].sum()))
    known = [*flat(start["params"]), 0.55 / critical, 2 / 0.55, total, converged]
    known += [100 * float(wilson(n, total)[1]) for n in (converged, converged + open_)]
    known += [open_]
    known += flat(panels["stable"]["bound"], len(panels["manifold"]["sampled"]))
    known += [found.nonsingular.smallest, found.nonsingular.vanishing, 12]
    known += [found.manifold.expected_rank, found.manifold.dimension]
    places = ["summary", "setup", "lr-words"]
    places += [f"{name}-check" for name in panels]
    said = {place: theory_page.text(place) for place in places}
    assert not wrong(said, known), said
