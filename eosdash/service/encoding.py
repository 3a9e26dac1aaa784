"""Records as newline-delimited JSON; runs, and back to arrays."""

import base64
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import eosdash
from eosdash.claims import sentence
from eosdash.core.curvature.spectrum import DENSE_LIMIT, SpectrumTracker
from eosdash.core.descent.measure import Measurements
from eosdash.core.maps.plane import two_weight_plane
from eosdash.core.networks.linear import Objective
from eosdash.marks import has_marks, unmarked
from eosdash.params import NetworkParams, SweepParams, TrainParams
from eosdash.runs import End, critical_lr_of, critical_point_of, objective_of, start_of
from eosdash.scope import run_scope
from eosdash.setting import setting_of
from eosdash.words import badge_words, fate_words, outcome_words, setup_words


def line(record: dict[str, Any]) -> bytes:
    """One record as a line; infinities and NaN, which JSON lacks, become null."""
    return json.dumps(plain(record), separators=(",", ":"), allow_nan=False).encode() + b"\n"


def plain(value: Any) -> Any:
    """Arrays, tuples and numbers as what JSON has, and texts without marks of terms: those of a
    record that have some stand under ``marked`` as well."""
    if isinstance(value, np.ndarray):
        finite = value.dtype.kind != "f" or np.isfinite(value).all()
        return value.tolist() if finite else plain(value.tolist())
    if isinstance(value, str):
        return unmarked(value)
    if isinstance(value, dict):
        marked = {name: item for name, item in value.items() if has_marks(item)}
        made = {name: plain(item) for name, item in value.items()}
        return made | {"marked": marked} if marked else made
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def packed(array: NDArray[Any]) -> dict[str, Any]:
    """An array as base64 of its little-endian bytes, with its dtype and shape; booleans as
    bytes."""
    if array.dtype == bool:
        array = array.astype(np.uint8)
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": array.dtype.name, "shape": array.shape, "data": data}


def unpacked(record: dict[str, Any]) -> NDArray[Any]:
    """Inverse of :func:`packed`."""
    flat = np.frombuffer(base64.b64decode(record["data"]), dtype=record["dtype"])
    return flat.reshape(record["shape"])


def first_record(params: NetworkParams) -> dict[str, Any]:
    """What the first line of every stream says: what is computed, and the thresholds. ``edge`` is
    that of stability: its ``factor`` over η, and its formula."""
    # Over depth and width every column has a network of its own.
    one = not isinstance(params, SweepParams) or params.over == "lr"
    critical, rule = critical_lr_of(params) if one else None, params.rule
    return {
        "type": "start",
        "kind": params.kind,
        "version": eosdash.__version__,
        "params": params.canonical(),
        "query": params.query(),
        "python": params.call(),
        "setup": setup_words(params, critical),
        "threshold": rule.threshold(params.lr) if params.applies("lr") else None,
        "edge": {"factor": rule.threshold(1.0), "words": rule.threshold_name},
        "critical_lr": critical._asdict() if critical else None,
        "past": sentence("critical", setting_of(params, "critical")) if critical else None,
        "linear": params.is_linear,
        "parameters": params.network.parameters if one else None,
        "start_sharpness": start_sharpness(params) if one else None,
        "fitting": params.fitting(),
    }


CHEAP = 200_000
"""Parameters times samples up to which the sharpness at the start costs next to nothing."""


def start_sharpness(params: NetworkParams) -> float | None:
    """S at the start where it costs nothing; None elsewhere."""
    cost = params.network.parameters * params.sample_count
    if (params.is_linear and params.network.parameters > DENSE_LIMIT) or cost > CHEAP:
        return None
    objective = objective_of(params)
    start = start_of(params, objective)
    return float(SpectrumTracker(objective, lowest=False)(start[None]).top[0, 0])


def start_record(params: TrainParams) -> dict[str, Any]:
    """The first line of a run."""
    record = first_record(params) | {"scope": run_scope(params)}
    objective = objective_of(params)
    if isinstance(objective, Objective) and params.sizes == (1, 1, 1):
        record["plane"] = two_weight_plane(objective, params.lr, params.rule)._asdict()
    return record


def chunk_record(chunk: Measurements) -> dict[str, Any]:
    """A line of measurements. Eigenvalues are listed only beyond the first, the sharpness;
    instead of a flag a step, the steps whose eigenvalues have not converged."""
    columns = chunk.columns()
    converged, eigenvalues = columns.pop("converged"), columns.pop("eigenvalues")
    record = {"type": "chunk", "step": chunk.step, **columns}
    if eigenvalues.shape[1] > 1:
        record["eigenvalues"] = eigenvalues
    return record | {"unconverged": chunk.step + np.flatnonzero(np.logical_not(converged))}


def end_record(end: End) -> dict[str, Any]:
    """The last line."""
    ending = end.ending
    return {
        "type": "end",
        "outcome": str(ending.outcome),
        "step": ending.step,
        "period": ending.period,
        "critical_point": critical_point_of(ending),
        "badge": badge_words(ending),
        "summary": outcome_words(ending, end.course, end.edge, end.linear),
        "fate": fate_words(ending),
        "events": [event._asdict() for event in end.events],
        "weights": ending.theta,
    }


def columns_of(lines: Iterable[bytes]) -> dict[str, NDArray[Any]]:
    """The arrays of a run, joined over its chunks; ``step`` counts the rows."""
    parts: dict[str, list[Any]] = {}
    for record in map(json.loads, lines):
        if record["type"] == "chunk":
            for name in record.keys() - {"type", "step", "unconverged"}:
                parts.setdefault(name, []).append(np.array(record[name], dtype=float))
    columns = {name: np.concatenate(part) for name, part in parts.items()}
    return {"step": np.arange(len(columns["loss"]))} | dict(sorted(columns.items()))
