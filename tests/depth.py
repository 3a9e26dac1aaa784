"""How deep property tests and fuzzing look.

``make test`` looks at the same examples each time, so that it is green or red for a reason;
``make test-thorough`` looks at twenty times as many, at others each time.
"""

from hypothesis import settings

MODERATE = "moderate"

# How long an example takes says more about a busy machine than about the code.
settings.register_profile(
    MODERATE, max_examples=100, deadline=None, derandomize=True, database=None
)
settings.register_profile("thorough", max_examples=2000, deadline=None, derandomize=False)


def examples(moderate: float) -> int:
    """How many examples there are in this run, of a test that has ``moderate`` ones at least."""
    return max(1, round(moderate * settings.default.max_examples / 100))
