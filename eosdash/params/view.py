"""How results are shown: part of a link, but of no cache key."""

from typing import ClassVar, Literal

from eosdash.fields import Numbers, ParameterSet, parameter

Detail = Literal[
    "auto",
    "plane",
    "weights",
    "singular_values",
    "balance",
    "function",
    "portrait",
    "oscillation",
    "progress",
    "spectrum",
]
"""What may be drawn beside a run; the last five are explanations."""


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
        "scalar chains with y ≠ 0, without weight decay.",
        group="view",
    )
    flow: bool = parameter(
        False,
        "Gradient flow",
        "Show loss and sharpness of gradient flow at the times η · step.",
        group="view",
    )
    flow_from: int = parameter(
        0, "Flow from step", "The step of the run that gradient flow begins at.", group="view",
        ge=0, le=19_999,
    )  # fmt: skip
    central: bool = parameter(
        False,
        "Central flow",
        "Show mean loss and sharpness of the central flow, which predicts the average of the run; "
        "full-batch gradient descent without momentum.",
        group="view",
    )
    detail: Detail = parameter(
        "auto", "Beside the run", "What is drawn beside the run.", group="view"
    )


class BasinView(ParameterSet):
    """How a map is shown. Part of a link, but of no key: it changes no number."""

    kind: ClassVar[str] = "view"

    color: Literal["outcome", "steps", "sharpness", "loss"] = parameter(
        "outcome",
        "Colour",
        "What the colour of a pixel says: the outcome, the steps until it was decided, the final "
        "sharpness over 2/η, or the final loss.",
        group="view",
    )
    minimizers: bool = parameter(
        True,
        "Minimizers",
        "The global minimizers: stable, S ≤ 2/η, in a thick line; unstable, dotted.",
        group="view",
    )
    region: bool = parameter(
        False,
        "Exact region",
        "The region from which almost every start converges, in closed form: depth 2, one input "
        "and output, no weight decay, η < η_C (Liang and Montúfar 2025).",
        group="view",
    )
    fold: bool = parameter(
        False,
        "Fold",
        "Where det(I − η∇²L) = 0: there the gradient descent map folds.",
        group="view",
    )
    contours: bool = parameter(False, "Loss", "Level lines of the loss.", group="view")
    balanced: bool = parameter(
        False, "Balanced", "Where the two weights have the same modulus.", group="view"
    )
    path: bool = parameter(True, "Path", "The path of the selected run.", group="view")
    at: Numbers = parameter(
        (),
        "Selected start",
        "Coordinates of the start whose run is shown beside the map.",
        group="view",
        allowed="two numbers, comma-separated",
        max_length=2,
    )


class TheoryView(ParameterSet):
    """Which of the statements is shown. Part of a link, but of no key."""

    kind: ClassVar[str] = "view"

    statement: Literal["all", "nonsingular", "manifold", "stable", "measure_zero"] = parameter(
        "all", "Statement", "All four statements, or one of them in large.", group="view"
    )
