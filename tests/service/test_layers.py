"""Imports run one way, and importing builds nothing."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

FILES = [ROOT / "app.py", *sorted((ROOT / "eosdash").rglob("*.py"))]
WEB = {"dash", "dash_mantine_components", "flask", "flask_caching", "flask_compress", "cachelib"}
WHOLE = {"app", "eosdash.server", "eosdash.command"}
"""Where all is put together."""

ABOVE = WHOLE | {"eosdash.pages"}

FORBIDDEN = {
    "eosdash.server": {"app", "eosdash.command"},
    "eosdash.command": {"app"},
    "eosdash.__main__": {"app"},
    "eosdash.figures": WEB | ABOVE | {"eosdash.service"},
    "eosdash.service": ABOVE | {"dash", "dash_mantine_components", "plotly", "eosdash.figures"},
    "eosdash.pages": WHOLE,
    "eosdash": WEB | ABOVE | {"plotly", "eosdash.service", "eosdash.figures"},
}
"""What a layer must not import; ``eosdash`` is all that lies between the layers."""


def module(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def imports(file: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or in a function; names it may be taking
    from a package stand for modules too."""
    package = module(file).split(".")
    if file.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def layer(name: str) -> str | None:
    return next((layer for layer in FORBIDDEN if within(name, layer)), None)


@pytest.mark.parametrize("file", FILES, ids=module)
def test_imports_run_one_way(file):
    forbidden = FORBIDDEN.get(layer(module(file)) or "", set())
    found = {name for name in imports(file) for other in forbidden if within(name, other)}
    assert not found


CORE = sorted((ROOT / "eosdash" / "core").rglob("*.py"))


@pytest.mark.parametrize("file", CORE, ids=module)
def test_the_mathematics_imports_numpy_scipy_and_itself_alone(file):
    allowed = {"numpy", "scipy", *sys.stdlib_module_names}
    for name in imports(file):
        assert name.split(".")[0] in allowed or within(name, "eosdash.core"), name


SUBJECTS = ("networks", "eigen", "curvature", "flows", "descent", "maps", "sweeps", "theory")
"""The folders of the mathematics; each imports only those before it."""


@pytest.mark.parametrize("subject", SUBJECTS)
def test_subjects_of_the_mathematics_build_on_those_before(subject):
    folder = ROOT / "eosdash" / "core" / subject
    after = SUBJECTS[SUBJECTS.index(subject) + 1 :]
    for file in folder.glob("*.py"):
        for name in imports(file):
            assert not any(within(name, f"eosdash.core.{other}") for other in after), file


def test_every_file_of_the_mathematics_has_a_subject():
    found = {path.name for path in (ROOT / "eosdash" / "core").iterdir() if path.is_dir()}
    assert found - {"__pycache__"} == set(SUBJECTS)
    files = {path.stem for path in (ROOT / "eosdash" / "core").glob("*.py")}
    assert files == {"__init__", "types", "outcome"}  # what all of them speak in


def test_imports_are_found_wherever_they_stand(tmp_path):
    file = ROOT / "eosdash" / "core" / "imagined.py"
    code = "import a.b\nfrom c import d\ndef f():\n from ..service import g\n from . import h\n"
    Path(stand_in := tmp_path / "imagined.py").write_text(code)

    class Imagined(type(file)):
        def read_text(self):
            return stand_in.read_text()

    found = set(imports(Imagined(file)))
    assert {"a.b", "c.d", "eosdash.service.g", "eosdash.core.h"} <= found


def python(code: str, folder: Path) -> str:
    """What a fresh interpreter prints, in that folder and with nothing configured."""
    environ = {name: value for name, value in os.environ.items() if "EOSDASH" not in name}
    environ["XDG_CACHE_HOME"] = str(folder / "cache")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("loaded", "absent"),
    [("eosdash.service.api", "dash plotly"), ("eosdash.figures.run", "dash flask")],
)
def test_a_layer_loads_without_its_neighbours(tmp_path, loaded, absent):
    code = f"import {loaded}\nprint(*set({absent!r}.split()) & set(sys.modules))"
    assert python(code, tmp_path) == ""


EVERYTHING = " ".join(module(file) for file in FILES)
NOTHING_BUILT = """
import importlib, flask, dash, flask_caching

def build(self, *args, **others):
    raise SystemExit("something is built")

for kind in (flask.Flask, dash.Dash, flask_caching.Cache):
    kind.__init__ = build
for name in {modules!r}.split():
    importlib.import_module(name)
import app
assert "server" not in vars(app)
print("imported")
"""


def test_importing_builds_no_server_and_opens_no_folder(tmp_path):
    code = NOTHING_BUILT.format(modules=EVERYTHING)
    assert python(code, tmp_path) == "imported"
    assert not list(tmp_path.iterdir())


def test_the_server_is_built_when_it_is_asked_for(tmp_path):
    assert python("import app\nprint(type(app.server).__name__)", tmp_path) == "Flask"
    (version,) = (tmp_path / "cache" / "eosdash").iterdir()
    assert (version / "cache").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


def test_the_app_has_no_other_surprises(tmp_path):
    assert python("import app\nprint(hasattr(app, 'magic'))", tmp_path) == "False"
