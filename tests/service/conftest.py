"""Fixtures: apps configured by environment variables, spies, and a Redis server."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from eosdash.server import create_app
from tests.conftest import ROOT, free_port, serving
from tests.programs import REDIS
from tests.service.fleet import Fleet
from tests.service.helpers import Spy
from tests.service.redis_server import RedisServer


@pytest.fixture(autouse=True)
def no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a machine is slow there are signs of life between any two lines of an answer; tests
    that are not of them compare answers, and want none in this process."""
    monkeypatch.setattr("eosdash.service.flights.HEARTBEAT", 120.0)


@pytest.fixture
def make_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., FlaskClient]:
    """Makes an app with ``EOSDASH_…`` variables; without any it keeps results in ``cache``."""
    monkeypatch.setenv("EOSDASH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("EOSDASH_STATIC_DIR", str(tmp_path / "static"))

    def make(**variables: str) -> FlaskClient:
        for name, value in variables.items():
            monkeypatch.setenv(f"EOSDASH_{name}", value)
        return create_app().server.test_client()

    return make


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the spy tells of the computations of this process."""
    words: list[str] = []
    monkeypatch.setattr("eosdash.runs.descend", Spy(words.append))
    return words


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any work on a run fails the test."""

    def work(*args: object) -> None:
        pytest.fail("work has begun")

    monkeypatch.setattr("eosdash.service.flights.Flights.follow", work)


@pytest.fixture(scope="module")
def spied_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The live server, and the file that tells of its computations."""
    folder = tmp_path_factory.mktemp("spied")
    told, port = folder / "told", str(free_port())
    told.touch()
    spied = {"PORT": port, "EOSDASH_CACHE_DIR": str(folder / "cache"), "SPY_LOG": str(told)}
    application = "tests.service.spied_app:server"
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", application]
    with serving(command, ROOT, os.environ | spied, folder / "log") as url:
        yield url, told


@pytest.fixture(scope="session")
def redis_program() -> str:
    """Path of a Redis server."""
    return REDIS.path()


@pytest.fixture
def redis_server(redis_program: str, tmp_path: Path) -> Iterator[RedisServer]:
    """A running, empty Redis server."""
    server = RedisServer(redis_program, free_port(), tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def local_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two web processes of one machine."""
    yield from _started(Fleet(tmp_path_factory.mktemp("local")))


@pytest.fixture(scope="session")
def shared_fleet(redis_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two replicas of the web server, with Redis and a Celery worker of two processes."""
    folder = tmp_path_factory.mktemp("shared")
    redis = RedisServer(redis_program, free_port(), folder)
    redis.start()
    try:
        yield from _started(Fleet(folder, redis))
    finally:
        redis.kill()


def _started(fleet: Fleet) -> Iterator[Fleet]:
    try:
        fleet.start()
        yield fleet
    finally:
        wrong = fleet.stop()
    assert not wrong


@pytest.fixture(params=["local", "shared"])
def fleet(request: pytest.FixtureRequest) -> Fleet:
    """Either way of computing once for all."""
    made: Fleet = request.getfixturevalue(f"{request.param}_fleet")
    return made
