"""The container, built and run without a container engine: the Dockerfile's very commands, with
what lies at its top in a folder. ``make image-test`` does it with one."""

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from importlib.metadata import distribution, version
from pathlib import Path

import numpy as np
import pytest

from tests import dockerfile
from tests.conftest import ROOT, free_port, serving
from tests.dockerfile import Copy, Stage
from tests.service.test_warm import ASKED, DECK

SECONDS = 300
SYSTEM = "useradd"
"""Of the commands only those that make a user are not run."""

PIP = """#!{python}
import sys
sys.path.insert(0, "{root}")
from tests.test_container import borrow
borrow(sys.argv[1:])
"""


def borrow(words: list[str]) -> None:
    """In the place of pip: what is required is not downloaded, but lent by this environment.

    Raises:
        RuntimeError: if this environment has something else.
    """
    python = Path(words[words.index("--python") + 1])
    required = Path(words[words.index("-r") + 1]).read_text()
    if "install" not in words or "--no-cache-dir" not in words:
        raise RuntimeError(f"pip is called otherwise: {words}")
    (site,) = python.parent.parent.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(f"{Path(np.__file__).parent.parent}\n")
    for name, pinned in re.findall(r"^([\w.-]+)==(\S+)", required, re.M):
        if version(name) != pinned:
            raise RuntimeError(f"{name} is {version(name)}, required is {pinned}")
        for script in distribution(name).entry_points.select(group="console_scripts"):
            place = python.parent / script.name
            lines = f"#!{python}", f"from {script.module} import {script.attr} as run", "run()"
            place.write_text("\n".join(lines))
            place.chmod(0o755)
    for path in ("one/tests/test_one.py", "one/js/one.js.map", "one/js/one.dev.js",
                 "one/js/one.js", "one/contests.py", "one/labextension/x.js"):  # fmt: skip
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).touch()


class Container:
    """A stage as a folder, in which its absolute paths are looked for.

    All stages are made in one folder, each in its turn, since an environment knows where it lies;
    those that are finished are moved aside.
    """

    def __init__(self, folder: Path) -> None:
        self.root, self._aside = folder / "root", folder / "aside"
        self._tools = folder / "tools"
        self._tools.mkdir()
        (self._tools / "pip").write_text(PIP.format(python=sys.executable, root=ROOT))
        (self._tools / "pip").chmod(0o755)
        (folder / "deck.yaml").write_text(DECK)
        self._built = {"EOSDASH_DECK": str(folder / "deck.yaml")}
        self.environ: dict[str, str] = {}

    def here(self, text: str) -> str:
        """A text with its absolute paths in the folder."""
        return re.sub(r"(?<![\w./])/(?=venv\b|app\b|var/)", f"{self.root}/", text)

    def make(self) -> None:
        """Build all stages."""
        for stage in dockerfile.stages():
            if stage.name in {other.base for other in dockerfile.stages()}:
                continue  # only others are made of it
            self._begin()
            for part in dockerfile.lineage(stage):
                self._follow(part)
            if stage.name:
                self._finish(stage.name)

    def _begin(self) -> None:
        self.root.mkdir(parents=True)
        self.workdir = self.root
        path = os.pathsep.join([str(self._tools), str(Path(sys.executable).parent)])
        self.environ = os.environ | {"PATH": f"{path}{os.pathsep}{os.environ['PATH']}"}
        for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE"):
            self.environ.pop(name, None)

    def _finish(self, name: str) -> None:
        self._aside.mkdir(exist_ok=True)
        self.root.rename(self._aside / name)

    def _follow(self, stage: Stage) -> None:
        for name, argument in stage.instructions:
            if name == "WORKDIR":
                self.workdir = Path(self.here(argument))
                self.workdir.mkdir(parents=True, exist_ok=True)
            elif name == "ENV":
                for variable, value in Stage("", None, ((name, argument),)).environ.items():
                    given = self.here(value).replace("$PATH", self.environ["PATH"])
                    self.environ[variable] = given
            elif name == "COPY":
                (copy,) = Stage("", None, ((name, argument),)).copies
                self._copy(copy)
            elif name == "RUN" and SYSTEM not in argument:
                self._run(argument)

    def _copy(self, copy: Copy) -> None:
        """Of a folder its contents, of a file the file."""
        for source in copy.sources:
            origin = (self._aside / copy.stage if copy.stage else ROOT) / source.lstrip("/")
            destination = self.workdir / self.here(copy.destination)
            if origin.is_dir():
                ignored = None if copy.stage else shutil.ignore_patterns("__pycache__")
                shutil.copytree(origin, destination, ignore=ignored, symlinks=True)
            else:
                shutil.copy(origin, destination)

    def _run(self, command: str) -> None:
        done = subprocess.run(
            ["sh", "-c", self.here(command)], cwd=self.workdir, env=self.environ | self._built,
            capture_output=True, text=True, timeout=SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    made = Container(tmp_path_factory.mktemp("container"))
    made.make()
    return made


def test_it_serves_what_was_made_ahead_and_knows_its_health(
    container: Container, tmp_path: Path
) -> None:
    environ = container.environ | {"PORT": str(free_port())}
    command = dockerfile.command()
    assert shutil.which(command[0], path=environ["PATH"]) == f"{container.root}/venv/bin/gunicorn"

    def health() -> int:
        asked = subprocess.run(
            dockerfile.health(), env=environ, capture_output=True, timeout=SECONDS
        )
        return asked.returncode

    with serving(command, container.workdir, environ, tmp_path / "log") as url:
        assert health() == 0
        with urllib.request.urlopen(url + ASKED["run"], timeout=SECONDS) as answer:
            assert answer.headers["Cache-Status"] == "eosdash; hit"
    assert health() != 0
    log = (tmp_path / "log").read_text()
    for words in ("no compressed scripts", "of another build", "Traceback"):
        assert words not in log


def test_it_holds_what_it_needs_and_no_more(container: Container) -> None:
    held = {path.name for path in container.workdir.iterdir()} - {"__pycache__"}
    assert held == {"app.py", "assets", "eosdash", "gunicorn.conf.py", "static", "warm"}
    (site,) = (container.root / "venv").glob("lib/python*/site-packages")
    sample = {str(path.relative_to(site)) for path in (site / "one").rglob("*") if path.is_file()}
    assert sample == {"one/js/one.js", "one/contests.py"}
    assert not list((container.root / "venv/bin").glob("pip*"))


def test_what_the_servers_import_is_compiled(container: Container) -> None:
    compiled = list(container.workdir.rglob("__pycache__/*.pyc"))
    names = {path.name.partition(".")[0] for path in compiled}
    assert {"app", "server", "local", "tasks", "shell", "gradient_descent"} <= names


def test_it_runs_as_the_user_that_it_makes() -> None:
    assert dockerfile.user() not in ("root", "0")
    (made,) = (line for line in dockerfile.arguments("RUN") if SYSTEM in line)
    assert re.search(rf"useradd --uid 1000 {dockerfile.user()}\b", made)
    assert 'install -d -m 1777 "$EOSDASH_CACHE_DIR"' in made


def test_each_stage_comes_after_what_it_is_made_of() -> None:
    before: set[str | None] = {"$BASE"}
    for stage in dockerfile.stages():
        assert stage.base in before
        assert {copy.stage for copy in stage.copies} <= before | {None}
        before.add(stage.name)


def test_it_is_offered_no_file_but_those_it_copies() -> None:
    deny, *rules = [
        rule
        for rule in (ROOT / ".dockerignore").read_text().splitlines()
        if not rule.startswith("#")
    ]
    offered = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    copies = [copy for stage in dockerfile.stages() for copy in stage.copies if not copy.stage]
    assert deny == "*"
    assert offered == {source.rstrip("/") for copy in copies for source in copy.sources}
