"""Maps of basins as records, and back to arrays."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash import animation
from eosdash.basins import BasinEnd, Ground, PixelRun, landmarks
from eosdash.core.descent.critical_points import CRITICAL_POINTS
from eosdash.core.maps.basin import Level, Progress, Recheck, strides
from eosdash.core.maps.exponents import Fit
from eosdash.core.outcome import OUTCOMES
from eosdash.core.types import Array
from eosdash.fields import ParameterError, search
from eosdash.overlays import Overlays
from eosdash.params import BasinParams
from eosdash.reference import reference_of
from eosdash.scope import map_scope
from eosdash.service import settings
from eosdash.service.encoding import first_record, packed, unpacked
from eosdash.words import CRITICAL_POINT_WORDS, axis_words, map_words, plane_words


def start_record(params: BasinParams, ground: Ground) -> dict[str, Any]:
    """The first line of a map: what is computed, and the code of every outcome. Learning rates are
    told in multiples of ``unit``."""
    across, up = axis_words(params)
    return first_record(params) | {
        "outcomes": [str(outcome) for outcome in OUTCOMES],
        "critical_points": [str(kind) for kind in CRITICAL_POINTS],
        "kinds": CRITICAL_POINT_WORDS,
        "scope": map_scope(params),
        "unit": reference_of(params)._asdict(),
        "extent": ground.extent,
        "play": play(params),
        "resolutions": [
            -(-params.resolution // stride)
            for stride in strides(ground.objective, params.resolution, params.steps)
        ],
        "plane": {
            "name": plane_words(params),
            "x": across,
            "y": up,
            "landmarks": {name: mark._asdict() for name, mark in landmarks(ground).items()},
        },
    }


def play(params: BasinParams) -> dict[str, Any] | None:
    """Learning rates and resolution of the animation over η; None where there is none."""
    try:
        rates = animation.rates(params, reference_of(params).value)
    except ParameterError:
        return None
    return {"lr": rates, "resolution": animation.coarse(params).resolution}


def record_of(record: Level | Progress | Recheck | BasinEnd) -> dict[str, Any]:
    """Any line after the first, but for what lies over the map."""
    if isinstance(record, Level):
        return level_record(record)
    if isinstance(record, Progress):
        return {"type": "progress", "done": record.done, "total": record.total}
    if isinstance(record, Recheck):
        return {"type": "recheck", "changed": packed(record.changed)}
    return end_record(record)


def level_record(level: Level) -> dict[str, Any]:
    """A level, its arrays packed; rows from the low end of the second axis upwards."""
    arrays = {name: packed(array) for name, array in level.arrays().items()}
    return {"type": "level", "resolution": len(level.outcome), "stride": level.stride, **arrays}


def overlays_record(record: Overlays) -> dict[str, Any]:
    """What can be drawn over the map, and why the rest cannot."""
    loss = record.loss._replace(log10=record.loss.log10.astype(np.float32))
    curves = {name: _curves(getattr(record, name)) for name in ("region", "fold", "balanced")}
    minimizers = record.minimizers
    return {
        "type": "overlays",
        "loss": {name: packed(values) for name, values in loss._asdict().items()},
        "minimizers": minimizers
        and [
            {"x": part.points[0], "y": part.points[1], "stable": part.stable} for part in minimizers
        ],
        **curves,
        "missing": record.missing,
    }


def _curves(curves: list[Array] | None) -> list[dict[str, Array]] | None:
    return None if curves is None else [{"x": curve[0], "y": curve[1]} for curve in curves]


def end_record(end: BasinEnd) -> dict[str, Any]:
    """The last line."""
    shares = end.fractions
    entropy, dimension, uncertainty = end.boundary
    return {
        "type": "end",
        "fraction": {name: share.value for name, share in shares.items()},
        "interval": {name: [share.low, share.high] for name, share in shares.items()},
        "entropy": entropy._asdict(),
        "dimension": fit_record(dimension),
        "uncertainty": fit_record(uncertainty),
        "kinds": end.kinds,
        "summary": map_words(shares, end.kinds),
    }


def fit_record(fit: Fit) -> dict[str, Any]:
    """A fitted power law, the points it is fitted to, and what tells how far it holds."""
    return {
        "exponent": fit.exponent,
        "error": fit.error,
        "sizes": fit.sizes,
        "values": fit.values,
        "line": fit.line,
        "slopes": fit.slopes,
        "coarser": fit.coarser,
        "known": [curve._asdict() for curve in fit.known],
    }


def run_record(run: PixelRun) -> dict[str, Any]:
    """What comes before the run from a pixel: its path on the plane, and the query that trains it
    by itself, or None if its weights are too many for one."""
    query = run.params.query()
    fits = len(search(query)) <= settings.value("limit_query")
    return {
        "type": "path",
        "x": run.x,
        "y": run.y,
        "query": query if fits else None,
        "python": run.params.call(),
    }


def arrays_of(lines: Iterable[bytes]) -> dict[str, NDArray[Any]]:
    """The arrays of the finest level of a map, and its coordinates."""
    arrays: dict[str, NDArray[Any]] = {}
    for record in map(json.loads, lines):
        if record["type"] == "start":
            arrays["outcomes"] = np.array(record["outcomes"])
            arrays["extent"] = np.array(record["extent"])
        if record["type"] in ("level", "recheck"):
            arrays |= {
                name: unpacked(value) for name, value in record.items() if isinstance(value, dict)
            }
    return arrays
