"""Who is let in next: in which order, who never, and what does not have to wait."""

import http.client
import os
import socket
import sys
import threading
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from eosdash.service import door as door_module
from eosdash.service import servers
from eosdash.service.door import (
    LATE,
    LONG_WAIT,
    SHORT_WAIT,
    TOO_LONG,
    Door,
    Doors,
    Place,
    behind,
    inside,
)
from eosdash.service.flights import stays
from tests.conftest import ROOT, free_port, serving
from tests.service import door_app
from tests.service.crowd import words
from tests.service.helpers import holds, strict


class Hall:
    """A door with one place, a clock that is turned on by hand, and what happens at it."""

    def __init__(self):
        self.now, self.started, self.dropped, self.gone, self.places = 0.0, [], [], set(), {}
        self.door = Door(1, clock=lambda: self.now)

    def ask(self, name):
        def start(place):
            self.places[name] = place
            self.started.append(name)

        self.door.enter(Place(start, lambda: name in self.gone, lambda: self.dropped.append(name)))

    def finish(self):
        self.places[self.started[-1]].leave()


@pytest.fixture
def hall():
    made = Hall()
    made.ask("first")
    return made


def test_only_so_many_are_let_in_and_each_place_is_given_back_once():
    started = []
    door = Door(2)
    for _ in range(5):
        door.enter(Place(started.append, lambda: False, lambda: None))
    assert len(started) == 2
    started[0].leave()
    started[0].leave()
    assert len(started) == 3


def test_who_came_first_is_first_as_long_as_nobody_waits_long(hall):
    for name in "abc":
        hall.ask(name)
    hall.now = SHORT_WAIT / 2
    for _ in "abc":
        hall.finish()
    assert hall.started == ["first", "a", "b", "c"]


def test_beyond_a_moment_the_newest_is_first(hall):
    for name in "abc":
        hall.ask(name)
    hall.now = 2 * SHORT_WAIT
    hall.finish()
    hall.ask("d")
    hall.finish()
    assert hall.started == ["first", "c", "d"]


def test_who_is_patient_comes_before_all_that_are_newer(hall):
    for i, name in enumerate("abcd"):
        hall.now = i * LONG_WAIT / 3
        hall.ask(name)
    hall.now = LONG_WAIT * 1.5  # of them all but the last two have waited long
    for _ in range(3):
        hall.finish()
    assert hall.started == ["first", "a", "b", "d"]


def test_who_has_waited_too_long_is_told_so(hall):
    hall.ask("a")
    hall.now = TOO_LONG / 2
    hall.ask("b")
    hall.now = TOO_LONG * 1.1
    hall.finish()
    hall.finish()
    assert hall.started == ["first", "a", "b"]
    assert [hall.places[name].late for name in ("a", "b")] == [True, False]


@pytest.mark.parametrize("wait", [0, 2 * SHORT_WAIT, 2 * LONG_WAIT])
def test_who_has_gone_is_never_let_in(hall, wait):
    for name in "abcd":
        hall.ask(name)
    hall.gone |= {"a", "d"}
    hall.now = wait
    hall.finish()
    hall.finish()
    assert sorted(hall.started) == ["b", "c", "first"]
    assert sorted(hall.dropped + (["d"] if "d" not in hall.dropped else [])) == ["a", "d"]


def test_a_place_is_given_back_as_soon_as_the_answer_begins(hall):
    hall.ask("a")
    answer = behind(lambda *_: iter(hall.started))
    rows = inside(hall.places["first"], lambda: list(answer({}, None)))
    assert rows == ["first", "a"]


def test_a_place_is_given_back_where_nothing_is_answered(hall):
    hall.ask("a")
    with pytest.raises(ZeroDivisionError):
        inside(hall.places["first"], lambda: 1 / 0)
    assert hall.started == ["first", "a"]


def test_who_comes_in_too_late_is_told_to_come_again(make_client, no_work):
    answer = make_client().get("/api/train", environ_overrides={LATE: True})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert strict(answer.data)["error"]["field"] == "server"


@pytest.mark.parametrize(
    ("begins", "held", "page"),
    [
        ("GET /api/train?lr=1 HTTP/1.1", True, False),
        ("GET /api/basin/run?x=1 HTTP/1.1", True, False),
        ("GET /under/a/path/api/theory HTTP/1.1", True, False),
        ("GET /api/train.npz?lr=1 HTTP/1.1", False, False),  # which may take a minute
        ("GET /api/deck HTTP/1.1", False, False),
        ("GET /?next=/api/train HTTP/1.1", False, True),
        ("GET /assets/eosdash.css HTTP/1.1", False, True),
        ("GET /_dash-layout HTTP/1.1", False, True),
        ("GET /_dash-update-component HTTP/1.1", False, False),  # its body may be slow to come
        ("POST /api/train HTTP/1.1", False, False),
        ("GET /healthz HTTP/1.1", False, False),
        ("GET /under/a/path/readyz HTTP/1.1", False, False),
        ("", False, False),
    ],
)
def test_what_has_to_be_let_in(begins, held, page):
    assert bool(door_module.HELD.match(begins)) is held
    assert bool(door_module.PAGES.match(begins)) is page


def test_pages_are_let_in_in_the_order_of_arrival_and_wait_for_no_result():
    doors, started = Doors(1), []
    for name in ("/api/train", "/api/train", "/", "/assets/a", "/", "/healthz"):
        place = Place(lambda place, name=name: started.append((name, place)), stays, stays)
        doors.enter(f"GET {name} ", place)
    assert [name for name, _ in started] == ["/api/train", "/", "/healthz"]
    started[1][1].leave()
    assert started[-1][0] == "/assets/a"
    started[-1][1].leave()
    assert started[-1][0] == "/"


# Servers.

PLACES = 1 + servers.BEYOND


@pytest.fixture(params=["waitress", "gunicorn"])
def base(request, tmp_path, monkeypatch):
    """The address of a server with one computation at a time."""
    given = {"DOOR": str(tmp_path), "EOSDASH_COMPUTATIONS": "1", "WEB_CONCURRENCY": "1"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    port = free_port()
    if request.param == "gunicorn":
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
        command.append("tests.service.door_app:app")
        environ = os.environ | {"PORT": str(port)}
        with serving(command, ROOT, environ, tmp_path / "log") as url:
            yield url
        return
    for name, seconds in door_app.WAITS.items():
        monkeypatch.setattr(door_module, name, seconds)
    server = servers.created(door_app.app, "127.0.0.1", port)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{port}"
    server.task_dispatcher.shutdown(timeout=0)
    server.close()


def healthy(base):
    """An answer, and what was asked before has reached the server."""
    address = urlsplit(base)
    with closing(http.client.HTTPConnection(address.hostname, address.port, timeout=60)) as line:
        line.request("GET", "/healthz")
        return line.getresponse().read() == b"begun\n"


def asked(base, name):
    """A connection on which a result was asked for, and which the server has seen."""
    address = urlsplit(base)
    sock = socket.create_connection((address.hostname, address.port), timeout=60)
    sock.sendall(f"GET /api/train?{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert healthy(base)
    return sock


def test_with_all_places_held_the_newest_is_next_the_gone_never_and_health_is_told(base, tmp_path):
    told = tmp_path / "told"
    held = [f"held{i}" for i in range(PLACES)]
    open_lines = [asked(base, name) for name in held]
    assert holds(lambda: sorted(words(told)) == held, 60)
    open_lines += [asked(base, "old"), asked(base, "new")]
    asked(base, "gone").close()
    assert healthy(base)
    (tmp_path / "held0").touch()  # its answer begins, and goes on
    assert holds(lambda: words(told)[PLACES:] == ["new"], 60)
    (tmp_path / "new").touch()
    assert holds(lambda: words(told)[PLACES:] == ["new", "old"], 60)
    for name in (*held, "old"):
        (tmp_path / name).touch()
    open_lines.append(asked(base, "last"))
    assert holds(lambda: words(told)[PLACES:] == ["new", "old", "last"], 60)
    assert open_lines[0].recv(20).startswith(b"HTTP/1.1 200 OK\r\n")
    for name in (*held, "old", "new", "last"):
        (tmp_path / name).touch()
        (tmp_path / f"{name} ends").touch()
    for sock in open_lines:
        sock.close()


def test_a_request_of_which_the_end_is_missing_takes_no_place(base, tmp_path):
    address = urlsplit(base)
    halves = []
    for _ in range(PLACES + 1):
        halves.append(socket.create_connection((address.hostname, address.port), timeout=60))
        halves[-1].sendall(b"GET /api/train?half HTTP/1.1\r\nHost:")
    sock = asked(base, "whole")
    assert holds(lambda: words(tmp_path / "told") == ["whole"], 60)
    for name in ("whole", "whole ends"):
        (tmp_path / name).touch()
    for each in (*halves, sock):
        each.close()


def test_what_is_no_request_is_told_so(base):
    address = urlsplit(base)
    with socket.create_connection((address.hostname, address.port), timeout=60) as sock:
        sock.sendall(b"nonsense\r\n\r\n")
        assert sock.recv(20).startswith(b"HTTP/1.")
