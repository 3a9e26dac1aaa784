"""eosdash: gradient descent at large learning rates, seen and computed."""

from eosdash import theory
from eosdash.basins import BasinResult, basin
from eosdash.checks import TheoryResult, check_theory
from eosdash.explanations import ExplainResult, explain
from eosdash.fields import ParameterError
from eosdash.runs import TrainResult, train
from eosdash.sweeps import SweepResult, sweep

__all__ = [
    "BasinResult",
    "ExplainResult",
    "ParameterError",
    "SweepResult",
    "TheoryResult",
    "TrainResult",
    "basin",
    "check_theory",
    "explain",
    "sweep",
    "theory",
    "train",
]
__version__ = "0.1.0"
