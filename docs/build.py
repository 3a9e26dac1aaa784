"""Builds the site: ``python -m docs.build``, which `make docs` calls.

The pages of docs/ and the texts at the top of the repository become one folder; links to other
files of the repository lead to copies of them. Where a page says ``<!-- openapi -->`` or
``<!-- docstrings -->`` the HTTP API or the Python API is put in. Any warning is an error.
"""

import logging
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import zensical

import eosdash
from docs import openapi
from eosdash import theory

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
BUILD = ROOT / "build" / "docs"
LINK = re.compile(r"(\]\(|src=\")([^)\"\s#]+)")
"""What a link or a picture in Markdown names, without its anchor."""

WORKER = re.compile(r"https://[^\"\s]+/iframe-worker/shim")
"""What the builder would have pages load for that; docs/worker.js does the same."""

ITEM = re.compile(r"<p>(?:(?!</p>).)*?\n[-*] ([^\n]{,60})", re.DOTALL)
"""What looks like an item of a list within a paragraph."""

ASSET = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?\s(?:src|href)=[\"']?([^\"'\s>]+)")
IMPORT = re.compile(r"(?:url\(|@import\s)\s*[\"']?(https?:[^\"')\s]+)")
"""What a page, and what a style sheet, loads by itself."""


def docstrings() -> str:
    """All that the Python API offers, for mkdocstrings."""
    names = [f"eosdash.{name}" for name in eosdash.__all__ if name != "theory"]
    names += [f"eosdash.theory.{name}" for name in theory.__all__]
    return "\n\n".join(f"::: {name}" for name in names)


def page(source: Path, folder: Path) -> str:
    """The text of a page as it stands in the site, with what it links to copied beside it."""

    def moved(found: re.Match[str]) -> str:
        before, target = found.groups()
        if ":" in target:
            return found[0]
        file = (source.parent / target).resolve()
        place = file.relative_to(DOCS if file.is_relative_to(DOCS) else ROOT)
        if file.suffix != ".md":
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / place)
        return f"{before}{place.as_posix()}"

    text = LINK.sub(moved, source.read_text())
    text = text.replace("<!-- openapi -->", openapi.markdown())
    return text.replace("<!-- docstrings -->", docstrings())


def lay_out(project: dict[str, object]) -> None:
    """Everything that the navigation names, and the configuration, into an empty folder."""
    shutil.rmtree(BUILD, ignore_errors=True)
    folder = BUILD / str(project["docs_dir"])
    folder.mkdir(parents=True)
    shutil.copyfile(ROOT / "zensical.toml", BUILD / "zensical.toml")
    for name in re.findall(r"'(\w+\.md)'", str(project["nav"])):
        inside = DOCS / name
        (folder / name).write_text(page(inside if inside.exists() else ROOT / name, folder))
    for name in ("site.css", "worker.js"):
        shutil.copyfile(DOCS / name, folder / name)


class Warnings(logging.Handler):
    """Keeps what is warned of: the builder itself stops at its own warnings only."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.said.append(record.getMessage())


def keep_home(site: Path) -> None:
    """Have the search ask no other host for what it takes to run from a folder."""
    for file in site.glob("*.html"):
        file.write_text(WORKER.sub("worker.js", file.read_text()))


def lists(site: Path) -> Iterator[str]:
    """Items that a code host takes for a list, and the builder for text."""
    for file in site.glob("*.html"):
        for item in ITEM.findall(file.read_text()):
            yield f"{file.name} needs an empty line before {item!r}"


def foreign(site: Path) -> Iterator[str]:
    """What the site would ask other hosts for."""
    for file in site.rglob("*"):
        if file.suffix == ".html":
            loads = ASSET.findall(file.read_text())
        elif file.suffix == ".css":
            loads = IMPORT.findall(file.read_text())
        else:
            continue
        yield from (
            f"{file.relative_to(site)} loads {address}"
            for address in loads
            if address.startswith(("http:", "https:", "//"))
        )


def main() -> None:
    """The site, or what is wrong with it."""
    project = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]
    lay_out(project)
    heard = Warnings()
    logging.getLogger().addHandler(heard)
    zensical.build(str(BUILD / "zensical.toml"), {"clean": True, "strict": True})
    site = BUILD / str(project["site_dir"])
    keep_home(site)
    if wrong := [*heard.said, *lists(site), *foreign(site)]:
        sys.exit("\n".join(wrong))
    sys.stdout.write(f"{(site / 'index.html').relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
