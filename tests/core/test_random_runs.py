"""A few steps of the benchmark of eigenvalues."""

import pytest

from benchmarks.eigenvalues import FAMILIES, examine


@pytest.mark.parametrize("place", [p for p, family in enumerate(FAMILIES) if family.share > 0.05])
def test_random_runs_have_no_false_eigenvalue(place):
    tally = examine(FAMILIES[place], place, 20, 10)
    assert tally.steps >= 10
    assert (tally.false, tally.outside) == (0, 0)
    assert tally.converged >= 0.97 * tally.steps
