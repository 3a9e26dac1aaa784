"""The container, built and run without a container engine: the Dockerfile's very commands."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT, free_port, serving


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile with its arguments, continued lines joined."""
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    words = (line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    return [(name, argument.strip()) for name, argument in words]


def arguments(instruction: str) -> list[str]:
    return [argument for name, argument in instructions() if name == instruction]


def copies() -> list[tuple[str, str]]:
    """Each source with its destination below the working folder."""
    lists = map(shlex.split, arguments("COPY"))
    return [(source, destination) for *sources, destination in lists for source in sources]


def copy_files(image: Path) -> None:
    """What the COPY lines put into the image: of a folder its contents, of a file the file."""
    for source, destination in copies():
        if (ROOT / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / source, image / destination, ignore=ignored)
        else:
            shutil.copy(ROOT / source, image / destination)


def image_environ(folder: Path) -> dict[str, str]:
    """The image's environment, with an empty virtual one first on the path."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    declared = dict(pair.split("=", 1) for pair in shlex.split(" ".join(arguments("ENV"))))
    here = {
        "PATH": f"{folder / 'venv/bin'}{os.pathsep}{os.environ['PATH']}",
        "PORT": str(free_port()),
        "EOSDASH_CACHE_DIR": str(folder / "cache"),
    }
    return os.environ | declared | here


def test_image_installs_serves_and_knows_its_health(tmp_path: Path) -> None:
    image = tmp_path / "app"
    image.mkdir()
    copy_files(image)
    environ = image_environ(tmp_path)

    def run(*command: str) -> int:
        return subprocess.run(command, cwd=image, env=environ).returncode

    (install,) = (line for line in arguments("RUN") if line.startswith("pip install"))
    assert run("sh", "-c", install) == 0

    (command,) = map(json.loads, arguments("CMD"))
    (health,) = (json.loads(line.partition("CMD ")[2]) for line in arguments("HEALTHCHECK"))
    with serving(command, image, environ, tmp_path / "log"):
        assert run(*health) == 0
    assert run(*health) != 0


def test_image_runs_without_root() -> None:
    assert arguments("USER")[-1] not in ("root", "0")


def test_image_is_offered_no_file_but_those_it_copies() -> None:
    deny, *rules = [
        rule
        for rule in (ROOT / ".dockerignore").read_text().splitlines()
        if not rule.startswith("#")
    ]
    offered = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert deny == "*"
    assert offered == {source.rstrip("/") for source, _ in copies()}
