"""The parameter set of one run."""

from itertools import pairwise
from typing import Any, ClassVar, Self

from pydantic import model_validator

from eosdash.fields import ParameterError, Schedule, parameter
from eosdash.params.network import NetworkParams


class TrainParams(NetworkParams):
    """One run of gradient descent."""

    kind: ClassVar[str] = "train"

    steps: int = parameter(
        1500, "Steps", "Most steps of gradient descent.", group="run", ge=1, le=20_000
    )
    lr_schedule: Schedule = parameter(
        (),
        "Learning rate changes",
        "Pairs step:lr; from that step on the learning rate is that.",
        group="step",
        allowed="at most 20 pairs step:lr, comma-separated, steps increasing",
        max_length=20,
    )
    eigenvalues: int = parameter(
        1,
        "Eigenvalues",
        "How many of the largest Hessian eigenvalues to follow.",
        symbol="k",
        group="run",
        ge=1,
        le=5,
    )

    @model_validator(mode="after")
    def _schedule_in_order(self) -> Self:
        steps = [step for step, _ in self.lr_schedule]
        if any(later <= earlier for earlier, later in pairwise(steps)):
            raise ParameterError(
                "lr_schedule", "the steps are not in order", "step:lr pairs, steps increasing"
            )
        if steps and steps[-1] >= self.steps:
            raise ParameterError(
                "lr_schedule",
                f"step {steps[-1]} is past the end of the run",
                f"steps from 1 to {self.steps - 1}",
            )
        return self

    def canonical(self) -> dict[str, Any]:
        """As for the network; an empty schedule is left out."""
        values = super().canonical()
        return {name: value for name, value in values.items() if value != ()}
