"""The parameter set of one run."""

from bisect import bisect_left
from itertools import pairwise
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from eosdash.core.descent.optimizers import Optimizer
from eosdash.fields import ParameterError, Schedule, Way, parameter
from eosdash.params.fitting import steps_for
from eosdash.params.network import MOST_SAMPLES, NONLINEAR, NetworkParams


class TrainParams(NetworkParams):
    """One run of gradient descent."""

    kind: ClassVar[str] = "train"
    fitted: ClassVar[tuple[str, ...]] = (*NetworkParams.fitted, "steps")

    steps: int = parameter(
        1500, "Steps", "Most steps of gradient descent. Left out, up to 1,500, as many as are done "
        "in time.", group="run", ge=1, le=20_000,
    )  # fmt: skip
    lr_schedule: Schedule = parameter(
        (),
        "Learning rate changes",
        "Pairs step:lr; from that step on the learning rate is that.",
        group="step",
        allowed="at most 20 pairs step:lr, comma-separated, steps increasing",
        max_length=20,
    )
    optimizer: Literal["gradient_descent", "heavy_ball", "nesterov"] = parameter(
        "gradient_descent",
        "Optimizer",
        "Gradient descent, or with heavy-ball or Nesterov momentum, each with its own stability "
        "threshold (Cohen et al. 2021).",
        group="step",
    )
    momentum: float = parameter(
        0.9,
        "Momentum",
        "Share of the last step that goes into the next.",
        symbol="β",
        group="step",
        when={"optimizer": ("heavy_ball", "nesterov")},
        ge=0,
        le=0.999,
        allow_inf_nan=False,
    )
    batch: int = parameter(
        0,
        "Batch",
        "Samples in a mini-batch, drawn anew every epoch; 0 for all. Loss and sharpness are of all "
        "samples.",
        group="step",
        when={"activation": NONLINEAR},
        ge=0,
        le=MOST_SAMPLES,
    )
    batch_seed: int = parameter(
        0,
        "Batch seed",
        "Seed of the order of mini-batches.",
        group="step",
        when={"activation": NONLINEAR},
        ge=0,
        le=2**32 - 1,
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
    lambda_min: bool = parameter(
        False,
        "Smallest eigenvalue",
        "Measure and show λ_min of the Hessian too. It takes about as long again as all the rest, "
        "of large networks ten times as long.",
        group="measured",
    )

    def _fitting(self, name: str) -> Any:
        """As for every network; and how long a run of it is."""
        return steps_for(self._described()) if name == "steps" else super()._fitting(name)

    @property
    def rule(self) -> Optimizer:
        """How steps are made."""
        momentum = self.momentum if self.applies("momentum") else 0.0
        batch = self.batch if self.applies("batch") else 0
        return Optimizer(momentum, self.optimizer == "nesterov", batch or None, self.batch_seed)

    @model_validator(mode="after")
    def _batch_of_samples(self) -> Self:
        if self.applies("batch") and self.batch > (most := self.sample_count):
            way = Way({"batch": most})
            raise ParameterError("batch", f"there are {most} samples", f"0 to {most}", way)
        if not self.batch:
            self.idle("batch_seed")
        return self

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
                Way({"lr_schedule": self.lr_schedule[: bisect_left(steps, self.steps)]}),
            )
        return self

    def canonical(self) -> dict[str, Any]:
        """As for the network; an empty schedule is left out, the seed of whole batches, and what
        is not asked to be measured."""
        values = super().canonical()
        if not values.get("batch"):
            values.pop("batch_seed", None)
        if not self.lambda_min:
            del values["lambda_min"]
        return {name: value for name, value in values.items() if value != ()}
