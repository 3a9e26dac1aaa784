"""The order of work along a trajectory whose first points are far apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eosdash.core.curvature import spectrum
from eosdash.core.curvature.curvature import Curvature
from eosdash.core.curvature.spectrum import SpectrumTracker
from eosdash.core.descent.gradient_descent import Stretch, descend
from eosdash.core.eigen.refinement import coarse_to_fine
from eosdash.core.networks.initialization import gaussian
from eosdash.core.networks.tasks import regression_objective


@given(st.integers(1, 500), st.booleans(), st.integers(2, 12), st.integers(1, 6))
def test_each_pair_comes_once_and_after_those_it_starts_from(pairs, carried, spacing, strides):
    solved, levels = {-1}, list(coarse_to_fine(pairs, carried, spacing, strides))
    for level in levels:
        assert set(level.nodes.ravel().tolist()) <= solved
        assert solved.isdisjoint(level.pairs.tolist())
        np.testing.assert_allclose(level.weights.sum(axis=1), 1)
        solved.update(level.pairs.tolist())
    assert solved == set(range(-1, pairs))
    assert levels[0].first


@given(st.integers(1, 500), st.booleans(), st.integers(2, 12), st.integers(1, 6))
def test_only_pairs_with_neighbours_nearby_rely_on_them(pairs, carried, spacing, strides):
    known = {-1} if carried else set()
    for level in coarse_to_fine(pairs, carried, spacing, strides):
        if not level.first:
            assert np.diff(sorted(known)).max() <= spacing
        known.update(level.pairs.tolist())


def products(objective, stretches, monkeypatch) -> int:
    """Hessian products that the eigenvalues along these stretches take."""
    counts, product = [], Curvature.__call__

    def counted(curvature: Curvature, block):
        counts.append(block.shape[0] * block.shape[1])
        return product(curvature, block)

    with monkeypatch.context() as patch:
        patch.setattr(Curvature, "__call__", counted)
        tracker = SpectrumTracker(objective)
        assert all(tracker(stretch).converged.all() for stretch in stretches)
    return sum(counts)


@pytest.mark.parametrize("sizes", [(3, 16, 12, 2), (4, 11, 9, 10, 3)])
def test_the_points_that_others_start_from_help_each_other_too(sizes, monkeypatch):
    objective = regression_objective(sizes, samples=30)
    start = gaussian(objective.network, 0.6, 2, fan_in=True)
    run = descend(objective, start, 0.1, 260)
    stretches = [part.path for part in run if isinstance(part, Stretch)]
    helped = products(objective, stretches, monkeypatch)
    monkeypatch.setattr(spectrum, "STRIDES", 1)
    assert helped < 0.98 * products(objective, stretches, monkeypatch)
