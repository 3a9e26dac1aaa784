"""Explanations as records, and what they may cost."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash.core.basin import Progress
from eosdash.explaining.flows import SAMPLES
from eosdash.explaining.learned import CURVE_POINTS, FRAMES, SIDE
from eosdash.explaining.records import Conclusion, Intro, Part, Record, costs_of
from eosdash.explaining.spectrum import EXACT_SECONDS, is_exact, settings_of
from eosdash.explanations import ExplainResult, explain_records
from eosdash.fields import ParameterError
from eosdash.params import ExplainParams
from eosdash.service.encoding import first_record, packed
from eosdash.service.settings import value

GRADIENTS = 6
"""Gradients of gradient flow per step of the run, usually; 20 at most."""

SLOWEST_ROW = 0.1
"""Seconds of a step of the central flow, at most: a stream says something that often."""

STEEPNESS = 127


def explain_seconds(params: ExplainParams) -> float:
    """Estimated seconds of one core for an explanation, good to a factor of two or three."""
    costs, steps = costs_of(params), params.steps
    walk = steps * costs.step
    match params.explanation:
        case "gradient_flow":
            ahead = (steps - params.at) / (1 - params.rule.momentum)
            return walk + ahead * GRADIENTS * costs.step + SAMPLES * costs.sharpness
        case "central_flow":
            return walk + steps * (costs.central + costs.sharpness)
        case "portrait":
            return walk + steps * costs.portrait
        case "progress":
            return walk + steps * costs.portrait / 2
        case "function":
            points = params.sample_count + max(CURVE_POINTS, SIDE**2)
            return walk + FRAMES * 1e-9 * params.network.parameters * points
    probes, lanczos = settings_of(params)
    exact = EXACT_SECONDS if is_exact(params) else 0.0
    return params.at * costs.step + probes * lanczos * costs.product + exact


def check_explain(params: ExplainParams) -> None:
    """Refuse an explanation that is too costly, before any work on it.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    budget, seconds = value("limit_seconds"), explain_seconds(params)
    if params.explanation == "central_flow" and costs_of(params).central > SLOWEST_ROW:
        raise ParameterError(
            "explanation", "this network is too large for the central flow", "a smaller network"
        )
    most = int(value("limit_steps"))
    if seconds > budget:
        most = min(most, int(params.steps * budget / seconds))
    if params.steps > most:
        raise ParameterError(
            "steps",
            f"explaining {params.steps:,} steps of this network would take about {seconds:.0f} s",
            f"up to {most:,} steps, or a smaller network",
        )


def lines_of(params: ExplainParams) -> Iterator[dict[str, Any]]:
    """The records of an explanation, ready for JSON."""
    for record in explain_records(params):
        yield record_of(params, record)


def record_of(params: ExplainParams, record: Record) -> dict[str, Any]:
    """One record, ready for JSON."""
    if isinstance(record, Intro):
        return start_record(params, record)
    if isinstance(record, Progress):
        return {"type": "progress", "done": record.done, "total": record.total}
    if isinstance(record, Conclusion):
        return {"type": "end", "summary": record.summary, "values": record.values}
    if params.explanation == "function":
        return frame_record(record)
    return chunk_record(record)


def start_record(params: ExplainParams, intro: Intro) -> dict[str, Any]:
    """The first line: the run, what is laid over it, and how it is meant."""
    rule = params.rule
    return first_record(params) | {
        "threshold": rule.threshold(params.lr),
        "explanation": params.explanation,
        "notes": intro.notes,
        "facts": intro.facts,
    }


def chunk_record(part: Part) -> dict[str, Any]:
    """Columns; instead of a flag a row, which rows have not converged."""
    columns = dict(part.columns)
    converged = columns.pop("converged", None)
    record: dict[str, Any] = {"type": "chunk", **columns}
    if converged is not None:
        record["unconverged"] = np.flatnonzero(np.logical_not(converged))
    return record


def frame_record(part: Part) -> dict[str, Any]:
    """The learned function at one step. Of regions ``side`` is 127 · tanh of the margin between
    the outputs of the two classes, in whole numbers: its sign says which class."""
    frame: dict[str, Any] = {name: rows[0] for name, rows in part.columns.items()}
    if "margin" in frame:
        frame["side"] = packed(_side(frame.pop("margin")))
    return {"type": "frame"} | {
        name: rows.item() if isinstance(rows, np.generic) else rows for name, rows in frame.items()
    }


def _side(margin: NDArray[np.float64]) -> NDArray[np.int8]:
    """Away from zero: a margin close to it keeps its sign."""
    steep = STEEPNESS * np.tanh(np.nan_to_num(margin))
    return np.asarray(np.sign(steep) * np.ceil(np.abs(steep)), dtype=np.int8)


def arrays_with_facts(result: ExplainResult) -> dict[str, NDArray[Any]]:
    """The arrays of an explanation by name, and those among its facts as ``fact_…``."""
    facts = {
        f"fact_{name}": fact for name, fact in result.facts.items() if isinstance(fact, np.ndarray)
    }
    return result.arrays | facts
