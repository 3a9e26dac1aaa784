"""A run in words: what is computed, and what was seen."""

from eosdash.basins import is_flowed
from eosdash.core.descent.course import Course
from eosdash.core.descent.critical_points import CriticalPoint
from eosdash.core.descent.gradient_descent import Ending
from eosdash.core.maps.boundary import Fraction
from eosdash.core.maps.slices import weight_name
from eosdash.core.outcome import Outcome
from eosdash.core.theory.critical import CriticalLearningRate
from eosdash.params import BasinParams, NetworkParams, SweepParams, TrainParams
from eosdash.reference import STARTING_SYMBOL, SYMBOL
from eosdash.shares import percent

AT_THE_EDGE = 0.9
"""A final sharpness above this fraction of 2/η is called settling at the edge."""


ACTIVATION_NAMES = {
    "linear": "linear",
    "tanh": "tanh",
    "relu": "ReLU",
    "gelu": "GELU",
    "softplus": "softplus",
}

OUTCOME_WORDS = {
    Outcome.MINIMUM: "gradient zero, at a minimum",
    Outcome.SADDLE: "gradient zero, at a [[saddle]]",
    Outcome.PERIODIC: "repeats after some steps",
    Outcome.BOUNDED: "so far: neither settles nor repeats",
    Outcome.DIVERGED: "leaves every ball",
    Outcome.UNDECIDED: "too few steps to tell",
}

CRITICAL_POINT_WORDS: dict[str, str] = {
    CriticalPoint.LOCAL: "local minimum",
    CriticalPoint.UNSTABLE: "minimum, not stable",
    CriticalPoint.FLAT: "flat region",
}
"""What the outcome alone does not say of a critical point."""


def relative_lr(lr: float, critical: CriticalLearningRate | None) -> str:
    """η in units of η_C, or nothing where η_C is infinite or there is none."""
    ratio = lr / critical.value if critical else 0.0
    return f" = {ratio:.3g} η_C" if ratio else ""


def setup_words(params: NetworkParams, critical: CriticalLearningRate | None) -> str:
    """The network, its task and its learning rate in one sentence."""
    words = f"{_network_words(params)} {_task_words(params)}"
    if not params.applies("lr"):
        return f"{words}."
    momentum = ""
    if isinstance(params, TrainParams) and params.rule.momentum:
        momentum = f" and β = {params.momentum:g}"
    return f"{words} with η = {params.lr:.4g}{relative_lr(params.lr, critical)}{momentum}."


def _network_words(params: NetworkParams) -> str:
    depth, inner = params.depth, params.sizes[1:-1]
    name = ACTIVATION_NAMES[params.activation]
    if isinstance(params, SweepParams) and params.over != "lr":
        return _sizes_words(params, name)
    if max(params.sizes) == 1 and params.is_linear:
        return "One weight" if depth == 1 else f"A chain of {depth} weights"
    if not inner:
        return "A single linear layer"
    widths = (inner[0],) if len(set(inner)) == 1 else inner
    return f"A {name} network of {depth} layers, {', '.join(map(str, widths))} wide,"


def _sizes_words(params: SweepParams, name: str) -> str:
    """The networks of a sweep over depth or width."""
    sizes = f"{params.low:g} to {params.high:g}"
    if params.over == "depth":
        return f"A {name} network of {sizes} layers, {params.width} wide,"
    return f"A {name} network of {params.depth} layers, {sizes} wide,"


def _task_words(params: NetworkParams) -> str:
    shape = f"{params.sizes[-1]} × {params.sizes[0]}"
    n = params.sample_count
    return {
        "scalar": f"learns y = {params.target:g}",
        "whitened": f"learns a {shape} matrix on whitened data",
        "regression": f"learns a {shape} regression on {n} samples",
        "chebyshev": f"learns the Chebyshev polynomial of degree {params.degree} at {n} points",
        "toy": f"learns y = sin(x₀x₁) + ½x₂² + 0.3 cos x₃ on {n} samples",
        "spirals": f"tells two spirals apart by {n} points",
        "moons": f"tells two half moons apart by {n} points",
        "digits": f"reads handwritten digits, {n} of them,",
        "csv": f"learns your {n} rows of {params.sizes[0]} inputs",
    }[params.task]


RESTING_WORDS = {
    CriticalPoint.LOCAL: "Ends at a local minimum: the loss falls in no direction, but {elsewhere}",
    CriticalPoint.UNSTABLE: "Rests on a minimum that is too sharp to be stable at this learning "
    "rate: from anywhere beside it gradient descent leaves",
    CriticalPoint.SADDLE: "Ends at a [[saddle]]: the gradient vanishes, and the loss is lower "
    "nearby",
    CriticalPoint.FLAT: "Rests where the gradient vanishes, and in some direction the curvature: "
    "neither tells whether this is a minimum",
}
"""What is seen of a run that rests on something else than a global minimum."""


def badge_words(ending: Ending) -> str:
    """The outcome in a word, or what kind of rest it is."""
    return CRITICAL_POINT_WORDS.get(ending.critical_point, str(ending.outcome))


def outcome_words(ending: Ending, course: Course, edge: str = "2/η", linear: bool = True) -> str:
    """What was seen, in one sentence that names the edge of stability, the threshold ``edge``,
    where it shows; with marks of terms."""
    if ending.outcome is Outcome.DIVERGED:
        return f"Diverges at step {ending.step - 1:,}: the step is too large for this start"
    if ending.outcome is Outcome.PERIODIC:
        return f"Ends on an orbit of [[period]] {ending.period}: bounded, and never converging"
    if ending.outcome is Outcome.BOUNDED and (linear or course.above is None):
        return "Bounded so far, without converging and without a period"
    if ending.critical_point in RESTING_WORDS:
        lower = "is lower elsewhere" if linear else "may be lower elsewhere"
        return RESTING_WORDS[ending.critical_point].format(elsewhere=lower)
    if course.above is None:
        stays = "stays below" if course.below else "does not exceed"
        if course.rises is not None:
            return f"[[Sharpness]] {stays} {_marked(edge)}, though the loss rises at times"
        quiet = "and the descent is quiet: the loss never rises"
        return f"[[Sharpness]] {stays} {_marked(edge)}, {quiet}"
    gets = "climbs past" if course.climbs else "passes" if course.above else "starts above"
    return f"[[Sharpness]] {gets} {_marked(edge)} {_later_words(course, ending, edge)}"


def _marked(edge: str) -> str:
    return f"[[{edge}|threshold]]"


def _later_words(course: Course, ending: Ending, edge: str) -> str:
    """What becomes of a sharpness that was above the edge."""
    at = f"{course.ratio:.3f} · {edge}"
    if course.settled is not None and course.ratio > AT_THE_EDGE:
        return f"and settles at {at}"
    settles = f", and settles at {at}" if course.settled is not None else ""
    stays = settles or ending.outcome is Outcome.MINIMUM or not course.late_above
    if course.ratio <= 1 and stays:
        return f"and falls below it{settles}"
    if course.back is None:
        return "and stays above it"
    if course.about:
        return f"and stays about it, at {course.median:.3f} · {edge} on median"
    if course.swings:
        return "and goes up and down around it"
    return f"and ends at {at}"


def fate_words(ending: Ending) -> str:
    """The outcome and its step, the last row, in a few words."""
    step = f"step {ending.step - 1:,}"
    if ending.critical_point is CriticalPoint.FLAT:
        return f"gradient zero, curvature zero in some direction, at {step}"
    return {
        Outcome.MINIMUM: f"converged at {step}",
        Outcome.SADDLE: f"gradient zero, at a saddle, at {step}",
        Outcome.PERIODIC: f"repeats every {ending.period} steps",
        Outcome.BOUNDED: f"neither settled nor repeated up to {step}",
        Outcome.DIVERGED: f"left the ball at {step}",
        Outcome.UNDECIDED: f"not decided up to {step}",
    }[ending.outcome]


def plane_words(params: BasinParams) -> str:
    """Which plane is mapped."""
    if params.plane == "trainability":
        return "Learning rate against the scale of the start"
    network = params.network
    through = f"the {params.center}"
    if params.center == "minimizer":
        through = "the minimizer of gradient flow" if is_flowed(params) else "a low point"
    if params.plane == "weights" and network.parameters == 2:
        return "The plane of the two weights"
    return {
        "weights": f"The plane of two weights, the other {network.parameters - 2} as at {through}",
        "random": f"A random plane through {through}",
        "hessian": f"The plane of the Hessian's top two eigenvectors through {through}",
        "points": "The plane of the start, its minimizer and another start"
        + ("" if params.center != "origin" else ", moved to the origin"),
    }[params.plane]


def axis_words(params: BasinParams) -> tuple[str, str]:
    """What the two axes of a map are called."""
    if params.plane == "weights":
        network = params.network
        first, second = params.pair
        return weight_name(network, first), weight_name(network, second)
    return {
        "random": ("first random direction", "second random direction"),
        "hessian": ("top eigenvector", "second eigenvector"),
        "points": ("towards the minimizer", "towards another start"),
        "trainability": ("learning rate η", "scale of the start"),
    }[params.plane]


def map_words(shares: dict[str, Fraction], kinds: dict[str, float]) -> str:
    """What becomes of the starts on a map, in one sentence: the ``shares`` of the outcomes, and
    how many reach each of the ``kinds`` of critical points."""
    share = shares[Outcome.MINIMUM].value
    if not share:
        others = {name: part.value for name, part in shares.items() if name != Outcome.MINIMUM}
        most = max(others, key=lambda name: others[name])
        verb = {
            Outcome.SADDLE: "end at a [[saddle]]",
            Outcome.PERIODIC: "end on a [[periodic]] orbit",
            Outcome.BOUNDED: "stay bounded so far, without a period",
            Outcome.DIVERGED: "diverge",
            Outcome.UNDECIDED: "are not decided in these steps",
        }[Outcome(most)]
        return f"No start on this map converges to a minimum: {percent(others[most])} {verb}"
    all_of_them = "Every start on this map converges to a minimum"
    words = f"{percent(share)} of the starts on this map converge to a minimum"
    local = kinds[CriticalPoint.LOCAL]
    if local == share:
        return f"{all_of_them if share == 1 else words} that is only local"
    more = f", {percent(local)} to one that is only local" if local else ""
    return f"{all_of_them if share == 1 else words}{more}"


def in_units(params: NetworkParams) -> str:
    """The unit of learning rates, behind a number."""
    return SYMBOL if params.is_linear else f"· {STARTING_SYMBOL}"


def observable_words(params: SweepParams) -> str:
    """What the orbit diagram of a sweep shows; without a product of weights an output itself."""
    if params.observable == "output" and not params.is_linear:
        return "output on the first sample" + (", the first" if params.sizes[-1] > 1 else "")
    if params.observable == "weight":
        return f"weight {weight_name(params.network, params.weight)}"
    return {
        "loss": "loss",
        "sharpness": "sharpness",
        "output": "output W<sub>L</sub> ⋯ W<sub>1</sub>",
    }[params.observable]


def _unit_marked(unit: str) -> str:
    return f"[[{unit}]]" if unit == SYMBOL else unit


def sweep_words(params: SweepParams, last: float | None, whole: bool) -> str:
    """Up to which value starts converge, or that they do over the ``whole`` range, or nowhere."""
    number = f"{params.starts:,} start{'s' if params.starts > 1 else ''}"
    if last is None:
        return f"None of {number} converges to a minimum anywhere on this sweep"
    unit = in_units(params)
    if params.over != "lr":
        return f"How {number} fare at η = {params.ratio:g} {unit}, by {params.over}"
    if whole:
        return f"Of {number} some converge to a minimum over the whole range"
    where = f"η = {last:.3g}" + (f" {_unit_marked(unit)}" if params.units == "relative" else "")
    return f"Of {number} some converge to a minimum up to {where}; past it, none"
