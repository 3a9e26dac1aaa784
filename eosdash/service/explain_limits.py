"""What an explanation is estimated to cost, and what is too much."""

from eosdash.explaining.flows import SAMPLES
from eosdash.explaining.learned import CURVE_POINTS, FRAMES, SIDE
from eosdash.explaining.records import costs_of
from eosdash.explaining.spectrum import EXACT_SECONDS, is_exact, settings_of
from eosdash.fields import ParameterError
from eosdash.params import ExplainParams
from eosdash.service.limits import check_train
from eosdash.service.settings import value

GRADIENTS = 6
"""Gradients of gradient flow per step of the run, usually; 20 at most."""

SLOWEST_ROW = 0.1
"""Seconds of a step of the central flow, at most: a stream says something that often."""


def explain_seconds(params: ExplainParams) -> float:
    """Estimated seconds of one core for an explanation, good to a factor of two or three."""
    costs, steps = costs_of(params), params.steps
    walk = steps * costs.step
    match params.explanation:
        case "gradient_flow":
            ahead = (steps - params.at) / (1 - params.rule.momentum)
            return walk + ahead * GRADIENTS * costs.step + SAMPLES * costs.sharpness
        case "central_flow":
            return walk + steps * (costs.central + costs.sharpness)
        case "portrait":
            return walk + steps * costs.portrait
        case "progress":
            return walk + steps * costs.portrait / 2
        case "function":
            points = params.sample_count + max(CURVE_POINTS, SIDE**2)
            return walk + FRAMES * 1e-9 * params.network.parameters * points
    probes, lanczos = settings_of(params)
    exact = EXACT_SECONDS if is_exact(params) else 0.0
    return params.at * costs.step + probes * lanczos * costs.product + exact


def check_explain(params: ExplainParams) -> None:
    """Refuse an explanation that is too costly, before any work on it.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    check_train(params)
    budget, seconds = value("limit_seconds"), explain_seconds(params)
    if params.explanation == "central_flow" and costs_of(params).central > SLOWEST_ROW:
        raise ParameterError(
            "explanation", "this network is too large for the central flow", "a smaller network"
        )
    most = int(value("limit_steps"))
    if seconds > budget:
        most = min(most, int(params.steps * budget / seconds))
    if params.steps > most:
        raise ParameterError(
            "steps",
            f"explaining {params.steps:,} steps of this network would take about {seconds:.0f} s",
            f"up to {most:,} steps, or a smaller network",
        )
