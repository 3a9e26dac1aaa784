"""Non-linear networks against a loop over samples and neurons, and against differences of it."""

from itertools import pairwise, product
from math import erf, exp, inf, log, log1p, sqrt, tanh
from operator import mul

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from eosdash.core.networks.activations import ACTIVATIONS
from eosdash.core.networks.criteria import criterion_of, softmax
from eosdash.core.networks.nonlinear import NonlinearNetwork, NonlinearObjective
from eosdash.core.networks.tasks import regression_objective
from tests.core.brute_force import regression
from tests.depth import examples

PHI = {
    "tanh": tanh,
    "relu": lambda u: max(u, 0.0),
    "gelu": lambda u: u * (1 + erf(u / sqrt(2))) / 2,
    "softplus": lambda u: max(u, 0.0) + log1p(exp(-abs(u))),
    "linear": lambda u: u,
}
CASES = list(product(PHI, (True, False), ("squared", "entropy", "logistic"), (0.0, 0.3)))
every_case = pytest.mark.parametrize(("activation", "biases", "task", "decay"), CASES)
SIZES = st.lists(st.integers(1, 4), min_size=2, max_size=5).map(tuple)
some = settings(max_examples=examples(40))


def problem(activation, biases, task="squared", decay=0.0, sizes=(2, 3, 4, 2), samples=4, seed=0):
    """An objective on random data, and a random point at which no ReLU is near its kink."""
    rng = np.random.default_rng(seed)
    sizes = (*sizes[:-1], 1) if task == "logistic" else sizes
    network = NonlinearNetwork(sizes, activation, biases)
    inputs = rng.standard_normal((sizes[0], samples))
    classes = rng.integers(sizes[-1], size=samples)
    outputs = {
        "squared": rng.standard_normal((sizes[-1], samples)),
        "entropy": np.eye(sizes[-1])[classes].T,
        "logistic": rng.integers(2, size=(1, samples)).astype(float),
    }[task]
    loss = "squared" if task == "squared" else "cross_entropy"
    objective = NonlinearObjective(network, inputs, outputs, loss, decay)
    theta = 0.7 * rng.standard_normal(network.parameters)
    while activation == "relu" and kink_distance(objective, theta) < 1e-3:
        theta = 0.7 * rng.standard_normal(network.parameters)
    return objective, theta


def cut(network, theta):
    """Weights and biases as lists of rows, read off the flat vector in order."""
    numbers, layers = list(theta), []
    for columns, rows in pairwise(network.sizes):
        weights = [[numbers.pop(0) for _ in range(columns)] for _ in range(rows)]
        shifts = [numbers.pop(0) if network.biases else 0.0 for _ in range(rows)]
        layers.append((weights, shifts))
    assert not numbers
    return layers


def sums_of_one(network, layers, x):
    """What reaches every neuron of every layer, for one sample."""
    phi, signal, sums = PHI[network.activation], list(x), []
    for weights, shifts in layers:
        if sums:
            signal = [phi(u) for u in sums[-1]]
        sums.append([sum(map(mul, row, signal), b) for row, b in zip(weights, shifts, strict=True)])
    return sums


def cost_of_one(objective, z, y):
    if objective.loss_name == "squared":
        return sum((a - b) ** 2 for a, b in zip(z, y, strict=True)) / 2
    if len(z) == 1:
        z, y = [0.0, z[0]], [1 - y[0], y[0]]
    return log(sum(exp(a) for a in z)) - sum(a * b for a, b in zip(z, y, strict=True))


def slow_loss(objective, theta):
    """L(θ) of one θ (P,), sample by sample and neuron by neuron."""
    network = objective.network
    layers = cut(network, theta.tolist())
    total = 0.0
    for x, y in zip(objective.inputs.T.tolist(), objective.outputs.T.tolist(), strict=True):
        total += cost_of_one(objective, sums_of_one(network, layers, x)[-1], y)
    decay = objective.weight_decay * sum(t * t for t in theta.tolist()) / 2
    return total / objective.inputs.shape[1] + decay


def kink_distance(objective, theta):
    """How close any hidden neuron is to zero."""
    layers = cut(objective.network, theta.tolist())
    sums = [sums_of_one(objective.network, layers, x)[:-1] for x in objective.inputs.T.tolist()]
    return min((abs(u) for one in sums for layer in one for u in layer), default=inf)


def differences(function, theta, h):
    """Central differences of fourth order, one row a parameter."""
    rows = []
    for e in h * np.eye(len(theta)):
        near = function(theta + e) - function(theta - e)
        far = function(theta + 2 * e) - function(theta - 2 * e)
        rows.append((8 * near - far) / (12 * h))
    return np.array(rows)


def test_every_activation_is_tested():
    assert set(PHI) == set(ACTIVATIONS)


@every_case
def test_loss_is_that_of_a_loop(activation, biases, task, decay):
    objective, theta = problem(activation, biases, task, decay)
    assert objective.loss(theta) == pytest.approx(slow_loss(objective, theta), rel=1e-13)


@every_case
def test_gradient_is_the_slope_of_the_loop(activation, biases, task, decay):
    objective, theta = problem(activation, biases, task, decay)
    slope = differences(lambda t: slow_loss(objective, t), theta, 1e-4)
    np.testing.assert_allclose(objective.gradient(theta), slope, atol=1e-9)


@every_case
def test_hessian_is_the_change_of_the_gradient(activation, biases, task, decay):
    objective, theta = problem(activation, biases, task, decay)
    change = differences(objective.gradient, theta, 1e-4)
    np.testing.assert_allclose(objective.hessian(theta), change, atol=1e-9)


@pytest.mark.parametrize("task", ["squared", "entropy", "logistic"])
@pytest.mark.parametrize("activation", PHI)
def test_curvature_is_the_second_difference_of_the_loop(activation, task):
    objective, theta = problem(activation, True, task, 0.1)
    for v in np.random.default_rng(3).standard_normal((3, len(theta))):
        v, h = v / np.linalg.norm(v), 1e-4
        ends = slow_loss(objective, theta + h * v) + slow_loss(objective, theta - h * v)
        second = (ends - 2 * slow_loss(objective, theta)) / h**2
        curvature = v @ objective.linearize(theta).hessian_product(v)
        assert curvature == pytest.approx(second, abs=2e-6)


@some
@given(SIZES, st.sampled_from(sorted(PHI)), st.booleans(), st.integers(1, 7), st.integers(0, 999))
def test_loss_and_gradient_of_any_shape(sizes, activation, biases, samples, seed):
    objective, theta = problem(activation, biases, "squared", 0.1, sizes, samples, seed)
    assert objective.loss(theta) == pytest.approx(slow_loss(objective, theta), rel=1e-12)
    slope = differences(lambda t: slow_loss(objective, t), theta, 1e-4)
    np.testing.assert_allclose(objective.gradient(theta), slope, atol=1e-7)


@every_case
def test_batch_axes(activation, biases, task, decay):
    objective, theta = problem(activation, biases, task, decay)
    rng = np.random.default_rng(1)
    points = theta + 0.1 * rng.standard_normal((2, 3, len(theta)))
    directions = rng.standard_normal(points.shape)
    loss, gradient = objective.loss(points), objective.gradient(points)
    products = objective.linearize(points).hessian_product(directions)
    hessian = objective.hessian(points)
    assert loss.shape == (2, 3)
    for place in np.ndindex(2, 3):
        point, v = points[place], directions[place]
        assert loss[place] == pytest.approx(float(objective.loss(point)), rel=1e-13)
        np.testing.assert_allclose(gradient[place], objective.gradient(point), atol=1e-13)
        np.testing.assert_allclose(hessian[place], objective.hessian(point), atol=1e-12)
        np.testing.assert_allclose(products[place], hessian[place] @ v, atol=1e-12)


def test_directions_are_broadcast_against_points():
    objective, theta = problem("tanh", True)
    directions = np.random.default_rng(0).standard_normal((4, len(theta)))
    products = objective.linearize(theta[None]).hessian_product(directions)
    np.testing.assert_allclose(products, directions @ objective.hessian(theta), atol=1e-13)


@given(SIZES, st.booleans())
def test_flat_is_the_inverse_of_layers_and_shifts(sizes, biases):
    network = NonlinearNetwork(sizes, biases=biases)
    theta = np.arange(2.0 * network.parameters).reshape(2, -1)
    layers, shifts = network.layers(theta), network.shifts(theta)
    assert [layer.shape[1:] for layer in layers] == [(n, m) for m, n in pairwise(sizes)]
    assert [shift.shape[1:] for shift in shifts] == [(n,) for n in sizes[1:]] * biases
    np.testing.assert_array_equal(network.flat(layers, shifts), theta)


def test_order_of_a_parameter_vector():
    network = NonlinearNetwork((2, 2, 1))
    theta = np.arange(9.0)
    first, second = network.layers(theta)
    np.testing.assert_array_equal(first, [[0, 1], [2, 3]])
    np.testing.assert_array_equal(second, [[6, 7]])
    assert [shift.tolist() for shift in network.shifts(theta)] == [[4, 5], [8]]
    assert network.flat([first, second]).tolist() == [0, 1, 2, 3, 0, 0, 6, 7, 0]
    assert network.depth == 2
    assert network.parameters == 9


@pytest.mark.parametrize("decay", [0.0, 0.2])
@pytest.mark.parametrize("sizes", [(3, 2), (3, 4, 2), (2, 3, 4, 1)])
def test_without_activation_it_is_the_linear_network(sizes, decay):
    linear, raw = regression_objective(sizes, 9, 0.7, weight_decay=decay), regression(sizes, 9, 0.7)
    network = NonlinearNetwork(sizes, "linear", biases=False)
    objective = NonlinearObjective(network, raw.inputs, raw.outputs, weight_decay=decay)
    theta = 0.7 * np.random.default_rng(0).standard_normal(network.parameters)
    assert objective.loss(theta) == pytest.approx(float(linear.loss(theta)), rel=1e-12)
    np.testing.assert_allclose(objective.gradient(theta), linear.gradient(theta), atol=1e-12)
    np.testing.assert_allclose(objective.hessian(theta), linear.hessian(theta), atol=1e-12)


def test_predictions_on_other_inputs():
    objective, theta = problem("tanh", True)
    other = np.array([[0.3, -1.0, 0.0], [2.0, 0.1, 0.5]])
    layers = cut(objective.network, theta.tolist())
    expected = [sums_of_one(objective.network, layers, x)[-1] for x in other.T.tolist()]
    np.testing.assert_allclose(objective.predict(theta, other), np.transpose(expected), atol=1e-14)
    np.testing.assert_array_equal(
        objective.predict(theta), objective.predict(theta, objective.inputs)
    )


def test_a_batch_has_the_mean_loss_of_its_samples():
    objective, theta = problem("gelu", True, "entropy", 0.1)
    alone = [objective.batch(np.array([i])).loss(theta) for i in (3, 1)]
    assert objective.batch(np.array([3, 1])).loss(theta) == pytest.approx(np.mean(alone))
    assert objective.samples == 4


def test_two_logits_and_one_are_the_same_classifier():
    """z of class 1 against 0 of class 0."""
    z = np.array([[-3.0, 0.2, 40.0]])
    y = np.array([[0.0, 1.0, 1.0]])
    two = np.concatenate([0 * z, z]), np.concatenate([1 - y, y])
    one, both = criterion_of("cross_entropy", 1), criterion_of("cross_entropy", 2)
    assert one.value(z, y) == pytest.approx(float(both.value(*two)), rel=1e-14)
    np.testing.assert_allclose(one.slope(z, y)[0], both.slope(*two)[1], rtol=1e-13)
    dz = np.array([[0.3, -1.0, 2.0]])
    curved = both.curve(both.spread(two[0]), np.concatenate([0 * dz, dz]))
    np.testing.assert_allclose(one.curve(one.spread(z), dz)[0], curved[1], atol=1e-16)


@pytest.mark.parametrize("ahead", [3.0, 40.0, 90.0])
def test_the_curvature_of_a_sure_cross_entropy_keeps_its_precision(ahead):
    """Of two classes it is p (1 − p) times the change of the difference."""
    logits = np.array([[0.7], [0.7 - ahead]])
    change = np.array([[5.0], [3.0]])
    criterion = criterion_of("cross_entropy", 2)
    expected = 2.0 * expit(ahead) * expit(-ahead)
    for flip in (slice(None), slice(None, None, -1)):
        found = criterion.curve(criterion.spread(logits[flip]), change[flip])
        np.testing.assert_allclose(found[flip], [[expected], [-expected]], rtol=1e-12)
    several = criterion.curve(
        criterion.spread(logits), change * np.array([1.0, 2.0])[:, None, None]
    )
    np.testing.assert_allclose(several[:, 0, 0], [expected, 2 * expected], rtol=1e-12)


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_tiny_cross_entropy_keeps_its_precision(outputs):
    """log(1 + (k − 1) e⁻⁵⁰), which 1 − p would lose altogether."""
    z, y = np.zeros((outputs, 1)), np.zeros((outputs, 1))
    z[-1], y[-1] = 50.0, 1.0
    criterion, small = criterion_of("cross_entropy", outputs), max(outputs - 1, 1) * exp(-50.0)
    assert criterion.value(z, y) == pytest.approx(small, rel=1e-12, abs=0)
    assert criterion.slope(z, y)[-1, 0] == pytest.approx(-small, rel=1e-12, abs=0)


def test_probabilities_sum_to_one():
    chances = softmax(np.array([[1e300, -5.0], [0.0, 2.0], [-1e300, 2.0]]))
    np.testing.assert_allclose(chances.sum(axis=0), 1.0)
    np.testing.assert_allclose(chances[:, 0], [1, 0, 0])


@pytest.mark.parametrize("activation", PHI)
def test_derivatives_of_activations_far_from_zero(activation):
    """Finite, and those of the asymptotes, without a warning."""
    phi, u = ACTIVATIONS[activation], np.array([-1e300, -1e3, 1e3, 1e300])
    right = {"tanh": 0, "relu": 1, "gelu": 1, "softplus": 1, "linear": 1}[activation]
    left = 1 if activation == "linear" else 0
    h = phi.value(u)
    slope = phi.slope(u, h)
    np.testing.assert_allclose(slope, [left, left, right, right], atol=1e-12)
    if phi.bend is not None:
        np.testing.assert_allclose(phi.bend(u, h, slope), 0.0, atol=1e-12)
    assert phi.odd == bool(np.array_equal(phi.value(-u), -h))


def test_at_its_kink_a_relu_has_slope_zero():
    assert ACTIVATIONS["relu"].slope(np.zeros(1), np.zeros(1)).tolist() == [0.0]


@pytest.mark.parametrize("task", ["squared", "entropy", "logistic"])
@pytest.mark.parametrize("activation", PHI)
@pytest.mark.parametrize("size", [1e160, 1e308, inf, np.nan])
def test_numbers_too_large_come_without_a_warning(activation, task, size):
    objective, theta = problem(activation, True, task, 0.1)
    at = objective.linearize(theta * size)
    assert not np.isfinite(objective.loss(theta * size))
    at.hessian_product(theta)
    objective.hessian(theta * size)
    assert at.gradient.shape == theta.shape
    if not np.isfinite(size):
        assert not np.isfinite(at.gradient).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inputs": np.ones((2, 4))}, "inputs have shape"),
        ({"outputs": np.ones((2, 5))}, "outputs have shape"),
        ({"outputs": np.ones((3, 4))}, "outputs have shape"),
        ({"loss_name": "cross_entropy"}, "one 1, else zeros"),
        ({"loss_name": "cross_entropy", "outputs": np.zeros((2, 4))}, "one 1, else zeros"),
        ({"loss_name": "hinge", "outputs": np.eye(2)[:, [0, 1, 1, 0]]}, "no loss is called"),
    ],
)
def test_data_that_do_not_fit_are_refused(change, words):
    fitting = {"inputs": np.ones((3, 4)), "outputs": np.ones((2, 4))}
    with pytest.raises(ValueError, match=words):
        NonlinearObjective(NonlinearNetwork((3, 4, 2)), **(fitting | change))


def test_one_output_for_cross_entropy_is_0_or_1():
    data = np.ones((1, 2)), np.array([[0.0, 2.0]])
    with pytest.raises(ValueError, match="one 1, else zeros"):
        NonlinearObjective(NonlinearNetwork((1, 1)), *data, "cross_entropy")


@pytest.mark.parametrize(
    ("sizes", "activation", "words"),
    [
        ((2, 2), "sine", "no activation is called 'sine'"),
        ((2,), "tanh", "two or more"),
        ((2, 0, 1), "tanh", "positive"),
    ],
)
def test_networks_that_are_none_are_refused(sizes, activation, words):
    with pytest.raises(ValueError, match=words):
        NonlinearNetwork(sizes, activation)
