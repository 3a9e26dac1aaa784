"""eosdash: gradient descent at large learning rates, seen and computed."""

from eosdash.fields import ParameterError
from eosdash.runs import TrainResult, train

__all__ = ["ParameterError", "TrainResult", "train"]
__version__ = "0.1.0"
