"""The parameter set of the four statements: a network, η, and the sizes of the samples."""

from typing import Any, ClassVar, Literal

from pydantic import field_validator

from eosdash.fields import ParameterError, Way, parameter
from eosdash.params.fitting import check_sizes_for
from eosdash.params.network import NetworkParams


class TheoryParams(NetworkParams):
    """The four statements of the paper, checked on a network."""

    kind: ClassVar[str] = "theory"
    fitted: ClassVar[tuple[str, ...]] = (*NetworkParams.fitted, "points", "starts", "steps")
    function: ClassVar[str] = "check_theory"

    activation: Literal["linear"] = parameter(
        "linear", "Activation", "What stands between the layers: nothing. The theorems are about "
        "linear networks.", symbol="φ", group="network",
    )  # fmt: skip
    points: int = parameter(
        200, "Points", "Random points at which determinants and ranks are checked. Left out, up to "
        "200, as many as are checked soon; starts and steps likewise.",
        group="sample", ge=1, le=10_000,
    )  # fmt: skip
    starts: int = parameter(
        100, "Starts", "Random starts of each learning rate.", symbol="N", group="sample",
        ge=1, le=10_000,
    )  # fmt: skip
    steps: int = parameter(
        1000, "Steps", "Most steps of gradient descent from each.", group="sample",
        ge=1, le=20_000,
    )  # fmt: skip

    @field_validator("activation", mode="before")
    @classmethod
    def _linear(cls, value: Any) -> Any:
        if value != "linear":
            words, way = "the theorems are about linear networks", Way({"activation": "linear"})
            raise ParameterError("activation", words, "linear", way)
        return value

    def applies(self, name: str) -> bool:
        """As for every field; random points and starts are drawn whatever the start is."""
        return name in ("init_scale", "init_scaling", "seed") or super().applies(name)

    def _fitting(self, name: str) -> Any:
        """As for every network; links from when this was not said mean points that are unscaled."""
        if name == "init_scaling" and self.init != "gaussian":
            return "none"
        if name in ("points", "starts", "steps"):
            return check_sizes_for(self._described())[name]
        return super()._fitting(name)
