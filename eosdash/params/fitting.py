"""What suits a network where nothing is said: the scale of its start, the learning rate, and how
large its maps and sweeps are."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from eosdash.core.descent.step_size import OF_LINEAR, SHARES, suited_lr
from eosdash.costs import map_seconds, run_seconds, sweep_seconds, theory_seconds
from eosdash.fields import remembered
from eosdash.problem import objective_of, start_of

if TYPE_CHECKING:
    from eosdash.params.network import NetworkParams

KEEPING = 1.41
"""Scale at which ReLU keeps the size of signals from layer to layer, about √2 (He et al. 2015), and
GELU nearly so."""


def scaling_for(params: "NetworkParams") -> str:
    """Fan-in, but where a chain of single weights makes no difference."""
    chain = params.is_linear and max(params.sizes[:-1]) == 1
    return "none" if chain and params.applies("width") else "fan_in"


def scale_for(params: "NetworkParams") -> float:
    """1, or where signals would die away what keeps them."""
    dying = params.activation in ("relu", "gelu") and params.init_scaling == "fan_in"
    return KEEPING if dying and params.init not in ("uniform", "balanced") else 1.0


@remembered
def lr_for(params: "NetworkParams") -> float:
    """:func:`eosdash.core.descent.step_size.suited_lr` at the start."""
    objective = objective_of(params)
    return suited_lr(objective, start_of(params, objective))


def stable_lr_for(params: "NetworkParams") -> float:
    """About the largest learning rate that is stable, of which the suited one is a share."""
    share = SHARES["cross_entropy" if params.has_logits else "squared"]
    return lr_for(params) / (OF_LINEAR if params.is_linear else share)


def digits(value: float) -> float:
    """Three digits of a number."""
    return float(f"{value:.3g}")


SOON = 20.0
"""Seconds of one core that a map or a sweep may be estimated to take where its sizes are left out;
both are shown coarse at first."""

IN_TIME = 60.0
"""The same of a run, which is shown step by step."""

Sizes = dict[str, int]


def _ladder(names: str, *rows: tuple[int, ...]) -> tuple[Sizes, ...]:
    """Sizes from the finest to the coarsest."""
    return tuple(dict(zip(names.split(), row, strict=True)) for row in rows)


STEPS = _ladder("steps", *((steps,) for steps in (1500, 1000, 500, 200, 100, 50, 20, 10)))
CHECKS = _ladder(
    "points starts steps",
    (200, 100, 1000), (100, 40, 600), (40, 20, 400), (20, 8, 300), (8, 2, 100),
)  # fmt: skip
MAPS = _ladder(
    "resolution steps",
    (512, 500), (256, 300), (128, 200), (64, 200), (64, 100), (32, 150), (32, 80), (16, 60),
)  # fmt: skip
SWEEPS = _ladder(
    "columns starts steps",
    (320, 100, 1000), (160, 40, 600), (80, 20, 400), (40, 8, 300), (16, 2, 100),
)  # fmt: skip
"""How large runs, checks, maps and sweeps may be."""


def _finest(ladder: tuple[Sizes, ...], seconds: Callable[..., float], allowed: float) -> Sizes:
    """The finest of these sizes that takes no more than the seconds allowed, or the coarsest."""
    return next((sizes for sizes in ladder if seconds(**sizes) <= allowed), ladder[-1])


@remembered
def map_sizes_for(params: "NetworkParams") -> Sizes:
    """The finest map of a network that is computed soon, or the coarsest of all."""
    return _finest(MAPS, partial(map_seconds, objective_of(params)), SOON)


@remembered
def sweep_sizes_for(params: "NetworkParams") -> Sizes:
    """The same of a sweep; of one over sizes, for the largest network."""
    objective = objective_of(params)

    def seconds(columns: int, starts: int, steps: int) -> float:
        orbits, each = sweep_seconds(objective, columns, steps, visits=0)
        return orbits + starts * each

    return _finest(SWEEPS, seconds, SOON)


@remembered
def steps_for(params: "NetworkParams") -> int:
    """The longest run of a network that is done in time, or the shortest of all."""
    return _finest(STEPS, partial(run_seconds, objective_of(params)), IN_TIME)["steps"]


@remembered
def check_sizes_for(params: "NetworkParams") -> Sizes:
    """The most points and starts that are checked soon, or the fewest of all."""
    objective = objective_of(params)

    def seconds(points: int, starts: int, steps: int) -> float:
        point, start = theory_seconds(objective, steps)
        return points * point + starts * start

    return _finest(CHECKS, seconds, SOON)
