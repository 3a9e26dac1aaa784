"""The pages of docs/: all are listed, links lead somewhere, and what is said of the app is so.

That they become a site is checked by `make docs`, which needs what tests do not.
"""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import eosdash
from eosdash import claims, theory
from eosdash.core.outcome import OUTCOMES
from eosdash.params import Frame
from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
TEXTS = [*sorted(ROOT.glob("*.md")), *PAGES]
LINK = re.compile(r"\]\(([^)\s]+)\)|\bsrc=\"([^\"]+)\"")
CODE = re.compile(r"^( *)```.*?^\1```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
PROJECT = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def prose(file: Path) -> str:
    return CODE.sub("", file.read_text())


def anchors(file: Path) -> set[str]:
    """Of the headings of a page, as code hosts and the site make them."""
    text = re.sub(r"^```.*?^```$", "", file.read_text(), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.+)$", text, flags=re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_in_the_navigation():
    listed = re.findall(r"'([\w/]+\.md)'", str(PROJECT["nav"]))
    assert len(listed) == len(set(listed))
    assert {page.name for page in PAGES} <= set(listed)
    assert set(listed) <= {file.name for file in TEXTS}
    assert listed[0] == "index.md"


@pytest.mark.parametrize("file", TEXTS, ids=name)
def test_links_lead_to_files_and_headings_that_are_there(file):
    for link in (first or second for first, second in LINK.findall(prose(file))):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        assert target.is_file(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_leads_to_every_page_but_its_like():
    linked = {first for first, _ in LINK.findall((ROOT / "README.md").read_text())}
    assert {f"docs/{page.name}" for page in PAGES} - linked == {"docs/index.md"}


@pytest.mark.parametrize("file", TEXTS, ids=name)
def test_no_page_loads_anything_from_elsewhere(file):
    text = prose(file)
    assert not re.search(r"<(script|style|link|iframe|object|embed)\b", text, re.I)
    assert not re.search(r"!\[[^\]]*\]\(\s*(https?:)?//|\bsrc=[\"']?(https?:)?//", text, re.I)


def test_neither_does_the_site():
    assert PROJECT["theme"]["font"] is False
    own = ("site.css", "worker.js", "formulas.py", "build.py", "openapi.py", "attributes.py")
    assert {file.name for file in DOCS.iterdir() if file.suffix in (".css", ".js", ".py")} == set(
        own
    )
    assert "http" not in (DOCS / "site.css").read_text()
    assert "http" not in (DOCS / "worker.js").read_text()
    assert not any("//" in script for script in PROJECT.get("extra_javascript", []))
    assert not any("//" in sheet for sheet in PROJECT["extra_css"])


def test_what_is_put_in_at_the_build_has_its_place():
    places = {page.name: page.read_text() for page in PAGES}
    for mark, page in (("openapi", "http.md"), ("docstrings", "python.md")):
        assert [key for key, text in places.items() if f"<!-- {mark} -->" in text] == [page]


@pytest.mark.parametrize("place", [eosdash, theory], ids=lambda place: place.__name__)
def test_all_that_is_offered_has_a_docstring(place):
    for each in place.__all__:
        assert getattr(place, each).__doc__, each


# What they say of the app


def table(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    below = (DOCS / page).read_text().split(f"## {heading}\n", 1)[1]
    rows = re.search(r"(?:^\|.*\|\n)+", below, flags=re.M)[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_all_keys_are_listed_as_the_app_lists_them():
    script = (ROOT / "assets" / "talk" / "keys.js").read_text()
    rows = re.findall(r'^ {4}\[\[([^\]]+)\], "([^"]+)"', script, flags=re.M)
    told = [(re.findall(r'"([^"]+)"', keys), words) for keys, words in rows]
    listed = [
        (re.findall(r"<kbd>([^<]+)</kbd>", keys), words)
        for keys, words in table("tutorial.md", "All keys")
    ]
    assert len(told) > 15
    assert listed == told


def test_keys_that_are_named_are_keys():
    known = {
        key
        for keys, _ in table("tutorial.md", "All keys")
        for key in re.findall(r"<kbd>([^<]+)</kbd>", keys)
    }
    for page in PAGES:
        assert set(re.findall(r"<kbd>([^<]+)</kbd>", page.read_text())) <= known


def test_the_scenes_are_those_of_the_deck():
    scenes = yaml.safe_load((ROOT / "eosdash" / "deck.yaml").read_text())["scenes"]
    told = [
        [str(i), scene["page"], "yes" if "question" in scene else "", scene["title"]]
        for i, scene in enumerate(scenes, 1)
    ]
    assert table("tutorial.md", "Seventeen scenes") == told
    assert len(scenes) == 17  # said in words here and there


def test_what_links_may_say_is_what_frames_a_page():
    listed = {row[0].strip("`").partition("=")[0] for row in table("guide.md", "Links")}
    assert listed == set(Frame.model_fields)


def test_buttons_that_are_named_are_there():
    sources = [
        *(ROOT / "eosdash" / "pages").glob("*.py"),
        *(ROOT / "eosdash" / "params").glob("*.py"),
    ]
    text = "\n".join(file.read_text() for file in sources)
    named = re.findall(
        r"\*([A-Z][^*\n]*?(?: …|link|deck|QR code|as Python|changes))\*",
        prose(DOCS / "tutorial.md") + prose(DOCS / "guide.md"),
    )
    assert len(named) >= 6
    for words in named:
        assert words.rpartition("→ ")[2] in text, words


def test_the_statements_are_those_of_the_claims():
    text = (DOCS / "mathematics.md").read_text()
    for statement in claims.STATEMENTS:
        claim = claims.CLAIMS[statement]
        assert f". {claim.title}.**" in text
        for formula in claim.symbols:
            assert formula in text, formula
        assert claim.source.rpartition(" ")[2] in text


def test_every_outcome_is_defined():
    assert [row[0].strip("`") for row in table("mathematics.md", "Outcomes")] == list(
        map(str, OUTCOMES)
    )


def test_every_paper_that_the_code_rests_on_is_a_source():
    text = (DOCS / "mathematics.md").read_text()
    for file in ("claims.py", "glossary.py"):
        named = set(re.findall(r"arXiv:\d{4}\.\d{5}", (ROOT / "eosdash" / file).read_text()))
        assert named
        assert all(f"[{paper}]" in text for paper in named), named
