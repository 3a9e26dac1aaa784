"""What maps and sweeps are of, and how they are meant, in a few sentences."""

from eosdash.params import BasinParams, NetworkParams, SweepParams
from eosdash.words import ACTIVATION_NAMES, MAP_SCOPE, SWEEP_SCOPE

MINIMUM = (
    "A minimum is where the gradient vanishes and the loss curves down in no direction, be it the "
    "lowest or not; at a saddle it curves down in one."
)
NOT_OF_THESE = "The theorems and η_C are about linear networks, and not about this one"
STARTING = "2/S(θ₀), with S the sharpness at the start: a scale, and no limit of convergence."


def map_scope(params: BasinParams) -> str:
    """What a map is of."""
    if params.is_linear:
        return MAP_SCOPE
    words = (
        f"{_method(params)}, from every pixel by itself. Fates are found by running, in double "
        f"precision: undecided means still moving when the steps were spent. {MINIMUM}"
    )
    if params.plane == "points" or (params.applies("center") and params.center == "minimizer"):
        words += " The minimizer is a low point that L-BFGS reaches from the start."
    return f"{words} {NOT_OF_THESE}; learning rates are played up to a multiple of {STARTING}"


def sweep_scope(params: SweepParams) -> str:
    """What a sweep is of."""
    if params.is_linear:
        return SWEEP_SCOPE
    words = (
        f"{_method(params)}. Shares are of random starts, with Wilson's 95 % interval; none of N "
        f"converging is evidence, not proof. {MINIMUM} {NOT_OF_THESE}"
    )
    if params.over == "lr" and params.units == "absolute":
        return f"{words}."
    start = "the start" if params.over == "lr" else "the first random start of each column"
    return f"{words}; learning rates are in units of {STARTING.replace('the start', start)}"


def _method(params: NetworkParams) -> str:
    loss = "cross-entropy" if params.has_logits else "squared loss"
    name = ACTIVATION_NAMES[params.activation]
    kind = name[0].upper() + name[1:]
    return f"{kind} network, {loss}, full-batch gradient descent with a constant step"
