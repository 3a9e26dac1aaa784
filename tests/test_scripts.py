"""The scripts of the browser: their layers, their sizes, and their own tests."""

import subprocess
from pathlib import Path

import pytest
from deno import find_deno_bin

from eosdash.pages import modules
from tests.conftest import ROOT

ASSETS = ROOT / "assets"
SOURCES = {
    path.relative_to(ASSETS).as_posix(): path.read_text("utf-8") for path in ASSETS.rglob("*.js")
}

PAGES = {"map", "run", "sweep", "talk", "theory"}
MAY_IMPORT = {
    "base": {"base"},
    "app": {"base", "app"},
    "run": {"base", "app", "run"},
    **{page: {"base", "app", "run", page} for page in ("map", "sweep")},
    **{page: {"base", "app", page} for page in ("talk", "theory")},
    "": {"base", "app", *PAGES},
}
"""By folder; maps and sweeps show a run in small. ``main.js`` is at the top, and knows them all."""

MOST_LINES = 400


def folder(name: str) -> str:
    return name.rpartition("/")[0]


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_imports_run_one_way(name: str) -> None:
    imported = modules.imported(name, SOURCES[name])
    assert {folder(other) for other in imported} <= MAY_IMPORT[folder(name)]


def test_imports_go_round_in_no_circle_and_reach_every_script() -> None:
    """What nothing imports is there for nothing."""
    assert modules.order(SOURCES)[-1] == "main.js"
    reached, found = set(), {"main.js"}
    while found:
        reached |= found
        found = {other for name in found for other in modules.imported(name, SOURCES[name])}
        found -= reached
    assert reached == SOURCES.keys()


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_no_script_is_long(name: str) -> None:
    assert SOURCES[name].count("\n") <= MOST_LINES


def test_the_leaves_know_nothing_of_the_page_before_they_are_called() -> None:
    """So that they can be loaded, and tested, without one."""
    code = "".join(f'await import("./assets/{name}");\n' for name in SOURCES if "base/" in name)
    run(Path("-"), code, command=["run"])


def test_their_own_tests_pass() -> None:
    run(Path("tests/scripts"), command=["test", "--quiet"])


def run(of: Path, code: str = "", *, command: list[str]) -> None:
    """Run Deno at the top level, without a network."""
    done = subprocess.run(
        [find_deno_bin(), *command, str(of)], cwd=ROOT, input=code, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
