"""How results are shown: part of a link, but of no cache key."""

from typing import ClassVar, Literal

from eosdash.fields import ParameterSet, parameter


class RunView(ParameterSet):
    """How a run is shown. Part of a link, but of no key: it changes no number."""

    kind: ClassVar[str] = "view"

    axis: Literal["step", "time"] = parameter(
        "step", "Axis", "Steps, or η · step: the time of gradient flow.", group="view"
    )
    smooth: int = parameter(
        1,
        "Smoothing",
        "Steps in the moving average of loss and sharpness; the raw curves stay behind.",
        group="view",
        ge=1,
        le=200,
    )
    clip: bool = parameter(
        True, "Clip", "Cut the axes where a diverging run would dwarf the rest.", group="view"
    )
    gradient: bool = parameter(False, "Gradient norm", "Show ‖∇L‖ below.", group="view")
    gfs: bool = parameter(
        False,
        "Gradient-flow solution",
        "Show the sharpness of the minimum that gradient flow would reach from each step; "
        "scalar chains without weight decay.",
        group="view",
    )
    lowest: bool = parameter(
        False, "Smallest eigenvalue", "Show λ_min of the Hessian.", group="view"
    )
    detail: Literal["auto", "plane", "weights", "singular_values", "balance"] = parameter(
        "auto", "Beside the run", "What is drawn beside the run.", group="view"
    )
