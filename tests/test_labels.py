"""Labels that hold when a run goes on: a part of the benchmark of that name."""

import pytest

from benchmarks.labels import FINAL, changed, follow

SETTINGS = 60


@pytest.fixture(scope="module")
def followed():
    return [follow(seed, 12_000) for seed in range(7_000, 7_000 + SETTINGS)]


def test_no_label_but_undecided_changes_when_the_run_goes_on(followed):
    wrong = [
        f"{label} at {budget}, then {one.last}: {one.params.call()}"
        for one in followed
        for budget, label in changed(one)
        if label[0] in FINAL
    ]
    assert wrong == []


def test_what_is_bounded_seldom_turns_out_otherwise(followed):
    """A transient may outlast any budget."""
    wrong = [one for one in followed for _, label in changed(one) if label[0] == "bounded"]
    assert len(wrong) <= 2


def test_most_runs_are_decided(followed):
    undecided = sum(one.labels[-1][0] == "undecided" for one in followed)
    assert undecided <= SETTINGS // 2
