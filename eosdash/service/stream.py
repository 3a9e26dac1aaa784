"""Results as lines: from the cache if they are there, otherwise computed line by line."""

from collections.abc import Iterator
from typing import Protocol

from eosdash.basins import Ground, basin_records, ground_of
from eosdash.core.basin import Level, strides
from eosdash.core.measure import Measurements
from eosdash.core.slices import Slice
from eosdash.overlays import overlays
from eosdash.params import BasinParams, SweepParams, TheoryParams, TrainParams
from eosdash.runs import train_records
from eosdash.service import columns, maps, panels
from eosdash.service.encoding import (
    chunk_record,
    end_record,
    line,
    mark_cached,
    start_record,
)
from eosdash.sweeps import sweep_records


class Results(Protocol):
    """Where finished results are kept, by key."""

    def get(self, key: str) -> bytes | None:
        """The result, or None."""

    def set(self, key: str, value: bytes) -> None:
        """Keep a result."""


def train_lines(params: TrainParams, cache: Results) -> Iterator[bytes]:
    """Lines of newline-delimited JSON: start, chunks, end.

    A finished run is kept. Closing the generator before stops the computation, and nothing is
    kept of it.
    """
    body = cache.get(params.key())
    return _kept(params.key(), cache, _run(params)) if body is None else mark_cached(body)


def basin_lines(params: BasinParams, cache: Results) -> Iterator[bytes]:
    """Lines of newline-delimited JSON: start, levels with signs of life between them, overlays
    after the first, end.

    A finished map is kept, as a run is.

    Raises:
        ParameterError: at once, if the points that should span the plane span none.
    """
    body = cache.get(params.key())
    if body is not None:
        return mark_cached(body)
    return _kept(params.key(), cache, _map(params, ground_of(params)))


def sweep_lines(params: SweepParams, cache: Results) -> Iterator[bytes]:
    """Lines of newline-delimited JSON: start, columns from coarse to fine, end.

    A finished sweep is kept, as a run is.

    Raises:
        ParameterError: at once, for learning rates in units of an infinite η_C.
    """
    body = cache.get(params.key())
    if body is not None:
        return mark_cached(body)
    return _kept(params.key(), cache, _sweep(params, line(columns.start_record(params))))


def theory_lines(params: TheoryParams, cache: Results) -> Iterator[bytes]:
    """Lines of newline-delimited JSON: start, a panel for each statement, end; kept as runs are."""
    body = cache.get(params.key())
    return _kept(params.key(), cache, _theory(params)) if body is None else mark_cached(body)


def _theory(params: TheoryParams) -> Iterator[bytes]:
    yield line(panels.start_record(params))
    for record in panels.panel_records(params):
        yield line(record)


def _kept(key: str, cache: Results, computed: Iterator[bytes]) -> Iterator[bytes]:
    lines = []
    for text in computed:
        if not text.startswith(maps.PROGRESS):
            lines.append(text)
        yield text
    cache.set(key, b"".join(lines))


def _run(params: TrainParams) -> Iterator[bytes]:
    yield line(start_record(params))
    for record in train_records(params):
        if isinstance(record, Measurements):
            yield line(chunk_record(record))
        else:
            yield line(end_record(record))


def _map(params: BasinParams, ground: Ground) -> Iterator[bytes]:
    yield line(maps.start_record(params, ground))
    plane, coarsest = ground.plane, strides(params.resolution)[0]
    for record in basin_records(params, ground):
        yield line(maps.record_of(record))
        first = isinstance(record, Level) and record.stride == coarsest
        if first and isinstance(plane, Slice):  # the map is shown before what lies over it
            yield line(maps.overlays_record(overlays(ground.objective, plane, ground.extent)))


def _sweep(params: SweepParams, first: bytes) -> Iterator[bytes]:
    yield first
    parts = []
    for part in sweep_records(params):
        parts.append(part)
        yield line(columns.columns_record(part))
    yield line(columns.end_record(parts, params))
