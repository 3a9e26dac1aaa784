"""The four statements of the paper, checked on one network, as records."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash import theory
from eosdash.checks import network_of, past_critical, why_no_map
from eosdash.claims import NOTHING_TO_LEARN, verdicts, why_not
from eosdash.core.maps.boundary import wilson
from eosdash.core.theory.bounded import ProductBound
from eosdash.params import TheoryParams
from eosdash.service.encoding import first_record, packed
from eosdash.setting import setting_of
from eosdash.theory import PlaneResult
from eosdash.theory_words import (
    NOT_HERE,
    manifold_words,
    measure_zero_words,
    nonsingular_words,
    stable_words,
)


def start_record(params: TheoryParams) -> dict[str, Any]:
    """The first line: the network and its η_C, with how it was found."""
    found = theory.critical_lr(**network_of(params))
    return first_record(params) | {"estimate": {"spread": found.spread, "starts": found.starts}}


def panel_records(params: TheoryParams) -> Iterator[dict[str, Any]]:
    """A line for each statement, the quickest first."""
    yield _stable(params)
    yield _manifold(params)
    yield _nonsingular(params)
    yield _measure_zero(params)
    yield {"type": "end"}


def _record(
    params: TheoryParams, panel: str, check: str, missing: dict[str, str], **data: Any
) -> dict[str, Any]:
    """A line: what was seen, the assumptions of the statement, and what is true where one fails."""
    setting = setting_of(params, panel)
    return {
        "type": "panel",
        "panel": panel,
        "check": check,
        "missing": missing,
        "assumptions": [asdict(verdict) for verdict in verdicts(panel, setting)],
        "instead": why_not(panel, setting),
        **data,
    }


def _single(array: NDArray[Any] | None) -> dict[str, Any] | None:
    """Packed in single precision, which is enough for a picture."""
    return None if array is None else packed(array.astype(np.float32))


def _minimizers(found: theory.StableResult | theory.ManifoldResult) -> dict[str, Any]:
    drawn = found.hyperbola or found.surface
    if drawn is None:
        return {"shape": None}
    shape = "surface" if found.surface else "hyperbola"
    return {
        "shape": shape,
        "points": _single(drawn.points),
        "sharpness": _single(np.minimum(drawn.sharpness, 1e30)),
    }


def _stable(params: TheoryParams) -> dict[str, Any]:
    found = theory.stable(**network_of(params))
    bound = found.bound
    summary, check = stable_words(params, found)
    return _record(
        params,
        "stable",
        check,
        found.missing,
        summary=summary,
        empty=found.empty,
        bound=None if bound is None else bound._asdict(),
        stable=None if found.stable is None else packed(found.stable),
        ray=None if found.ray is None else _ray(params, found.ray, found.products),
        **_minimizers(found),
    )


def _ray(
    params: TheoryParams, ray: theory.RayResult, products: ProductBound | None
) -> dict[str, Any]:
    """What is drawn along an unbounded direction, without its start at N = 0, which has no place
    on a logarithmic axis."""
    bounds = np.concatenate(products or [[]])
    return {
        "layer": ray.layer,
        "threshold": params.rule.threshold(params.lr),
        "most": float(bounds.max()) if bounds.size else None,
        **{
            name: getattr(ray, name)[1:] for name in ("far", "loss", "sharpness", "norm", "product")
        },
    }


def _manifold(params: TheoryParams) -> dict[str, Any]:
    found = theory.manifold(points=params.points, **network_of(params))
    return _record(
        params,
        "manifold",
        manifold_words(found),
        found.missing,
        ratio=found.ratio,
        sampled=found.sharpness,
        **_minimizers(found),
    )


def _nonsingular(params: TheoryParams) -> dict[str, Any]:
    found = theory.nonsingular(points=params.points, **network_of(params))
    plane = None if found.plane is None else _plane(found.plane)
    words = nonsingular_words(params, found)
    data = {"log_det": found.log_det, "plane": plane}
    return _record(params, "nonsingular", words, found.missing, **data)


def _plane(found: PlaneResult) -> dict[str, Any]:
    grid = found.preimages
    return {
        "mesh": [_single(family) for family in found.mesh],
        "image": [_single(family) for family in found.image],
        "fold": found.fold,
        "caustic": found.caustic,
        "x": grid.x,
        "y": grid.y,
        "preimages": packed(grid.number.astype(np.uint8)),
    }


def _measure_zero(params: TheoryParams) -> dict[str, Any]:
    found, past_it = past_critical(params)
    if found is None:
        missing = {"curve": NOTHING_TO_LEARN, "map": NOTHING_TO_LEARN}
        return _record(params, "measure_zero", NOT_HERE, missing)
    stays = found.fraction["minimum"] + found.fraction["saddle"]
    past = found.value > 1 + 1e-9
    converged = round(params.starts * float(stays[past].sum()))
    undecided = round(params.starts * float(found.fraction["undecided"][past].sum()))
    total = int(past.sum()) * params.starts
    missing = {"map": why_no_map(params)} if past_it is None else {}
    return _record(
        params,
        "measure_zero",
        measure_zero_words(converged, undecided, total, params.steps),
        missing,
        value=found.value,
        fraction=stays,
        interval=wilson(np.round(params.starts * stays), params.starts),
        outcome=None if past_it is None else packed(past_it.outcome),
        half=None if past_it is None else float(past_it.x[-1]),
    )
