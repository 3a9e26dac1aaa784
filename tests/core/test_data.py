"""Data sets against their formulas and their own description."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eosdash.core.networks import data
from eosdash.core.networks.data import chebyshev, digits, moons, spirals, table, toy_regression


@given(st.integers(0, 20), st.integers(2, 60))
def test_chebyshev_polynomials(degree, samples):
    found = chebyshev(degree, samples)
    x = np.array([-1 + 2 * i / (samples - 1) for i in range(samples)])
    np.testing.assert_allclose(found.inputs, x[None], atol=1e-15)
    angle = np.arccos(np.clip(x, -1, 1))
    np.testing.assert_allclose(found.outputs[0], np.cos(degree * angle), atol=1e-12)
    assert found.labels is None


def test_toy_regression():
    found = toy_regression(50, seed=3)
    assert found.inputs.shape == (4, 50)
    for (a, b, c, d), (y,) in zip(found.inputs.T, found.outputs.T, strict=True):
        assert y == pytest.approx(np.sin(a * b) + 0.5 * c**2 + 0.3 * np.cos(d), rel=1e-14)
    many = toy_regression(20_000).inputs
    np.testing.assert_allclose(many.mean(axis=1), 0, atol=0.05)
    np.testing.assert_allclose(np.cov(many), np.eye(4), atol=0.05)


@pytest.mark.parametrize("make", [spirals, moons])
@given(samples=st.integers(2, 200))
def test_two_classes_of_equal_size(make, samples):
    found = make(samples)
    assert found.inputs.shape == found.outputs.shape == (2, samples)
    assert np.bincount(found.labels).tolist() == [(samples + 1) // 2, samples // 2]
    check_classes(found)


def check_classes(found):
    """One-hot columns that say the same as the labels."""
    assert set(np.unique(found.outputs)) <= {0.0, 1.0}
    np.testing.assert_array_equal(found.outputs.sum(axis=0), 1)
    np.testing.assert_array_equal(found.outputs.argmax(axis=0), found.labels)


def test_arms_of_spirals():
    """Without noise a point at radius r is at the angle 2π · turns · r, the other arm opposite."""
    found = spirals(40, noise=0, turns=1.5)
    assert found.labels is not None
    radius = np.linalg.norm(found.inputs, axis=0)
    np.testing.assert_allclose(radius, np.tile(np.arange(1, 21) / 20, 2))
    angle = 3 * np.pi * radius + np.pi * found.labels
    np.testing.assert_allclose(found.inputs / radius, [np.cos(angle), np.sin(angle)], atol=1e-14)


def test_moons_are_half_circles_that_reach_into_each_other():
    found = moons(60, noise=0)
    assert found.labels is not None
    for label, centre, side in ((0, (-0.5, -0.25), 1), (1, (0.5, 0.25), -1)):
        from_centre = found.inputs[:, found.labels == label] - np.array(centre)[:, None]
        np.testing.assert_allclose(np.linalg.norm(from_centre, axis=0), 1)
        assert (side * from_centre[1] >= -1e-15).all()
    upper, lower = found.inputs[:, found.labels == 0], found.inputs[:, found.labels == 1]
    assert lower[0].min() < upper[0].max()
    assert upper[1].min() < lower[1].max()


@pytest.mark.parametrize("make", [spirals, moons])
def test_noise_of_two_classes(make):
    clean, noisy = make(5000, noise=0).inputs, make(5000, noise=0.3, seed=1).inputs
    assert np.std(noisy - clean) == pytest.approx(0.3, rel=0.03)


@pytest.mark.parametrize("make", [spirals, moons, toy_regression, digits])
def test_a_seed_gives_the_same_data_again(make):
    first, again, other = make(40, seed=5), make(40, seed=5), make(40, seed=6)
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.outputs, again.outputs)
    assert not np.array_equal(first.inputs, other.inputs)


def test_one_output_for_two_classes():
    found = moons(11)
    one = found.with_one_output()
    np.testing.assert_array_equal(one.outputs, found.outputs[1:])
    np.testing.assert_array_equal(one.inputs, found.inputs)
    assert one.sizes((3, 4)) == (2, 3, 4, 1)
    for other in (digits(20), chebyshev(), one):
        with pytest.raises(ValueError, match="two classes"):
            other.with_one_output()


def test_numbers_of_a_table_are_standardized():
    rows = ((1.0, 5.0, 10.0), (2.0, 5.0, 40.0), (6.0, 5.0, 10.0))
    found = table(rows)
    assert found.labels is None
    np.testing.assert_allclose(found.inputs[0], np.array([-2, -1, 3]) / np.sqrt(14 / 3))
    np.testing.assert_allclose(found.outputs, np.array([[-1, 2, -1]]) / np.sqrt(2))


@given(st.floats(-1e10, 1e10), st.integers(2, 60))
def test_a_column_that_does_not_vary_is_zero(value, samples):
    found = table(tuple((value, float(i)) for i in range(samples)))
    assert set(found.inputs.ravel()) == {0.0}


def test_classes_of_a_table():
    found = table(((0.0, 2.0), (1.0, 0.0), (2.0, 2.0)), classes=3)
    assert found.labels is not None
    assert found.labels.tolist() == [2, 0, 2]
    assert found.outputs.shape == (3, 3)
    check_classes(found)


def test_all_digits():
    """As many images of each digit as the description of this data set says."""
    found = digits(1797)
    assert found.inputs.shape == (64, 1797)
    assert found.sizes((32, 32)) == (64, 32, 32, 10)
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.bincount(found.labels).tolist() == counts
    levels = 16 * found.inputs
    np.testing.assert_array_equal(levels, levels.round())
    assert (levels.min(), levels.max()) == (0, 16)
    check_classes(found)


def test_digits_look_like_what_they_are():
    """A zero is empty in the middle, and a one is not."""
    found = digits(1797)
    mean = [found.inputs[:, found.labels == k].mean(axis=1).reshape(8, 8) for k in range(10)]
    assert mean[0][3:5, 3:5].max() < 0.25 < 0.5 < mean[1][3:5, 3:5].min()
    bar = mean[7][0:2].mean() - mean[7][6:8].mean()
    assert bar > 0.1  # a seven has its bar at the top


@given(st.integers(1, 1740), st.integers(0, 20))
def test_subsets_of_digits_are_balanced(samples, seed):
    found = digits(samples, seed)
    counts = np.bincount(found.labels, minlength=10)
    assert counts.sum() == samples
    assert counts.max() - counts.min() <= 1
    check_classes(found)


def test_a_subset_holds_no_image_twice():
    everything, some = digits(1797), digits(900, seed=2)
    assert len(np.unique(some.inputs, axis=1).T) == 900
    whole = {image.tobytes() for image in everything.inputs.T}
    assert {image.tobytes() for image in some.inputs.T} <= whole
    smaller = digits(300, seed=2)
    np.testing.assert_array_equal(smaller.inputs, some.inputs[:, :300])


def test_the_digits_are_credited():
    text = data.DIGITS.with_suffix(".txt").read_text(encoding="utf-8")
    for words in ("E. Alpaydin", "C. Kaynak", "UCI", "10.24432/C50P49", "CC BY 4.0", "Changes:"):
        assert words in text
    assert digits.__doc__ is not None
    assert "CC BY 4.0" in digits.__doc__


@pytest.mark.parametrize(
    ("make", "arguments", "words"),
    [
        (chebyshev, (-1,), "0 or more"),
        (chebyshev, (3, 1), "at least 2 samples"),
        (toy_regression, (0,), "at least 1 samples"),
        (spirals, (1,), "at least 2 samples"),
        (moons, (1,), "at least 2 samples"),
        (digits, (0,), "at least 1 samples"),
        (digits, (1798,), "1797 images, not 1798"),
    ],
)
def test_impossible_numbers_are_refused(make, arguments, words):
    with pytest.raises(ValueError, match=words):
        make(*arguments)
