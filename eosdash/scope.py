"""What runs, maps and sweeps are of, and how they are meant, in a few sentences."""

from eosdash.basins import is_flowed
from eosdash.claims import failing, why_not
from eosdash.params import BasinParams, NetworkParams, SweepParams, TrainParams
from eosdash.setting import setting_of
from eosdash.words import ACTIVATION_NAMES

METHODS = {
    "gradient_descent": "[[gradient descent]]",
    "heavy_ball": "heavy-ball momentum",
    "nesterov": "Nesterov momentum",
}
MINIMUM = (
    "A minimum is where the gradient vanishes and the loss curves down in no direction, be it the "
    "lowest or not; at a [[saddle]] it curves down in one."
)
FLOW_END = "where [[gradient flow]] from the start ends"
LOW_POINT = "a low point that L-BFGS reaches from the start"
NOT_OF_THESE = "The theorems and η_C are about linear networks, and not about this one"
STARTING = "2/S(θ₀), with S the sharpness at the start: a scale, and no limit of convergence."


def run_scope(params: TrainParams) -> str:
    """What a run is of."""
    batch = params.rule.batch_size
    drawn = f"mini-batches of {batch}" if batch else "full-batch"
    words = f"{_network(params)}, {drawn} {METHODS[params.optimizer]} with the step as given."
    if batch:
        words += (
            " Loss, gradient and sharpness are of all samples, and the dashed line is the "
            "threshold of full batches: small ones may lose stability far below it."
        )
    if params.rule.momentum:
        also = " and η_C" if params.is_linear else ""
        words += f" Threshold{also} of this optimizer, on a quadratic loss: Cohen et al. 2021."
    return f"{words}{_theory(params)}" if params.is_linear else f"{words} {NOT_OF_THESE}."


def map_scope(params: BasinParams) -> str:
    """What a map is of."""
    words = (
        f"{_constant(params)}, from every pixel by itself. [[Fates]] are found by running, in "
        "double precision: undecided means that the steps were too few to tell."
    )
    if params.plane == "points" or (params.applies("center") and params.center == "minimizer"):
        words += f" The minimizer is {FLOW_END if is_flowed(params) else LOW_POINT}."
    if params.is_linear:
        return f"{words}{_theory(params)}"
    words += f" {MINIMUM}"
    return f"{words} {NOT_OF_THESE}; learning rates are played up to a multiple of {STARTING}"


def sweep_scope(params: SweepParams) -> str:
    """What a sweep is of."""
    words = (
        f"{_constant(params)}. Shares are of random starts, with Wilson's "
        "[[95 % interval|confidence]]; none of N converging is evidence, not proof."
    )
    if params.is_linear:
        # Over depth or width the largest network stands for all.
        return f"{words}{_theory(_largest(params))}"
    words += f" {MINIMUM} {NOT_OF_THESE}"
    if params.over == "lr" and params.units == "absolute":
        return f"{words}."
    start = "the start" if params.over == "lr" else "the first random start of each column"
    return f"{words}; learning rates are in units of {STARTING.replace('the start', start)}"


def _largest(params: NetworkParams) -> NetworkParams:
    if not isinstance(params, SweepParams) or params.over == "lr":
        return params
    return params.model_copy(update={str(params.over): int(params.high)})


def _theory(params: NetworkParams) -> str:
    """Why too large a step may converge on a linear network all the same; nothing where the
    theorem holds, or η_C is infinite."""
    setting = setting_of(params, "measure_zero")
    need = failing("measure_zero", setting)
    if need in (None, "finite"):
        return ""
    return f" {why_not('measure_zero', setting)}"


def _constant(params: NetworkParams) -> str:
    steps = "full-batch [[gradient descent]] without momentum, with a constant step"
    return f"{_network(params)}, {steps}"


def _network(params: NetworkParams) -> str:
    name = ACTIVATION_NAMES[params.activation]
    loss = "cross-entropy" if params.has_logits else "squared loss"
    return f"{name[0].upper()}{name[1:]} network, {loss}"
