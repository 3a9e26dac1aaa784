"""Whatever is wrong is said in words of our own: never in a validator's, nor by internal names."""

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from eosdash.fields import ParameterError, ParameterSet
from eosdash.mistakes import OWN, WRONG
from eosdash.params import PAGES, ExplainParams, Frame

FOREIGN = re.compile(
    r"input should|value_error|value error|field required|should be|unable to|valid (?:number|int)"
    r"|extra inputs|extra_forbidden|permitted|pydantic|validation|type_error|assertion|expected"
    r"|(?:greater|less) than|at (?:least|most) \d+ (?:item|char)|literal|_parsing|_type\b|class '"
    r"|int_|float_|<|>|Traceback|(?-i:None)",
    re.IGNORECASE,
)
"""What a validator, or Python, would say."""


def foreign(message: str) -> bool:
    """Whether a message has such words, apart from what it says again of the value."""
    return bool(FOREIGN.search(re.sub("“.*?”", "“”", message)))


WRONG_VALUES: list[Any] = [
    *(
        "",
        " ",
        "fast",
        "1e",
        "--1",
        "nan",
        "-inf",
        "1e999",
        "-1e999",
        "9" * 500,
        "0x10",
        "1_0",
        "½",
    ),
    *(
        "-1",
        "0",
        "1e9",
        "2.5",
        "99999",
        "yes",
        "None",
        "null",
        "true,false",
        ",",
        ",,",
        ":",
        "1:2:3",
    ),
    *("1,2,3,x", "1:x", "η", "数", "\u202e1", "a\x00b", "🎢", "<b>1</b>", "'; drop", "x" * 4000),
    *(None, [], {}, [[]], {"a": 1}, object, b"1", True, 1.5, -3, float("nan"), [1, "x"], [None]),
    *(10**400, complex(1, 2), set(), range(3), "1," * 3000),
]

SETS = [*{cls: None for page in PAGES.values() for cls in page.sets}, ExplainParams, Frame]


def refused(cls: type[ParameterSet], name: str, value: Any) -> ParameterError | None:
    try:
        cls.make(**{name: value})
    except ParameterError as error:
        return error
    return None


@pytest.mark.parametrize("cls", SETS, ids=lambda cls: cls.__name__)
def test_no_message_is_a_validators(cls: type[ParameterSet]) -> None:
    refusals = 0
    for name in cls.model_fields:
        for value in WRONG_VALUES:
            error = refused(cls, name, value)
            if error is None:
                continue
            refusals += 1
            assert not foreign(error.message), (name, value, error.message)
            assert error.message[0].islower() or error.message[0] in "“0123456789η|"
            assert "cannot be used" not in error.message or not isinstance(value, str), (
                error.message
            )
            assert error.allowed
            assert len(error.message) < 120
            assert error.message.isprintable()
    assert refusals > 10 * len(cls.model_fields)


ENDS = ["train", "basin", "sweep", "theory", "explain"]


@pytest.mark.parametrize("end", ENDS)
def test_the_api_says_so_too(client: FlaskClient, end: str) -> None:
    for name, value in [
        ("lr", "fast"), ("lr", "-1"), ("depth", "2.5"), ("depth", "99"), ("task", "magic"),
        ("weights", "1,x"), ("seed", "1e999"), ("hidden", "3,0"), ("biases", "perhaps"),
        ("activation", "\u202esigmoid"), ("init_scale", "nan"), ("data", "1:2,x:3"),
    ]:  # fmt: skip
        answer = client.get(f"/api/{end}", query_string={name: value})
        assert answer.status_code == 422, (name, value)
        error = answer.get_json()["error"]
        assert error["field"] == name
        assert not foreign(error["message"]), error


@pytest.mark.parametrize("body", ["{}", "[]", "3", '{"output": 1}', "{", '{"output":"a","x":1}'])
def test_a_call_of_the_page_that_is_none(client: FlaskClient, body: str) -> None:
    answer = client.post("/_dash-update-component", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert not foreign(answer.get_json()["error"]["message"])


@pytest.mark.parametrize(
    "scene",
    [{}, {"title": ""}, {"title": "x" * 900}, {"page": "walk"}, {"params": 3}, {"options": "a"},
     {"answer": "x"}, {"answer": "9"}, {"more": "1"}, {"options": []}, {"text": {"a": "b"}}],
)  # fmt: skip
def test_a_deck_that_is_none(client: FlaskClient, scene: dict[str, Any]) -> None:
    whole = {"title": "a", "page": "run", "text": "b", "look": "c", "question": "q"} | scene
    deck = json.dumps({"title": "d", "scenes": [whole]})
    answer = client.post("/api/deck", data=deck)
    error = (answer.get_json() or {}).get("error", {"message": ""})
    assert not foreign(error["message"]), error


def test_every_kind_has_words() -> None:
    assert all(not foreign(words) for words in WRONG.values())
    assert not set(OWN) & WRONG.keys()
