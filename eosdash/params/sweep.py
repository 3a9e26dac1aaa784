"""The parameter set of a sweep: over what, how far, and from which starts."""

from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from eosdash.fields import Numbers, ParameterError, Way, parameter, split
from eosdash.params.fitting import digits, stable_lr_for, sweep_sizes_for
from eosdash.params.network import NetworkParams

_OVER_LR = {"over": ("lr",)}
_OVER_SIZE = {"over": ("depth", "width")}

MOST_SIZES = {"depth": 12, "width": 64}
USUAL_SIZES = {"depth": (2.0, 8.0), "width": (1.0, 12.0)}
"""The largest depth and width, and the ends of a sweep over them where they are left out."""


_OTHER_ENDS = Way({"low": None, "high": None})


class SweepParams(NetworkParams):
    """Gradient descent over many learning rates, depths or widths, from many starts."""

    kind: ClassVar[str] = "sweep"
    cursor: ClassVar[str | None] = "lr"
    fitted: ClassVar[tuple[str, ...]] = (
        *NetworkParams.fitted,
        "low",
        "high",
        "columns",
        "starts",
        "steps",
    )

    over: Literal["lr", "depth", "width"] = parameter(
        "lr", "Over", "What is varied: the learning rate, the depth, or the width.", group="sweep"
    )
    units: Literal["relative", "absolute"] = parameter(
        "relative",
        "Units",
        "Learning rates in units of η_C (where the network is not linear, of 2/S at the start), or "
        "as they are.",
        group="sweep",
        when=_OVER_LR,
    )
    spacing: Literal["linear", "log"] = parameter(
        "linear", "Spacing", "Even steps, or even ratios.", group="sweep", when=_OVER_LR
    )
    low: float = parameter(
        0.2, "From", "The smallest value; a whole number for depth and width. Left out, 0.2 of the "
        "unit, depth 2, or width 1.", group="sweep", gt=0, le=100, allow_inf_nan=False,
    )  # fmt: skip
    high: float = parameter(
        1.6, "To", "The largest value. Left out, 1.6 of the unit, depth 8, or width 12.",
        group="sweep", gt=0, le=100, allow_inf_nan=False,
    )  # fmt: skip
    columns: int = parameter(
        320, "Columns", "How many learning rates. Left out, up to 320, as many as are computed "
        "soon; starts and steps likewise.", group="sweep", when=_OVER_LR, ge=2, le=2000,
    )  # fmt: skip
    rates: Numbers = parameter(
        (),
        "Learning rates",
        "The learning rates themselves, instead of a range.",
        group="sweep",
        when=_OVER_LR,
        allowed="up to 2,000 numbers above 0, comma-separated",
        max_length=2000,
    )
    ratio: float = parameter(
        0.8,
        "η over η_C",
        "Learning rate of every depth or width, in units of its η_C; where the network is not "
        "linear, of 2/S at its first random start.",
        group="sweep", when=_OVER_SIZE, gt=0, le=100, allow_inf_nan=False,
    )  # fmt: skip
    starts: int = parameter(
        100, "Starts", "Random starts of each learning rate.", symbol="N", group="sweep",
        ge=1, le=10_000,
    )  # fmt: skip
    draw: Literal["gaussian", "ball"] = parameter(
        "gaussian",
        "Drawn",
        "Random starts are Gaussian with the scale of the start, from its seed on; or uniform in "
        "a ball.",
        group="sweep",
    )
    radius: float = parameter(
        2.0, "Radius", "Of the ball.", group="sweep", when={"draw": ("ball",)},
        gt=0, le=1000, allow_inf_nan=False,
    )  # fmt: skip
    steps: int = parameter(
        1000, "Steps", "Most steps of gradient descent.", group="run", ge=1, le=20_000
    )
    observable: Literal["loss", "sharpness", "output", "weight"] = parameter(
        "output",
        "Orbit of",
        "What the orbit diagram shows: loss, sharpness, the first entry of the product of all "
        "weights (where the network is not linear, the first output on the first sample), or one "
        "weight.",
        group="sweep",
        when=_OVER_LR,
    )
    weight: int = parameter(
        0, "Weight", "Number of the weight, from 0.", group="sweep",
        when={"over": ("lr",), "observable": ("weight",)}, ge=0,
    )  # fmt: skip
    visits: int = parameter(
        64, "Visits", "Points of the orbit that are shown, after the transient.", group="run",
        when=_OVER_LR, ge=1, le=512,
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _many_rates(cls, data: Any) -> Any:
        """Several numbers for ``lr`` are the learning rates of the sweep; one is where its cursor
        stands, which changes no number."""
        if not isinstance(data, dict) or "lr" not in data:
            return data
        value = data["lr"]
        several = "," in value if isinstance(value, str) else not isinstance(value, int | float)
        if several and value is not None:
            data = {name: given for name, given in data.items() if name != "lr"}
            data["rates"] = split(value)
            if isinstance(data["rates"], list | tuple) and not data["rates"]:
                raise ParameterError("lr", "there are none", "one learning rate or more")
            data.setdefault("units", "absolute")
        return data

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if any(not 0 < rate <= 100 for rate in self.rates):
            raise ParameterError("rates", "one is out of range", "numbers above 0 up to 100")
        if not (self.rates and self.over == "lr") and not self.low < self.high:
            raise ParameterError(
                "high", f"from {self.low:g} to {self.high:g} there is nothing", "more than From",
                _OTHER_ENDS,
            )  # fmt: skip
        if self.over != "lr":
            self._check_sizes()
        self.idle(*({"low", "high", "columns", "spacing"} if self.rates else {"rates"}))
        weights = self.network.parameters
        if self.applies("weight") and self.weight >= weights:
            last = weights - 1
            way = Way({"weight": last})
            raise ParameterError("weight", "this network has no such weight", f"0 to {last}", way)
        return self

    def _fitting(self, name: str) -> Any:
        """As for every network; and how far and how fine a sweep of it is."""
        if name in ("low", "high"):
            return self._range()[name == "high"]
        if name not in ("columns", "starts", "steps"):
            return super()._fitting(name)
        largest = {} if self.over == "lr" else {self.over: self._largest(), "hidden": None}
        return sweep_sizes_for(self._described(**largest))[name]

    def _largest(self) -> int:
        """The largest depth or width, as far as there can be one."""
        return max(1, min(int(self.high), MOST_SIZES[self.over]))

    def _range(self) -> tuple[float, float]:
        """The ends of a sweep that shows where convergence ends, or what sizes change."""
        if self.over != "lr":
            return USUAL_SIZES[self.over]
        unit = 1.0 if self.units == "relative" else stable_lr_for(self._described())
        return digits(0.2 * unit), digits(1.6 * unit)

    def _widths_in_one_way(self) -> None:
        if self.over == "lr":  # otherwise widths of their own are refused
            super()._widths_in_one_way()

    def _check_sizes(self) -> None:
        most = MOST_SIZES[self.over]
        if not (self.low.is_integer() and self.high.is_integer() and self.high <= most):
            raise ParameterError(
                "high", f"these are no {self.over}s", f"whole numbers from 1 to {most}", _OTHER_ENDS
            )
        if self.hidden is not None:
            allowed, width = "one width for all layers", max(self.hidden, default=1)
            ways = Way({"hidden": None, "width": width}), Way({"over": "lr"})
            raise ParameterError("hidden", "it fixes depth and width", allowed, *ways)

    def canonical(self) -> dict[str, Any]:
        """As for the network; a range or the rates themselves."""
        values = super().canonical()
        unused = {"low", "high", "columns", "spacing"} if self.rates else {"rates"}
        if self.over != "lr":
            unused = {"rates", self.over, "hidden"}
            values["depth" if self.over == "width" else "width"] = (
                self.depth if self.over == "width" else self.width
            )
        return {name: value for name, value in values.items() if name not in unused}

    def applies(self, name: str) -> bool:
        """As for every field; the cursor has no effect, nor has a size that is varied."""
        if name == "lr" or name == self.over:
            return False
        # Random starts are drawn with them whatever the start is; the start has an orbit over η.
        if name == "seed" or (self.draw == "gaussian" and name in ("init_scale", "init_scaling")):
            return True
        if self.over != "lr" and self.about(name).group == "start":
            return False
        return super().applies(name)
