"""What stands under ``deploy`` for hosts: it agrees with the image and with the app."""

import re
import tomllib
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient

from eosdash.service.settings import SETTINGS
from tests import dockerfile
from tests.conftest import ROOT

FOLDER = ROOT / "deploy"
SPACE = FOLDER / "huggingface" / "README.md"
FLY: dict[str, Any] = tomllib.loads((FOLDER / "fly.toml").read_text())
(RENDER,) = yaml.safe_load((FOLDER / "render.yaml").read_text())["services"]
FRONT: dict[str, Any] = yaml.safe_load(SPACE.read_text().split("---\n")[1])
WORDS = [FOLDER / "README.md", SPACE]
SETTING = re.compile(r"\bEOSDASH_[A-Z_]+\b")
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
DRAIN = SETTINGS["drain_seconds"].default


def set_on_render() -> dict[str, str]:
    return {each["key"]: each.get("value", "") for each in RENDER["envVars"]}


def megabytes(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(mb|gb)", text).groups()
    return int(number) * {"mb": 1, "gb": 1024}[unit]


def test_the_space_says_what_a_space_has_to_say():
    assert SPACE.read_text().startswith("---\n")
    assert FRONT["sdk"] == "docker"
    assert {FRONT["colorFrom"], FRONT["colorTo"]} <= COLOURS
    assert len(FRONT["emoji"]) == 1
    assert FRONT["title"]
    assert len(FRONT["short_description"]) <= 60


def test_the_port_is_that_of_the_image():
    port = dockerfile.environ()["PORT"]
    assert dockerfile.arguments("EXPOSE") == ["$PORT"]
    assert str(FRONT["app_port"]) == port
    assert str(FLY["http_service"]["internal_port"]) == port
    assert set_on_render()["PORT"] == port


@pytest.mark.parametrize(
    "file",
    [path for path in FOLDER.rglob("*") if path.is_file()],
    ids=lambda path: str(path.relative_to(FOLDER)),
)
def test_every_variable_is_a_setting(file):
    known = {setting.variable for setting in SETTINGS.values()}
    assert set(SETTING.findall(file.read_text())) <= known


def test_variables_are_looked_for_where_there_are_some():
    assert all(SETTING.search(path.read_text()) for path in (*WORDS, FOLDER / "fly.toml"))
    assert SETTING.search((FOLDER / "render.yaml").read_text())


def test_values_are_text_and_numbers_where_numbers_are_expected(monkeypatch):
    for given in (FLY["env"], set_on_render()):
        for name, text in given.items():
            assert isinstance(text, str)
            if name.startswith("EOSDASH_"):
                setting = SETTINGS[name.removeprefix("EOSDASH_").lower()]
                monkeypatch.setenv(name, text)
                assert setting.value == (type(setting.default)(text) if text else setting.default)


def test_proxies_are_believed_and_no_prefix_of_a_visitor():
    for given in (FLY["env"], set_on_render()):
        assert int(given["EOSDASH_PROXIES"]) >= 1
        assert given["EOSDASH_PREFIX"] == "/"
    assert "`EOSDASH_PROXIES` to `1`, and `EOSDASH_PREFIX` to `/`" in SPACE.read_text()


def test_what_is_asked_for_health_answers(client: FlaskClient):
    (check,) = FLY["http_service"]["checks"]
    for path in (RENDER["healthCheckPath"], check["path"]):
        answer = client.get(path)
        assert (answer.status_code, answer.json["status"]) == (200, "ok")


def test_what_a_space_frames_may_be_framed(client: FlaskClient):
    policy = client.get(FRONT["base_path"]).headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "frame-ancestors 'self'" in client.get("/").headers["Content-Security-Policy"]


def test_streams_have_time_to_end():
    assert FLY["kill_signal"] == "SIGTERM"  # otherwise it is SIGINT, which ends them at once
    assert FLY["kill_timeout"] > DRAIN
    assert RENDER["maxShutdownDelaySeconds"] > DRAIN


def test_no_more_is_sent_to_a_machine_than_its_processes_serve():
    processes = 2  # the default of gunicorn.conf.py
    served = processes * SETTINGS["threads"].default
    assert FLY["http_service"]["concurrency"]["hard_limit"] <= served
    (machine,) = FLY["vm"]
    assert megabytes(machine["memory"]) >= 1024
    assert RENDER["plan"] == "starter"
    assert set_on_render()["WEB_CONCURRENCY"] == "1"


def test_files_that_are_named_are_there():
    assert (ROOT / RENDER["dockerfilePath"]).samefile(ROOT / "Dockerfile")
    links = [
        (file, target)
        for file in WORDS
        for target in re.findall(r"\]\(([^)#:]+)\)", file.read_text())
    ]
    assert len(links) >= 6
    for file, target in links:
        assert (file.parent / target).is_file(), target


def test_the_folder_that_may_be_kept_is_that_of_the_image():
    assert f"`{dockerfile.environ()['EOSDASH_CACHE_DIR']}`" in (FOLDER / "README.md").read_text()
    assert f"`{dockerfile.environ()['EOSDASH_CACHE_DIR']}`" in SPACE.read_text()
