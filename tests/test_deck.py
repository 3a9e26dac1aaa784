"""Decks: what they hold, and on which line and in which field a mistake is told."""

import json
import sys
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from eosdash.deck import Deck, DeckError, Scene, parse, read
from eosdash.fields import ParameterError
from eosdash.params import PAGES, BasinParams, SweepParams, TrainParams
from tests.depth import examples

DECK = """\
title: The edge of stability
scenes:
  - title: A quadratic
    page: run
    params: {depth: 1, lr: 1.9, weights: [0.2],
      steps: 60,
      clip: no}
    text: >-
      Two sentences.
      On two lines.
    look: The loss.
    question: What will happen?
    options: [It converges, no, 2.50]
    answer: 2
  - title: 2
    page: basin
    params:
      depth: 2
      extent: [-2, 2]
      at: [1.38, -0.5]
    text: yes
    look: The pixels.
"""


LARGEST = 64 * 1024


def scene(*lines, page="run"):
    """A deck of one scene; its further fields stand from line 7 on."""
    written = ["title: a", "scenes:", "- title: b", f"  page: {page}", "  text: c", "  look: d"]
    return "\n".join([*written, *(f"  {line}" for line in lines)])


def params_of(*lines, page="run"):
    return parse(scene(*lines, page=page)).scenes[0].params


def refusal(text, check=None):
    with pytest.raises(DeckError) as caught:
        parse(text, check)
    return caught.value


def told(text, check=None):
    error = refusal(text, check)
    return error.line, error.field


def test_a_deck_holds_what_is_written():
    deck = parse(DECK)
    first, second = deck.scenes
    assert deck.title == "The edge of stability"
    assert (first.title, first.page) == ("A quadratic", "run")
    assert first.params == {
        "depth": "1", "lr": "1.9", "weights": "0.2", "steps": "60", "clip": "false",
    }  # fmt: skip
    assert first.text == "Two sentences. On two lines."
    assert (first.look, first.question) == ("The loss.", "What will happen?")
    assert first.options == ("It converges", "no", "2.50")
    assert first.answer == 2
    assert second.params == {"depth": "2", "extent": "-2,2", "at": "1.38,-0.5"}
    assert (second.title, second.text) == ("2", "yes")
    assert (second.question, second.options, second.answer) == (None, (), None)


def test_a_deck_is_ready_for_json():
    document = parse(DECK).as_dict()
    assert json.loads(json.dumps(document)) == document
    assert document.keys() == {"title", "scenes"}
    first, second = document["scenes"]
    names = {"title", "text", "look", "question", "options", "answer", "page", "href"}
    assert first.keys() == second.keys() == names
    assert first["options"] == ["It converges", "no", "2.50"]
    assert (second["question"], second["options"], second["answer"]) == (None, [], None)
    assert first["href"] == parse(DECK).scenes[0].href


def test_decks_and_scenes_cannot_be_changed():
    deck = parse(DECK)
    with pytest.raises(ValidationError):
        deck.title = "b"
    with pytest.raises(ValidationError):
        deck.scenes[0].page = "basin"
    with pytest.raises(ValidationError, match="extra"):
        Deck(title="a", scenes=deck.scenes, theme="dark")


def test_a_scene_is_validated_however_it_is_made():
    with pytest.raises(ValidationError, match="has no such field"):
        Scene(title="a", page="run", params={"speed": "1"}, text="b", look="c")
    with pytest.raises(ValidationError, match="there is no page"):
        Scene(title="a", page="walk", text="b", look="c")


# Errors.


def test_an_error_names_line_field_message_and_what_is_allowed():
    error = refusal(scene("params: {lr: 101}"))
    assert error.as_dict() == {
        "line": 7,
        "field": "scene 1: params.lr",
        "message": "“101” is too large",
        "allowed": "a number above 0 to 100",
    }
    assert str(error) == (
        "line 7, scene 1: params.lr: “101” is too large (allowed: a number above 0 to 100)"
    )


PLACES = [
    ("title: The edge", "titel: The edge", 1, "titel"),
    ("title: The edge of stability\n", "", 1, "title"),
    ("title: The edge of stability", "title: " + 81 * "x", 1, "title"),
    ("title: The edge of stability", "title: [a]", 1, "title"),
    ("title: The edge of stability", "title:", 1, "title"),
    ("title: A quadratic", "title: ''", 3, "scene 1: title"),
    ("title: A quadratic", "title: ' '", 3, "scene 1: title"),
    ("page: run", "page: walk", 4, "scene 1: page"),
    ("page: run", "page: [run]", 4, "scene 1: page"),
    ("    page: run\n", "", 3, "scene 1: page"),
    ("lr: 1.9", "lr: 101", 5, "scene 1: params.lr"),
    ("lr: 1.9", "speed: 1.9", 5, "scene 1: params.speed"),
    ("steps: 60", "steps: 0", 6, "scene 1: params.steps"),
    ("clip: no", "clip: maybe", 7, "scene 1: params.clip"),
    ("clip: no", "lr: 2", 7, "scene 1: params.lr"),
    ("weights: [0.2]", "weights: [0.2, 3]", 5, "scene 1: params.weights"),
    ("depth: 1", "depth: 2", 5, "scene 1: params.weights"),
    ("look: The loss.", "look: " + 201 * "x", 11, "scene 1: look"),
    ("Two sentences.", 600 * "x", 8, "scene 1: text"),
    ("question: What will happen?", "question: " + 201 * "x", 12, "scene 1: question"),
    ("question: What will happen?", "question:", 13, "scene 1: options"),
    ("[It converges, no, 2.50]", "[It converges]", 13, "scene 1: options"),
    ("[It converges, no, 2.50]", "[a, b, c, d, e, f, g]", 13, "scene 1: options"),
    ("[It converges, no, 2.50]", "It converges", 13, "scene 1: options"),
    ("no, 2.50]", "no,\n      '']", 14, "scene 1: options.3"),
    ("no, 2.50]", f"no,\n      {81 * 'x'}]", 14, "scene 1: options.3"),
    ("no, 2.50]", "no, {a: b}]", 13, "scene 1: options.3"),
    ("options: [It converges, no, 2.50]", "options:", 14, "scene 1: answer"),
    ("answer: 2", "answer: 4", 14, "scene 1: answer"),
    ("answer: 2", "answer: 0", 14, "scene 1: answer"),
    ("answer: 2", "answer: no", 14, "scene 1: answer"),
    ("answer: 2", "answer: [2]", 14, "scene 1: answer"),
    ("answer: 2", "anwser: 2", 14, "scene 1: anwser"),
    ("answer: 2", "anwser:", 14, "scene 1: anwser"),
    ("answer: 2", "look: Here.", 14, "scene 1: look"),
    ("extent: [-2, 2]", "extent: [2, -2]", 19, "scene 2: params.extent"),
    ("at: [1.38, -0.5]", "at: [1, 2, 3]", 20, "scene 2: params.at"),
    ("at: [1.38, -0.5]", "at: {x: 1}", 20, "scene 2: params.at"),
    ("at: [1.38, -0.5]", "pair: [0, 0]", 20, "scene 2: params.pair"),
    ("at: [1.38, -0.5]", "plane: weights:0,0", 17, "scene 2: params.pair"),
    ("at: [1.38, -0.5]", "clip: true", 20, "scene 2: params.clip"),
    ("at: [1.38, -0.5]", "? [at]\n      : 3", 20, "deck"),
    ("at: [1.38, -0.5]", "<<: {lr: 1}", 20, "scene 2: params.<<"),
    ("    look: The pixels.\n", "", 15, "scene 2: look"),
    ("at: [1.38, -0.5]", "look:", 20, "scene 2: params.look"),
    ("look: The pixels.", "look: d\nnotes: {a: 1, a: 2}", 23, "notes.a"),
    ("look: The pixels.", "look: [The pixels.", 23, "deck"),
    ("look: The pixels.", "look: Look: the pixels.", 22, "deck"),
    ("look: The pixels.", "look: 'The pixels.", 23, "deck"),
    ("look: The pixels.", "look: *here*", 22, "deck"),
    ("look: The pixels.", "look: &here pixels", 22, "deck"),
    ("look: The pixels.", "look: !here pixels", 22, "deck"),
    ("look: The pixels.", "look: ! pixels", 22, "deck"),
    ("look: The pixels.", "look: The \x07 pixels", 22, "deck"),
    ("look: The pixels.", "look: The \ud800 pixels", 22, "deck"),
    ("look: The pixels.", 'look: "\\U00110000"', 22, "deck"),
    ("look: The pixels.", 'look: "\\UFFFFFFFF"', 22, "deck"),
    ("look: The pixels.", "look: d\n  -\n", 23, "scene 3"),
    ("look: The pixels.", "look: d\n  - [a]\n", 23, "scene 3"),
    ("look: The pixels.", "look: d\n---\ntitle: other", 23, "deck"),
]


@pytest.mark.parametrize(("old", "new", "line", "field"), PLACES)
def test_a_mistake_is_told_on_its_line_and_in_its_field(old, new, line, field):
    assert DECK.count(old) == 1
    error = refusal(DECK.replace(old, new))
    assert (error.line, error.field) == (line, field)
    assert error.message
    assert error.allowed
    assert "\n" not in str(error)


@pytest.mark.parametrize("text", ["", "\n\n# nothing\n", "---\n", "a deck", "- a", "3", "~"])
def test_a_document_that_is_no_mapping_is_refused(text):
    assert refusal(text).field == "deck"
    assert "title" in refusal(text).allowed


def test_scenes_are_a_list_of_one_to_sixty():
    head, _, one = scene().partition("scenes:\n")
    many = refusal(f"{head}scenes:\n" + 61 * f"{one}\n")
    assert (many.line, many.field, many.message) == (2, "scenes", "there are too many")
    assert len(parse(f"{head}scenes:\n" + 60 * f"{one}\n").scenes) == 60
    for wrong in ["[]", "", "{a: 1}", "some", "~"]:
        assert told(f"title: a\nscenes: {wrong}\n") == (2, "scenes")
    assert told("title: a\n") == (1, "scenes")
    assert refusal("title: a\nscenes:\n").message == "it is missing"


def test_a_quote_that_is_never_closed_is_told_where_it_begins():
    message = refusal(DECK.replace("look: The loss.", "look: 'The loss.")).message
    assert message.startswith("while scanning a quoted scalar from line 11 on, found unexpected")


def test_of_several_mistakes_the_first_is_told():
    text = DECK.replace("depth: 2", "depth: 99").replace("lr: 1.9", "lr: -1")
    assert told(text) == (5, "scene 1: params.lr")
    text = DECK.replace("answer: 2", "answer: 9").replace("title: 2", "page: run")
    assert told(text) == (16, "scene 2: page")  # written twice: it cannot even be read
    text = DECK.replace("    look: The loss.\n", "").replace("title: 2", "title: ''")
    assert told(text) == (3, "scene 1: look")
    text = "title: a\nscenes:\n- look: ''\n  text: b\n  page: run\n  title: ''\n"
    assert told(text) == (3, "scene 1: look")


def test_a_misspelt_field_is_told_rather_than_the_missing_one():
    error = refusal(DECK.replace("    look: The loss.", "    loook: The loss."))
    assert (error.line, error.message) == (11, "there is no such field")
    assert error.allowed == "title, page, params, text, look, question, options, answer"


def test_a_second_value_is_refused_with_the_line_of_the_first():
    error = refusal(DECK.replace("clip: no", "lr: 2"))
    assert error.message == "it is written twice, first on line 5"
    assert told("title: a\n'title': b\n") == (2, "title")


def test_a_parameter_of_another_page_is_told_which_ones_there_are():
    error = refusal(scene("params: {plane: hessian}"))
    names = [name for cls in PAGES["run"].sets for name in cls.model_fields]
    assert error.allowed == ", ".join(names)


def test_a_deck_may_be_as_large_as_64_kib_and_no_larger():
    text = scene() + "\n# "
    parse(text + "x" * (LARGEST - len(text)))
    assert refusal(text + "x" * (LARGEST + 1 - len(text))).message == "it is too large"
    assert refusal(text + "é" * (LARGEST // 2)).message == "it is too large"


LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\ntitle: *c\n"


def test_aliases_are_refused():
    assert refusal(LAUGHS).allowed == "a text that begins with & in quotes"
    error = refusal("title: a\nscenes: *b\n")
    assert (error.line, error.allowed) == (2, "a text that begins with * in quotes")
    assert told("title: a\nscenes: &b [*b]\n") == (2, "deck")


@pytest.mark.parametrize("sign", ["[", "{", "- ", "? ", "{a: ", "[[],"])
def test_deep_nesting_is_refused(sign):
    assert refusal("title: a\nscenes: \n " + sign * 10_000).message == "it is nested too deeply"
    assert refusal("title: a\nscenes: \n " + sign * sys.getrecursionlimit()).line == 3


def test_tags_run_nothing():
    error = refusal("title: !!python/object/apply:os.abort []\nscenes: []\n")
    assert (error.line, error.field) == (1, "deck")
    assert "a tag" in error.message


# Parameters.

TEXTS = [
    ("lr", "1.90", "1.90"),
    ("lr", "1e-3", "1e-3"),
    ("lr", "'0.5'", "0.5"),
    ("lr", "[0.5]", "0.5"),
    ("steps", "1_000", "1000"),
    ("steps", "0100", "0100"),
    ("seed", "+5", "+5"),
    ("gfs", "true", "true"),
    ("gfs", "Yes", "true"),
    ("gfs", "on", "true"),
    ("clip", "FALSE", "false"),
    ("clip", "off", "false"),
    ("weights", "[1.38, 0.59,\n      0, -1e3]", "1.38,0.59,0,-1e3"),
    ("weights", "1, 2, 3, 4", "1, 2, 3, 4"),
    ("lr_schedule", "10:0.5", "10:0.5"),
    ("lr_schedule", "10:30", "10:30"),
    ("lr_schedule", "[10:0.5, 20:1]", "10:0.5,20:1"),
    ("lr_schedule", "[[10, 0.5], [20, 1]]", "10:0.5,20:1"),
    ("hidden", "[2, 3, 2]", "2,3,2"),
    ("hidden", "null", ""),
    ("axis", "time", "time"),
]


@pytest.mark.parametrize(("name", "written", "text"), TEXTS)
def test_a_parameter_becomes_the_text_of_a_query(name, written, text):
    assert params_of("params:", f"  {name}: {written}") == {name: text}


def test_numbers_mean_what_they_look_like():
    """YAML would read 0100 as octal, and 10:30 as ten times sixty and thirty."""
    params, _ = parse(scene("params: {steps: 0100, lr_schedule: 10:30}")).scenes[0].sets()
    assert params.steps == 100
    assert params.lr_schedule == ((10, 30.0),)


REFUSED = [
    ("lr", ".inf", "finite"),
    ("lr", "-.INF", "finite"),
    ("lr", ".NaN", "finite"),
    ("lr", "nan", "finite"),
    ("lr", "yes", "not a number"),
    ("lr", "", "not a number"),
    ("lr", "~", "not a number"),
    ("lr", "[]", "not a number"),
    ("lr", "[1, 2]", "not a number"),
    ("lr", "2001-12-14", "not a number"),
    ("lr", "2001-12-14 21:59:43", "not a number"),
    ("lr", "1:30", "not a number"),
    ("lr", "=", "not a number"),
    ("lr", "{a: 1}", "no text"),
    ("lr", "[{a: 1}]", "no text"),
    ("depth", "2.5", "not a whole number"),
    ("depth", "0x2", "not a whole number"),
    ("depth", "0b10", "not a whole number"),
    ("depth", "0o2", "not a whole number"),
    ("task", "no", "none of the choices"),
    ("weights", "[1, .nan, 1, 1]", "finite"),
    ("weights", "[1, .inf, 1, 1]", "finite"),
    ("weights", "[1, ~, 1, 1]", "not a number"),
    ("weights", "[[1, 2], [3, 4]]", "not a number"),
    ("weights", "[[[1]]]", "no text"),
]


@pytest.mark.parametrize(("name", "written", "message"), REFUSED)
def test_a_parameter_that_is_none_is_refused_on_its_line(name, written, message):
    error = refusal(scene("params:", "  steps: 60", f"  {name}: {written}"))
    assert (error.line, error.field) == (9, f"scene 1: params.{name}")
    assert message in error.message


def test_hundreds_of_weights_are_read():
    weights = [i / 7 for i in range(12 * 8 + 8 * 8 + 8 * 12)]
    network = "task: whitened, d_in: 12, d_out: 12, hidden: [8, 8]"
    deck = parse(scene(f"params: {{{network}, weights: {weights}}}"))
    assert deck.scenes[0].sets()[0].weights == tuple(weights)


@pytest.mark.parametrize("empty", ["", "params:", "params: {}", "params: null"])
def test_parameters_may_be_left_out(empty):
    assert params_of(empty) == {}


@pytest.mark.parametrize("wrong", ["3", "lr", "[lr, 1]", "''"])
def test_parameters_are_fields(wrong):
    assert told(scene("params: " + wrong)) == (7, "scene 1: params")


# Texts.


def test_texts_are_read_as_they_are_written():
    deck = parse(scene("question: 10:30", "options: [yes, No, 2, 1.50, 2001-12-14, ~]"))
    assert deck.scenes[0].question == "10:30"
    assert deck.scenes[0].options == ("yes", "No", "2", "1.50", "2001-12-14", "~")
    assert parse(scene().replace("title: a", "title: off")).title == "off"
    assert parse(scene().replace("look: d", "look: 0x1F")).scenes[0].look == "0x1F"
    assert parse(scene().replace("text: c", "text: 'no: 1'")).scenes[0].text == "no: 1"


def test_a_deck_may_be_json_with_escaped_characters():
    document = {
        "title": "η 🎢",
        "scenes": [
            {"title": "a", "page": "run", "params": {"lr": "0.5"}, "text": "b", "look": "c"}
        ],
    }
    deck = parse(json.dumps(document))
    assert deck.title == "η 🎢"
    assert parse(json.dumps(document, ensure_ascii=False)) == deck
    assert parse(scene().replace("title: a", r'title: "\ud83c"')).title == "\ufffd"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(end):
    text = DECK.replace("depth: 2", "depth: 99").replace("\n", end)
    assert told(text) == (18, "scene 2: params.depth")


# The limits of a server.


def test_what_each_scene_computes_is_checked():
    seen = []
    parse(DECK, seen.append)
    assert [type(params) for params in seen] == [TrainParams, BasinParams]
    assert seen[0].lr == 1.9


CHECKS = [
    ("steps", 6, "scene 1: params.steps"),
    ("lr", 5, "scene 1: params.lr"),
    ("eigenvalues", 5, "scene 1: params.eigenvalues"),
]


def refusing(name):
    def check(params):
        raise ParameterError(name, "it is too much", "less")

    return check


@pytest.mark.parametrize(("name", "line", "field"), CHECKS)
def test_a_refusal_of_the_server_is_told_on_the_line_of_the_parameter(name, line, field):
    error = refusal(DECK, refusing(name))
    assert error.as_dict() == {
        "line": line, "field": field, "message": "it is too much", "allowed": "less",
    }  # fmt: skip


def test_a_refusal_of_what_is_not_written_is_told_on_the_line_of_the_scene():
    assert told(scene(), refusing("steps")) == (3, "scene 1: params.steps")


# Addresses.

ADDRESSES = [
    ("run", {"lr": "1.9", "depth": "1", "weights": "0.2", "clip": "false", "smooth": "1"}),
    ("run", {"lr_schedule": "10:0.5,20:1", "axis": "time", "hidden": "2,3,2"}),
    ("basin", {"extent": "2", "at": "1.38,-0.5", "plane": "random:7", "region": "true"}),
    ("basin", {"plane": "trainability", "color": "loss"}),
    ("sweep", {"lr": "0.5,0.8"}),
    ("sweep", {"lr": "0.7", "high": "2"}),
    ("theory", {"statement": "stable", "depth": "3"}),
]


def sets_of(href):
    address = urlsplit(href)
    page = next(page for page in PAGES.values() if page.path == address.path)
    query = {name: values[-1] for name, values in parse_qs(address.query).items()}
    known = {name for cls in page.sets for name in cls.model_fields}
    assert set(query) <= known
    return [
        cls.make(**{name: text for name, text in query.items() if name in cls.model_fields})
        for cls in page.sets
    ]


@pytest.mark.parametrize(("page", "params"), ADDRESSES)
def test_an_address_leads_to_the_state_of_the_scene(page, params):
    one = Scene(title="a", page=page, params=params, text="b", look="c")
    assert [made.canonical() for made in sets_of(one.href)] == [
        made.canonical() for made in one.sets()
    ]


weights = st.lists(st.floats(-1000, 1000), min_size=4, max_size=4)


@given(weights, st.floats(1e-300, 100), st.booleans(), st.integers(1, 200))
def test_an_address_keeps_every_bit(weights, lr, clip, smooth):
    params = {"weights": weights, "lr": lr, "clip": clip, "smooth": smooth}
    one = parse(scene("params: " + json.dumps(params))).scenes[0]
    run, view = sets_of(one.href)
    assert (run.weights, run.lr) == (tuple(weights), lr)
    assert (view.clip, view.smooth) == (clip, smooth)
    assert (run, view) == one.sets()


def test_older_decks_may_ask_for_the_smallest_eigenvalue_by_its_older_name():
    found = parse(scene("params: {lowest: true, hidden: [3, 2]}")).scenes[0]
    assert found.params["lambda_min"] == "true"
    assert sets_of(found.href)[0].lambda_min


def test_an_address_says_of_the_view_only_what_is_not_usual():
    href = parse(scene("params: {clip: true, smooth: 3, lr_schedule: 10:0.5}")).scenes[0].href
    assert href.startswith("/?task=scalar&")
    assert "smooth=3" in href
    assert "clip" not in href


def test_commas_stay_readable():
    href = parse(scene("params: {at: [1, 2]}", page="basin")).scenes[0].href
    assert href.startswith("/basin?")
    assert "&pair=0,1&" in href
    assert href.endswith("&at=1,2")


def test_the_cursor_of_a_sweep_stays_where_it_is():
    assert sets_of(parse(scene("params: {lr: 0.7}", page="sweep")).scenes[0].href)[0].lr == 0.7
    for params in ["params: {}", "params: {lr: [0.5, 0.7]}"]:
        one = parse(scene(params, page="sweep")).scenes[0]
        assert isinstance(one.sets()[0], SweepParams)
        assert "lr=" not in one.href.replace("over=lr", "")


# Files.


def test_a_file_is_read_as_its_text(tmp_path):
    path = tmp_path / "talk.yaml"
    for mark in ["", "\ufeff"]:
        path.write_text(mark + DECK, encoding="utf-8")
        assert read(path) == read(str(path)) == parse(DECK)
    seen = []
    read(path, seen.append)
    assert len(seen) == 2


def file_refusal(path, check=None):
    with pytest.raises(DeckError) as caught:
        read(path, check)
    return caught.value


def test_an_error_in_a_file_begins_with_its_name(tmp_path):
    path = tmp_path / "talk.yaml"
    path.write_text(DECK.replace("lr: 1.9", "lr: 0"), encoding="utf-8")
    error = file_refusal(path)
    assert str(error).startswith("talk.yaml: line 5, scene 1: params.lr: “0” is too small")
    assert error.as_dict() == refusal(DECK.replace("lr: 1.9", "lr: 0")).as_dict()
    path.write_text(DECK, encoding="utf-8")
    assert str(file_refusal(path, refusing("lr"))).startswith("talk.yaml: line 5, scene 1")


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    for path in [tmp_path / "none.yaml", tmp_path]:
        error = file_refusal(path)
        assert (error.line, error.field) == (1, "deck")
        assert str(error).startswith(f"{path.name}: line 1, deck: it cannot be read")
    assert "it cannot be read" in str(file_refusal("a\0b"))


def test_a_file_in_another_encoding_is_refused_on_its_line(tmp_path):
    path = tmp_path / "talk.yaml"
    path.write_bytes(DECK.replace("The loss.", "Lernrate é").encode("latin-1"))
    error = file_refusal(path)
    assert (error.line, error.message) == (11, "this is no UTF-8")


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "talk.yaml"
    path.write_text("# é" + LARGEST * "é", encoding="utf-8")
    assert file_refusal(path).message == "it is too large"


# Whatever is given.


def outcome(text):
    """The deck, or how it is refused; anything else fails the test."""
    try:
        deck = parse(text)
    except DeckError as error:
        refused = error
    else:
        json.dumps(deck.as_dict())
        return deck
    assert 1 <= refused.line <= len(text.splitlines()) + 1
    assert refused.field
    assert refused.message
    assert refused.allowed
    str(refused).encode()
    return None


@given(
    st.text() | st.text(st.characters()) | st.text(alphabet="[]{}-:?,&*!|>'\"%@#`~\\ \n\tab01.=<")
)
def test_any_text_is_read_or_refused(text):
    outcome(text)


SIGNS = [
    "\n",
    "  ",
    "- ",
    ": ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "!!set ",
    "'",
    '"',
    "~",
    "no",
]
SIGNS += [
    "1:30",
    "<<: ",
    "|",
    ">",
    "%YAML 1.1\n",
    "---\n",
    "...",
    "\t",
    ".nan",
    "\\x",
    "# ",
    "\x85",
]
PIECES = st.sampled_from(SIGNS) | st.text(max_size=3)


@given(st.lists(st.tuples(st.integers(0, len(DECK)), st.integers(0, 9), PIECES), max_size=4))
@settings(max_examples=examples(300))
def test_any_change_of_a_deck_is_read_or_refused(changes):
    text = DECK
    for at, removed, piece in changes:
        text = text[:at] + piece + text[at + removed :]
    outcome(text)


NAMES = sorted({name for page in PAGES.values() for cls in page.sets for name in cls.model_fields})
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=3), values),
    max_leaves=6,
)


@given(st.sampled_from(sorted(PAGES)), st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3))
def test_any_parameter_is_taken_or_refused(page, params):
    deck = outcome(scene("params: " + json.dumps(params), page=page))
    assert deck is None or sets_of(deck.scenes[0].href)
