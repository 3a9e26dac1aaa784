"""Terms are marked where they are meant: each mark leads to a term, and each term is marked."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from eosdash.core.outcome import OUTCOMES
from eosdash.deck import DECK, DeckError, parse, read
from eosdash.glossary import GLOSSARY, key_of, known_terms
from eosdash.marks import MARK, has_marks, unmarked
from eosdash.pages.terms import explained
from eosdash.service.encoding import plain
from tests.service.helpers import records

ROOT = Path(__file__).parent.parent


def python_texts(path: Path) -> Iterator[str]:
    """Texts in a module, those with values in them as well."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                part.value if isinstance(part, ast.Constant) else "…" for part in node.values
            )
        elif isinstance(node, ast.Constant) and id(node) not in documented:
            yield str(node.value)


def texts() -> Iterator[str]:
    for path in sorted((ROOT / "eosdash").rglob("*.py")):
        if path.name not in ("marks.py", "deck.py"):  # which say how a mark is written
            yield from python_texts(path)
    for path in sorted((ROOT / "assets").rglob("*.js")):
        for found in re.finditer(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`', path.read_text("utf-8")):
            yield re.sub(r"\$\{[^}]*\}", "…", found[0])
    for scene in read(DECK).scenes:
        yield from (scene.text, scene.look)


MARKED = [found for text in texts() for found in MARK.findall(text)]


def test_every_mark_leads_to_a_term() -> None:
    assert len(MARKED) > 40
    for written, key in MARKED:
        if written != "…" or key:  # the unit of a sweep is η_C where it is marked
            assert key_of(written, key or None) in GLOSSARY


@pytest.mark.parametrize("key", GLOSSARY)
def test_every_term_is_marked_somewhere(key: str) -> None:
    meant = {key_of(written, given or None) for written, given in MARKED if written != "…" or given}
    assert key in meant


def test_marks_are_closed() -> None:
    for text in texts():
        if has_marks(text):
            assert "[[" not in MARK.sub("", text)
            assert "]]" not in MARK.sub("", text)


def test_a_text_is_read_with_and_without_marks() -> None:
    text = "The [[stable ones|stable-minimizer]] of [[η_C]], and a saddle."
    assert unmarked(text) == "The stable ones of η_C, and a saddle."
    parts = explained(text)
    assert [part for part in parts if isinstance(part, str)] == ["The ", " of ", ", and a saddle."]
    buttons = [part for part in parts if not isinstance(part, str)]
    assert [getattr(each, "data-term") for each in buttons] == [
        "stable-minimizer", "critical-learning-rate",
    ]  # fmt: skip
    with pytest.raises(KeyError):
        explained("a [[word]] of no glossary")


def test_records_are_plain_and_have_the_marks_beside() -> None:
    record = plain({"a": "x [[saddle]]", "b": ["[[basin]]", "c"], "d": {"e": "[[fold]]"}, "f": "g"})
    assert record["a"] == "x saddle"
    assert record["b"] == ["basin", "c"]
    assert record["d"] == {"e": "fold", "marked": {"e": "[[fold]]"}}
    assert record["marked"] == {"a": "x [[saddle]]", "b": ["[[basin]]", "c"]}


@pytest.mark.parametrize(
    "url",
    [
        "/api/train?depth=2&lr=0.7&steps=60&seed=4",
        "/api/basin?depth=2&lr=1.2&resolution=16&steps=40",
        "/api/sweep?depth=2&starts=2&columns=4&steps=20&low=0.4&high=0.9",
        "/api/explain?explanation=progress&depth=2&lr=0.7&steps=40",
        "/api/theory?depth=2&starts=3&points=4&steps=20",
    ],
)
def test_no_text_of_the_api_has_marks_but_those_that_are_meant_to(
    client: FlaskClient, url: str
) -> None:
    lines = records(client.get(url).data)
    marked = [line.pop("marked") for line in lines if "marked" in line]
    assert marked
    assert "[[" not in str(
        [{k: v for k, v in line.items() if isinstance(v, str)} for line in lines]
    )


def test_a_deck_may_mark_terms_that_there_are() -> None:
    text = DECK.read_text("utf-8")
    assert "[[" in text
    wrong = text.replace("[[Lyapunov exponent]]", "[[Lyapunov function]]", 1)
    with pytest.raises(DeckError, match=r"no “Lyapunov function”"):
        parse(wrong)
    assert parse(text.replace("[[Lyapunov exponent]]", "[[exponent|lyapunov]]", 1))


def test_the_outcomes_that_are_terms_are_called_so() -> None:
    assert {"saddle", "periodic"} <= known_terms().keys() & {str(outcome) for outcome in OUTCOMES}
