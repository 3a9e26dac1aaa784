"""Runs through the public interface: the phenomenon, the theorem, and repeatability."""

import subprocess
import sys
from functools import cache

import numpy as np
import pytest

import eosdash

CHAINS = {  # weights, η, S at the start, GFS at the start, overshoot, rises, final part of 2/η
    4: ((1.38, 0.59, 0.43, 1.14), 0.469, 1.04, 4.84, 6.69, 290, 0.997),
    3: ((0.17, 1.59, 0.83), 0.633, 2.18, 4.21, 5.70, 190, 0.996),
    5: ((1.41, 0.55, 0.64, 0.13, 1.88), 0.311, 2.15, 7.30, None, None, 0.997),
    6: ((1.81, 1.45, 0.16, 0.55, 2.18, 0.51), 0.219, 3.74, 12.16, 18.2, None, None),
}


@cache
def chain(depth):
    weights, lr, *_ = CHAINS[depth]
    return eosdash.train(
        task="scalar", depth=depth, weights=weights, lr=lr, steps=1500, lambda_min=True
    )


@pytest.mark.parametrize("depth", CHAINS)
def test_progressive_sharpening_of_a_chain(depth):
    """The published numbers, which belong to weights with more digits: within 1.5 %."""
    run, (_, lr, sharpness, flow, overshoot, rises, ratio) = chain(depth), CHAINS[depth]
    assert run.threshold == 2 / lr
    assert run.sharpness[0] == pytest.approx(sharpness, rel=0.015)
    assert run.gfs_sharpness[0] == pytest.approx(flow, rel=0.003)
    assert run.sharpness.max() > run.threshold
    if overshoot:
        assert run.sharpness.max() == pytest.approx(overshoot, rel=0.005)
    if rises:
        assert np.sum(np.diff(run.loss) > 0) == pytest.approx(rises, rel=0.02)
    if ratio:
        assert run.sharpness[-1] / run.threshold == pytest.approx(ratio, abs=0.0006)


@pytest.mark.parametrize("depth", CHAINS)
def test_curves_of_a_chain_by_hand(depth):
    """∂²/∂wᵢ∂wⱼ of ½(p − 1)² with p = Πw, in a loop of its own."""
    run, (start, lr, *_) = chain(depth), CHAINS[depth]
    w = np.array(start)
    for step in range(300):
        p, inverse = w.prod(), 1 / w
        hessian = (2 * p * p - p) * np.outer(inverse, inverse)
        np.fill_diagonal(hessian, (p * inverse) ** 2)
        eigenvalues = np.linalg.eigvalsh(hessian)
        assert run.loss[step] == pytest.approx((p - 1) ** 2 / 2, abs=1e-9)
        assert run.sharpness[step] == pytest.approx(eigenvalues[-1], rel=1e-7)
        assert run.lambda_min[step] == pytest.approx(eigenvalues[0], abs=1e-7)
        w = w - lr * (p - 1) * p * inverse


@pytest.mark.parametrize("depth", CHAINS)
def test_events_of_a_chain(depth):
    run = chain(depth)
    events = {event.kind: event.step for event in run.events}
    above = run.sharpness > run.threshold
    assert events["crosses"] == np.argmax(above)
    assert events["returns"] == np.argmax(above) + np.argmin(above[np.argmax(above) :])
    assert np.argmax(np.diff(run.loss) > 0) < events["spike"]
    assert run.loss[events["spike"]] > run.loss[[events["spike"] - 1, events["spike"] + 1]].max()
    assert events["crosses"] <= events["spike"] < events["settles"]


@pytest.mark.parametrize("depth", CHAINS)
def test_a_chain_stays_sharper_than_the_flattest_minimum(depth):
    run = chain(depth)
    assert run.critical_lr == (pytest.approx(2 / depth), True)
    assert run.sharpness[-1] > depth


@pytest.mark.parametrize("depth", CHAINS)
def test_curves_have_a_row_for_every_step(depth):
    run = chain(depth)
    curves = [run.loss, run.sharpness, run.grad_norm, run.lr, run.lambda_min, run.eigenvalues]
    curves += [run.balance, run.singular_values, run.gfs_sharpness, run.path, run.converged]
    assert {len(curve) for curve in curves} == {run.step}
    np.testing.assert_array_equal(run.path[0], CHAINS[depth][0])
    last = run.path[-1]
    product = last.prod()
    np.testing.assert_allclose(run.weights, last - run.lr[-1] * (product - 1) * product / last)
    np.testing.assert_allclose(run.singular_values[:, 0], np.abs(run.path.prod(axis=1)))
    squares = np.diff(run.path**2, axis=1)
    np.testing.assert_allclose(run.balance, np.abs(squares).max(axis=1))


def outcome_of(seed, part):
    """Of a whitened teacher at ``part`` of its η_C = 2/3; ‖∇L‖² < 1e-18 is converged."""
    run = eosdash.train(
        task="whitened",
        depth=3,
        width=4,
        d_in=2,
        d_out=2,
        singular_values=(1.0, 0.5),
        init_scale=0.5,
        init_scaling="none",
        seed=seed,
        lr=part * 2 / 3,
        steps=3000,
    )
    assert run.critical_lr.value == pytest.approx(2 / 3)
    return run.outcome


@pytest.mark.parametrize(
    ("part", "minima", "diverged"),
    [
        (0.5, 40, 0),
        (0.8, 36, None),
        (0.95, 24, None),
        (1.02, 0, 13),
        (1.1, 0, None),
        (1.3, 0, None),
    ],
)
def test_convergence_stops_at_the_critical_learning_rate(part, minima, diverged):
    outcomes = [outcome_of(seed, part) for seed in range(40)]
    assert outcomes.count("minimum") == minima
    if diverged is not None:
        assert outcomes.count("diverged") == diverged
    assert outcomes.count("saddle") == 0


def regression(lr, steps=1000, **others):
    return eosdash.train(
        task="regression",
        d_in=5,
        d_out=3,
        hidden=(30, 20),
        samples=100,
        init_scale=0.1,
        init_scaling="fan_in",
        lr=lr,
        steps=steps,
        **others,
    )


def test_a_small_step_converges_quietly():
    run = regression(0.2)
    assert run.outcome == "minimum"
    assert run.sharpness.max() < run.threshold
    assert run.sharpness[-1] == pytest.approx(5.18, abs=0.01)
    assert (np.diff(run.loss) <= 1e-15).all()
    assert run.converged.all()


def test_a_larger_step_overshoots_and_converges():
    run = regression(0.35)
    assert run.outcome == "minimum"
    assert run.sharpness.max() > run.threshold > run.sharpness[-1]


def test_too_large_a_step_oscillates_for_ever():
    run = regression(0.45)
    assert (run.outcome, run.period) == ("periodic", 2)
    assert run.critical_lr.value < 0.45


def test_runs_repeat_to_the_last_bit():
    one, two = (regression(0.35, 200, eigenvalues=3, lambda_min=True) for _ in range(2))
    for name in ("loss", "sharpness", "eigenvalues", "lambda_min", "grad_norm", "weights"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert one.events == two.events


def test_a_scheduled_learning_rate_is_followed():
    run = eosdash.train(weights=(1, 1, 1.2, 1), lr=0.1, lr_schedule=((5, 0.3),), steps=10)
    assert run.lr.tolist() == [0.1] * 5 + [0.3] * 5
    assert run.threshold == 20


def test_divergence_is_an_outcome():
    run = eosdash.train(weights=(3, 3, 3, 3), lr=1)
    assert run.outcome == "diverged"
    assert run.step == len(run.loss) < 10
    assert np.isfinite(run.sharpness).all()


def test_bad_input_says_what_is_allowed():
    with pytest.raises(eosdash.ParameterError, match=r"lr: .*allowed: a number above 0 to 100"):
        eosdash.train(lr=-1)


@pytest.mark.parametrize("module", ["eosdash.core", "eosdash"])
def test_the_mathematics_needs_no_web_framework(module):
    code = (
        f"import importlib, pkgutil, sys, {module} as package\n"
        "if package.__name__ == 'eosdash.core':\n"
        "    for found in pkgutil.iter_modules(package.__path__):\n"
        "        importlib.import_module('eosdash.core.' + found.name)\n"
        "print(sorted({'dash', 'flask', 'plotly'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
