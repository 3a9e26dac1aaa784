"""compose.yaml without Docker: what it says, and the same processes started from it, behind the
proxy, with nothing changed but addresses, ports and paths."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from benchmarks.clients import persistent
from eosdash.service import settings
from tests import dockerfile
from tests.conftest import ROOT, free_port
from tests.programs import NGINX, REDIS
from tests.service.fleet import Program, Visitor, awaited, holds, rows_of

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROXY = (ROOT / "deploy" / "nginx.conf").read_text()
PUBLIC = "8080"
UNREAD = 50

LONG = "/api/train?task=regression&depth=6&width=32&init_scaling=fan_in&lr=0.0001&steps="
"""Seconds for 1,500 steps."""

SLIGHT = "/api/train?task=regression&depth=10&width=64&init_scaling=fan_in&lr=0.0001&steps=100"
"""All lines but the last are together shorter than a buffer of the proxy."""

MAP = "/api/basin?depth=2&resolution=512&steps=60"


def image_environ() -> dict[str, str]:
    """What the Dockerfile sets, but for paths inside the image."""
    return {name: value for name, value in dockerfile.environ().items() if "/" not in value}


def expanded(text: Any) -> str:
    """As Docker Compose reads a value where the variables that it may name are not set."""
    given = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(text))
    return given.replace("$$", "$")


def seconds(text: str) -> int:
    assert text.endswith("s")
    return int(text[:-1])


# What it says


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> dict[str, Any]:
    return SERVICES[request.param]


def test_every_service_has_no_more_rights_than_it_needs(service):
    assert service["read_only"]
    assert service["tmpfs"][0].startswith("/tmp:")
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] not in ("root", "0")
    assert "privileged" not in service
    assert "cap_add" not in service


def test_every_service_is_watched_restarted_and_bounded(service):
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}


def test_every_image_is_built_here_or_of_a_version(service):
    assert service.get("build") == "." or re.search(r":\d[\w.-]*$", service["image"])


def test_the_user_of_the_app_is_that_of_the_image():
    assert {SERVICES[name]["user"] for name in ("web", "worker")} == {dockerfile.user()}


def test_only_the_proxy_can_be_reached():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert SERVICES["proxy"]["ports"] == [f"${{PORT:-8050}}:{PUBLIC}"]
    outside = [name for name, service in SERVICES.items() if "outside" in service["networks"]]
    assert outside == ["proxy"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert not any("network_mode" in service for service in SERVICES.values())


def test_every_variable_is_a_setting():
    known = {setting.variable for setting in settings.SETTINGS.values()}
    for service in SERVICES.values():
        named = {name for name in service.get("environment", {}) if name.startswith("EOSDASH_")}
        assert named <= known


def test_ports_and_names_agree():
    assert f"server web:{image_environ()['PORT']} resolve" in PROXY
    assert re.search(rf"^\s*listen {PUBLIC}\b", PROXY, re.MULTILINE)
    for name in ("web", "worker"):
        address = urlsplit(SERVICES[name]["environment"]["EOSDASH_REDIS_URL"])
        assert (address.hostname, address.port) == ("redis", 6379)
    assert SERVICES["web"]["environment"]["EOSDASH_PROXIES"] == "1"
    assert "command" not in SERVICES["web"]  # that of the image
    for name in SERVICES:
        assert SERVICES[name].get("depends_on", {}).keys() <= SERVICES.keys()


def test_streams_have_time_to_end():
    drain = int(SERVICES["web"]["environment"]["EOSDASH_DRAIN_SECONDS"])
    for name in ("proxy", "web"):
        assert seconds(SERVICES[name]["stop_grace_period"]) > drain
    assert seconds(SERVICES["worker"]["stop_grace_period"]) > 0
    assert SERVICES["proxy"]["stop_signal"] == "SIGQUIT"


def test_replicas_are_ready_before_they_are_asked():
    assert "/readyz" in SERVICES["web"]["healthcheck"]["test"][-1]
    assert SERVICES["proxy"]["depends_on"]["web"]["condition"] == "service_healthy"
    assert SERVICES["web"]["deploy"]["replicas"] >= 2


def test_redis_forgets_the_least_used_and_writes_nothing():
    options = iter(SERVICES["redis"]["command"][1:])
    given = dict(zip(options, options, strict=True))
    assert given["--maxmemory-policy"] == "allkeys-lru"
    assert (given["--save"], given["--appendonly"]) == ("", "no")
    room = int(given["--maxmemory"].removesuffix("mb")) * 1e6
    limit = SERVICES["redis"]["deploy"]["resources"]["limits"]["memory"]
    assert room < int(limit.removesuffix("g")) * 1e9


def test_files_that_are_mounted_are_there_and_only_read():
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source, _, mode = volume.split(":")
            assert (ROOT / source).is_file()
            assert mode == "ro"


# What it does


class Topology:
    """Its services as processes of this machine, each on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.replicas = SERVICES["web"]["deploy"]["replicas"]
        self.ports = [free_port() for _ in range(self.replicas)]
        self._redis, self._public = free_port(), free_port()
        self.base = f"http://127.0.0.1:{self._public}"
        self.bases = [f"http://127.0.0.1:{port}" for port in self.ports]
        self.programs: dict[str, Program] = {}

    def environ(self, name: str, number: int = 0) -> dict[str, str]:
        given = SERVICES[name].get("environment", {})
        environ = image_environ() | {name: expanded(value) for name, value in given.items()}
        environ["EOSDASH_REDIS_URL"] = f"redis://127.0.0.1:{self._redis}/0"
        here = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PORT": str(self.ports[number]),
            "TMPDIR": str(self._folder / f"{name}{number}"),
        }
        Path(here["TMPDIR"]).mkdir(exist_ok=True)
        return environ | here

    def start(self) -> None:
        redis = [REDIS.path(), *SERVICES["redis"]["command"][1:]]
        self._run("redis", [*redis, "--port", str(self._redis), "--bind", "127.0.0.1"])
        command = dockerfile.command()
        for number in range(self.replicas):
            self._run(f"web{number}", command, self.environ("web", number))
        self._run("worker", SERVICES["worker"]["command"], self.environ("worker"))
        proxy = [NGINX.path(), *SERVICES["proxy"]["command"][1:]]
        self._run("proxy", [*proxy, "-c", str(self._proxy_configuration())])
        assert holds(self._is_up, 60), self.logs()

    def _run(self, name: str, command: list[str], environ: dict[str, str] | None = None) -> None:
        environ = environ or {}
        program = [expanded(word) for word in command]
        if found := environ.get("PATH"):
            program = ["env", f"PATH={found}", *program]
        self.programs[name] = Program(program, environ, self._folder / f"{name}.log")

    def _proxy_configuration(self) -> Path:
        one = re.search(r"server web:8050 resolve(.*);", PROXY)
        assert one
        replicas = "\n".join(f"server 127.0.0.1:{port}{one[1]};" for port in self.ports)
        text = PROXY.replace(one[0], replicas)
        text = text.replace(f"listen {PUBLIC}", f"listen 127.0.0.1:{self._public}")
        text = text.replace("/tmp/", f"{self._folder}/")
        if not os.getuid():  # in the container it is not started by root, who would change users
            text = f"user root;\n{text}"
        file = self._folder / "nginx.conf"
        file.write_text(text)
        return file

    def _is_up(self) -> bool:
        dead = [name for name, program in self.programs.items() if program.process.poll()]
        assert not dead, self.logs()
        try:
            for base in (*self.bases, self.base):
                Visitor(base).leave()
        except OSError:
            return False
        return "celery@" in self.programs["worker"].log.read_text()

    def logs(self) -> str:
        return "\n".join(program.log.read_text()[-2000:] for program in self.programs.values())

    def check(self, name: str) -> int:
        """Exit status of a healthcheck."""
        kind, *command = map(expanded, SERVICES[name]["healthcheck"]["test"])
        if kind == "CMD-SHELL":
            command = ["sh", "-c", *command]
        environ = os.environ | self.environ(name)
        return subprocess.run(command, env=environ, cwd=ROOT, capture_output=True).returncode

    def stop(self) -> None:
        for name in ("proxy", "worker", *(f"web{i}" for i in range(self.replicas)), "redis"):
            if program := self.programs.get(name):
                program.end()
        for program in self.programs.values():
            program.stop(10)
            program.kill()


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    made = Topology(tmp_path_factory.mktemp("compose"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def proxy(topology: Topology) -> Iterator[Visitor]:
    """A visitor who comes through the proxy."""
    with Visitor(topology.base) as visitor:
        yield visitor


def test_healthchecks_pass(topology):
    assert topology.check("web") == 0
    assert topology.check("worker") == 0


def test_the_page_comes_with_all_its_scripts_and_styles_compressed(proxy):
    answer, page = proxy.read("/")
    assert (answer.status, answer.headers.get_content_type()) == (200, "text/html")
    parts = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css)[^"]*)"', page.decode())
    assert len(parts) > 5
    for part in parts:
        answer, body = proxy.read(part, **{"Accept-Encoding": "gzip"})
        assert answer.status == 200
        small = int(answer.getheader("Content-Length", "1024")) < 1024
        assert small or answer.getheader("Content-Encoding") == "gzip", (part, len(body))


def test_a_stream_passes_line_by_line_and_is_kept_for_all_replicas(topology, proxy):
    with Visitor(topology.base) as other:
        answer = proxy.ask(SLIGHT, **{"Accept-Encoding": "gzip"})
        assert answer.getheader("Content-Encoding") is None
        assert answer.getheader("Cache-Status") == "eosdash; fwd=miss"
        body = answer.readline()
        joined = other.ask(SLIGHT)
        assert joined.getheader("Cache-Status").startswith("eosdash; fwd=miss")  # not yet whole
        body += answer.read()
        assert rows_of(joined.read()) == rows_of(body)
    for base in (topology.base, *topology.bases):
        with Visitor(base) as visitor:
            answer, again = visitor.read(SLIGHT)
            assert answer.getheader("Cache-Status") == "eosdash; hit"
            assert again == b"".join(rows_of(body))


@pytest.mark.parametrize(
    "path", ["/metrics", "//metrics", "/./metrics", "/%6detrics", "/metrics?x"]
)
def test_metrics_are_told_inside_only(topology, proxy, path):
    with Visitor(topology.bases[0]) as inside:
        assert b"eosdash_computations_total" in inside.read("/metrics")[1]
    answer, body = proxy.read(path)
    assert answer.status == 404
    assert b"eosdash_" not in body


def test_a_body_that_is_too_long_is_refused_in_the_words_of_the_api(topology):
    command = ["curl", "-s", "-X", "POST", "--data-binary", "@-", f"{topology.base}/api/deck"]
    done = subprocess.run(command, input=b"x" * 100_000, capture_output=True, check=True)
    assert json.loads(done.stdout)["error"]["field"] == "body"


def connect(base: str, text: str) -> socket.socket:
    """A connection over which something is sent."""
    address = urlsplit(base)
    client = socket.create_connection((address.hostname, address.port))
    client.sendall(text.encode())
    return client


def test_clients_that_send_half_or_read_nothing_do_not_hold_up_others(topology, proxy):
    proxy.read(MAP)
    with ExitStack() as stack:
        for _ in range(UNREAD):
            stack.enter_context(connect(topology.base, "GET /healthz HTTP/1.1\r\nHost:"))
            text = f"GET {MAP} HTTP/1.1\r\nHost: localhost\r\n\r\n"
            stack.enter_context(connect(topology.base, text))
        time.sleep(0.5)
        for _ in range(5):
            began = time.monotonic()
            assert proxy.read("/healthz")[0].status == 200
            print(f"healthy after {time.monotonic() - began:.3f} s")


def test_when_a_replica_is_killed_all_get_the_rest_from_the_other(topology):
    path = f"{LONG}1500"

    def kill() -> None:
        with Visitor(topology.base) as visitor:
            answer = visitor.ask(path)
            for _ in range(5):
                answer.readline()
        topology.programs["web0"].kill()

    async def follow() -> list[list[bytes]]:
        clients = [asyncio.create_task(persistent(topology.base, path)) for _ in range(10)]
        await asyncio.to_thread(kill)
        began = time.monotonic()
        got = await asyncio.wait_for(asyncio.gather(*clients), 60)
        cuts = sum(cuts for _, cuts in got)
        print(f"{cuts} cut, all complete after {time.monotonic() - began:.1f} s")
        assert cuts
        return [rows for rows, _ in got]

    bodies = awaited(follow())
    with Visitor(topology.base) as proxy:
        answer, body = proxy.read(path)
        assert answer.getheader("Cache-Status") == "eosdash; hit"
        assert bodies == [rows_of(body)] * len(bodies)


def test_without_any_replica_clients_are_told_to_come_again(topology):
    for number in range(topology.replicas):
        topology.programs[f"web{number}"].kill()
    with Visitor(topology.base) as proxy:
        answer, body = proxy.read(LONG)
        assert answer.status == 503
        assert int(answer.getheader("Retry-After")) > 0
        assert json.loads(body)["error"].keys() == {"field", "message", "allowed"}
