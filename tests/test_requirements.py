"""What ``pyproject.toml`` asks for at least, and what is pinned for tests and for the image."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def pinned(file: str) -> dict[str, str]:
    """The versions of a file, without those of a file that it reads."""
    lines = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / file).read_text(), re.M)
    return {canonicalize_name(name): version for name, version in lines}


def asked(lines: list[str]) -> dict[str, Requirement]:
    """Requirements by name, without the project itself."""
    found = {canonicalize_name(each.name): each for each in map(Requirement, lines)}
    return {name: each for name, each in found.items() if name != PROJECT["name"]}


def agree(wanted: dict[str, Requirement], versions: dict[str, str]) -> None:
    """The same names, and each version is one that is asked for."""
    assert wanted.keys() == versions.keys()
    for name, requirement in wanted.items():
        assert [each.operator for each in requirement.specifier] == [">="], name
        assert requirement.specifier.contains(versions[name]), name


def test_what_runs_it_is_what_the_image_holds():
    agree(asked([*PROJECT["dependencies"], *EXTRAS["cluster"]]), pinned("requirements.txt"))


def test_what_tests_it_is_what_its_tests_were_run_with():
    agree(asked(EXTRAS["dev"]), pinned("requirements-dev.txt"))
    assert f"{PROJECT['name']}[cluster]" in EXTRAS["dev"]
    assert (ROOT / "requirements-dev.txt").read_text().startswith("-r requirements.txt\n")
