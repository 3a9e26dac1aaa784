"""The four statements of the theory, checked on one network: the one way through for the page, the
HTTP API and Python."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from eosdash import theory
from eosdash.basins import BasinResult, basin
from eosdash.claims import STATEMENTS, Verdict, verdicts
from eosdash.fields import LARGEST_LR
from eosdash.params import NetworkParams, SweepParams, TheoryParams
from eosdash.reference import known_critical_lr
from eosdash.setting import setting_of
from eosdash.sweeps import SweepResult, sweep_of
from eosdash.theory import CriticalResult, ManifoldResult, NonsingularResult, StableResult

RATES = {"low": 0.5, "high": 1.3, "columns": 33}
"""Learning rates at which convergence is counted, in units of η_C; η_C is one of them."""

PAST = 1.05
"""The map of the two-weight chain past η_C, in units of it."""

MAP = {"resolution": 129, "steps": 600}
"""An odd number of pixels, so that the line a = −b goes through their middle."""


@dataclass(frozen=True)
class TheoryResult:
    """What was found of the four statements.

    Attributes:
        params: the parameter set.
        critical_lr: η_C, and how it was found.
        nonsingular, manifold, stable: see the functions of these names in :mod:`eosdash.theory`.
        convergence: a sweep from 0.5 to 1.3 η_C; None where η_C is infinite.
        past: the map of the two-weight chain at 1.05 η_C; None for other networks.
        assumptions: those of each of the four statements, and whether they hold.
    """

    params: TheoryParams
    critical_lr: CriticalResult
    nonsingular: NonsingularResult
    manifold: ManifoldResult
    stable: StableResult
    convergence: SweepResult | None
    past: BasinResult | None
    assumptions: dict[str, list[Verdict]]


def check_theory(**params: Any) -> TheoryResult:
    """Check the four statements; parameters as in :class:`eosdash.params.TheoryParams`.

    Raises:
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    chosen = TheoryParams.make(**params)
    network = network_of(chosen)
    convergence, past = past_critical(chosen)
    return TheoryResult(
        params=chosen,
        critical_lr=theory.critical_lr(**network),
        nonsingular=theory.nonsingular(points=chosen.points, **network),
        manifold=theory.manifold(points=chosen.points, **network),
        stable=theory.stable(**network),
        convergence=convergence,
        past=past,
        assumptions={name: verdicts(name, setting_of(chosen, name)) for name in STATEMENTS},
    )


def network_of(params: TheoryParams) -> dict[str, Any]:
    """The keyword parameters of the network alone."""
    return {name: getattr(params, name) for name in NetworkParams.model_fields}


def past_critical(params: TheoryParams) -> tuple[SweepResult | None, BasinResult | None]:
    """Convergence on both sides of η_C, and the map past it of the two-weight chain."""
    if not np.isfinite(known_critical_lr(params).value):
        return None, None
    at_any_rate = params.model_copy(update={"lr": 1.0})  # η changes nothing here
    if params.is_private:  # of which nothing is kept
        return _past_critical.__wrapped__(at_any_rate)
    return _past_critical(at_any_rate)


def why_no_map(params: TheoryParams) -> str:
    """Why no map past η_C is drawn; empty where one is."""
    if params.sizes != (1, 1, 1) or params.weight_decay:
        return "The map is drawn for two weights without decay; see the basin page for others."
    if PAST * known_critical_lr(params).value > LARGEST_LR:
        return f"The map is drawn up to η = {LARGEST_LR:g}, and η_C lies beyond."
    return ""


@lru_cache(maxsize=8)
def _past_critical(params: TheoryParams) -> tuple[SweepResult, BasinResult | None]:
    shared = network_of(params)
    del shared["lr"]
    sizes = {"starts": params.starts, "steps": params.steps}
    found = sweep_of(SweepParams.make(**shared, **sizes, **RATES))
    if why_no_map(params):
        return found, None
    return found, basin(**shared, lr=PAST * known_critical_lr(params).value, **MAP)
