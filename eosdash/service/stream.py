"""Results as lines of newline-delimited JSON, computed one by one."""

from collections.abc import Iterator

from eosdash.basins import basin_records, ground_of
from eosdash.core.descent.measure import Measurements
from eosdash.core.maps.basin import Level
from eosdash.core.maps.slices import Slice
from eosdash.fields import ParameterSet
from eosdash.overlays import overlays
from eosdash.params import BasinParams, ExplainParams, SweepParams, TheoryParams, TrainParams
from eosdash.runs import train_records
from eosdash.service import columns, explained, maps, panels
from eosdash.service.encoding import chunk_record, end_record, line, start_record
from eosdash.sweeps import sweep_records

PASSING = (b'{"type":"progress"', b'{"type":"queued"')
"""How signs of life begin, which are not worth keeping."""

END = b'{"type":"end"'
"""How the last line of every result begins."""

NOTHING = b""
"""What an engine yields where there is nothing to tell, so that it is asked to go on."""

COMPUTED = {
    kind.kind: kind for kind in (TrainParams, ExplainParams, BasinParams, SweepParams, TheoryParams)
}
"""The parameter sets that have a result, by their name."""


def computed(params: ParameterSet) -> Iterator[bytes]:
    """The lines of a result: start, what is found bit by bit, end.

    The same parameter set gives the same lines, signs of life aside. Closing the generator stops
    the computation.

    Raises:
        ParameterError: before the first line, for what only the computation can refuse: points
            that span no plane, or learning rates in units of an infinite η_C.
        TypeError: for a parameter set without a result.
    """
    if isinstance(params, ExplainParams):  # which is a run as well
        return _explanation(params)
    if isinstance(params, TrainParams):
        return _run(params)
    if isinstance(params, BasinParams):
        return _map(params)
    if isinstance(params, SweepParams):
        return _sweep(params)
    if isinstance(params, TheoryParams):
        return _theory(params)
    raise TypeError(f"{type(params).__name__} has no result")


def _run(params: TrainParams) -> Iterator[bytes]:
    yield line(start_record(params))
    for record in train_records(params):
        if isinstance(record, Measurements):
            yield line(chunk_record(record))
        else:
            yield line(end_record(record))


def _explanation(params: ExplainParams) -> Iterator[bytes]:
    for record in explained.lines_of(params):
        yield line(record)


def _map(params: BasinParams) -> Iterator[bytes]:
    ground = ground_of(params)
    yield line(maps.start_record(params, ground))
    plane, bare = ground.plane, True
    for record in basin_records(params, ground):
        yield line(maps.record_of(record))
        if bare and isinstance(record, Level) and isinstance(plane, Slice):
            # The map is shown before what lies over it.
            yield line(maps.overlays_record(overlays(ground.objective, plane, ground.extent)))
            bare = False


def _sweep(params: SweepParams) -> Iterator[bytes]:
    yield line(columns.start_record(params))
    parts = []
    for part in sweep_records(params):
        parts.append(part)
        yield line(columns.columns_record(part))
    yield line(columns.end_record(parts, params))


def _theory(params: TheoryParams) -> Iterator[bytes]:
    yield line(panels.start_record(params))
    for record in panels.panel_records(params):
        yield line(record)


def after(sent: int, lines: Iterator[bytes]) -> Iterator[bytes]:
    """All but the first so many lines, signs of life not counted."""
    for text in lines:
        if sent and text and not text.startswith(PASSING):
            sent -= 1
        else:
            yield text
