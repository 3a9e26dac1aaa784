"""A run in words: what is computed, and what was seen."""

from eosdash.core.critical import CriticalLearningRate
from eosdash.core.events import Event
from eosdash.core.gradient_descent import Ending
from eosdash.core.outcome import Outcome
from eosdash.params import NetworkParams

AT_THE_EDGE = 0.9
"""A final sharpness above this fraction of 2/η is called settling at the edge."""

SCOPE = "Linear network, squared loss, full-batch gradient descent with the step as given."


def relative_lr(lr: float, critical: CriticalLearningRate) -> str:
    """η in units of η_C, or nothing where η_C is infinite."""
    ratio = lr / critical.value
    return f" = {ratio:.3g} η_C" if ratio else ""


def setup_words(params: NetworkParams, critical: CriticalLearningRate) -> str:
    """The network, its task and its learning rate in one sentence."""
    depth, inner = params.depth, params.sizes[1:-1]
    layers = f"{depth} layer{'s' if depth > 1 else ''}"
    if max(params.sizes) == 1:
        network = "One weight" if depth == 1 else f"A chain of {depth} weights"
    elif not inner:
        network = "A single linear layer"
    elif len(set(inner)) == 1:
        network = f"A linear network of {layers}, {inner[0]} wide,"
    else:
        network = f"A linear network of {layers}, {', '.join(map(str, inner))} wide,"
    shape = f"{params.sizes[-1]} × {params.sizes[0]}"
    task = {
        "scalar": f"learns y = {params.target:g}",
        "whitened": f"learns a {shape} matrix on whitened data",
        "regression": f"learns a {shape} regression on {params.samples} samples",
    }[params.task]
    return f"{network} {task} with η = {params.lr:.4g}{relative_lr(params.lr, critical)}."


def outcome_words(ending: Ending, events: list[Event]) -> str:
    """What was seen, in one sentence that names the edge of stability where it shows."""
    kinds = {event.kind: event for event in events}
    settled = kinds.get("settles")
    if ending.outcome is Outcome.DIVERGED:
        return f"Diverges at step {ending.step:,}: the step is too large for this start"
    if ending.outcome is Outcome.PERIODIC:
        return f"Ends on an orbit of period {ending.period}: bounded, and never converging"
    if ending.outcome is Outcome.BOUNDED:
        return "Stays bounded, without converging and without a period"
    if ending.outcome is Outcome.SADDLE:
        return "Ends at a saddle: the gradient vanishes, but the loss could be lower"
    crossed = "crosses" in kinds
    ratio = settled.value if settled and settled.value is not None else None
    if crossed and ratio is not None and ratio > AT_THE_EDGE:
        climbs = "climbs past" if kinds["crosses"].step else "starts above"
        return f"Sharpness {climbs} 2/η and settles at {ratio:.3f} · 2/η"
    if crossed and ending.outcome is Outcome.MINIMUM and "returns" not in kinds:
        return "Rests on a minimum that is too sharp to be stable at this learning rate"
    if crossed and ending.outcome is Outcome.MINIMUM:
        return "Sharpness passes 2/η, then falls back to where gradient descent is stable"
    if crossed:
        return "Sharpness has passed 2/η and goes up and down around it"
    return "Sharpness stays below 2/η: gradient descent descends quietly"


def fate_words(ending: Ending) -> str:
    """The outcome and its step, in a few words."""
    step = f"{ending.step:,}"
    return {
        Outcome.MINIMUM: f"converged at step {step}",
        Outcome.SADDLE: f"gradient zero, loss not lowest, after {step} steps",
        Outcome.PERIODIC: f"repeats every {ending.period} steps",
        Outcome.BOUNDED: f"chaotic or quasi-periodic over {step} steps",
        Outcome.DIVERGED: f"left the ball at step {step}",
        Outcome.UNDECIDED: f"still moving after {step} steps",
    }[ending.outcome]
