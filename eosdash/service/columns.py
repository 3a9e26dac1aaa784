"""Sweeps as records."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash.core.outcome import OUTCOMES
from eosdash.core.sweeps.orbit import cobweb
from eosdash.core.types import Array
from eosdash.fields import ParameterError
from eosdash.params import NetworkParams, SweepParams
from eosdash.reference import known_critical_lr, reference_of, symbol_of
from eosdash.scope import sweep_scope
from eosdash.service.encoding import first_record, packed
from eosdash.sweeps import Columns, axis_of, convergence_interval, sweep_of, values_of
from eosdash.words import observable_words, sweep_words

BAND = (0.1, 0.5, 0.9)
"""Quantiles over the starts that did not diverge: the band and the median."""


def start_record(params: SweepParams) -> dict[str, Any]:
    """The first line of a sweep: its axis, η of each column, and the code of every outcome.
    Learning rates are told in multiples of ``unit``, and over depth and width, where each column
    has its own, only its symbol is known."""
    value, rates = axis_of(params)
    return first_record(params) | {
        "outcomes": [str(outcome) for outcome in OUTCOMES],
        "scope": sweep_scope(params),
        "unit": {
            "value": reference_of(params).value if params.over == "lr" else None,
            "symbol": symbol_of(params),
        },
        "value": value,
        "rates": rates,
        "observable": observable_words(params),
        "reduces": params.over == "lr" and reduces(params),
    }


def columns_record(part: Columns) -> dict[str, Any]:
    """A line of columns: their orbits, or the fates of their starts.

    ``visits`` (V, c) and ``exponent`` (c,); or ``counts`` (c, 6), Wilson's ``interval`` of the
    share that converges to a minimum, (2, c), and quantiles over the starts that did not
    diverge of ‖∇L‖ and of S·η/2 at the points reached, (3, c) each.
    """
    record: dict[str, Any] = {"type": "columns", "index": part.index}
    if part.orbits:
        visits = np.clip(part.orbits.visits, -1e30, 1e30).astype(np.float32)
        record |= {"visits": packed(visits), "exponent": part.orbits.exponent}
    if part.fates:
        edge = part.fates.sharpness * part.lr[:, None] / 2
        record |= {
            "counts": part.fates.counts,
            "interval": convergence_interval(part.fates.counts),
            "grad_norm": _band(part.fates.grad_norm),
            "edge": _band(edge),
        }
    return record


def _band(values: Array) -> Array:
    """Quantiles (3, c) of the finite ones of values (c, N); NaN where there are none."""
    made = np.full((len(BAND), len(values)), np.nan)
    for column, row in enumerate(values):
        there = row[np.isfinite(row)]
        if there.size:
            made[:, column] = np.quantile(there, BAND)
    return made


def end_record(parts: list[Columns], params: SweepParams) -> dict[str, Any]:
    """The last line: in words, up to where starts converge."""
    found = {
        int(i): c
        for part in parts
        if part.fates
        for i, c in zip(part.index, part.fates.counts[:, 0], strict=True)
    }
    value = values_of(params)
    last = max((i for i, count in found.items() if count), default=None)
    at = None if last is None else float(value[last])
    return {"type": "end", "summary": sweep_words(params, at, whole=last == len(value) - 1)}


def arrays_of(
    params: SweepParams, told: Callable[[Columns], None] = lambda _: None
) -> dict[str, NDArray[Any]]:
    """The arrays of a sweep by name, those of the starts one by one included; ``told`` hears of
    columns as they are found."""
    result = sweep_of(params, told)
    arrays = {"value": result.value, "lr": result.lr, "interval": result.interval}
    arrays |= {f"fraction_{name}": share for name, share in result.fraction.items()}
    arrays |= {"grad_norm": result.grad_norm, "sharpness": result.sharpness}
    if result.visits is not None and result.exponent is not None:
        arrays |= {"visits": result.visits, "exponent": result.exponent}
    return arrays


COBWEB_STEPS = 120


def reduces(params: NetworkParams) -> bool:
    """Whether all weights of the balanced network stay equal in modulus, so that one remains."""
    chain = params.is_linear and params.task == "scalar" and max(params.sizes) == 1
    return chain and not params.weight_decay


def cobweb_record(params: NetworkParams) -> dict[str, Any]:
    """The balanced one-dimensional reduction of a scalar chain at one learning rate.

    Raises:
        ParameterError: for other networks.
    """
    if not reduces(params):
        raise ParameterError(
            "task", "only scalar chains have a balanced one-dimensional reduction",
            "scalar, width 1, linear, no weight decay",
        )  # fmt: skip
    start = 0.6 * abs(params.target) ** (1 / params.depth) or 0.6
    made = cobweb(params.depth, params.target, params.lr, start, COBWEB_STEPS)
    return made._asdict() | {"lr": params.lr, "critical_lr": known_critical_lr(params).value}
