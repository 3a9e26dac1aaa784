"""What is laid over a run to explain it: the one way through for the page, the API and Python."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash.explaining.edge import portrait, progress
from eosdash.explaining.flows import central, gradient_flow
from eosdash.explaining.learned import function
from eosdash.explaining.records import Conclusion, Intro, Part, Records, Subject, subject_of
from eosdash.explaining.spectrum import spectrum
from eosdash.marks import unmarked
from eosdash.params import ExplainParams

MADE: dict[str, Callable[[Subject], Records]] = {
    "gradient_flow": gradient_flow,
    "central_flow": central,
    "portrait": portrait,
    "progress": progress,
    "function": function,
    "spectrum": spectrum,
}
"""The functions that compute the explanations; each says what its arrays are."""


@dataclass(frozen=True)
class ExplainResult:
    """An explanation of a run.

    Attributes:
        params: the parameter set.
        arrays: its arrays by name: those of :func:`eosdash.explaining.flows.gradient_flow`,
            :func:`eosdash.explaining.flows.central`,
            :func:`eosdash.explaining.edge.portrait`, :func:`eosdash.explaining.edge.progress`,
            :func:`eosdash.explaining.learned.function` or
            :func:`eosdash.explaining.spectrum.spectrum`.
        facts: what holds for all rows of them.
        notes: what is computed, what is approximate, and where it comes from, in sentences.
        summary: what is seen, in a sentence.
        values: the same in numbers, by name.
    """

    params: ExplainParams
    arrays: dict[str, NDArray[Any]]
    facts: dict[str, Any]
    notes: tuple[str, ...]
    summary: str
    values: dict[str, Any]


def explain_records(params: ExplainParams) -> Records:
    """An explanation bit by bit: an intro, parts with signs of life between them, a conclusion.

    Closing the generator stops the computation.
    """
    return MADE[params.explanation](subject_of(params))


def explain(**params: Any) -> ExplainResult:
    """Explain a run; parameters as in :class:`eosdash.params.ExplainParams`.

    Raises:
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    return explain_run(ExplainParams.make(**params))


def explain_run(params: ExplainParams) -> ExplainResult:
    """The whole explanation of a parameter set."""
    parts: dict[str, list[NDArray[Any]]] = {}
    intro, end = Intro(()), Conclusion("")
    for record in explain_records(params):
        if isinstance(record, Intro):
            intro = record
        elif isinstance(record, Conclusion):
            end = record
        elif isinstance(record, Part):
            for name, rows in record.columns.items():
                parts.setdefault(name, []).append(np.asarray(rows))
    return ExplainResult(
        params=params,
        arrays={name: np.concatenate(rows) for name, rows in parts.items()},
        facts=intro.facts,
        notes=tuple(map(unmarked, intro.notes)),
        summary=unmarked(end.summary),
        values=end.values,
    )
