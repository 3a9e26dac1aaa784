"""eosdash: gradient descent at large learning rates, seen and computed."""

from eosdash import theory
from eosdash.basins import BasinResult, basin
from eosdash.fields import ParameterError
from eosdash.runs import TrainResult, train
from eosdash.sweeps import SweepResult, sweep

__all__ = [
    "BasinResult",
    "ParameterError",
    "SweepResult",
    "TrainResult",
    "basin",
    "sweep",
    "theory",
    "train",
]
__version__ = "0.1.0"
