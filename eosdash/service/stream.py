"""Results as lines of newline-delimited JSON, computed one by one."""

from collections.abc import Iterator

from eosdash.basins import basin_records, ground_of
from eosdash.core.descent.measure import Measurements
from eosdash.core.maps.basin import Level
from eosdash.core.maps.slices import Slice
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


def run(params: TrainParams) -> Iterator[bytes]:
    """A run: its measurements, chunk by chunk."""
    yield line(start_record(params))
    for record in train_records(params):
        if isinstance(record, Measurements):
            yield line(chunk_record(record))
        else:
            yield line(end_record(record))


def explanation(params: ExplainParams) -> Iterator[bytes]:
    """An explanation, part by part."""
    for record in explained.lines_of(params):
        yield line(record)


def basin(params: BasinParams) -> Iterator[bytes]:
    """A map, from coarse to fine, and what lies over it."""
    ground = ground_of(params)
    yield line(maps.start_record(params, ground))
    plane, bare = ground.plane, True
    for record in basin_records(params, ground):
        yield line(maps.record_of(record))
        if bare and isinstance(record, Level) and isinstance(plane, Slice):
            # The map is shown before what lies over it.
            yield line(maps.overlays_record(overlays(ground.objective, plane, ground.extent)))
            bare = False


def sweep(params: SweepParams) -> Iterator[bytes]:
    """A sweep, columns by columns."""
    yield line(columns.start_record(params))
    parts = []
    for part in sweep_records(params):
        parts.append(part)
        yield line(columns.columns_record(part))
    yield line(columns.end_record(parts, params))


def theory(params: TheoryParams) -> Iterator[bytes]:
    """The checks of the theory, panel by panel."""
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
