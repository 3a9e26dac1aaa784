"""The kinds of results, and what is to be known of each: the only list of them."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from eosdash.fields import ParameterSet
from eosdash.params import BasinParams, ExplainParams, SweepParams, TheoryParams, TrainParams
from eosdash.service import explain_limits, limits, stream


class Kind(NamedTuple):
    """A kind of result.

    Attributes:
        params: what it is computed from.
        lines: the lines of its stream: start, what is found bit by bit, end.
        check: refuses a parameter set that is too large.
        seconds: what it is estimated to take, in seconds of one core.
    """

    params: type[ParameterSet]
    lines: Callable[[Any], Iterator[bytes]]
    check: Callable[[Any], None]
    seconds: Callable[[Any], float]


KINDS = {
    kind.params.kind: kind
    for kind in (
        Kind(TrainParams, stream.run, limits.check_train, limits.train_seconds),
        Kind(
            ExplainParams,
            stream.explanation,
            explain_limits.check_explain,
            explain_limits.explain_seconds,
        ),
        Kind(BasinParams, stream.basin, limits.check_basin, limits.basin_seconds),
        Kind(SweepParams, stream.sweep, limits.check_sweep, limits.sweep_seconds),
        Kind(TheoryParams, stream.theory, limits.check_theory, limits.theory_seconds),
    )
}


def computed(params: ParameterSet) -> Iterator[bytes]:
    """The lines of a result: start, what is found bit by bit, end.

    The same parameter set gives the same lines, signs of life aside. Closing the generator stops
    the computation.

    Raises:
        ParameterError: before the first line, for what only the computation can refuse: points
            that span no plane, or learning rates in units of an infinite η_C.
        TypeError: for a parameter set without a result.
    """
    if params.kind not in KINDS:
        raise TypeError(f"{type(params).__name__} has no result")
    return KINDS[params.kind].lines(params)


def check(params: ParameterSet) -> None:
    """Refuse whatever kind of computation it is, if it is too large.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    if kind := KINDS.get(params.kind):
        kind.check(params)


def cost(params: ParameterSet) -> float:
    """Estimated seconds of one core for whatever kind of computation it is."""
    kind = KINDS.get(params.kind)
    return kind.seconds(params) if kind else 0.0
