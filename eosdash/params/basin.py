"""The parameter set of a map: which plane, which part of it, how fine."""

from typing import Any, ClassVar, Literal, Self

from pydantic import field_validator, model_validator

from eosdash.core.maps.slices import Extent
from eosdash.fields import Numbers, ParameterError, Way, Whole, parameter
from eosdash.params.fitting import map_sizes_for
from eosdash.params.network import NetworkParams

FARTHEST = 1e6
"""Largest coordinate of a map."""

FINEST = 2.0**-48
"""Smallest distance of neighbouring pixels, relative to their coordinates: double precision
tells sixteen numbers apart there."""

SMALLEST_LOG, LARGEST_LOG = -12.0, 2.0
"""Least and largest power of ten of a learning rate and of a scale on a plane of trainability."""

_SIDES = ("left", "right", "low", "high")
_NO_PLANE = {"plane": "trainability", "extent": None}
_SLICE = {"plane": ("weights", "random", "hessian", "points")}


class BasinParams(NetworkParams):
    """A map of the fates of all starts on a plane."""

    kind: ClassVar[str] = "basin"
    fitted: ClassVar[tuple[str, ...]] = (*NetworkParams.fitted, "resolution", "steps")

    plane: Literal["weights", "random", "hessian", "points", "trainability"] = parameter(
        "weights",
        "Plane",
        "Two weights, the others held; random directions; the Hessian's top two eigenvectors; "
        "through the start, its minimizer and another start; or learning rate and scale of the "
        "start, for a map of trainability.",
        group="plane",
        allowed="weights:i,j, random:seed, hessian, points, trainability",
    )
    pair: Whole = parameter(
        (0, 1),
        "The two weights",
        "Numbers of two weights, counted from 0: W_1 row by row, its biases if there are any, then "
        "W_2, …, W_L.",
        group="plane",
        when={"plane": ("weights",)},
        allowed="two different whole numbers from 0, comma-separated",
        min_length=2,
        max_length=2,
    )
    plane_seed: int = parameter(
        0,
        "Plane seed",
        "Seed of the random directions.",
        group="plane",
        when={"plane": ("random",)},
        ge=0,
        le=2**32 - 1,
    )
    center: Literal["origin", "start", "minimizer"] = parameter(
        "start",
        "Through",
        "The point that the plane goes through: the origin, the start, or the minimizer that "
        "gradient flow reaches from it (of more than 500 weights, or where the network is not "
        "linear, one that L-BFGS reaches).",
        group="plane",
        when=_SLICE,
    )
    extent: Numbers = parameter(
        (),
        "Extent",
        "Half width, or left, right, low and high end; logarithms to base 10 on the plane of "
        "trainability. Nothing: fitted to the network.",
        group="plane",
        allowed=f"1, 2 or 4 increasing numbers within ±{FARTHEST:g}, comma-separated",
        max_length=4,
    )
    resolution: int = parameter(
        512, "Resolution", "Pixels along each side. Left out, up to 512, as many as are computed "
        "soon.", symbol="N", group="run", ge=16, le=2048,
    )  # fmt: skip
    steps: int = parameter(
        500, "Steps", "Most steps of gradient descent from each pixel. Left out, up to 500, as "
        "many as are computed soon.", group="run", ge=1, le=20_000,
    )  # fmt: skip
    twice: bool = parameter(
        False,
        "Check with twice the steps",
        "Run again, with twice the steps, what has neither converged nor diverged, and mark "
        "where the outcome changes.",
        group="run",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, data: Any) -> Any:
        """``weights:i,j`` and ``random:seed`` name a plane and its parameter in one."""
        if not isinstance(data, dict) or not isinstance(data.get("plane"), str):
            return data
        plane, colon, rest = data["plane"].partition(":")
        field = {"weights": "pair", "random": "plane_seed"}.get(plane)
        return data | {"plane": plane, field: rest} if colon and field else data

    @field_validator("extent", mode="after")
    @classmethod
    def _four_sides(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        """A half width, or one range for both axes, stands for all four sides."""
        if len(value) == 1:
            return (-value[0], value[0]) * 2
        return value * 2 if len(value) == 2 else value

    @model_validator(mode="after")
    def _on_the_map(self) -> Self:
        weights = self.network.parameters
        if self.plane == "weights" and (
            len(set(self.pair)) < 2 or not all(0 <= index < weights for index in self.pair)
        ):
            raise ParameterError(
                "pair",
                f"{self.pair[0]} and {self.pair[1]} are no two weights of this network"
                if weights > 1
                else "this network has one weight, and no plane of two",
                f"two different whole numbers from 0 to {weights - 1}"
                if weights > 1
                else "the plane of trainability",
                Way({"pair": (0, 1)} if weights > 1 else _NO_PLANE),
            )
        if self.plane in ("random", "hessian", "points") and weights < 2:
            raise ParameterError(
                "plane", "this network has one weight, and no plane", "trainability", Way(_NO_PLANE)
            )
        if self.plane == "trainability" and self.init == "weights":
            raise ParameterError(
                "init", "given weights have no scale to vary", "gaussian, uniform, balanced",
                Way({"init": "gaussian", "weights": None}), Way({"plane": "weights"}),
            )  # fmt: skip
        if self.extent:
            self._check_extent()
        return self

    def _check_extent(self) -> None:
        allowed = type(self).about("extent").allowed
        if len(self.extent) != len(_SIDES):
            raise ParameterError("extent", f"{len(self.extent)} numbers are no rectangle", allowed)
        if max(map(abs, self.extent)) > FARTHEST:
            raise ParameterError("extent", "it reaches too far", allowed)
        sides = Extent(*self.extent)
        for low, high in ((sides.left, sides.right), (sides.low, sides.high)):
            if not low < high:
                raise ParameterError(
                    "extent", f"it runs from {low:g} to {high:g}, and so is empty", allowed
                )
        self.check_spacing(sides)
        if self.plane == "trainability" and not (
            min(self.extent) >= SMALLEST_LOG and max(self.extent) <= LARGEST_LOG
        ):
            raise ParameterError(
                "extent",
                "it goes beyond what a learning rate or a scale may be",
                f"logarithms to base 10 from {SMALLEST_LOG:g} to {LARGEST_LOG:g}",
                Way({"extent": None}),
            )

    def check_spacing(self, sides: Extent, scale: float = 1.0) -> None:
        """Refuse a map whose pixels, or the weights they stand for, of size ``scale``, are closer
        than double precision tells apart.

        Raises:
            ParameterError: naming the extent.
        """
        for low, high in ((sides.left, sides.right), (sides.low, sides.high)):
            spacing = (high - low) / (self.resolution - 1)
            if spacing < FINEST * max(scale, abs(low), abs(high)):
                raise ParameterError(
                    "extent",
                    "double precision cannot tell the pixels of so small a map apart",
                    f"sides of at least {FINEST * (self.resolution - 1):.1g} times the "
                    "weights: zoom out, or lower the resolution",
                    Way({"extent": None}),
                )

    def _fitting(self, name: str) -> Any:
        """As for every network; and how fine a map of it is."""
        if name in ("resolution", "steps"):
            return map_sizes_for(self._described())[name]
        return super()._fitting(name)

    def canonical(self) -> dict[str, Any]:
        """As for the network; an extent that is not given is left out."""
        values = super().canonical()
        return {name: value for name, value in values.items() if name != "extent" or value}

    def applies(self, name: str) -> bool:
        """As for every field, but for what a plane varies itself or draws another start from."""
        if self.plane == "trainability" and name in ("lr", "init_scale"):
            return False
        # Another start is drawn whatever the start is.
        drawn = self.plane == "points" and name in ("init_scale", "init_scaling", "seed")
        return drawn or super().applies(name)
