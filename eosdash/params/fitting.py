"""What suits a network where nothing is said: the scale of its start, and the learning rate."""

from typing import TYPE_CHECKING

from eosdash.core.step_size import suited_lr
from eosdash.fields import remembered
from eosdash.problem import objective_of, start_of

if TYPE_CHECKING:
    from eosdash.params.network import NetworkParams

KEEPING = 1.41
"""Scale at which ReLU keeps the size of signals from layer to layer, about √2 (He et al. 2015), and
GELU nearly so."""

FITTED = ("init_scaling", "init_scale", "lr")
"""Fields that suit the rest of a parameter set unless they are given, in the order in which one
depends on another."""


def scaling_for(params: "NetworkParams") -> str:
    """Fan-in, but where a chain of single weights makes no difference."""
    chain = params.is_linear and max(params.sizes[:-1]) == 1
    return "none" if chain and params.applies("width") else "fan_in"


def scale_for(params: "NetworkParams") -> float:
    """1, or where signals would die away what keeps them."""
    dying = params.activation in ("relu", "gelu") and params.init_scaling == "fan_in"
    return KEEPING if dying and params.init not in ("uniform", "balanced") else 1.0


@remembered
def lr_for(params: "NetworkParams") -> float:
    """:func:`eosdash.core.step_size.suited_lr` at the start."""
    objective = objective_of(params)
    return suited_lr(objective, start_of(params, objective))


def digits(value: float) -> float:
    """Three digits of a number."""
    return float(f"{value:.3g}")
