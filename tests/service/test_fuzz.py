"""Thousands of requests that nobody would make: none breaks the server, none stays in memory."""

import ctypes
import gc
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, core, given, note, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks

from eosdash.server import create_app
from eosdash.service.openapi import NDJSON
from tests.depth import examples
from tests.service.fuzzing import DECK, DECKS, DOCUMENT, GETS, PATHS, fields, queries
from tests.service.helpers import records, strict

pytestmark = pytest.mark.filterwarnings(
    "ignore:Generating overly large repr",
    "ignore::RuntimeWarning",  # a server goes on after an overflow; whether it may, others test
)

LEAST = examples(2500)

MEGABYTES = 64
"""By which memory may grow in the second half."""

BEFORE = {"EOSDASH_RATE_REQUESTS": "1000000000", "EOSDASH_RATE_SECONDS": "1000000000"}
AFTER = {"EOSDASH_LIMIT_SECONDS": "0.05", "EOSDASH_LIMIT_PARAMETERS": "60"}
"""The deck that comes with the app is beyond these, and read at its start."""

SLOW = {"/api/basin/animation": 0.01, "/api/theory": 0.1, "/api/basin": 0.4, "/api/sweep": 0.5}
"""What computes more, forty maps at most, and its share of the requests."""

SIGNS = ("progress", "queued")
"""Lines that say only that there is more to come."""

PLAIN = {"Accept-Encoding": "identity"}
"""There is no client in between that would decompress."""

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
OPERATIONS = [
    pytest.param(path, method, mode, id=f"{method} {path} {mode.value}")
    for path, methods in PATHS.items()
    for method, operation in methods.items()
    for mode in GenerationMode
    # Nothing is wrong where nothing is asked.
    if mode is GenerationMode.POSITIVE or method == "post" or fields(path)
]


def share(path: str) -> float:
    """Which part of the requests to other paths there are to a GET one: fewer where they take
    long, or are asked nothing."""
    slow = [part for begin, part in SLOW.items() if path.startswith(begin)]
    return slow[0] if slow else 1 if fields(path) else 0.1


def many(number: float) -> settings:
    """So many requests, as far as they are not looked at more deeply."""
    return settings(
        max_examples=examples(number),
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


def resident() -> float:
    """Megabytes that this process takes, without what it could give back."""
    gc.collect()
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Asked:
    """Stands before an app: counts its requests, and remembers its memory half way."""

    def __init__(self, app: Flask) -> None:
        self.app, self.inner = app, app.wsgi_app
        self.number, self.halfway = 0, 0.0
        self.kept: list[Callable[[], Any]] = []
        app.wsgi_app = self

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.number += 1
        if self.number == LEAST // 2:
            self.halfway = resident()
        return self.inner(environ, start_response)

    def ask(self, request: Callable[[], Any]) -> Any:
        """The answer; every tenth request is kept, to be made again."""
        if self.number % 10 == 0:
            self.kept.append(request)
        return request()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """An app that takes on what takes milliseconds, and no rate is too high for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EOSDASH_CACHE_DIR", str(tmp_path_factory.mktemp("fuzz")))
        for name, text in BEFORE.items():
            patch.setenv(name, text)
        app = create_app().server
        for name, text in AFTER.items():
            patch.setenv(name, text)
        yield Asked(app)


@pytest.fixture(scope="module")
def description(asked: Asked) -> Iterator[Any]:
    """What the app says of itself."""
    with pytest.MonkeyPatch.context() as patch:
        # For speed, schemathesis has hypothesis print no examples; other tests want them again.
        patch.setattr(core, "RepresentationPrinter", core.RepresentationPrinter)
        yield schemathesis.openapi.from_wsgi("/api/openapi.json", asked.app)


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_every_answer_is_one_that_the_description_allows(description, path, method, mode):
    operation = description[path][method]

    @many(15 if method == "post" else max(5, 15 * share(path)))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        case.validate_response(case.call(headers=PLAIN), checks=CHECKS)

    ask()


def validator(name: str) -> Any:
    """Of one of the schemas of the description."""
    whole = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema_rs.validator_for(whole)


ERRORS = {False: validator("Error"), True: validator("DeckError")}


def check_refusal(answer: Any) -> None:
    """It is said what was wrong."""
    assert answer.status_code in (413, 422)
    assert answer.mimetype == "application/json"
    of_deck = answer.request.method == "POST" and answer.status_code == 422
    ERRORS[of_deck].validate(strict(answer.data))


def check_stream(path: str, query: str, body: bytes) -> None:
    """From its first row to the last, unless only the rest of it was asked for."""
    assert body.endswith(b"\n") or not body
    kinds = [kind for record in records(body) if (kind := record["type"]) not in SIGNS]
    resumed = "row" in parse_qs(query, keep_blank_values=True, encoding="latin-1")
    if not resumed:
        assert kinds[0] == ("path" if path == "/api/basin/run" else "start")
    assert kinds[-1:] == ["end"] or (resumed and not kinds)
    assert kinds.count("end") <= 1


def check(path: str, query: str, answer: Any) -> None:
    if answer.status_code == 304:
        assert not answer.data
    elif answer.status_code != 200:
        check_refusal(answer)
    elif answer.mimetype == NDJSON:
        check_stream(path, query, answer.data)
    else:
        assert answer.data
        assert answer.mimetype in PATHS[path]["get"]["responses"]["200"]["content"]


HEADERS = st.none() | st.sampled_from(["*", "", '"a"', 'W/"a", "b"', "\xff", '"' * 100])


@pytest.mark.parametrize("path", GETS)
def test_no_query_breaks_the_server(asked, path):
    client = asked.app.test_client()

    @many(175 * share(path))
    @given(query=queries(path), condition=HEADERS)
    def ask(query, condition):
        note(f"{path}?{query!r}")
        headers = {} if condition is None else {"If-None-Match": condition}
        request = partial(client.get, path, query_string=query, headers=headers)
        check(path, query, asked.ask(request))

    ask()


@many(1000)
@given(body=DECKS)
def test_no_deck_breaks_the_server(asked, body):
    note(repr(body))
    request = partial(asked.app.test_client().post, "/api/deck", data=body)
    check("/api/deck", "", asked.ask(request))


def test_the_deck_that_is_spoilt_was_right(asked):
    assert asked.app.test_client().post("/api/deck", data=DECK).status_code == 200


def test_a_body_that_is_too_large_is_refused_in_words(asked):
    check("/api/deck", "", asked.app.test_client().post("/api/deck", data=b"-" * 70_000))


def test_so_many_were_asked_and_none_stays_in_memory(asked):
    print(f"{asked.number:,} requests, {asked.halfway:.0f} MB half way, {resident():.0f} MB now")
    assert asked.number >= LEAST
    assert resident() < asked.halfway + MEGABYTES


def test_requests_that_are_made_again_leave_nothing(asked):
    """More exact, since what makes up requests takes memory of its own."""

    def objects():
        for request in asked.kept:
            request().get_data()
        gc.collect()
        return len(gc.get_objects())

    objects()
    before = objects()
    assert objects() - before < len(asked.kept) / 2
