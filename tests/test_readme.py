"""What the README shows of Python and of the API: it is run, and says what is said of it."""

import json
import re
import shlex
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT

TEXT = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, flags=re.M | re.S)
PYTHON = [code for language, code in BLOCKS if language == "python"]
ASKED = [tuple(code.splitlines()) for _, code in BLOCKS if code.startswith("curl ")]


def said(line: str) -> list[str]:
    """The numbers in the comment of a line; what follows a colon there says what they mean."""
    comment = line.partition("  # ")[2].partition(":")[0]
    return re.findall(r"-?\d+(?:\.\d+)?", comment)


def rounded(value: float, text: str) -> str:
    return f"{value:.{len(text.partition('.')[2])}f}"


def test_its_python_prints_what_it_says(capsys):
    scope: dict[str, Any] = {}
    checked = 0
    for code in PYTHON:
        exec(code, scope)
        printed = re.findall(r"-?\d+(?:\.\d*)?(?:e-?\d+)?", capsys.readouterr().out)
        for line in code.splitlines():
            for number in said(line):
                assert number in {rounded(float(value), number) for value in printed}, line
                checked += 1
    assert checked >= 6
    assert scope["run"].loss.shape == scope["run"].sharpness.shape == scope["run"].grad_norm.shape
    assert scope["basin"].steps.shape == scope["basin"].loss.shape == scope["basin"].outcome.shape


def shown(pattern: str) -> dict[str, Any]:
    """What a line says of a record; ``…`` stands for what it does not say."""
    text = pattern[: pattern.rindex("}") + 1]
    text = re.sub(r'\{…\}|\[…\]|"…\w*…"', "null", text)
    return json.loads(text.replace(",…", ""))


def check(found: Any, wanted: Any, of: str) -> None:
    """All that is wanted is found; numbers to the digits that are given."""
    if isinstance(wanted, dict):
        for name, value in wanted.items():
            assert name in found, f"{of} has no {name}"
            check(found[name], value, f"{of}.{name}")
    elif isinstance(wanted, list):
        for one, value in zip(found, wanted, strict=False):
            check(one, value, of)
    elif isinstance(wanted, float):
        assert rounded(found, str(wanted)) == str(wanted), of
    elif wanted is not None:
        assert found == wanted, of


@pytest.mark.parametrize("block", ASKED, ids=lambda block: block[0])
def test_what_it_asks_is_answered_as_it_says(live_server, block):
    command, *patterns = block
    address = urlsplit(shlex.split(command)[-1])
    with urllib.request.urlopen(f"{live_server}{address.path}?{address.query}") as answer:
        records = [json.loads(line) for line in answer]
    assert patterns
    for pattern in patterns:
        wanted = shown(pattern)
        check(next(r for r in records if r["type"] == wanted["type"]), wanted, wanted["type"])


def test_there_are_blocks_of_both():
    assert len(PYTHON) >= 3
    assert len(ASKED) == TEXT.count("\ncurl ") >= 2
