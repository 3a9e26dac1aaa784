"""Explanations as records, and what they may cost."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash.core.maps.basin import Progress
from eosdash.explaining.records import Conclusion, Intro, Part, Record
from eosdash.explanations import ExplainResult, explain_records
from eosdash.params import ExplainParams
from eosdash.service.encoding import first_record, packed

STEEPNESS = 127


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
    return first_record(params) | {
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
