"""Every block of code in the README and in docs/: it is run, and says what is said of it."""

import importlib.util
import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml
from click.testing import CliRunner

from eosdash import command, deck
from eosdash.params import PAGES, Frame
from eosdash.service import kinds
from eosdash.service.settings import SETTINGS
from tests.conftest import ROOT
from tests.programs import NGINX

TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", flags=re.M | re.S)


def blocks_of(file: Path) -> list[tuple[str, str]]:
    """The language of each block of a file, and its text."""
    return [
        (language, re.sub(rf"^{indent}", "", text, flags=re.M))
        for indent, language, text in FENCE.findall(file.read_text())
    ]


BLOCKS = {file.name: blocks_of(file) for file in TEXTS}


def of(*languages: str) -> Any:
    """A parameter for each block in one of the languages."""
    found = [
        pytest.param(text, id=f"{name}:{text.splitlines()[0][:40]}")
        for name, blocks in BLOCKS.items()
        for language, text in blocks
        if language in languages
    ]
    assert found, languages
    return pytest.mark.parametrize("text", found)


def said(line: str) -> list[str]:
    """The numbers in the comment of a line; what follows a colon there says what they mean."""
    comment = line.partition("  # ")[2].partition(":")[0]
    return re.findall(r"-?\d+(?:\.\d+)?", comment)


def rounded(value: float, text: str) -> str:
    return f"{value:.{len(text.partition('.')[2])}f}"


@pytest.mark.parametrize(
    "name", [name for name, blocks in BLOCKS.items() if "python" in dict(blocks)]
)
def test_python_prints_what_it_says(name, capsys):
    scope: dict[str, Any] = {}  # a page is read from its top
    for language, code in BLOCKS[name]:
        if language != "python":
            continue
        exec(code, scope)
        printed = re.findall(r"-?\d+(?:\.\d*)?(?:e-?\d+)?", capsys.readouterr().out)
        for line in code.splitlines():
            for number in said(line):
                assert number in {rounded(float(value), number) for value in printed}, line


def test_there_are_numbers_to_check():
    code = [text for blocks in BLOCKS.values() for language, text in blocks if language == "python"]
    assert sum(len(said(line)) for text in code for line in text.splitlines()) >= 30


# What an address answers


def shown(pattern: str) -> dict[str, Any]:
    """What a line says of a record; ``…`` stands for what it does not say."""
    text = re.sub(r'\{…\}|\[…\]|"…\w*…"', "null", pattern)
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


@of("console")
def test_what_is_asked_is_answered_as_it_says(client, text):
    line, *patterns = text.splitlines()
    assert line.startswith("$ curl ")
    assert patterns
    *options, address = shlex.split(line)[2:]
    assert set(options) <= {"-N"}
    place = urlsplit(address)
    assert place.netloc == f"127.0.0.1:{SETTINGS['port'].default}"
    answer = client.get(f"{place.path}?{place.query}").get_data(as_text=True)
    records = [json.loads(record) for record in answer.splitlines() if record]
    order = []
    for pattern in patterns:
        wanted = shown(pattern)
        kind = wanted.get("type")
        number = next(i for i, record in enumerate(records) if record.get("type") == kind)
        check(records[number], wanted, kind or "the answer")
        order.append(number)
    assert order == sorted(order)


# What is typed

WORKING = Path(".venv/bin")
"""Where `make run` puts programs."""


def eosdash(words: list[str], folder: Path) -> None:
    """All of it but that it serves, or computes a deck ahead."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "_serve", lambda *_: None)
        patch.setattr(command.main.commands["warm"], "callback", lambda: None)
        done = CliRunner().invoke(command.main, words)
    assert done.exit_code == 0, done.output
    if "--out" in words:
        assert (folder / words[words.index("--out") + 1]).stat().st_size > 1000
    if path := os.environ[SETTINGS["deck"].variable]:
        deck.read(folder / path, kinds.check)


def make(words: list[str], _folder: Path) -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.M)
    assert words
    assert set(words) <= set(targets)


def pip(words: list[str], _folder: Path) -> None:
    assert words == ["install", "."]
    assert (ROOT / "pyproject.toml").is_file()


def python(words: list[str], folder: Path) -> None:
    assert words[0] == "-m"
    if words[1] == "eosdash":
        eosdash(words[2:], folder)
    else:
        assert importlib.util.find_spec(words[1])
        assert not words[2:]


def gunicorn(words: list[str], _folder: Path) -> None:
    assert words == ["app:server"]
    assert '"server"' in (ROOT / "app.py").read_text()
    assert (ROOT / "gunicorn.conf.py").is_file()


def celery(words: list[str], _folder: Path) -> None:
    assert (words[0], words[2:]) == ("-A", ["worker"])
    assert importlib.util.find_spec(words[1])


def docker(words: list[str], _folder: Path) -> None:
    verb, *rest = words
    if verb == "build":
        assert rest == ["-t", "eosdash", "."]
        assert (ROOT / "Dockerfile").is_file()
    elif verb == "run":
        port = re.search(r"\bPORT=(\d+)", (ROOT / "Dockerfile").read_text())[1]
        assert rest == ["-p", f"{SETTINGS['port'].default}:{port}", "eosdash"]
    else:
        assert (verb, rest[0]) == ("compose", "up")
        services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
        scaled = [word.partition("=")[0] for word in rest[1:] if word != "--scale"]
        assert scaled
        assert set(scaled) <= set(services)


COMMANDS: dict[str, Callable[[list[str], Path], None]] = {
    each.__name__: each for each in (eosdash, make, pip, python, gunicorn, celery, docker)
}
VARIABLES = {setting.variable for setting in SETTINGS.values()} | {
    "MALLOC_ARENA_MAX", "WEB_CONCURRENCY"
}  # fmt: skip


def typed(line: str, folder: Path) -> None:
    """A line of a shell: its variables are known, and its command is one that works."""
    words = shlex.split(line, comments=True)
    while words and re.match(r"\w+=", words[0]):
        assert words.pop(0).partition("=")[0] in VARIABLES, line
    program = Path(words[0])
    assert program.parent in (Path(), WORKING), line
    COMMANDS[program.name](words[1:], folder)


@of("sh")
def test_what_is_typed_is_understood(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    (tmp_path / "eosdash").symlink_to(ROOT / "eosdash")
    for written in [text for language, text in BLOCKS["tutorial.md"] if language == "yaml"]:
        (tmp_path / "talk.yaml").write_text(written)
    lines = [line for line in text.splitlines() if line.strip()]
    assert lines
    for line in lines:
        typed(line, tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "make nothing", "eosdash --nothing", "eosdash warn", "eosdash --deck none.yaml",
        "eosdash train --depth 99 --out run.csv", "EOSDASH_NOTHING=1 eosdash",
        "pip install eosdash", "docker compose up --scale nobody=2",
        "python -m eosdash.nothing", "rm -rf .",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_found(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    with pytest.raises((AssertionError, KeyError, ValueError)):
        typed(line, tmp_path)


# What is written into files


@of("yaml")
def test_decks_can_be_shown(text):
    read = deck.parse(text, kinds.check)
    assert all(scene.href for scene in read.scenes)


@of("nginx")
def test_nginx_takes_it(text, tmp_path):
    whole = f"pid {tmp_path}/pid; events {{}} http {{ access_log off; server {{ {text} }} }}"
    file = tmp_path / "nginx.conf"
    file.write_text(whole)
    command = [NGINX.path(), "-t", "-e", "stderr", "-p", str(tmp_path), "-c", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Frames(HTMLParser):
    """Keeps the attributes of iframes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "iframe"
        self.found.append(dict(attrs))


@of("html")
def test_frames_show_what_the_app_has(text):
    frames = Frames()
    frames.feed(text)
    (frame,) = frames.found
    assert (
        f"width: {frame['width']}, height: {frame['height']}"
        in (ROOT / "assets" / "talk" / "share.js").read_text()
    )
    place = urlsplit(frame["src"])
    (page,) = (page for page in PAGES.values() if page.path == place.path)
    framing, query = Frame.split(dict(parse_qsl(place.query)))
    assert Frame.make(**framing).embed
    assert page.sets[0].make(**query)


@of("text")
def test_what_is_listed_is_there(text):
    for line in text.splitlines():
        path, words = re.split(r"\s{2,}", line, maxsplit=1)
        assert (ROOT / path).exists(), path
        folder = (ROOT / path).parent
        for name in re.findall(r"\b[\w/]+\.(?:py|js)\b", words):
            assert any((place / name).is_file() for place in (ROOT, folder, ROOT / path)), name


KNOWN = {"python", "console", "sh", "yaml", "nginx", "html", "text"}
"""Languages whose blocks are run by a test above."""


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_is_run_by_a_test(name):
    text = next(file for file in TEXTS if file.name == name).read_text()
    assert {language for language, _ in BLOCKS[name]} <= KNOWN
    assert text.count("```") == 2 * len(BLOCKS[name])
    assert "~~~" not in text


def test_a_block_in_another_language_would_be_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("- one\n\n  ```julia\n  1 + 1\n  ```\n\n```\nx\n```\n")
    assert [language for language, _ in blocks_of(page)] == ["julia", ""]
