"""Processes are killed, Redis goes away, disks are full and clients misbehave: nobody gets a wrong
number, and whoever comes back gets the rest."""

import asyncio
import http.client
import itertools
import json
import os
import resource
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.clients import persistent
from eosdash.service.waiting import QUEUE
from tests.service.fleet import (
    LONG_RUN,
    PACE,
    PAUSE,
    RUN,
    Fleet,
    awaited,
    expected,
    holds,
    process_of,
    rows_of,
)

CLIENTS = 10
NEVER_READING = 50
MAP = "/api/basin?depth=2&resolution=512&steps=60"
ROOM = 200_000
"""Bytes of the longest file on a full disk; an entry of the cache has more."""

_steps = itertools.count(1600)
_few_steps = itertools.count(20)


@pytest.fixture
def steps():
    """Of a run of a second that nobody has asked for."""
    return next(_steps)


def follow_through(fleet, steps, disturb):
    """What clients get who ask again wherever they are cut off, and how often that was, where
    something happens in the middle of the stream; and the seconds until the end."""

    async def follow():
        path, bases = f"{RUN}{steps}", fleet.bases
        clients = [
            asyncio.create_task(persistent(bases[i % len(bases)], path)) for i in range(CLIENTS)
        ]
        await asyncio.to_thread(fleet.heard, f"{steps} goes on")
        await asyncio.sleep(3 * PACE)
        began = time.monotonic()
        await asyncio.to_thread(disturb)
        got = await asyncio.wait_for(asyncio.gather(*clients), 60)
        return [rows for rows, _ in got], sum(cuts for _, cuts in got), time.monotonic() - began

    return awaited(follow())


def serve_again(fleet):
    began = time.monotonic()
    for base in fleet.bases:
        process_of(base)
    print(f"serving again after {time.monotonic() - began:.2f} s")


def assert_kept(fleet, steps):
    """The result is in the cache, and right."""
    with fleet.two() as visitors:
        for visitor in visitors:
            answer, body = visitor.read(f"{RUN}{steps}")
            assert answer.getheader("Cache-Status") == "eosdash; hit"
            assert body == b"".join(expected(f"{RUN}{steps}"))


# Processes that are killed


def test_when_the_process_that_computes_is_killed_all_get_the_rest(fleet, steps):
    def kill():
        os.kill(fleet.computing(steps), signal.SIGKILL)
        serve_again(fleet)

    bodies, cuts, seconds = follow_through(fleet, steps, kill)
    print(f"{cuts} cut, all complete after {seconds:.1f} s")
    assert bodies == [expected(f"{RUN}{steps}")] * CLIENTS
    assert fleet.begun(steps) == 2
    assert holds(fleet.is_up, 30)
    assert_kept(fleet, steps)


def test_a_web_process_that_is_killed_stops_no_computation_of_a_worker(shared_fleet, steps):
    first = process_of(shared_fleet.bases[0])
    bodies, cuts, seconds = follow_through(
        shared_fleet, steps, lambda: os.kill(first, signal.SIGKILL)
    )
    print(f"{cuts} cut, all complete after {seconds:.1f} s")
    assert cuts
    assert bodies == [expected(f"{RUN}{steps}")] * CLIENTS
    assert shared_fleet.begun(steps) == 1
    assert holds(shared_fleet.is_up, 30)


def computed_by_worker(fleet):
    """Whether a worker computes what is asked for now."""
    steps = next(_few_steps)
    with fleet.visitor() as visitor:
        visitor.read(f"{RUN}{steps}")
    return fleet.computing(steps) in fleet.celery.members()


def test_without_any_worker_the_replicas_compute(shared_fleet, steps):
    bodies, _, seconds = follow_through(shared_fleet, steps, shared_fleet.celery.kill)
    print(f"all complete {seconds:.1f} s after the last worker was killed")
    assert bodies == [expected(f"{RUN}{steps}")] * CLIENTS
    assert shared_fleet.begun(steps) <= 1 + len(shared_fleet.bases)
    assert_kept(shared_fleet, steps)
    with shared_fleet.two() as visitors:
        time.sleep(PAUSE)
        for visitor in visitors:
            visitor.read(f"{RUN}{next(_few_steps)}")  # learns that there is none
            answer = visitor.ask(f"{RUN}{next(_steps)}")
            assert (answer.status, json.loads(answer.readline())["type"]) == (200, "start")
            answer.read()
    assert shared_fleet.redis.client.hlen(QUEUE) == 0
    shared_fleet.start_celery()
    assert holds(lambda: computed_by_worker(shared_fleet), 30)


def test_who_waits_for_busy_workers_is_not_given_up_and_lies_with_redis(shared_fleet, steps):
    """A worker that dies takes nothing with it but what it computes."""
    long = [19_990, 19_991]
    with shared_fleet.two() as busy, shared_fleet.visitor() as visitor:
        for each, number in zip(busy, long, strict=True):
            each.ask(f"{LONG_RUN}{number}")
            assert shared_fleet.heard(f"{number} begins")
        answer = visitor.ask(f"{RUN}{steps}")
        until = time.monotonic() + 1.5  # longer than a queue without workers is waited for
        while time.monotonic() < until:
            assert json.loads(answer.readline())["type"] in ("queued", "alive")
        assert shared_fleet.begun(steps) == 0
        assert shared_fleet.redis.client.llen("celery") == 1
        busy[0].leave()
        assert rows_of(answer.read()) == expected(f"{RUN}{steps}")
    assert shared_fleet.computing(steps) in shared_fleet.celery.members()


# Redis


def restart(redis):
    redis.kill()
    redis.start()


def lose_logs(redis):
    redis.client.delete(*redis.client.keys("eosdash:log:*"))


FAULTS = {
    "refused": (lambda redis: redis.kill(), lambda redis: redis.start()),
    "hung": (lambda redis: redis.hang(), lambda redis: redis.go_on()),
}
PASSING_FAULTS = {
    "flushed": lambda redis: redis.client.flushall(),
    "restarted": restart,
    "short of memory": lose_logs,
}


def degraded(fleet, base):
    """Whether a replica says that Redis is away."""
    with fleet.visitor(base) as visitor:
        answer, _ = visitor.read(f"{RUN}{next(_few_steps)}")
        assert answer.status == 200
    return "detail=degraded" in answer.getheader("Cache-Status")


def recovers(fleet):
    return holds(lambda: not any(degraded(fleet, base) for base in fleet.bases), 30) and holds(
        lambda: computed_by_worker(fleet), 30
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_without_redis_answers_are_right_and_say_so(shared_fleet, fault):
    away, back = FAULTS[fault]
    kept = next(_steps)
    with shared_fleet.two() as visitors:
        visitors[0].read(f"{RUN}{kept}")
        away(shared_fleet.redis)
        try:
            for visitor in visitors:
                for steps in (next(_steps), kept):
                    began = time.monotonic()
                    answer = visitor.ask(f"{RUN}{steps}")
                    first = answer.readline()
                    print(f"Redis {fault}: first row after {time.monotonic() - began:.3f} s")
                    assert answer.status == 200
                    assert answer.getheader("Cache-Status") == "eosdash; fwd=miss; detail=degraded"
                    assert rows_of(first + answer.read()) == expected(f"{RUN}{steps}")
                ready, body = visitor.read("/readyz")
                assert (ready.status, b'"degraded"' in body) == (200, True)
        finally:
            back(shared_fleet.redis)
    assert recovers(shared_fleet)


@pytest.mark.parametrize("fault", FAULTS)
def test_streams_go_on_when_redis_goes(shared_fleet, steps, fault):
    away, back = FAULTS[fault]
    try:
        bodies, cuts, seconds = follow_through(
            shared_fleet, steps, lambda: away(shared_fleet.redis)
        )
    finally:
        back(shared_fleet.redis)
    print(f"Redis {fault}: all complete after {seconds:.1f} s")
    assert (bodies, cuts) == ([expected(f"{RUN}{steps}")] * CLIENTS, 0)
    assert recovers(shared_fleet)


@pytest.mark.parametrize("fault", PASSING_FAULTS)
def test_streams_go_on_when_redis_loses_what_it_held(shared_fleet, steps, fault):
    bodies, cuts, seconds = follow_through(
        shared_fleet, steps, lambda: PASSING_FAULTS[fault](shared_fleet.redis)
    )
    print(f"Redis {fault}: all complete after {seconds:.1f} s")
    assert (bodies, cuts) == ([expected(f"{RUN}{steps}")] * CLIENTS, 0)
    if fault != "restarted":  # which ends every connection, so that replicas help themselves
        assert shared_fleet.begun(steps) <= 2
    assert recovers(shared_fleet)


def test_a_log_without_its_beginning_is_read_by_nobody(shared_fleet, steps):
    path = f"{RUN}{steps}"
    with shared_fleet.two() as (early, late):
        answer = early.ask(path)
        first = answer.readline()
        shared_fleet.heard(f"{steps} goes on")
        lose_logs(shared_fleet.redis)
        assert rows_of(late.read(path)[1]) == expected(path)
        assert rows_of(first + answer.read()) == expected(path)


# The folder of the cache


def entry_of(fleet, steps):
    """The file in which a result is kept, which is computed now."""
    before = set(fleet.cache.iterdir())
    with fleet.visitor() as visitor:
        visitor.read(f"{RUN}{steps}")
    (entry,) = set(fleet.cache.iterdir()) - before
    return entry


def flip(entry):
    content = bytearray(entry.read_bytes())
    content[len(content) // 2] ^= 1
    entry.write_bytes(content)


def cut(entry):
    os.truncate(entry, entry.stat().st_size // 2)


def empty(entry):
    os.truncate(entry, 0)


@pytest.mark.parametrize("damage", [flip, cut, empty])
def test_a_damaged_entry_is_no_number_and_is_healed(local_fleet, steps, damage):
    damage(entry_of(local_fleet, steps))
    with local_fleet.two() as visitors:
        answer, body = visitors[0].read(f"{RUN}{steps}")
        assert (answer.status, rows_of(body)) == (200, expected(f"{RUN}{steps}"))
        assert answer.getheader("Cache-Status") == "eosdash; fwd=miss"
    assert_kept(local_fleet, steps)
    assert not local_fleet.leftovers()


@contextmanager
def full_disk(fleet):
    workers = [pid for pid in fleet.web[0].members() if pid != fleet.web[0].process.pid]
    usual = [resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in workers]
    for pid, (_, hard) in zip(workers, usual, strict=True):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        yield
    finally:
        for pid, limits in zip(workers, usual, strict=True):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def mount(*arguments):
    return subprocess.run(["mount", *arguments], capture_output=True).returncode == 0


@contextmanager
def read_only(fleet):
    """A folder that takes nothing: root may write to any but to one that is mounted so, and where
    it may not mount either there is a file in its place."""
    folder = fleet.cache
    with ExitStack() as stack:
        if os.getuid():
            folder.chmod(0o500)
            stack.callback(folder.chmod, 0o700)
        elif mount("--bind", folder, folder):
            stack.callback(subprocess.run, ["umount", "-l", folder], check=True)
            assert mount("-o", "remount,ro,bind", folder)
        else:
            aside = folder.rename(folder.with_name("aside"))
            folder.touch()
            stack.callback(aside.rename, folder)
            stack.callback(folder.unlink)
        yield


@pytest.mark.parametrize("fault", [full_disk, read_only])
def test_a_folder_that_takes_nothing_costs_only_the_time_to_compute(local_fleet, steps, fault):
    kept, path = next(_steps), f"{RUN}{steps}"
    entry_of(local_fleet, kept)
    with local_fleet.two() as visitors:
        with fault(local_fleet):
            for visitor in visitors:
                for asked in (path, f"{RUN}{kept}"):
                    answer, body = visitor.read(asked)
                    assert (answer.status, rows_of(body)) == (200, expected(asked))
            assert local_fleet.begun(steps) == 2
            assert not local_fleet.leftovers()
        visitors[0].read(path)
        visitors[1].read(f"{RUN}{next(_steps)}")
    assert local_fleet.begun(steps) == 3
    assert_kept(local_fleet, steps)


# The end of a server


def read_to_the_end(answer):
    """What comes, and whether it was cut."""
    body = b""
    with suppress(http.client.HTTPException, OSError):
        while line := answer.readline():
            body += line
    return rows_of(body)


def test_a_server_that_is_stopped_lets_streams_end_but_not_for_ever(tmp_path):
    fleet = Fleet(tmp_path, EOSDASH_DRAIN_SECONDS="2")
    try:
        fleet.start()
        (web,) = fleet.web
        with fleet.two() as (one, other):
            short, endless = one.ask(f"{RUN}1500"), other.ask(f"{LONG_RUN}19999")
            short.readline()
            before = set(web.members())
            began = time.monotonic()
            web.process.terminate()
            assert read_to_the_end(short) == expected(f"{RUN}1500")[1:]
            assert len(read_to_the_end(endless)) < len(expected(f"{LONG_RUN}19999"))
            assert web.process.wait(30) == 0
            seconds = time.monotonic() - began
        print(f"stopped {seconds:.1f} s after it was told to, of 2 s")
        assert seconds > 2
        assert len(before) == 3
        assert not web.members()
        assert not list((tmp_path / "web0" / "tmp").glob("eosdash-metrics-*"))
    finally:
        fleet.stop()


# Clients that do not read


def resident(pid):
    """Bytes of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def ask_without_reading(base, path):
    address = urlsplit(base)
    client = socket.create_connection((address.hostname, address.port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return client


def test_clients_that_never_read_hold_neither_memory_nor_the_server(local_fleet):
    with local_fleet.two() as visitors:
        size = len(visitors[0].read(MAP)[1])
        for visitor in visitors:
            assert visitor.read(MAP)[0].getheader("Cache-Status") == "eosdash; hit"
        before = [resident(visitor.process) for visitor in visitors]
        with ExitStack() as stack:
            for _ in range(NEVER_READING):
                stack.enter_context(ask_without_reading(local_fleet.bases[0], MAP))
            time.sleep(1)
            began = time.monotonic()
            for visitor in visitors:
                assert visitor.read("/healthz")[0].status == 200
            seconds = time.monotonic() - began
            grown = sum(resident(visitor.process) for visitor in visitors) - sum(before)
        print(f"{NEVER_READING} × {size / 1e6:.1f} MB unread: {grown / 1e6:.0f} MB more memory")
        print(f"healthy after {seconds:.2f} s")
    assert size > 5e6
    assert grown < 0.2 * NEVER_READING * size
