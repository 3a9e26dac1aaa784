"""The nearest parameter set that can be computed: every choice has one, and numbers stay."""

from typing import Any, Literal, get_args, get_origin

import pytest

from eosdash.fields import ParameterError, ParameterSet, as_text
from eosdash.nearest import is_choice, nearest
from eosdash.pages.frame import texts
from eosdash.params import PAGES, BasinParams, SweepParams, TheoryParams, TrainParams
from eosdash.params.task import USUAL
from eosdash.problem import objective_of, start_of
from eosdash.service import kinds
from eosdash.service.settings import value


def choices(cls: type[ParameterSet]) -> list[tuple[str, str]]:
    """Every entry of every menu of a set, as it stands in a query."""
    made = []
    for name, field in cls.model_fields.items():
        kind: Any = field.annotation
        if is_choice(cls, name):
            named = get_origin(kind) is Literal
            made += [(name, one) for one in (get_args(kind) if named else ("true", "false"))]
    return made


@pytest.mark.parametrize("task", USUAL)
@pytest.mark.parametrize("at", PAGES)
def test_every_choice_leads_to_something_that_is_computed(at, task):
    cls = PAGES[at].sets[0]
    state = texts(USUAL[task]) | {"task": task}
    if task == "digits":  # how costly a network is tells the choice nothing
        state |= {"samples": "20", "width": "4"}
    for name, choice in choices(cls):
        if name == "task":
            continue
        found = nearest(cls, state | {name: choice}, kinds.check, keep=(name,))
        params = found.params
        assert kinds.cost(params) <= value("limit_seconds")
        taken = as_text(getattr(params, name)) == choice
        assert taken or found.words or not params.applies(name)
        assert cls.make(**params.query()).key() == params.key()


@pytest.mark.parametrize(
    ("cls", "query", "keep", "changes", "words"),
    [
        (
            BasinParams,
            {"depth": "1", "lr": ".7", "seed": "3"},
            (),
            {"plane": "trainability"},
            "This network has one weight, and no plane of two: plane trainability.",
        ),
        (
            BasinParams,
            {"depth": "2", "weights": "0.3,1.2", "plane": "trainability"},
            ("plane",),
            {"init": "gaussian", "weights": ""},
            "Given weights have no scale to vary: initialization gaussian.",
        ),
        (
            BasinParams,
            {"depth": "3", "pair": "0,5"},
            ("depth",),
            {"pair": "0,1"},
            "0 and 5 are no two weights of this network: the two weights 0,1 instead of 0,5.",
        ),
        (
            SweepParams,
            {"over": "width", "low": "0.3", "high": "1.9"},
            ("over",),
            {"low": "1", "high": "12"},
            "These are no widths: from 1 instead of 0.3, to 12 instead of 1.9.",
        ),
        (
            SweepParams,
            {"over": "depth", "hidden": "5,3", "low": "2", "high": "4"},
            ("over",),
            {"hidden": "", "width": "5"},
            "2 widths do not fit depth 4: width 5.",
        ),
        (
            TheoryParams,
            {"activation": "relu", "depth": "2", "width": "3"},
            (),
            {"activation": "linear"},
            "The theorems are about linear networks: activation linear instead of relu.",
        ),
        (
            TrainParams,
            {"activation": "gelu", "init": "balanced"},
            ("init",),
            {"init": "gaussian"},
            "Only linear networks have a balanced start: initialization gaussian instead of "
            "balanced.",
        ),
        (
            TrainParams,
            {"task": "csv", "loss": "cross_entropy", "activation": "tanh", "data": "1:2.5,2:3"},
            ("loss",),
            {"loss": "squared"},
            "The last column holds no classes: loss squared instead of cross entropy.",
        ),
        (
            TrainParams,
            {"steps": "80", "lr_schedule": "30:0.1,90:0.2"},
            ("steps",),
            {"lr_schedule": "30:0.1"},
            "Step 90 is past the end of the run: learning rate changes 30:0.1 instead of "
            "30:0.1,90:0.2.",
        ),
    ],
)  # fmt: skip
def test_what_gives_way_and_what_is_said_of_it(cls, query, keep, changes, words):
    found = nearest(cls, query, kinds.check, keep)
    assert (found.changes, found.words) == (changes, words)


def test_nothing_changes_where_nothing_is_at_fault():
    assert nearest(TrainParams, {"depth": "3"}, kinds.check) == (
        TrainParams.make(depth=3), {}, "",
    )  # fmt: skip


def test_weights_to_be_given_begin_with_those_of_the_start():
    query = {"init": "weights", "seed": "7", "init_scale": "0.6", "depth": "3"}
    given = nearest(TrainParams, query, kinds.check, ("init",)).params
    drawn = TrainParams.make(seed=7, init_scale=0.6, depth=3)
    assert given.init == "weights"
    assert given.weights == pytest.approx(start_of(drawn, objective_of(drawn)), rel=5e-3)


def test_what_was_typed_does_not_give_way():
    query = {"resolution": "2048", "steps": "20000", "task": "whitened", "width": "8"}
    with pytest.raises(ParameterError) as error:
        nearest(BasinParams, query, kinds.check, ("resolution",), held=("resolution",))
    assert error.value.field == "resolution"
    wide = nearest(BasinParams, query | {"width": "40"}, kinds.check, ("width",), ("width",))
    assert wide.params.width == 40
    assert wide.params.resolution < 2048


def test_sizes_give_way_before_the_network_does(monkeypatch):
    query = {"task": "moons", "activation": "tanh", "width": "20", "depth": "4", "steps": "900"}
    found = nearest(BasinParams, query, kinds.check)
    assert set(found.changes) <= {"resolution", "steps"}
    monkeypatch.setenv("EOSDASH_LIMIT_SECONDS", "0.4")
    small = nearest(BasinParams, query, kinds.check)
    assert small.params.width < 20
    assert kinds.cost(small.params) <= 0.4


@pytest.mark.parametrize("field", ["lr", "seed", "target"])
def test_what_nothing_is_near_to_is_an_error(field):
    with pytest.raises(ParameterError) as error:
        nearest(TrainParams, {field: "much"}, kinds.check)
    assert error.value.field == field
