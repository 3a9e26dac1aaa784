"""The parameter set of an explanation: a run, and what is laid over it."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from eosdash.fields import ParameterError, parameter
from eosdash.params.train import TrainParams

Explanation = Literal[
    "gradient_flow", "central_flow", "portrait", "progress", "function", "spectrum"
]

PLAIN = ("central_flow", "portrait", "progress")
"""Explanations of plain full-batch gradient descent alone."""

_AT = ("gradient_flow", "spectrum")
MOST_MARKED = 5


class ExplainParams(TrainParams):
    """What explains one run of gradient descent."""

    kind: ClassVar[str] = "explain"

    explanation: Explanation = parameter(
        "gradient_flow",
        "Explanation",
        "Gradient flow from a step; the central flow (Cohen et al. 2024); the phase portrait of "
        "self-stabilization (Damian et al. 2022); progress along the steps (Ahn et al. 2022); the "
        "learned function; or the spectrum of the Hessian at a step.",
        group="run",
    )
    at: int = parameter(
        0,
        "At step",
        "The step of the run that gradient flow begins at, or of the spectrum.",
        group="run",
        when={"explanation": _AT},
        ge=0,
    )
    eigenvalues: int = parameter(
        MOST_MARKED,
        "Eigenvalues",
        "How many of the largest Hessian eigenvalues are marked in the spectrum.",
        symbol="k",
        group="run",
        when={"explanation": ("spectrum",)},
        ge=1,
        le=MOST_MARKED,
    )

    @model_validator(mode="after")
    def _of_the_run(self) -> Self:
        if self.applies("at") and self.at >= self.steps:
            raise ParameterError(
                "at", f"the run has steps 0 to {self.steps - 1}", f"0 to {self.steps - 1}"
            )
        if self.explanation == "spectrum" and not self.lr_schedule:
            self.__dict__["steps"] = self.at + 1  # what comes after it changes no spectrum
        return self

    @model_validator(mode="after")
    def _of_plain_descent(self) -> Self:
        if self.explanation not in PLAIN or self.rule.is_plain:
            return self
        name = EXPLANATIONS[self.explanation]
        if self.rule.momentum:
            raise ParameterError(
                "optimizer", f"{name} is of gradient descent without momentum", "gradient_descent"
            )
        raise ParameterError("batch", f"{name} is of full batches", "0")


EXPLANATIONS: dict[str, str] = {
    "gradient_flow": "gradient flow",
    "central_flow": "the central flow",
    "portrait": "the phase portrait",
    "progress": "progress along the steps",
    "function": "the learned function",
    "spectrum": "the spectrum",
}
"""What each explanation is called in a sentence."""
