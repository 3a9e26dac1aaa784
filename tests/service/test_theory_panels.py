"""What the panels of the theory say: counts, shares, and what is true where a claim is not made."""

import re

import numpy as np
import pytest

from eosdash.core.maps.boundary import wilson
from eosdash.marks import unmarked
from eosdash.params import TheoryParams
from eosdash.service.encoding import plain
from eosdash.service.panels import panel_records
from eosdash.theory_words import measure_zero_words

SMALL = {"points": 10, "starts": 12, "steps": 300}


def panels(**params):
    records = panel_records(TheoryParams.make(**SMALL | params))
    return {record["panel"]: plain(record) for record in records if record["type"] == "panel"}


def holding(panel):
    return {need["name"]: need["holds"] for need in panel["assumptions"]}


@pytest.mark.parametrize(
    "network",
    [
        {"depth": 2, "lr": 0.7},
        {"depth": 3, "target": -1.4, "lr": 0.2},
        {"task": "whitened", "depth": 2, "width": 3, "lr": 0.3},
        {"task": "regression", "depth": 3, "width": 2, "lr": 0.2},
    ],
)
def test_where_all_is_assumed_nothing_is_said_instead(network):
    for panel in panels(**network).values():
        assert all(holds is True for holds in holding(panel).values())
        assert panel["instead"] == ""
        assert panel["check"]


@pytest.mark.parametrize(
    ("network", "statement", "words"),
    [
        ({"depth": 4, "weight_decay": 0.25}, "measure_zero", "stable up to η = 2/r = 8"),
        ({"depth": 3, "target": 0}, "measure_zero", "η_C is infinite"),
        ({"depth": 1, "lr": 1}, "nonsingular", "one step takes all θ"),
        ({"depth": 3, "target": 0, "lr": 0.3}, "stable", "nothing of it is bounded"),
        ({"task": "whitened", "depth": 4, "width": 3}, "stable", "Layer 2 lies between"),
        ({"task": "whitened", "width": 2, "singular_values": [0.7]}, "manifold", "not full rank"),
        ({"task": "whitened", "depth": 2, "width": 1}, "manifold", "too narrow"),
        ({"depth": 2, "weight_decay": 0.1}, "manifold", "‖θ‖² ≤ 2 min L / r"),
    ],
)
def test_where_an_assumption_fails_it_is_said_what_is_true(network, statement, words):
    panel = panels(**network)[statement]
    assert words in panel["instead"]
    assert [*holding(panel).values()].count(False) == 1


def test_a_determinant_that_is_zero_up_to_rounding_is_counted_as_zero():
    panel = panels(task="whitened", depth=3, width=5, weight_decay=0.8, lr=1.25)["nonsingular"]
    assert panel["log_det"] == [None] * 10
    assert "all at −∞" in panel["check"]
    assert holding(panel)["decay_rate"] is False


@pytest.mark.parametrize(
    "network",
    [
        {"task": "regression", "depth": 1, "d_in": 3, "samples": 2},  # no products of layers
        {"depth": 4, "target": 0},  # no bound on them
        {"task": "regression", "depth": 3, "width": 3, "d_in": 3, "samples": 1},
        {"task": "whitened", "depth": 5, "hidden": [3, 3, 1, 3], "singular_values": [1.2, 0.3]},
    ],
)
def test_an_unbounded_direction_has_numbers_to_draw(network):
    ray = panels(**network)["stable"]["ray"]
    length = len(ray["far"])
    assert 0 not in ray["far"]
    for name in ("loss", "sharpness", "norm", "product"):
        assert len(ray[name]) == length
    np.testing.assert_allclose(ray["sharpness"], ray["sharpness"][0], rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(ray["loss"], 0, atol=1e-12)
    assert ray["norm"][-1] > 0.99 * ray["far"][-1]
    if ray["most"] is not None and ray["sharpness"][0] <= ray["threshold"]:
        assert max(ray["product"]) <= ray["most"] * (1 + 1e-9)


def test_what_is_counted_is_what_is_drawn():
    panel = panels(depth=4, target=0.8, weight_decay=0.1, init_scale=0.4)["measure_zero"]
    past = np.array(panel["value"]) > 1 + 1e-9
    counts = np.round(12 * np.array(panel["fraction"])[past])
    converged, total = (int(n) for n in re.match(r"(\d+) of (\d+) starts", panel["check"]).groups())
    assert (converged, total) == (counts.sum(), 12 * past.sum())
    assert converged > 0
    low, high = np.array(panel["interval"])
    expected = wilson(np.round(12 * np.array(panel["fraction"])), 12)
    np.testing.assert_allclose([low, high], expected)


@pytest.mark.parametrize(
    ("network", "ranks"),
    [
        ({"depth": 3, "width": 1}, "rank J = 3 at 10"),
        ({"depth": 4, "width": 3}, "rank J = 3 and 4"),
        ({"depth": 2, "width": 3, "d_in": 3, "d_out": 3}, "5 at one that uses as few"),
    ],
)
def test_ranks_of_which_nothing_is_claimed_are_told_as_they_are(network, ranks):
    panel = panels(task="whitened", singular_values=[0.9], **network)["manifold"]
    assert ranks in panel["check"]


@pytest.mark.parametrize("target", [0.004, 1e-200])
def test_a_critical_learning_rate_beyond_all_that_can_be_asked_for_has_no_map(target):
    panel = panels(depth=2, target=target)["measure_zero"]
    assert panel["outcome"] is None
    assert "up to η = 100" in panel["missing"]["map"]
    assert "for two weights" in panels(depth=2, weight_decay=0.1)["measure_zero"]["missing"]["map"]
    assert panels(depth=2, target=0.02)["measure_zero"]["missing"] == {}


def test_undecided_starts_are_said_to_be_undecided():
    words = unmarked(measure_zero_words(3, 17, 600, 250))
    share, with_them = (100 * wilson(n, 600)[1] for n in (3, 20))
    assert words == (
        f"3 of 600 starts past η_C converged within 250 steps; at most {share:.1f} % do, with 95 % "
        f"confidence; 17 are undecided, and with them it is at most {with_them:.1f} %"
    )
    assert measure_zero_words(0, 40, 40, 9).endswith("at most 100 %")
    assert "undecided" not in measure_zero_words(0, 0, 600, 250)


def test_a_plateau_is_no_convergence():
    panel = panels(depth=4, init_scale=1e-4)["measure_zero"]
    assert panel["check"].startswith("0 of 144 starts")
    assert "144 are undecided" in panel["check"]
    assert not any(panel["fraction"])


@pytest.mark.parametrize("converged", [0, 1, 4_999, 10_000])
def test_no_share_is_written_with_an_exponent(converged):
    words = measure_zero_words(converged, 0, 10_000, 9)
    assert re.search(r"at most \d+(\.\d+)? % do", words)
