"""Explanations against closed forms, whole Hessians, and runs that are computed another way."""

import time

import numpy as np
import pytest

import eosdash
from eosdash.core.flows.central_flow import CentralChunk, central_flow
from eosdash.core.maps.basin import Progress
from eosdash.explaining import records
from eosdash.explaining.learned import IMAGES, frames_of
from eosdash.explanations import MADE, explain_records
from eosdash.fields import ParameterError
from eosdash.params import ExplainParams
from eosdash.runs import objective_of, samples_of, start_of

CHAIN = {"task": "scalar", "depth": 4, "weights": (1.38, 0.59, 0.43, 1.14), "lr": 0.469}
"""The edge of stability of four weights, whose path is known at every step."""

CHEBYSHEV = {
    "task": "chebyshev", "activation": "tanh", "hidden": (8, 6), "samples": 20,
    "init_scaling": "fan_in", "lr": 0.2, "seed": 3,
}  # fmt: skip
MOONS = {
    "task": "moons", "activation": "tanh", "hidden": (8,), "samples": 40,
    "init_scaling": "fan_in", "lr": 0.3,
}  # fmt: skip


def explain(explanation, network, **more):
    return eosdash.explain(explanation=explanation, **network, **more)


def hessian(network, theta):
    return objective_of(ExplainParams.make(**network)).hessian(theta)


# Gradient flow


def test_gradient_flow_of_one_weight_is_an_exponential():
    network = {"depth": 1, "weights": (-1.0,), "target": 2.0, "lr": 0.1, "steps": 60}
    seen = explain("gradient_flow", network, at=10).arrays
    begun = 2 - 3 * 0.9**10  # gradient descent up to there
    error = (begun - 2) * np.exp(-(seen["time"] - 1.0))
    np.testing.assert_array_equal(seen["step"], np.arange(10, 61))
    np.testing.assert_allclose(seen["time"], 0.1 * seen["step"])
    np.testing.assert_allclose(seen["loss"], error**2 / 2, atol=1e-5)
    np.testing.assert_allclose(seen["sharpness"], 1.0)


def test_gradient_flow_is_what_small_steps_come_to():
    steps, finer = 60, 100
    seen = explain("gradient_flow", CHEBYSHEV, steps=steps).arrays
    small = CHEBYSHEV | {"lr": CHEBYSHEV["lr"] / finer}
    run = eosdash.train(**small, steps=steps * finer)
    np.testing.assert_allclose(seen["loss"][:-1], run.loss[::finer], rtol=2e-3)
    np.testing.assert_allclose(seen["sharpness"][:-1], run.sharpness[::finer], rtol=2e-3)


def test_gradient_flow_follows_the_changes_of_the_learning_rate():
    network = {"depth": 1, "weights": (-1.0,), "lr": 0.1, "lr_schedule": ((20, 0.3),)}
    seen = explain("gradient_flow", network, steps=40).arrays
    assert seen["time"][[20, 40]] == pytest.approx([2.0, 8.0])
    np.testing.assert_allclose(seen["loss"], 2 * np.exp(-2 * seen["time"]), atol=1e-5)


def test_with_momentum_a_step_is_longer():
    network = {"depth": 1, "weights": (-1.0,), "lr": 0.1, "optimizer": "heavy_ball"}
    seen = explain("gradient_flow", network, momentum=0.5, steps=40)
    np.testing.assert_allclose(
        seen.arrays["loss"], 2 * np.exp(-4 * 0.1 * seen.arrays["step"]), atol=1e-5
    )
    assert "η/(1 − β)" in seen.notes[1]
    assert "(2 + 2β)/η" in seen.summary


def test_a_long_flow_is_thinned_out():
    seen = explain("gradient_flow", CHAIN, steps=5000).arrays
    assert 500 <= len(seen["step"]) <= 601
    assert set(np.diff(seen["step"])) == {9}


# Central flow


def test_the_central_flow_stands_beside_the_run_step_by_step():
    steps = 150
    seen = explain("central_flow", CHAIN, steps=steps).arrays
    run = eosdash.train(**CHAIN, steps=steps)
    np.testing.assert_array_equal(seen["step"], np.arange(steps))
    np.testing.assert_allclose(seen["run_loss"], run.loss)
    np.testing.assert_allclose(seen["run_sharpness"], run.sharpness, rtol=1e-6)
    smooth = (run.path[:-2] + 2 * run.path[1:-1] + run.path[2:]) / 4
    params = ExplainParams.make(**CHAIN)
    objective = objective_of(params)
    flow = central_flow(objective, start_of(params, objective), np.full(steps, params.lr), 3)
    path = np.concatenate([part.path for part in flow if isinstance(part, CentralChunk)])
    inside = slice(1, -1)
    np.testing.assert_allclose(
        seen["run_variance"][inside], np.sum((run.path[inside] - smooth) ** 2, axis=1), atol=1e-15
    )
    np.testing.assert_allclose(
        seen["distance"][inside], np.linalg.norm(smooth - path[inside], axis=1)
    )
    assert np.isnan(seen["distance"][[0, -1]]).all()


def test_the_central_flow_predicts_the_edge():
    seen = explain("central_flow", {"seed": 1794, "init_scale": 0.8, "lr": 0.45}, steps=1000)
    values = seen.values
    assert values["sharpness_predicted"] == pytest.approx(2 / 0.45, rel=1e-3)
    assert values["sharpness_measured"] == pytest.approx(2 / 0.45, rel=0.02)
    assert values["variance_predicted"] == pytest.approx(values["variance_measured"], rel=0.2)
    assert values["loss_predicted"] == pytest.approx(values["loss_measured"], rel=0.2)
    assert f"from step {values['edge']}" in seen.summary
    assert "Approximate" in seen.notes[1]


def test_a_start_far_beyond_the_edge_is_said():
    seen = explain("central_flow", CHAIN | {"lr": 3.0}, steps=50)
    assert seen.values["status"] == "outside"
    assert "says nothing from step 0 on" in seen.summary


def test_a_central_flow_ends_where_the_run_ends():
    network = {"depth": 1, "weights": (-1.0,), "lr": 0.5}
    run = eosdash.train(**network, steps=400)
    assert run.outcome == "minimum"
    seen = explain("central_flow", network, steps=400)
    assert len(seen.arrays["step"]) == run.step < 400
    assert "below 2/η" in seen.summary
    made = explain_records(ExplainParams.make(explanation="central_flow", **network, steps=5000))
    assert len(list(made)) < 8


def test_kinks_are_named():
    notes = explain("central_flow", CHEBYSHEV | {"activation": "relu", "lr": 0.01}, steps=9).notes
    assert "kinks" in notes[2]


# The phase portrait and progress


def test_the_portrait_is_that_of_the_whole_hessian():
    seen = explain("portrait", CHAIN, steps=200).arrays
    run = eosdash.train(**CHAIN, steps=200)
    smooth = (run.path[:-2] + 2 * run.path[1:-1] + run.path[2:]) / 4
    values, vectors = np.linalg.eigh(hessian(CHAIN, smooth))
    np.testing.assert_array_equal(seen["step"], np.arange(1, 199))
    np.testing.assert_allclose(seen["excess"], values[:, -1] - 2 / CHAIN["lr"], atol=1e-9)
    np.testing.assert_allclose(seen["gap"], values[:, -1] - values[:, -2], atol=1e-9)
    along = np.einsum("tp,tp->t", vectors[:, :, -1], run.path[1:-1] - smooth)
    np.testing.assert_allclose(np.abs(seen["displacement"]), np.abs(along), atol=1e-9)
    with np.errstate(invalid="ignore"):
        expected = np.sqrt(2 * seen["alpha"] / seen["beta"])
    np.testing.assert_allclose(seen["balance"], expected)


def test_progress_is_that_of_the_steps():
    seen = explain("progress", CHEBYSHEV, steps=120).arrays
    run = eosdash.train(**CHEBYSHEV, steps=121)
    rows, lr = slice(0, 118), CHEBYSHEV["lr"]
    expected = np.diff(run.loss)[rows] / (lr * run.grad_norm[rows] ** 2)
    np.testing.assert_array_equal(seen["step"], np.arange(118))
    np.testing.assert_allclose(seen["relative_progress"], expected, rtol=1e-4)
    np.testing.assert_allclose(seen["relative_smoothness"], seen["smoothness"] * lr / 2)
    np.testing.assert_allclose(seen["sharpness"], run.sharpness[rows], rtol=1e-5)
    assert np.nanmin(seen["share"]) >= 0
    assert np.nanmax(seen["share"]) <= 1


def test_the_share_is_that_along_the_top_eigenvector():
    seen = explain("progress", CHAIN, steps=300).arrays
    run = eosdash.train(**CHAIN, steps=300)
    objective = objective_of(ExplainParams.make(**CHAIN))
    for step in (0, 100, 297):
        gradient = objective.gradient(run.path[step])
        top = np.linalg.eigh(objective.hessian(run.path[step]))[1][:, -1]
        share = (gradient @ top) ** 2 / (gradient @ gradient)
        assert seen["share"][step] == pytest.approx(share, rel=1e-3)


@pytest.mark.parametrize("explanation", ["portrait", "progress"])
def test_the_size_of_chunks_changes_nothing(monkeypatch, explanation):
    whole = explain(explanation, CHAIN, steps=100).arrays
    monkeypatch.setattr(records, "CHUNK_SECONDS", 0.0)  # a row at a time
    cut = explain(explanation, CHAIN, steps=100).arrays
    for name, values in whole.items():
        np.testing.assert_allclose(cut[name], values, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("explanation", MADE)
def test_the_shortest_runs_are_explained(explanation, steps):
    for network in (CHAIN, CHEBYSHEV):
        assert explain(explanation, network, steps=steps).summary


@pytest.mark.parametrize("explanation", MADE)
def test_diverging_runs_are_explained(explanation):
    entropy = MOONS | {"loss": "cross_entropy", "lr": 90.0, "init_scale": 30.0}
    for network in ({"weights": (3.0, 3.0, 3.0, 3.0), "lr": 1.0}, CHEBYSHEV | {"lr": 5.0}, entropy):
        assert explain(explanation, network, steps=60).summary


# The learned function


def test_a_linear_network_learns_a_line():
    seen = explain("function", CHAIN, steps=200)
    run = eosdash.train(**CHAIN, steps=200)
    steps = seen.arrays["step"]
    slopes = run.path[steps].prod(axis=1)
    expected = slopes[:, None] * seen.facts["grid"]
    np.testing.assert_allclose(seen.arrays["outputs"][:, 0], expected)
    np.testing.assert_allclose(seen.arrays["loss"], run.loss[steps])
    assert seen.facts["shown"] == "curve"
    assert seen.facts["targets"].tolist() == [[1.0]]


def test_a_curve_passes_by_its_points_as_the_loss_says():
    """Half the mean squared distance at the points, read off the curve, is the loss."""
    network = CHEBYSHEV | {"degree": 2, "lr": 0.1}
    seen = explain("function", network, steps=500)
    facts, outputs = seen.facts, seen.arrays["outputs"][-1, 0]
    missed = np.interp(facts["inputs"], facts["grid"], outputs) - facts["targets"][0]
    assert np.mean(missed**2) / 2 == pytest.approx(seen.arrays["loss"][-1], rel=0.02)


def test_regions_tell_the_classes_of_the_data():
    seen = explain("function", MOONS, steps=400)
    facts, margin = seen.facts, seen.arrays["margin"]
    assert margin.shape[1:] == (len(facts["y"]), len(facts["x"]))
    columns = np.abs(facts["x"][:, None] - facts["inputs"][0]).argmin(axis=0)
    rows = np.abs(facts["y"][:, None] - facts["inputs"][1]).argmin(axis=0)
    told = margin[-1, rows, columns] > 0
    near = np.mean(told == facts["labels"])  # of the nearest point of the grid
    assert near == pytest.approx(seen.arrays["accuracy"][-1], abs=0.05)
    assert near > 0.8
    assert "% of the classes right" in seen.summary


def test_accuracy_counts_the_largest_output():
    network = {"task": "digits", "activation": "relu", "hidden": (12,), "samples": 50, "lr": 0.1}
    seen = explain("function", network | {"init_scaling": "fan_in"}, steps=60)
    run = eosdash.train(**network, init_scaling="fan_in", steps=60)
    params = ExplainParams.make(**network)
    samples, objective = samples_of(params), objective_of(params)
    before_last = eosdash.train(**network, init_scaling="fan_in", steps=59).weights
    told = objective.predict(before_last, samples.inputs).argmax(axis=0)
    assert seen.arrays["accuracy"][-1] == np.mean(told == samples.labels)
    assert seen.arrays["told"].shape == (len(seen.arrays["step"]), IMAGES)
    assert seen.facts["inputs"].shape == (64, IMAGES)
    assert seen.arrays["loss"][-1] == pytest.approx(run.loss[-1])


def test_other_functions_are_outputs_against_targets():
    network = {"task": "whitened", "depth": 2, "width": 3, "lr": 0.2}
    seen = explain("function", network, steps=300)
    targets, outputs = seen.facts["targets"], seen.arrays["outputs"]
    assert seen.facts["shown"] == "scatter"
    error = np.sum((outputs - targets) ** 2, axis=1) / (2 * 2)  # of two samples
    np.testing.assert_allclose(error, seen.arrays["loss"], atol=1e-12)


def test_the_last_step_is_always_shown():
    network = {"depth": 1, "weights": (-1.0,), "lr": 0.05}
    last = eosdash.train(**network, steps=1000).step - 1
    assert last not in frames_of(1000)
    assert explain("function", network, steps=1000).arrays["step"][-1] == last
    assert set(frames_of(400)) >= {0, 1, 2, 399}
    assert len(frames_of(20_000)) <= 80


# The spectrum


def test_the_spectrum_is_that_of_the_hessian_at_the_step():
    seen = explain("spectrum", CHEBYSHEV, at=40, steps=100)
    theta = eosdash.train(**CHEBYSHEV, steps=40).weights
    exact = np.linalg.eigvalsh(hessian(CHEBYSHEV, theta))[::-1]
    np.testing.assert_allclose(seen.arrays["eigenvalues"], exact, atol=1e-9)
    np.testing.assert_allclose(seen.arrays["top"], exact[:5], rtol=1e-5)
    grid, density = seen.arrays["grid"], seen.arrays["density"]
    assert np.trapezoid(density, grid) == pytest.approx(1.0, abs=1e-3)
    center = np.trapezoid(density * grid, grid)
    error = np.trapezoid(seen.arrays["density_error"] * np.abs(grid), grid)
    assert abs(center - exact.mean()) < 3 * error
    assert f"{np.sum(exact < -1e-6 * exact[0])} are negative" in seen.summary


@pytest.mark.parametrize("explanation", ["spectrum", "gradient_flow"])
def test_beyond_the_end_of_a_run_its_last_step_is_taken(explanation):
    network = {"depth": 2, "weights": (-1.0, 0.5), "lr": 0.5}
    last = eosdash.train(**network, steps=400).step - 1
    there = explain(explanation, network, at=last, steps=400)
    beyond = explain(explanation, network, at=399, steps=400)
    for name, values in there.arrays.items():
        np.testing.assert_array_equal(beyond.arrays[name], values)
    assert f"step {last}, the last of the run" in beyond.summary


def test_large_networks_get_no_exact_spectrum():
    network = {"task": "digits", "activation": "tanh", "hidden": (16,), "samples": 20, "lr": 0.05}
    seen = explain("spectrum", network, at=1)
    assert "eigenvalues" not in seen.arrays
    assert not seen.facts["exact"]


def test_a_hessian_that_overflows_is_said():
    seen = explain("spectrum", {"depth": 3, "weights": (1e3, 1e3, 1e3), "lr": 100.0}, at=0)
    assert np.isfinite(seen.arrays["density"]).all()
    assert "largest eigenvalue" in seen.summary


# What is asked for


@pytest.mark.parametrize("explanation", ["central_flow", "portrait", "progress"])
def test_what_is_of_plain_descent_alone_is_refused_elsewhere(explanation):
    for change, field in (
        ({"optimizer": "heavy_ball"}, "optimizer"),
        ({"optimizer": "nesterov"}, "optimizer"),
        ({"batch": 5}, "batch"),
    ):
        with pytest.raises(ParameterError) as refused:
            ExplainParams.make(explanation=explanation, **CHEBYSHEV | change)
        assert refused.value.field == field
    ExplainParams.make(explanation=explanation, **CHEBYSHEV, optimizer="heavy_ball", momentum=0)


def test_what_changes_nothing_is_in_no_key():
    def key(**more):
        return ExplainParams.make(**more).key()

    assert key(explanation="portrait", at=3) == key(explanation="portrait", at=7)
    assert key(explanation="progress", eigenvalues=2) == key(explanation="progress")
    assert key(explanation="spectrum", at=3) == key(explanation="spectrum", at=3, steps=4)
    assert key(explanation="spectrum", at=3) != key(explanation="spectrum", at=4)
    assert key(at=3) != key(at=3, steps=4)
    assert len({key(explanation=name) for name in MADE}) == len(MADE)


@pytest.mark.parametrize("explanation", MADE)
def test_a_call_repeats_the_explanation(explanation):
    params = ExplainParams.make(explanation=explanation, **CHAIN, steps=40)
    scope = {"eosdash": eosdash}
    again = eval(params.call(), scope)
    once = eosdash.explain(explanation=explanation, **CHAIN, steps=40)
    for name, values in once.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], values)
    assert again.summary == once.summary
    assert once.notes


@pytest.mark.parametrize("explanation", ["portrait", "progress", "function", "spectrum"])
def test_something_is_heard_often(explanation):
    network = {
        "task": "digits", "activation": "tanh", "hidden": (32,), "samples": 200, "lr": 0.05,
        "init_scaling": "fan_in", "steps": 60, "at": 59,
    }  # fmt: skip
    made, longest = explain_records(ExplainParams.make(explanation=explanation, **network)), 0.0
    begun = time.thread_time()
    for _ in made:
        longest, begun = max(longest, time.thread_time() - begun), time.thread_time()
    assert longest < 1.0


def test_the_way_to_a_step_shows_signs_of_life():
    params = ExplainParams.make(explanation="gradient_flow", **CHAIN, at=1000, steps=1500)
    assert any(isinstance(record, Progress) for record in explain_records(params))
