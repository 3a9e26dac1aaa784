"""A map as it changes with the learning rate: from a small one to past η_C, frame by frame.

Where a network is not linear, to a multiple of 2/S at the start: no rate is known there past which
nothing converges.
"""

from collections.abc import Sequence

from eosdash.fields import ParameterError
from eosdash.params import BasinParams
from eosdash.params.basin import LARGEST_LOG
from eosdash.reference import symbol_of
from eosdash.runs import critical_lr_of
from eosdash.words import plane_words, setup_words

FRAMES = 40
FROM, TO = 0.1, 1.15
"""First and last learning rate, in units of η_C."""

STARTING_TO = 2.5
"""The last, in units of 2/S at the start: descent may find minimizers flatter than that."""

RESOLUTION = 128
"""Finest frame."""


def rates(params: BasinParams, unit: float | None) -> tuple[float, ...]:
    """The learning rate of every frame, to six digits.

    Args:
        unit: η_C, or 2/S at the start where the network is not linear.

    Raises:
        ParameterError: if no learning rate is left to play, or the unit is infinite or too large.
    """
    if params.plane == "trainability":
        raise ParameterError(
            "plane",
            "its learning rate is an axis, and leaves none to play",
            "weights, random, hessian, points",
        )
    to = TO if params.is_linear else STARTING_TO
    largest = 10**LARGEST_LOG / to
    if unit is None or not unit <= largest:
        named = "target" if params.task == "scalar" else "task"
        raise ParameterError(
            named if params.is_linear else "init",
            f"{symbol_of(params)} is {unit or float('inf'):.4g} for this network, too large to "
            "play up to it",
            f"one for which it is at most {largest:.3g}",
        )
    exact = (unit * (FROM + (to - FROM) * i / (FRAMES - 1)) for i in range(FRAMES))
    return tuple(float(f"{rate:.6g}") for rate in exact)


def coarse(params: BasinParams) -> BasinParams:
    """The map as a frame shows it: no finer than need be, and run once."""
    resolution = min(params.resolution, RESOLUTION)
    return params.model_copy(update={"resolution": resolution, "twice": False})


def frames(params: BasinParams, extent: Sequence[float], unit: float | None) -> list[BasinParams]:
    """The map of every frame. Pages that play it ask for the same ones, by the same keys.

    Raises:
        ParameterError: as for :func:`rates`.
    """
    shared = coarse(params).model_dump() | {"extent": tuple(extent)}
    return [BasinParams.make(**shared | {"lr": rate}) for rate in rates(params, unit)]


def caption(params: BasinParams) -> str:
    """What is the same in all frames, in words."""
    # Where the learning rate is an axis, words leave it out.
    anywhere = params.model_copy(update={"plane": "trainability"})
    setup = setup_words(anywhere, critical_lr_of(params))
    return f"{setup} {plane_words(params)}. At most {params.steps:,} steps from every pixel."


def source(played: Sequence[BasinParams]) -> str:
    """The Python expression that computes all frames."""
    first = played[0]
    call = first.call().replace(f" lr={first.lr!r},", " lr=lr,")
    return f"[{call} for lr in {[frame.lr for frame in played]}]"
