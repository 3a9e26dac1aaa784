"""Single flight of all processes of a machine, and what becomes of it when one of them dies."""

import http.client
import os
import shutil
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

import eosdash.runs
from eosdash.server import create_app
from eosdash.service import local
from eosdash.service.cache import ResultCache
from eosdash.service.local import LocalEngine, after, shared_folder
from tests.conftest import ROOT, free_port, serving
from tests.service.crowd import BODY, DIGEST, PARAMS, ROWS, reader, spawn, tell, words
from tests.service.helpers import NEVER_ENDING, SHORT, Spy, fetch, holds, strict, url


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What processes share: the cache, temporary files, and words on what they do."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("EOSDASH_CACHE_DIR", str(tmp_path))  # as in the processes
    return tmp_path


@pytest.fixture
def here(folder, monkeypatch):
    """This process as one of them."""
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))


def kept(folder):
    """What is in the cache."""
    return ResultCache(Flask(__name__)).get(PARAMS.key())


def begun(folder):
    return words(folder / "told").count("begins")


def has_rows(folder, name, number=1):
    return lambda: f"row {number}" in words(folder / name) or len(words(folder / name)) > number


def shared_files(folder):
    """What lies in the folder of locks and logs, tickets aside."""
    (shared,) = (folder / "tmp").iterdir()
    return sorted(file.suffix for file in shared.iterdir() if file.suffix)


# One for all.


def test_processes_that_ask_for_the_same_compute_it_once(folder):
    names = ("a", "b", "c")
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(spawn(reader, folder, name, 0.02))
        for name in names:
            assert holds(lambda name=name: words(folder / name)[-1:] == [DIGEST], 10)
    assert words(folder / "told") == ["begins", "ends", "stops"]
    assert kept(folder) == BODY
    assert shared_files(folder) == []


def test_who_reads_along_gets_rows_as_they_come(folder):
    with spawn(reader, folder, "leader", 0.1):
        assert holds(has_rows(folder, "leader"), 10)
        with spawn(reader, folder, "other", 0.1):
            assert holds(has_rows(folder, "other"), 10)
            assert words(folder / "told") == ["begins"]
            assert DIGEST not in words(folder / "other")


def test_the_server_computes_once_for_all_its_visitors(spied_server):
    base, told = spied_server
    query, found = SHORT.replace("steps=100", "steps=640"), []
    threads = [threading.Thread(target=lambda: found.append(fetch(base, query))) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 40
    assert {status for status, _ in found} == {200}
    bodies = {b"".join(rows_of(body)) for _, body in found}
    assert len(bodies) == 1
    assert told.read_text().splitlines().count("640 begins") == 1


def rows_of(body):
    """The lines of an answer that are no signs of life."""
    return [
        line
        for line in body.splitlines(keepends=True)
        if strict(line)["type"] not in ("alive", "queued", "progress")
    ]


# Death.


def test_when_its_process_is_killed_the_others_go_on_from_their_row(folder):
    with ExitStack() as stack:
        leader = stack.enter_context(spawn(reader, folder, "leader", 0.05))
        assert holds(lambda: begun(folder), 10)
        for name in ("b", "c"):
            stack.enter_context(spawn(reader, folder, name, 0.05))
        for name in ("b", "c"):
            assert holds(has_rows(folder, name, 3), 10)
        leader.kill()
        leader.join()
        assert DIGEST not in words(folder / "leader")
        assert kept(folder) is None
        for name in ("b", "c"):
            assert holds(lambda name=name: words(folder / name)[-1:] == [DIGEST], 10)
            rows = [int(word[4:]) for word in words(folder / name)[:-1]]
            assert rows == sorted(set(rows))
    assert begun(folder) == 2
    assert kept(folder) == BODY
    assert shared_files(folder) == []


def test_what_a_killed_process_leaves_behind_is_cleared(folder, here):
    with spawn(reader, folder, "leader", 0.1) as leader:
        assert holds(has_rows(folder, "leader", 2), 10)
        leader.kill()
        leader.join()
    assert shared_files(folder) == [".lock", ".log"]
    engine = LocalEngine(ResultCache(Flask(__name__)))
    assert shared_files(folder) == []
    assert len(list(engine.tickets.glob("[0-9]*"))) == 1
    assert b"".join(lines(engine)) == b"".join(local.computed(PARAMS))
    assert list(engine.tickets.glob("[0-9]*")) == []


def lines(engine, wanted=lambda: True):
    return (text for text in engine.lines(PARAMS, wanted) if text and b'"queued"' not in text)


def test_what_is_under_way_is_not_cleared(folder, here):
    with spawn(reader, folder, "leader", 0.05):
        assert holds(has_rows(folder, "leader", 2), 10)
        engine = LocalEngine(ResultCache(Flask(__name__)))
        assert ".log" in shared_files(folder)
        assert b"".join(lines(engine)) == BODY
    assert begun(folder) == 1


def spied_app():
    """The app for gunicorn, whose computations are told with the process that computes."""
    file = Path(os.environ["SPY_LOG"])
    eosdash.runs.descend = Spy(lambda word: tell(file, f"{os.getpid()} {word}"))
    return create_app().server


class Visitor(threading.Thread):
    """Reads a run, and comes back for the rest when it is cut off."""

    def __init__(self, base, query):
        super().__init__(daemon=True)
        self.base, self.query, self.rows = urlsplit(base), query, []

    def run(self):
        while not (self.rows and b'"type":"end"' in self.rows[-1]):
            with suppress(OSError, http.client.HTTPException):
                self.read()

    def read(self):
        host, port = self.base.hostname, self.base.port
        with closing(http.client.HTTPConnection(host, port, timeout=20)) as line:
            line.request("GET", f"{url(self.query)}&row={len(self.rows)}")
            with line.getresponse() as answer:
                assert answer.status == 200
                while (text := answer.readline()).endswith(b"\n"):
                    self.rows += rows_of(text)


def test_visitors_of_a_killed_worker_come_back_for_the_rest(tmp_path):
    told, port = tmp_path / "told", str(free_port())
    spied = {"PORT": port, "EOSDASH_CACHE_DIR": str(tmp_path / "cache"), "SPY_LOG": str(told)}
    application = "tests.service.test_local:spied_app()"
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", application]
    query = NEVER_ENDING + "1200"
    with serving(command, ROOT, os.environ | spied, tmp_path / "log") as base:
        visitors = [Visitor(base, query) for _ in range(12)]
        for visitor in visitors:
            visitor.start()
        assert holds(lambda: all(len(visitor.rows) >= 2 for visitor in visitors), 20)
        leader = next(word.split()[0] for word in words(told) if word.endswith("1200 begins"))
        os.kill(int(leader), signal.SIGKILL)
        for visitor in visitors:
            visitor.join(40)
        whole = fetch(base, query)[1]
    assert not any(visitor.is_alive() for visitor in visitors)
    assert {b"".join(visitor.rows) for visitor in visitors} == {whole}
    ends = [word for word in words(told) if word.endswith("1200 ends")]
    assert sum(word.endswith("1200 begins") for word in words(told)) == 2
    assert [word.split()[0] == leader for word in ends] == [False]


# Readers who leave.


def leaves(folder, name):
    (folder / f"{name} leaves").touch()
    assert holds(lambda: words(folder / name)[-1:] == ["left"], 5)


def test_a_reader_in_another_process_keeps_it_going(folder):
    with spawn(reader, folder, "leader", 0.1):
        assert holds(lambda: begun(folder), 10)
        with spawn(reader, folder, "other", 0.1):
            assert holds(has_rows(folder, "other"), 10)
            leaves(folder, "leader")
            assert holds(lambda: words(folder / "other")[-1:] == [DIGEST], 10)
    assert words(folder / "told") == ["begins", "ends", "stops"]


def test_when_all_have_left_it_stops(folder):
    with spawn(reader, folder, "leader", 0.3), ExitStack() as stack:
        assert holds(lambda: begun(folder), 10)
        for name in ("b", "c"):
            stack.enter_context(spawn(reader, folder, name, 0.3))
            assert holds(has_rows(folder, name), 10)
        for name in ("leader", "b"):
            leaves(folder, name)
        assert words(folder / "told") == ["begins"]
        leaves(folder, "c")
        assert holds(lambda: words(folder / "told") == ["begins", "stops"])
        assert holds(lambda: shared_files(folder) == [])
    assert kept(folder) is None


def test_who_asks_after_it_was_stopped_gets_it_whole(folder):
    with spawn(reader, folder, "leader", 0.05):
        assert holds(has_rows(folder, "leader", 2), 10)
        leaves(folder, "leader")
        with spawn(reader, folder, "other", 0.02):
            assert holds(lambda: words(folder / "other")[-1:] == [DIGEST], 10)
    assert kept(folder) == BODY


# Its folder.


def test_the_folder_is_ours_alone(folder, here):
    shared = shared_folder()
    assert shared == shared_folder()
    assert shared.parent == folder / "tmp"
    assert shared.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("variable", "value"), [("CACHE_DIR", "other"), ("REDIS_URL", "redis://a")]
)
def test_servers_with_other_caches_have_other_folders(folder, here, monkeypatch, variable, value):
    shared = shared_folder()
    monkeypatch.setenv(f"EOSDASH_{variable}", value)
    assert shared_folder() != shared


def test_a_folder_of_somebody_else_is_refused(folder, here, monkeypatch):
    monkeypatch.setattr(local.os, "getuid", lambda: 12345)
    with pytest.raises(PermissionError, match="not ours"):
        shared_folder()


@pytest.mark.parametrize("put_there", ["a link", "a file"])
def test_what_is_no_folder_is_refused(folder, here, put_there):
    shared = shared_folder()
    shared.rmdir()
    if put_there == "a link":
        (folder / "elsewhere").mkdir()
        shared.symlink_to(folder / "elsewhere")
    else:
        shared.touch()
    with pytest.raises(OSError, match=r"not ours|exists"):
        LocalEngine(ResultCache(Flask(__name__)))


def test_a_folder_that_was_cleaned_away_is_made_again(folder, here):
    engine = LocalEngine(ResultCache(Flask(__name__)))
    shutil.rmtree(shared_folder())
    assert b"".join(lines(engine)) == b"".join(local.computed(PARAMS))
    assert engine.tickets.is_dir()


@pytest.mark.parametrize("room", [1600, 4000, 40_000])
def test_a_full_disk_only_costs_sharing(folder, room):
    """Room for the words of the test and for no row, for one, and for some."""
    with ExitStack() as stack:
        for name in ("a", "b"):
            stack.enter_context(spawn(reader, folder, name, 0.01, room))
        for name in ("a", "b"):
            assert holds(lambda name=name: words(folder / name)[-1:] == [DIGEST], 10)
    assert begun(folder) <= 2
    assert kept(folder) is None
    assert [file for file in folder.iterdir() if file.suffix] == []  # nothing half in the cache


# Rows that were sent.


@pytest.mark.parametrize("sent", [0, 1, 5, len(ROWS)])
def test_after_so_many_rows_come_the_others_and_all_signs_of_life(sent):
    sign = b'{"type":"progress","step":3}\n'
    told = list(after(sent, iter([sign, b"", *ROWS[:3], sign, *ROWS[3:]])))
    assert [text for text in told if text in ROWS] == ROWS[sent:]
    assert (told.count(sign), told.count(b"")) == (2, 1)
