"""Metrics and logs: in one process, and under gunicorn with two workers, one of them killed."""

import contextlib
import http.client
import json
import logging
import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.parser import text_string_to_metric_families

from eosdash.service import telemetry
from eosdash.service.queries import SETS
from tests.conftest import ROOT, free_port, serving
from tests.service.helpers import strict
from tests.service.telemetry_app import HERE, create

SECRET = "secret-of-a-visitor"
PERSONAL = {"User-Agent": f"agent-{SECRET}", "Cookie": f"id={SECRET}", "Referer": f"/{SECRET}"}
STATIC = f"/static/{HERE.name}"
NAMES = [
    *(f'eosdash_computations_total{{kind="{params.kind}"}}' for params in SETS[1:]),
    'eosdash_cache_hits_total{kind="basin"}',
    'eosdash_cache_misses_total{kind="sweep"}',
    'eosdash_collapsed_total{kind="theory"}',
    'eosdash_refused_total{reason="queue"}',
    "eosdash_computations_running",
    "eosdash_queue_length",
    "eosdash_streams_open",
    "eosdash_degraded",
]


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def samples(text: str) -> dict[str, float]:
    """Value by name and labels, as they are written; raises for anything malformed."""
    list(text_string_to_metric_families(text))
    rows = (row.rpartition(" ") for row in text.splitlines() if not row.startswith("#"))
    return {name: float(number) for name, _, number in rows}


# In one process


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets up the logs at a level, and puts them back."""
    logger = logging.getLogger("eosdash")
    before = logger.level, logger.propagate, list(logger.handlers)

    def configure(level: str) -> None:
        monkeypatch.setenv("EOSDASH_LOG_LEVEL", level)
        telemetry.configure_logs()

    yield configure
    logger.level, logger.propagate, logger.handlers[:] = before
    logger.manager._clear_cache()


@pytest.fixture
def lines(
    loud: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> Callable[[], list[Any]]:
    """The lines of the log since the last call."""
    loud("INFO")
    return lambda: [strict(line) for line in capsys.readouterr().err.splitlines()]


@pytest.fixture
def client() -> FlaskClient:
    return create().test_client()


def test_what_has_not_happened_is_shown_as_zero(client):
    text = client.get("/metrics").text
    assert set(NAMES) <= samples(text).keys()


def test_the_metrics_are_text_that_is_not_kept(client):
    answer = client.get("/metrics")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_computation_counts(client):
    before = sample("eosdash_computations_total", kind="train")
    client.get("/count/a")
    assert sample("eosdash_computations_total", kind="train") == before + 1


def test_requests_are_timed_by_rule_and_status(client):
    labels = {"route": "/count/<word>", "status": "200"}
    before = sample("eosdash_request_seconds_count", **labels)
    for word in "abc":
        client.get(f"/count/{word}", buffered=True)
    assert sample("eosdash_request_seconds_count", **labels) == before + 3


def test_clients_cannot_make_up_labels(client, lines):
    client.get(f"/{SECRET}", buffered=True)
    client.open(f"/count/{SECRET}", method=SECRET.upper(), buffered=True)
    assert [(line["route"], line["method"], line["status"]) for line in lines()] == [
        ("other", "GET", 404),
        ("other", "other", 405),
    ]
    assert SECRET not in client.get("/metrics").text.lower()


@pytest.mark.parametrize("given", ["a", "A.b_c-1", "x" * 64])
def test_an_id_is_answered_back(client, lines, given):
    answer = client.get("/count/a", headers={"X-Request-ID": given}, buffered=True)
    assert answer.headers.getlist("X-Request-ID") == [given]
    assert [line["request_id"] for line in lines()] == [given]


@pytest.mark.parametrize("given", [None, "", "x" * 65, "a b", "a,b", "é", 'a"', "<a>", "a\t"])
def test_a_bad_id_is_replaced(client, lines, given):
    headers = {} if given is None else {"X-Request-ID": given}
    answers = [client.get("/count/a", headers=headers, buffered=True) for _ in range(2)]
    first, second = (answer.headers["X-Request-ID"] for answer in answers)
    assert first != second
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert [line["request_id"] for line in lines()] == [first, second]


def test_refusals_have_an_id_too(client):
    for path in ("/none", "/fail/at-once", "/metrics", STATIC):
        answer = client.get(path, headers={"X-Request-ID": "mine"}, buffered=True)
        assert answer.headers["X-Request-ID"] == "mine"


def test_a_line_tells_of_the_request_and_what_was_noted(client, lines):
    client.get("/count/a", headers={"X-Request-ID": "mine"}, buffered=True)
    (line,) = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00", line.pop("time"))
    assert 0 <= line.pop("seconds") < 5
    assert line == {
        "level": "INFO",
        "logger": "eosdash.service.telemetry",
        "message": "request",
        "request_id": "mine",
        "method": "GET",
        "route": "/count/<word>",
        "status": 200,
        "kind": "train",
        "key": "0123456789ab",
        "cost": "inf",
        "cache": "miss",
    }


def test_nothing_personal_is_logged(client, lines):
    client.get(
        f"/count/{SECRET}?q={SECRET}",
        headers=PERSONAL | {"X-Request-ID": f"{SECRET}!"},
        environ_base={"REMOTE_ADDR": "203.0.113.7"},
        buffered=True,
    )
    text = json.dumps(lines())
    assert "/count/<word>" in text
    assert SECRET not in text
    assert "203.0.113.7" not in text


def test_what_was_noted_cannot_replace_what_is_known(client, lines):
    @client.application.get("/replace")
    def replace() -> str:
        telemetry.note(status=1, route="/none", request_id="theirs", seconds=-1)
        return ""

    client.get("/replace", buffered=True)
    (line,) = lines()
    assert (line["status"], line["route"]) == (200, "/replace")
    assert line["request_id"] != "theirs"
    assert line["seconds"] >= 0


def test_a_stream_is_told_of_at_its_end(client, lines):
    answer = client.get("/rows/3")
    rows = answer.iter_encoded()
    next(rows)
    assert sample("eosdash_streams_open") == 1
    time.sleep(0.1)
    assert lines() == []
    assert len(list(rows)) == 2
    answer.close()
    (line,) = lines()
    assert line["seconds"] >= 0.1
    assert (line["kind"], line["rows"], line["status"]) == ("sweep", 3, 200)
    assert sample("eosdash_streams_open") == 0


def test_a_client_that_hangs_up_is_told_of(client, lines):
    answer = client.get("/rows/1000000")
    next(answer.iter_encoded())
    answer.close()
    (line,) = lines()
    assert line["rows"] < 10
    assert line["closed"] is True
    assert sample("eosdash_streams_open") == 0


class Source:
    """Rows that must be closed even if none was read."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"row"])

    def close(self) -> None:
        self.closed = True


def test_a_stream_that_is_never_read_is_closed_all_the_same(client, lines):
    source = Source()
    client.application.add_url_rule(
        "/source", "source", lambda: client.application.response_class(source)
    )
    client.head("/source").close()
    assert source.closed
    assert [line["method"] for line in lines()] == ["HEAD"]
    assert sample("eosdash_streams_open") == 0


def test_notes_do_not_reach_the_next_request(client, lines):
    client.get("/count/a", buffered=True)
    client.get("/rows/1", buffered=True)
    client.get("/none", buffered=True)
    told = [{"cache", "rows"} & line.keys() for line in lines()]
    assert told == [{"cache"}, {"rows"}, set()]


def test_streams_that_are_read_by_turns_keep_their_notes_apart(client, lines):
    answers = [client.get("/rows/5"), client.get("/rows/5")]
    rows = [answer.iter_encoded() for answer in answers]
    next(rows[0])
    list(rows[1])
    for answer in reversed(answers):
        answer.close()
    first, second = (line["rows"] for line in lines())
    assert first == 5
    assert second < 5


def test_a_note_outside_of_a_request_is_nothing():
    telemetry.note(kind="train")


def test_a_note_after_a_request_is_nothing(client, lines):
    client.get("/rows/1", buffered=True)
    telemetry.note(kind="basin")
    assert [line["kind"] for line in lines()] == ["sweep"]


def test_a_note_in_another_thread_is_nothing(client, lines):
    @client.application.get("/thread")
    def thread() -> str:
        other = threading.Thread(target=telemetry.note, kwargs={"kind": "theirs"})
        other.start()
        other.join()
        return ""

    client.get("/thread", buffered=True)
    (line,) = lines()
    assert "kind" not in line


def test_a_failure_is_one_line_with_its_traceback_and_the_request(client, lines):
    answer = client.get(f"/fail/at-once?{SECRET}", buffered=True)
    assert answer.status_code == 500
    failure, finished = lines()
    assert (failure["level"], failure["message"]) == ("ERROR", "unhandled exception")
    assert failure["exc_info"].startswith("Traceback")
    assert "ArithmeticError: the answer\nis wrong" in failure["exc_info"]
    assert SECRET not in json.dumps(failure)
    assert finished["status"] == 500
    assert failure["request_id"] == finished["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("when", ["early", "late"])
def test_so_is_a_failure_in_a_stream(client, lines, when):
    with (
        pytest.raises(ArithmeticError),
        contextlib.closing(client.get(f"/fail/{when}")) as answer,
    ):
        answer.get_data()
    failure = lines()[0]
    assert "ArithmeticError: the answer\nis wrong" in failure["exc_info"]
    assert re.fullmatch("[0-9a-f]{32}", failure["request_id"])


def test_what_is_logged_meanwhile_names_the_request(client, lines):
    @client.application.get("/warn")
    def warn() -> str:
        logging.getLogger("eosdash.service.cache").warning("the %s is full", "disk")
        return ""

    client.get("/warn", headers={"X-Request-ID": "mine"}, buffered=True)
    logging.getLogger("eosdash.service.cache").warning("still full")
    warning, _, later = lines()
    assert (warning["message"], warning["request_id"]) == ("the disk is full", "mine")
    assert "request_id" not in later


@pytest.mark.parametrize("path", ["/healthz", "/metrics", STATIC])
def test_what_machines_ask_for_is_told_to_those_who_want_it(client, lines, loud, path):
    client.get(path, buffered=True)
    assert lines() == []
    loud("debug")
    client.get(path, buffered=True)
    (line,) = lines()
    assert (line["level"], line["status"]) == ("DEBUG", 200)
    assert not line["route"].endswith(".py")


def test_a_health_check_that_fails_is_told_to_all(client, lines):
    client.application.view_functions["healthz"] = lambda: ("ill", 503)
    client.get("/healthz", buffered=True)
    assert [line["level"] for line in lines()] == ["INFO"]


def test_setting_up_twice_does_not_print_twice(client, lines, loud):
    loud("INFO")
    client.get("/count/a", buffered=True)
    assert len(lines()) == 1


def test_what_the_root_prints_is_not_printed_twice(client, loud, capsys):
    handler = logging.StreamHandler()
    logging.root.addHandler(handler)
    try:
        loud("INFO")
        client.get("/count/a", buffered=True)
    finally:
        logging.root.removeHandler(handler)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_handlers_that_collect_still_hear_it(client, loud, caplog):
    loud("INFO")
    client.get("/count/a", buffered=True)
    assert caplog.messages == ["request"]


def test_the_level_is_kept(client, loud, capsys):
    loud("Warning")
    client.get("/count/a", buffered=True)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("level", ["loud", "NOTSET", "10", "INFO "])
def test_an_unknown_level_stops_the_start(loud, level):
    with pytest.raises(ValueError, match=rf"EOSDASH_LOG_LEVEL='{level}' is none of DEBUG, INFO"):
        loud(level)


def test_processes_that_answer_no_requests_have_metrics(client):
    port = free_port()
    server = telemetry.serve_metrics(port)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    finally:
        server.shutdown()
        server.server_close()
    assert 'eosdash_computations_total{kind="train"}' in samples(text)


def test_files_left_half_made_are_passed_over(client, tmp_path, monkeypatch):
    key = mmap_key("eosdash_a", "eosdash_a_total", [], [], "help")
    for pid in (1, 2):
        with closing(MmapedDict(str(tmp_path / f"counter_{pid}.db"))) as counts:
            counts.write_value(key, pid, 0)
    whole = (tmp_path / "counter_1.db").read_bytes()
    (tmp_path / "counter_3.db").touch()
    (tmp_path / "counter_4.db").write_bytes(whole[:30])
    (tmp_path / "counter_5.db").write_bytes(whole.replace(b"eosdash", b"\xff" * 7))
    (tmp_path / "gauge_livesum_6.db").symlink_to(tmp_path / "gone")
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert samples(client.get("/metrics").text) == {"eosdash_a_total": 3}


# What gunicorn is told


def configuration() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "gunicorn.conf.py"))


def test_gunicorn_writes_lines_like_the_app():
    json_lines = configuration()["logconfig_dict"]["formatters"]["json"]
    assert {name: json_lines[name] for name in telemetry.LINE} == telemetry.LINE


def test_threads_and_draining_are_settings(monkeypatch):
    assert (configuration()["threads"], configuration()["graceful_timeout"]) == (200, 30)
    monkeypatch.setenv("EOSDASH_THREADS", "7")
    monkeypatch.setenv("EOSDASH_DRAIN_SECONDS", "3")
    assert (configuration()["threads"], configuration()["graceful_timeout"]) == (7, 3)


def test_the_master_imports_neither_numpy_nor_metrics():
    heavy = "{'numpy', 'prometheus_client', 'flask'}"
    code = (
        f"import runpy, sys; runpy.run_path('gunicorn.conf.py'); print({heavy} & {{*sys.modules}})"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60)
    assert run.stdout.decode().strip() == "set()"


# Under gunicorn


class Server(NamedTuple):
    url: str
    log: Path
    temporary: Path

    def get(self, path: str, headers: dict[str, str] | None = None) -> str:
        asked = urllib.request.Request(f"{self.url}{path}", headers=headers or {})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.read().decode()

    def metric(self, name: str) -> float:
        return samples(self.get("/metrics"))[name]

    def lines(self) -> list[Any]:
        """Every line of the log, which must all be JSON."""
        return [strict(line) for line in self.log.read_text().splitlines()]

    def workers(self) -> list[int]:
        """Process ids of the workers that live."""
        booted = re.findall(r"Booting worker with pid: (\d+)", self.log.read_text())
        return [int(pid) for pid in booted if Path(f"/proc/{pid}").exists()]

    def folders(self) -> list[Path]:
        return list(self.temporary.glob("eosdash-metrics-*"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The small app under gunicorn with two workers, configured as it is for the public."""
    port, temporary = free_port(), tmp_path / "tmp"
    temporary.mkdir()
    told = {"PORT": str(port), "TMPDIR": str(temporary), "WEB_CONCURRENCY": "2"}
    told |= {"TELEMETRY_APP": "1", "EOSDASH_DRAIN_SECONDS": "2"}
    application = ["--bind", f"127.0.0.1:{port}", "tests.service.telemetry_app:server"]
    command = [sys.executable, "-m", "gunicorn", *application]
    with serving(command, ROOT, os.environ | told, tmp_path / "log") as url:
        server = Server(url, tmp_path / "log", temporary)
        wait_until(lambda: len(server.workers()) == 2)
        # Each answers once it has imported the app.
        for pid in server.workers():
            alone(server, pid, "/healthz")
        yield server


def wait_until(happened: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alone(server: Server, pid: int, path: str) -> str:
    """The answer of one worker, while the others are stopped."""
    others = [other for other in server.workers() if other != pid]
    try:
        for other in others:
            os.kill(other, signal.SIGSTOP)
        return server.get(path)
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def hold(server: Server, pid: int) -> http.client.HTTPConnection:
    """A stream of one worker that does not end."""
    others = [other for other in server.workers() if other != pid]
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    try:
        for other in others:
            os.kill(other, signal.SIGSTOP)
        connection.request("GET", "/hold")
        assert int(connection.getresponse().readline()) == pid
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)
    return connection


def test_counts_add_up_over_workers(server):
    workers = server.workers()
    answered = [int(alone(server, pid, "/count/a")) for pid in [*workers, workers[0]]]
    assert answered == [*workers, workers[0]]
    timed = 'eosdash_request_seconds_count{route="/count/<word>",status="200"}'
    # A client has its answer a little before the request is done with.
    wait_until(lambda: server.metric(timed) == 3)
    for pid in workers:
        text = samples(alone(server, pid, "/metrics"))
        assert text['eosdash_computations_total{kind="train"}'] == 3
        assert text[timed] == 3
        assert text["eosdash_computations_running"] == 0
        assert set(NAMES) <= text.keys()


def test_a_killed_worker_keeps_its_counts_and_nothing_under_way(server):
    first, second = server.workers()
    for pid in (first, second, first):
        alone(server, pid, "/count/a")
    with ExitStack() as streams:
        for pid in (first, first, second):
            streams.enter_context(closing(hold(server, pid)))
        assert server.metric("eosdash_computations_running") == 3
        assert server.metric("eosdash_streams_open") == 3
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: server.metric("eosdash_computations_running") == 1)
        assert server.metric("eosdash_streams_open") == 1
        assert server.metric('eosdash_computations_total{kind="train"}') == 3
    wait_until(lambda: len(server.workers()) == 2)
    (replacement,) = set(server.workers()) - {second}
    alone(server, replacement, "/count/a")
    assert server.metric('eosdash_computations_total{kind="train"}') == 4
    wait_until(lambda: server.metric("eosdash_streams_open") == 0)


def test_a_file_that_a_killed_worker_left_does_not_matter(server):
    server.get("/count/a")
    (folder,) = server.folders()
    (folder / "counter_1.db").touch()
    (folder / "histogram_1.db").write_bytes(b"\x40\x00\x00\x00half")
    assert server.metric('eosdash_computations_total{kind="train"}') == 1


def test_reloading_keeps_the_counts(server):
    server.get("/count/a")
    before = server.workers()
    os.kill(parent_of(before[0]), signal.SIGHUP)
    wait_until(lambda: len(server.workers()) == 2 and not {*before} & {*server.workers()})
    alone(server, server.workers()[1], "/count/a")
    assert server.metric('eosdash_computations_total{kind="train"}') == 2
    assert len(server.folders()) == 1


def parent_of(pid: int) -> int:
    return int(re.search(r"^PPid:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)[1])


def test_workers_start_though_the_folder_was_cleaned_away(server):
    (folder,) = server.folders()
    shutil.rmtree(folder)
    killed = server.workers()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(server.workers()) == 2 and not {*killed} & {*server.workers()})
    assert server.metric('eosdash_computations_total{kind="train"}') == 0


def test_nothing_is_left_behind(server):
    (folder,) = server.folders()
    assert folder.stat().st_mode & 0o077 == 0
    os.kill(parent_of(server.workers()[0]), signal.SIGTERM)
    wait_until(lambda: server.folders() == [])


def test_the_log_is_json_and_tells_nothing_personal(server):
    server.get(f"/count/{SECRET}?q={SECRET}", PERSONAL | {"X-Request-ID": "mine"})
    server.get("/rows/3?" + SECRET)
    for path in ("/fail/at-once", "/fail/early"):
        with pytest.raises(urllib.error.HTTPError, match="500") as failed:
            server.get(f"{path}?{SECRET}", PERSONAL)
        failed.value.close()
    with pytest.raises(http.client.IncompleteRead):
        server.get(f"/fail/late?{SECRET}", PERSONAL)
    malformed(server)
    wait_until(lambda: "Invalid request" in server.log.read_text())
    wait_until(lambda: server.log.read_text().count('"request"') == 5)
    lines = server.lines()
    finished = {line["route"]: line for line in lines if line["message"] == "request"}
    assert finished["/count/<word>"]["request_id"] == "mine"
    assert finished["/rows/<int:number>"]["rows"] == 3
    failures = [line for line in lines if line["message"] == "unhandled exception"]
    assert len(failures) == 3
    assert all("ArithmeticError" in line["exc_info"] for line in failures)
    assert all({"time", "level", "message"} <= line.keys() for line in lines)
    assert "Error handling request GET /fail/early" in [line["message"] for line in lines]
    text = server.log.read_text().replace(server.url, "")
    assert SECRET not in text
    assert "127.0.0.1" not in text


def malformed(server: Server) -> None:
    """A request line that gunicorn refuses, and tells of, by itself."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"{SECRET}\r\n\r\n".encode())
        assert b"400" in connection.recv(1000)


def test_a_client_that_hangs_up_is_told_of_by_gunicorn_too(server):
    connection = hold(server, server.workers()[0])
    assert server.metric("eosdash_streams_open") == 1
    connection.close()
    wait_until(lambda: server.metric("eosdash_streams_open") == 0)
    wait_until(lambda: any(line.get("route") == "/hold" for line in server.lines()))
