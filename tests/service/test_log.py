"""The log of one result: the same bytes for every reader, wherever there is room for them."""

import gc
import random
import resource
import tempfile
import threading
import time
import tracemalloc
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch
from weakref import WeakValueDictionary

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eosdash.service.log import IN_MEMORY, PIECE, Log, Parts
from tests.service.helpers import holds

ROWS = [b"%d %s\n" % (number, b"x" * (number * 7919 % 5000)) for number in range(400)]
BODY = b"".join(ROWS)
HOUR = 3600


def follow(log, pause=lambda: None):
    """All that a reader is handed until the end."""
    found = bytearray()
    while True:
        closed = log.closed
        if piece := log.read(len(found)):
            assert len(piece) <= PIECE
            found += piece
            pause()
        elif closed:
            return bytes(found)
        else:
            log.wait(len(found), log.sign, 10)


def test_the_rows_of_these_tests_do_not_fit_into_memory():
    assert len(BODY) > 2 * IN_MEMORY


def test_readers_at_any_pace_read_the_same_bytes():
    log, found, dice = Log(), {}, random.Random(0)
    paces = [0.0, 0.0, 0.001, 0.01, *(dice.random() / 500 for _ in range(8))]

    def reader(number, seconds):
        found[number] = follow(log, lambda: time.sleep(seconds))

    threads = [threading.Thread(target=reader, args=each) for each in enumerate(paces)]
    for thread in threads:
        thread.start()
    for number, row in enumerate(ROWS):
        log.append(row)
        if number % 50 == 0:
            time.sleep(0.005)
    log.close()
    for thread in threads:
        thread.join(10)
    assert [found.get(number) == BODY for number in range(len(paces))] == [True] * len(paces)


@pytest.mark.parametrize("rows", [0, 1, 20, 400])
def test_a_reader_that_comes_late_misses_nothing(rows):
    log = Log()
    for row in ROWS[:rows]:
        log.append(row)
    log.close()
    assert follow(log) == b"".join(ROWS[:rows])
    assert list(log.lines()) == ROWS[:rows]


def test_a_whole_body_is_a_finished_log():
    log = Log.of(BODY)
    assert log.closed
    assert log.size == len(BODY)
    assert follow(log) == BODY
    assert list(log.lines()) == ROWS


def test_a_reader_is_woken_by_more_by_a_sign_and_by_the_end():
    log = Log()
    for change in (lambda: log.append(b"a\n"), lambda: log.tell(b"alive\n"), log.close):
        size, sign = log.size, log.sign
        timer = threading.Timer(0.05, change)
        timer.start()
        log.wait(size, sign, HOUR)
        timer.join()


def test_a_reader_is_not_held_longer_than_it_wants():
    began = time.monotonic()
    Log().wait(0, b"", 0.05)
    assert time.monotonic() - began > 0.04


def test_a_sign_of_life_is_gone_when_a_line_comes():
    log = Log()
    log.tell(b"waits\n")
    assert log.sign == b"waits\n"
    log.append(b"a\n")
    assert (log.sign, log.size) == (b"", 2)


# Where rows begin.


@pytest.mark.parametrize("length", [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 1])
def test_rows_begin_where_they_do_at_the_borders_of_pieces(length):
    rows = [b"a" * (length - 1) + b"\n", b"\n", b"b" * (PIECE - 2) + b"\n", b"c\n"]
    log, at = Log.of(b"".join(rows)), 0
    for number, row in enumerate(rows):
        assert log.position(number) == at
        at += len(row)
    assert log.position(len(rows)) == at == log.size
    assert log.position(len(rows) + 1) is None


def test_every_row_of_a_long_log_is_found():
    log, at = Log.of(BODY), 0
    for number, row in enumerate(ROWS):
        assert log.position(number) == at
        at += len(row)


def test_a_row_that_has_not_come_is_nowhere():
    log = Log()
    assert (log.position(0), log.position(1)) == (0, None)
    log.append(b"a\n")
    assert (log.position(1), log.position(2)) == (2, None)


# Any of that, in small.

rows = st.binary(max_size=40).map(lambda text: text.replace(b"\n", b"") + b"\n")
small = patch.multiple("eosdash.service.log", IN_MEMORY=64, PIECE=16)


@small
@given(st.lists(rows | st.integers(0, 3), max_size=40))
def test_whatever_is_appended_is_what_is_read(steps):
    """Rows are appended, and between them one of four readers reads a piece."""
    log, whole, found = Log(), b"", [b""] * 4
    for step in steps:
        if isinstance(step, bytes):
            log.append(step)
            whole += step
        else:
            piece = log.read(len(found[step]))
            assert len(piece) == min(16, len(whole) - len(found[step]))
            found[step] += piece
    log.close()
    assert log.size == len(whole)
    assert all(whole.startswith(part) for part in found)
    assert b"".join(log.lines()) == follow(log) == whole


@small
@given(st.lists(rows, max_size=20))
def test_every_row_begins_where_the_others_end(appended):
    log = Log()
    for row in appended:
        log.append(row)
    body = b"".join(appended)
    for number in range(len(appended) + 1):
        assert body[log.position(number) :] == b"".join(appended[number:])
    assert log.position(len(appended) + 1) is None


@given(st.lists(rows, max_size=20), st.lists(st.integers(0, 300), max_size=20))
def test_lines_are_put_together_from_any_pieces(lines, cuts):
    body, parts = b"".join(lines), Parts()
    borders = sorted({0, len(body), *(min(cut, len(body)) for cut in cuts)})
    pieces = [body[a:b] for a, b in pairwise(borders)]
    assert [line for piece in pieces for line in parts.lines(piece)] == lines


def test_a_line_of_many_megabytes_is_copied_once():
    piece = b"x" * 100_000
    parts, copied = Parts(), 0
    for _ in range(400):
        assert list(parts.lines(piece)) == []
        copied += sum(len(held) for held in parts.begun if held is not piece)
    assert copied == 0  # the pieces themselves wait, not a line that grows by each
    assert [len(line) for line in parts.lines(b"\nend\n")] == [40_000_001, 4]


# Room.


def open_files():
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def test_readers_that_never_read_cost_no_memory():
    row, log = b"x" * 99_999 + b"\n", Log()
    positions = [0] * 50  # all there is of a reader
    tracemalloc.start()
    try:
        for _ in range(300):
            log.append(row)
        log.close()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert log.size == 30_000_000
    assert held < 2 * IN_MEMORY
    assert {bytes(log.read(at)) for at in positions} == {row[:PIECE]}


def test_a_log_has_no_file_until_it_is_long_and_leaves_none(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before, log = open_files(), Log()
    log.append(b"x" * (IN_MEMORY - 1) + b"\n")
    assert open_files() == before
    log.append(b"y\n")
    assert open_files() == before + 1
    assert list(tmp_path.iterdir()) == []  # it has no name
    del log
    assert open_files() == before


@contextmanager
def disk_of(size):
    """No file gets longer than so many bytes."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("size", [0, 1000, IN_MEMORY, IN_MEMORY + 1500, 2 * IN_MEMORY + 77])
def test_a_full_disk_costs_memory_and_no_byte(size, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before, log = open_files(), Log()
    found = bytearray()
    with disk_of(size):
        for row in ROWS:
            log.append(row)
            found += log.read(len(found))
        log.close()
    assert bytes(found) == BODY
    assert follow(log) == BODY
    assert list(log.lines()) == ROWS
    assert log.position(300) == len(b"".join(ROWS[:300]))
    assert open_files() == before
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_for_temporary_files_all_stays_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert follow(Log.of(BODY)) == BODY


def test_readers_go_on_when_the_disk_is_full_meanwhile():
    log, found = Log(), []
    thread = threading.Thread(target=lambda: found.append(follow(log)))
    thread.start()
    with disk_of(IN_MEMORY + 10_000):
        for row in ROWS:
            log.append(row)
            time.sleep(0.0005)
        log.close()
        assert holds(lambda: found, 10)
    thread.join()
    assert found == [BODY]


def test_nobody_finds_a_log_whose_file_is_being_closed(monkeypatch):
    known, found, made = WeakValueDictionary(), [], tempfile.TemporaryFile

    def spied(**options):
        file = made(**options)
        close = file.close
        file.close = lambda: (found.append(known.get("key")), close())
        return file

    monkeypatch.setattr(tempfile, "TemporaryFile", spied)
    log = Log.of(bytes(2 * IN_MEMORY))
    known["key"] = log
    del log
    assert found == [None]
