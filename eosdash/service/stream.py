"""A run as lines: from the cache if it is there, otherwise computed line by line."""

from collections.abc import Iterator

from eosdash.core.measure import Measurements
from eosdash.params import TrainParams
from eosdash.runs import train_records
from eosdash.service.cache import ResultCache
from eosdash.service.encoding import (
    chunk_record,
    end_record,
    line,
    mark_cached,
    start_record,
)


def train_lines(params: TrainParams, cache: ResultCache) -> Iterator[bytes]:
    """Lines of newline-delimited JSON: start, chunks, end.

    A finished run is kept. Closing the generator before stops the computation, and nothing is
    kept of it.
    """
    key = params.key()
    body = cache.get(key)
    if body is not None:
        yield from mark_cached(body)
        return
    lines = []
    for text in _computed(params):
        lines.append(text)
        yield text
    cache.set(key, b"".join(lines))


def _computed(params: TrainParams) -> Iterator[bytes]:
    yield line(start_record(params))
    for record in train_records(params):
        if isinstance(record, Measurements):
            yield line(chunk_record(record))
        else:
            yield line(end_record(record))
