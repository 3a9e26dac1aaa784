"""The deck and the QR code over HTTP."""

import io
import re

import pytest
import segno

from eosdash.deck import DECK, LARGEST, parse, read
from tests.service.helpers import strict

OWN = """\
title: A talk of my own
scenes:
  - title: One weight
    page: run
    params: {depth: 1, lr: 1.5, weights: [0.2], steps: 30}
    text: One weight converges.
    look: The loss falls.
"""
LINK = "http://example.org:8050/basin?depth=2&lr=0.8&weights=0.4,1.6&scene=3"


def send(client, body):
    answer = client.post("/api/deck", data=body)
    return answer.status_code, strict(answer.data)


def error_of(client, body):
    status, content = send(client, body)
    assert status == 422
    assert set(content) == {"error"}
    return content["error"]


def test_the_deck_of_the_site_is_served(client):
    answer = client.get("/api/deck")
    assert answer.status_code == 200
    deck = strict(answer.data)
    assert deck == strict(answer.data)
    expected = read(DECK)
    assert deck["title"] == expected.title
    assert [scene["href"] for scene in deck["scenes"]] == [s.href for s in expected.scenes]
    assert len(deck["scenes"]) == 17
    for shown, scene in zip(deck["scenes"], expected.scenes, strict=True):
        assert shown["question"] == scene.question
        assert shown["options"] == list(scene.options)
        assert shown["answer"] == scene.answer


def test_every_scene_of_the_deck_opens_a_page(client):
    for scene in strict(client.get("/api/deck").data)["scenes"]:
        assert client.get(scene["href"]).status_code == 200


def test_the_text_of_the_deck_can_be_started_from(client):
    answer = client.get("/api/deck.yaml")
    assert answer.status_code == 200
    assert "yaml" in answer.content_type
    assert answer.data == DECK.read_bytes()
    status, content = send(client, answer.data)
    assert status == 200
    assert re.fullmatch("[0-9a-f]{12}", content.pop("id"))
    assert content == strict(client.get("/api/deck").data)


def test_the_configured_deck_is_served_instead(make_client, tmp_path):
    (tmp_path / "own.yaml").write_text(OWN)
    client = make_client(DECK=str(tmp_path / "own.yaml"))
    assert strict(client.get("/api/deck").data) == parse(OWN).as_dict()
    assert client.get("/api/deck.yaml").data == OWN.encode()


def test_a_deck_of_ones_own_is_checked_and_not_kept(client):
    status, content = send(client, OWN)
    assert status == 200
    assert content.pop("id") == send(client, OWN)[1]["id"] != send(client, f"{OWN} ")[1]["id"]
    assert content == parse(OWN).as_dict()
    assert strict(client.get("/api/deck").data)["title"] == read(DECK).title


@pytest.mark.parametrize(
    ("body", "line", "field"),
    [
        (OWN.replace("lr: 1.5", "lr: fast"), 5, "scene 1: params.lr"),
        (OWN.replace("page: run", "page: runs"), 4, "scene 1: page"),
        (OWN.replace("    look: The loss falls.\n", ""), 3, "scene 1: look"),
        (OWN.replace("steps: 30", "steps: 1000000000"), 5, "scene 1: params.steps"),
        ("", 1, "deck"),
        ("title: [", 1, "deck"),
        ("title: a\nscenes: []\n", 2, "scenes"),
    ],
)
def test_a_faulty_deck_is_refused_by_line_and_field(client, body, line, field):
    error = error_of(client, body)
    assert (error["line"], error["field"]) == (line, field)
    assert error["message"]
    assert error["allowed"]


def test_what_costs_too_much_is_refused(client):
    costly = OWN.replace("page: run", "page: basin").replace(
        "{depth: 1, lr: 1.5, weights: [0.2], steps: 30}",
        "{task: whitened, depth: 6, width: 30, plane: random, resolution: 2048, steps: 20000}",
    )
    assert error_of(client, costly)["field"].startswith("scene 1: params.")
    parse(costly)  # which nothing else is wrong with


def test_a_body_that_is_too_large_is_not_read(client):
    padded = OWN + "#" * (LARGEST - len(OWN.encode()))
    assert send(client, padded)[0] == 200
    assert client.post("/api/deck", data=padded + "#").status_code == 413


@pytest.mark.parametrize("body", [b"\x00\x01\x02", b"\x89PNG\r\n\x1a\n\x00\xff", b"\xff\xfe" * 40])
def test_what_is_no_text_is_refused(client, body):
    error = error_of(client, body)
    assert error["field"] == "deck"
    assert error["line"] >= 1


def qr(client, **query):
    return client.get("/api/qr.svg", query_string=query)


def test_a_link_becomes_a_qr_code(client):
    answer = qr(client, link=LINK)
    assert answer.status_code == 200
    assert answer.content_type.startswith("image/svg+xml")
    body = io.BytesIO()
    segno.make_qr(LINK, error="L").save(body, kind="svg", scale=8, light="white", xmldecl=False)
    assert answer.data == body.getvalue()
    assert qr(client, link=LINK + "1").data != answer.data


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"link": ""},
        {"link": "javascript:alert(1)"},
        {"link": " http://example.org"},
        {"link": "//example.org"},
        {"link": "http://example.org/?weights=" + "1" * 2953},
    ],
)
def test_what_is_no_link_or_too_long_has_no_qr_code(client, query):
    answer = qr(client, **query)
    assert answer.status_code == 422
    error = strict(answer.data)["error"]
    assert error["field"] == "link"
    assert error["allowed"]


def test_the_longest_link_that_has_a_qr_code(client):
    begin = "http://example.org/?weights="
    assert qr(client, link=begin + "a" * (2953 - len(begin))).status_code == 200
    assert qr(client, link=begin + "a" * (2954 - len(begin))).status_code == 422


def test_a_link_cannot_put_markup_into_the_picture(client):
    plain = qr(client, link="http://example.org/<script>alert(1)</script>")
    assert plain.status_code == 200
    assert b"script" not in plain.data
