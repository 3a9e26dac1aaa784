"""Two hundred random runs: every sentence and event is what the curves show.

The predicates are written from the columns alone, apart from :mod:`eosdash.core.descent.course`.
"""

import re
from collections import Counter
from functools import cache

import numpy as np
import pytest

from eosdash.core.descent.measure import Measurements
from eosdash.fields import ParameterError
from eosdash.marks import unmarked
from eosdash.params import TrainParams
from eosdash.runs import train_records
from eosdash.words import badge_words, fate_words, outcome_words

RUNS = 200
TASKS = ["scalar", "whitened", "regression", "chebyshev", "toy", "spirals", "moons", "csv"]
ACTIVATIONS = ["linear", "linear", "tanh", "relu", "gelu", "softplus"]
STEPS = [1, 2, 5, 20, 60, 150, 400]
EDGES = {
    "gradient_descent": ("2/η", lambda beta: 2),
    "heavy_ball": ("(2 + 2β)/η", lambda beta: 2 + 2 * beta),
    "nesterov": ("(2 + 2β)/((1 + 2β) η)", lambda beta: (2 + 2 * beta) / (1 + 2 * beta)),
}


class Seen:
    """A run: its columns, and what is said of it."""

    def __init__(self, params: TrainParams) -> None:
        *parts, end = train_records(params)
        assert all(isinstance(part, Measurements) for part in parts)
        self.params, self.ending, self.events = params, end.ending, end.events
        self.loss, self.sharpness, self.grad, lr = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("loss", "sharpness", "grad_norm", "lr")
        )
        self.edge, factor = EDGES[params.optimizer]
        if not params.momentum:
            self.edge = "2/η"
        self.threshold = factor(params.momentum) / lr
        self.ratio = self.sharpness / self.threshold
        self.above = self.ratio > 1 + 1e-6
        self.headline = unmarked(outcome_words(end.ending, end.course, end.edge, end.linear))
        self.fate, self.badge = fate_words(end.ending), badge_words(end.ending)
        assert end.edge == self.edge

    @property
    def rises(self) -> np.ndarray:
        return np.flatnonzero(self.loss[1:] > (1 + 1e-9) * self.loss[:-1]) + 1

    @property
    def late(self) -> np.ndarray:
        """S/τ over the second half, since S first was above."""
        return self.ratio[max(len(self.ratio) // 2, int(np.argmax(self.above))) :]

    def rests(self, step: int, at: float) -> bool:
        """Whether from a step on S/τ is within 1 % of what is named, to the digits it is named."""
        tail = self.sharpness[step:] / self.threshold[-1]
        long = len(tail) >= 16 and len(tail) >= 0.1 * len(self.ratio)
        return long and bool(np.all(np.abs(tail - at) <= 0.01 * abs(at) + 6e-4))

    def settles(self, at: float) -> bool:
        return self.rests(len(self.ratio) - max(16, len(self.ratio) // 10 + 1), at)


def random_set(rng: np.random.Generator) -> TrainParams:
    """A small network of any kind."""
    task = str(rng.choice(TASKS))
    given = {
        "task": task,
        "activation": str(rng.choice(ACTIVATIONS)),
        "depth": int(rng.integers(1, 5)),
        "width": int(rng.integers(1, 4)),
        "samples": int(rng.integers(4, 12)),
        "seed": int(rng.integers(1000)),
        "data_seed": int(rng.integers(1000)),
        "init_scale": float(rng.choice([0.05, 0.4, 0.8, 1.2])),
        "steps": int(rng.choice(STEPS)),
        "optimizer": str(rng.choice(list(EDGES))),
        "momentum": float(rng.choice([0, 0.5, 0.9])),
        "batch": int(rng.choice([0, 0, 1, 3])),
        "weight_decay": float(rng.choice([0, 0, 0, 0.1])),
    }
    if task == "csv":
        given["data"] = tuple((float(x), float(np.sin(3 * x))) for x in np.linspace(-1, 1, 6))
    if task in ("spirals", "moons"):
        given["loss"] = str(rng.choice(["squared", "cross_entropy"]))
    try:
        params = TrainParams.make(**given)
        lr = float(params.lr * rng.choice([0.02, 0.3, 1, 1.2, 1.6, 2.5, 6]))
        changed = ((given["steps"] // 2, lr * float(rng.choice([0.3, 2]))),)
        schedule = changed if given["steps"] > 2 and rng.random() < 0.2 else ()
        return TrainParams.make(**given | {"lr": lr, "lr_schedule": schedule})
    except ParameterError:
        return random_set(rng)


@cache
def runs() -> list[Seen]:
    rng = np.random.default_rng(6)
    return [Seen(random_set(rng)) for _ in range(RUNS)]


def last(seen: Seen) -> str:
    return f"{len(seen.loss) - 1:,}"


def number(words: str) -> float:
    return float(words.split(" · ")[0])


HEADLINES = {
    r"Diverges at step ([\d,]+): the step is too large for this start": lambda seen, at: (
        at == last(seen) and not np.linalg.norm(seen.ending.theta) <= 1e6
    ),
    r"Ends on an orbit of period (\d+): bounded, and never converging": lambda seen, p: (
        np.allclose(seen.loss[-int(p) :], seen.loss[-2 * int(p) : -int(p)], rtol=1e-3)
        and seen.grad[-int(p) :].max() > 1e-9
    ),
    r"Bounded so far, without converging and without a period": lambda seen: (
        len(seen.loss) >= 128 and seen.grad[-1] > 1e-9
    ),
    r"Ends at a local minimum: the loss falls in no direction, but (?:is|may be) lower elsewhere": (
        lambda seen: seen.grad[-1] < 1e-6 and not seen.rises[seen.rises > 0.9 * len(seen.loss)].size
    ),
    r"Rests on a minimum that is too sharp .*": lambda seen: (
        seen.grad[-1] < 1e-6 and seen.ratio[-1] > 1
    ),
    r"Ends at a saddle: .*": lambda seen: seen.grad[-1] < 1e-6,
    r"Rests where the gradient vanishes, .*": lambda seen: seen.grad[-1] < 1e-6,
    r"Sharpness (stays below|does not exceed) \S.*, though the loss rises at times": (
        lambda seen, how: seen.rises.size and not seen.above.any() and low(seen, how)
    ),
    r"Sharpness (stays below|does not exceed) \S.*, and .* quiet: the loss never rises": (
        lambda seen, how: not seen.rises.size and not seen.above.any() and low(seen, how)
    ),
    r"Sharpness (.*?) EDGE and settles at (.*) · EDGE": lambda seen, how, at: (
        got(seen, how) and number(at) > 0.9 and seen.settles(number(at))
    ),
    r"Sharpness (.*?) EDGE and falls below it": lambda seen, how: (
        got(seen, how) and seen.ratio[-1] <= 1
        and (seen.ending.outcome == "minimum" or not (seen.late > 1 + 1e-6).any())
    ),
    r"Sharpness (.*?) EDGE and falls below it, and settles at (.*) · EDGE": lambda seen, how, at: (
        got(seen, how) and seen.ratio[-1] <= 1 and seen.settles(number(at))
    ),
    r"Sharpness (.*?) EDGE and stays above it": lambda seen, how: (
        got(seen, how) and seen.above[np.argmax(seen.above) :].all()
    ),
    r"Sharpness (.*?) EDGE and stays about it, at (.*) · EDGE on median": lambda seen, how, at: (
        got(seen, how) and abs(np.median(seen.late) - number(at)) < 6e-4
        and 0.9 <= np.median(seen.late) <= 1.1
        and np.mean((seen.late >= 0.75) & (seen.late <= 1.25)) >= 0.75
    ),
    r"Sharpness (.*?) EDGE and goes up and down around it": lambda seen, how: (
        got(seen, how) and np.sum(np.diff(seen.late > 1 + 1e-6)) >= 4
    ),
    r"Sharpness (.*?) EDGE and ends at (.*) · EDGE": lambda seen, how, at: (
        got(seen, how) and abs(seen.ratio[-1] - number(at)) < 6e-4
    ),
}  # fmt: skip
"""Of every form of the headline what has to be true, of a run and of what the form names."""


def low(seen: Seen, how: str) -> bool:
    return bool((seen.ratio < 1).all()) or how == "does not exceed"


def got(seen: Seen, how: str) -> bool:
    """Whether the sharpness came above the threshold as it is said."""
    first = int(np.argmax(seen.above))
    assert seen.above[first]
    if how == "starts above":
        return first == 0
    grew = seen.sharpness[first] > seen.sharpness[first - 1]
    return first > 0 and (how == "passes" or (how == "climbs past" and bool(grew)))


def said(pattern: str, seen: Seen) -> re.Match[str] | None:
    return re.fullmatch(pattern.replace("EDGE", re.escape(seen.edge)), seen.headline)


@pytest.fixture(scope="module")
def every() -> list[Seen]:
    return runs()


def test_every_headline_is_true(every: list[Seen]) -> None:
    used = Counter()
    for seen in every:
        forms = [(form, found) for form in HEADLINES if (found := said(form, seen))]
        assert forms, (seen.headline, seen.params)
        form, found = forms[-1]  # the longest
        assert HEADLINES[form](seen, *found.groups()), (seen.headline, seen.params)
        used[form] += 1
    assert len(used) >= 15, used


def spikes(loss: np.ndarray) -> list[int]:
    """Peaks that are at least 1.1 times the loss before the rise to them."""
    found = []
    for peak in range(1, len(loss) - 1):
        foot = peak
        while foot and loss[foot - 1] < loss[foot]:
            foot -= 1
        if foot < peak and loss[peak + 1] < loss[peak] and loss[peak] >= 1.1 * loss[foot]:
            found.append(peak)
    return found


def test_every_event_is_there_and_at_its_step(every: list[Seen]) -> None:
    for seen in every:
        at = {event.kind: event.step for event in seen.events}
        assert all(0 <= step < len(seen.loss) for step in at.values()), seen.params
        assert at.get("crosses") == (int(np.argmax(seen.above)) if seen.above.any() else None)
        assert at.get("spike") == next(iter(spikes(seen.loss)), None), seen.params
        first = next(iter(seen.rises), None) if "spike" not in at else None
        assert at.get("rises") == first, seen.params
        if "returns" in at:
            assert not seen.above[at["returns"]]
            assert seen.above[at["crosses"] : at["returns"]].all()
        for event in seen.events:
            named = re.search(r"within 1 % of (.*) · \S", event.text)
            if named:
                assert seen.rests(event.step, float(named[1])), (event, seen.params)
            if event.kind in ("converges", "diverges"):
                assert event.step == len(seen.loss) - 1


def test_every_fate_names_the_last_row(every: list[Seen]) -> None:
    for seen in every:
        steps = re.findall(r"step ([\d,]+)", seen.fate)
        assert steps == ([] if "repeats" in seen.fate else [last(seen)]), seen.fate
        assert (seen.badge == "diverged") == ("left the ball" in seen.fate)


def test_the_runs_are_of_all_kinds(every: list[Seen]) -> None:
    for name, values in {
        "task": TASKS,
        "activation": ACTIVATIONS,
        "optimizer": EDGES,
        "weight_decay": [0, 0.1],
        "steps": STEPS,
    }.items():
        assert {getattr(seen.params, name) for seen in every} >= set(values), name
    assert {seen.params.batch for seen in every} >= {0, 1, 3}
    assert any(seen.params.lr_schedule for seen in every)
    assert {str(seen.ending.outcome) for seen in every} >= {
        "minimum", "periodic", "bounded", "diverged", "undecided",
    }  # fmt: skip
