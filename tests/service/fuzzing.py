"""Strategies: queries and decks from nearly right to nonsense, read off the API's description."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

from hypothesis import strategies as st

from eosdash.service.openapi import document

DOCUMENT = document()
PATHS: dict[str, Any] = DOCUMENT["paths"]
GETS = [path for path, methods in PATHS.items() if "get" in methods]

Pairs = list[tuple[str, str]]

CHEAP = {"steps": "9", "resolution": "16", "columns": "5", "starts": "2", "points": "4"}
"""What makes everything take milliseconds."""

NETWORKS = (
    *({}, {"depth": "1"}, {"depth": "2"}, {"depth": "2", "weights": "1.2,-0.4"}, {"depth": "12"}),
    *({"target": "0"}, {"target": "-2", "init": "balanced"}, {"lr": "1e-9"}, {"lr": "100"}),
    *({"hidden": "2,1,3"}, {"depth": "3", "width": "2", "init_scale": "0"}, {"init_scale": "100"}),
    {"task": "whitened", "depth": "2", "width": "2", "init": "balanced"},
    {"task": "whitened", "singular_values": "0", "depth": "1", "rotate": "true"},
    {"task": "whitened", "d_in": "3", "d_out": "1", "singular_values": "1e-300"},
    {"task": "regression", "depth": "2", "width": "2", "samples": "1", "noise": "10"},
    {"task": "regression", "condition": "10000", "weight_decay": "10"},
)

NUMBERS = (
    *("", " ", "nan", "-NaN", "inf", "-Infinity", "1e999", "-1e999", "1e-320", "-0.0", "0", "-1"),
    *("9" * 30, "9" * 5000, "1" + "0" * 400 + ".5", "2147483648", "18446744073709551616", "0x10"),
    *(
        "1_0",
        "١",
        "½",
        "1,2",
        "1,,2",
        ",",
        ":",
        "1:2:3",
        "3:0.5",
        "5:0.1,5:0.2",
        "+1",
        "1e",
        "1.5.",
    ),
)
WORDS = (
    *(
        "null",
        "None",
        "true",
        "TRUE",
        "weights:0,0",
        "weights:9999999999,1",
        "random:-1",
        "random:",
    ),
    *("weights:", "{}", "[1]", "{{7*7}}", "';--", "../../etc/passwd", "%", "%00", "\x00", "\ud800"),
    *("http://a", "https://" + "a" * 3000, "<script>", "é", "😀", "\u202e", "A" * 300, "\r\nX: y"),
)
ODD = (
    st.sampled_from([*NUMBERS, *WORDS])
    | st.text(max_size=12)
    | st.integers().map(str)
    | st.floats().map(str)
)


def fields(path: str) -> dict[str, Any]:
    """The parameters of the query of a path, by name."""
    named = {}
    for parameter in PATHS[path]["get"]["parameters"]:
        if "$ref" in parameter:
            parameter = DOCUMENT["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
        if parameter["in"] == "query":
            named[parameter["name"]] = parameter["schema"]
    return named


def plausible(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    """Texts that a schema allows, rather small ones."""
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    if "anyOf" in schema:
        return st.one_of([plausible(choice) for choice in schema["anyOf"]])
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    if schema["type"] == "boolean":
        return st.sampled_from(["true", "false", "1", "0"])
    if schema["type"] == "array":
        most = min(schema.get("maxItems", 6), 6)
        return st.lists(plausible(schema["items"]), max_size=most).map(",".join)
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1e3))
    high = schema.get("maximum", max(low, 0) + 1e3)
    if schema["type"] == "integer":
        edges = st.sampled_from([int(low), int(high)])
        return (st.integers(int(low), min(int(high), int(low) + 8)) | edges).map(str)
    return st.floats(low, high).map(repr)


def nearly_right(path: str) -> st.SearchStrategy[Pairs]:
    """A network, cheap, and some more of what the path is said to take."""
    known = fields(path)
    each = {name: plausible(schema) for name, schema in known.items()}
    needed = {"x": "0.5", "y": "-0.25", "link": "http://a.b/?c=d"}

    def joined(network: dict[str, str], more: dict[str, str]) -> Pairs:
        whole = needed | network | CHEAP | more
        return [(name, text) for name, text in whole.items() if name in known]

    more = st.lists(st.sampled_from(sorted(each)), max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: each[name] for name in names})
    )
    return st.builds(joined, st.sampled_from(NETWORKS), more)


def spoilt(pairs: Pairs, edits: Iterable[tuple[str, int, str]]) -> Pairs:
    """A query with some of its names and values replaced, repeated, swapped or left out."""
    pairs = list(pairs)
    for what, where, text in edits:
        at = where % (len(pairs) + 1)
        name, value = pairs[at] if at < len(pairs) else ("", "")
        if what == "drop":
            del pairs[at : at + 1]
        elif what == "again":
            pairs.append((name, value))
        elif what == "cut":
            pairs[at : at + 1] = [(name, value[: len(value) // 2] + text)]
        elif what == "name":
            pairs[at : at + 1] = [(text, value)]
        else:
            pairs[at : at + 1] = [(name, text)]
    return pairs


EDITS = st.lists(
    st.tuples(st.sampled_from(["drop", "again", "cut", "name", "value"]), st.integers(0, 40), ODD),
    min_size=1,
    max_size=3,
)


def encoded(pairs: Pairs) -> str:
    return urlencode(pairs, errors="surrogatepass")


def queries(path: str) -> st.SearchStrategy[str]:
    """Queries of a path, as text of Latin-1: what stands in a request line."""
    noise = st.binary(max_size=60)
    anything = noise.map(lambda raw: quote_from_bytes(raw, safe="&=+%;,"))
    raw = noise.map(lambda raw: raw.decode("latin-1"))
    known = fields(path)
    if not known:
        return anything | raw | st.lists(st.tuples(ODD, ODD), max_size=3).map(encoded)
    right, names = nearly_right(path), st.sampled_from(sorted(known)) | ODD
    return st.one_of(
        right.map(encoded),
        st.builds(spoilt, right, EDITS).map(encoded),
        st.builds(lambda pairs, bytes: f"{encoded(pairs)}{bytes}", right, anything | raw),
        st.lists(st.tuples(names, ODD), max_size=5).map(encoded),
        anything,
        raw,
    )


DECK = """\
title: A talk of my own
scenes:
  - title: One weight
    page: run
    params: {depth: 1, lr: 1.5, weights: [0.2], steps: 30, lr_schedule: [[3, 0.1]]}
    text: One weight converges.
    look: The loss falls.
    question: Does it?
    options: [yes, "no"]
    answer: 1
  - {title: A map, page: basin, text: "It is \\u00e9", look: Here., params: {depth: 2,
     resolution: 16, steps: 5, plane: "weights:0,1"}}
  - title: "Rates"
    page: sweep
    params: {depth: 2, columns: 5, starts: 2, steps: 9}
    text: |
      Several
      lines.
    look: >-
      Here.
"""
TOKENS = (
    *("&a ", "*a", "!!python/object/apply:os.system ", "!!float ", "<<: *a", "\t", "\x00", "\x85"),
    *("{", "}", "[", "]", "- ", "? ", ": ", "| ", "> ", "'", '"', "# ", "%YAML 9.9\n", "---\n"),
    *("...\n", "1e999", ".inf", ".nan", "9" * 5000, "0x" + "f" * 400, "0b2", "1:61", "2001-99-99"),
    *('"\\ud800"', '"\\U00110000"', '"\\x"', "\ufeff", "\u2028", "[" * 200, "{a: " * 50, "~", "\n"),
    *(
        "yes",
        "page: ",
        "scenes: []",
        "params: ",
        "title: ",
        "weights: [",
        "hidden: {}",
        "=",
        "a: b",
    ),
)


def edited(edits: Iterable[tuple[int, int, bytes]]) -> bytes:
    """A right deck with stretches of it replaced."""
    body = DECK.encode()
    for where, length, text in edits:
        at = where % (len(body) + 1)
        body = body[:at] + text + body[at + length :]
    return body


PIECES = st.sampled_from([token.encode() for token in TOKENS]) | st.binary(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["title", "scenes", "page", "params", "text", "look", "depth"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
DECKS = st.one_of(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 12), PIECES), max_size=4).map(edited),
    st.lists(PIECES, max_size=8).map(b"".join),
    JSON.map(lambda value: repr(value).encode(errors="surrogatepass")),
    st.binary(max_size=200),
)
"""Bodies that are nearly a deck, made of what YAML stumbles over, or anything."""
