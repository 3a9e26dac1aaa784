"""The table of settings: documented, complete, and read from the environment."""

import re

import pytest

from eosdash.service import settings
from eosdash.service.settings import SETTINGS
from tests.conftest import ROOT

ROWS = [
    [cell.strip() for cell in row.strip("|").split("|")]
    for row in (ROOT / "docs" / "hosting.md").read_text().splitlines()
    if row.startswith("|") and "`EOSDASH_" in row
]
PLACES = [
    *(ROOT / name for name in ("app.py", "gunicorn.conf.py", "Dockerfile", "Makefile")),
    *ROOT.glob("compose*.y*ml"),
    *(file for file in (ROOT / "eosdash").rglob("*") if file.suffix in (".py", ".yaml")),
]
OPTIONS = "EOSDASH_CACHE_"
"""How the options of Flask-Caching begin, which are none of ours."""


def in_words(default):
    """A default as the documentation writes it."""
    if isinstance(default, str):
        return (f"`{default}`",) if default else ("", "–")
    return (f"{default:,.0f}",)


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_every_setting_is_documented_with_its_variable_and_default(setting):
    (row,) = (row for row in ROWS if f"`{setting.variable}`" in row)
    said, _, default = row
    assert said
    assert default in in_words(setting.default)


def test_nothing_else_is_documented():
    *rows, options = ROWS
    documented = {cell.strip("`") for row in rows for cell in row if cell.startswith("`EOSDASH_")}
    assert documented == {setting.variable for setting in SETTINGS.values()}
    assert f"`{OPTIONS}…`" in options


@pytest.mark.parametrize("file", PLACES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_variable_is_used_that_is_not_in_the_table(file):
    variables = {setting.variable for setting in SETTINGS.values()}
    for found in re.findall(r"EOSDASH_\w+", file.read_text()):
        assert found in variables or found.startswith(OPTIONS), found


def test_names_are_looked_for_where_there_are_some():
    assert len([file for file in PLACES if "EOSDASH_" in file.read_text()]) >= 4


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_an_unset_or_empty_variable_is_the_default(monkeypatch, setting):
    monkeypatch.delenv(setting.variable, raising=False)
    assert settings.value(setting.name) == setting.default
    monkeypatch.setenv(setting.variable, "")
    assert settings.value(setting.name) == setting.default


@pytest.mark.parametrize(("name", "value"), [("queue", 7), ("limit_seconds", 0.5), ("deck", "a")])
def test_a_variable_is_read_as_what_is_expected(monkeypatch, name, value):
    monkeypatch.setenv(SETTINGS[name].variable, str(value))
    found = settings.value(name)
    assert (found, type(found)) == (value, type(value))


NUMBERS = [name for name, setting in SETTINGS.items() if not isinstance(setting.default, str)]


@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_no_number_is_told_at_the_start(monkeypatch, name):
    variable = SETTINGS[name].variable
    monkeypatch.setenv(variable, "soon")
    with pytest.raises(ValueError, match=f"{variable}='soon'"):
        settings.check()
