"""What suits a network where nothing is said: the scale of its start, the learning rate, and how
large its maps and sweeps are."""

from typing import TYPE_CHECKING

from eosdash.core.step_size import OF_LINEAR, SHARES, suited_lr
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
    """:func:`eosdash.core.step_size.suited_lr` at the start."""
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

STEPS = (1500, 1000, 500, 200, 100, 50, 20, 10)
CHECKS: tuple[dict[str, int], ...] = tuple(
    {"points": points, "starts": starts, "steps": steps}
    for points, starts, steps in (
        (200, 100, 1000),
        (100, 40, 600),
        (40, 20, 400),
        (20, 8, 300),
        (8, 2, 100),
    )
)

MAPS: tuple[dict[str, int], ...] = tuple(
    {"resolution": resolution, "steps": steps}
    for resolution, steps in (
        (512, 500),
        (256, 300),
        (128, 200),
        (64, 200),
        (64, 100),
        (32, 150),
        (32, 80),
        (16, 60),
    )
)
SWEEPS: tuple[dict[str, int], ...] = tuple(
    {"columns": columns, "starts": starts, "steps": steps}
    for columns, starts, steps in (
        (320, 100, 1000),
        (160, 40, 600),
        (80, 20, 400),
        (40, 8, 300),
        (16, 2, 100),
    )
)
"""How large runs, checks, maps and sweeps may be, from the finest to the coarsest."""


@remembered
def map_sizes_for(params: "NetworkParams") -> dict[str, int]:
    """The finest map of a network that is computed soon, or the coarsest of all."""
    objective = objective_of(params)
    return next((sizes for sizes in MAPS if map_seconds(objective, **sizes) <= SOON), MAPS[-1])


@remembered
def sweep_sizes_for(params: "NetworkParams") -> dict[str, int]:
    """The same of a sweep; of one over sizes, for the largest network."""
    objective = objective_of(params)

    def seconds(columns: int, starts: int, steps: int) -> float:
        orbits, each = sweep_seconds(objective, columns, steps, visits=0)
        return orbits + starts * each

    return next((sizes for sizes in SWEEPS if seconds(**sizes) <= SOON), SWEEPS[-1])


@remembered
def steps_for(params: "NetworkParams") -> int:
    """The longest run of a network that is done in time, or the shortest of all."""
    objective = objective_of(params)
    return next((steps for steps in STEPS if run_seconds(objective, steps) <= IN_TIME), STEPS[-1])


@remembered
def check_sizes_for(params: "NetworkParams") -> dict[str, int]:
    """The most points and starts that are checked soon, or the fewest of all."""
    objective = objective_of(params)

    def seconds(points: int, starts: int, steps: int) -> float:
        point, start = theory_seconds(objective, steps)
        return points * point + starts * start

    return next((sizes for sizes in CHECKS if seconds(**sizes) <= SOON), CHECKS[-1])
