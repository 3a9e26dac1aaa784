"""What a network learns, and from which data."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator

from eosdash.fields import Numbers, ParameterError, ParameterSet, Way, parameter, split_pairs

Task = Literal[
    "scalar", "whitened", "regression", "chebyshev", "toy", "spirals", "moons", "digits", "csv"
]

CLASSES = {"spirals": 2, "moons": 2, "digits": 10}
"""Tasks of telling classes apart, with how many there are."""

FIXED_ENDS = {
    "scalar": (1, 1),
    "chebyshev": (1, 1),
    "toy": (4, 1),
    "spirals": (2, 2),
    "moons": (2, 2),
    "digits": (64, 10),
}
"""Inputs and outputs of the tasks that leave no choice."""

_TANH = {
    "activation": "tanh",
    "depth": 3,
    "init": "gaussian",
    "init_scale": 1.0,
    "init_scaling": "fan_in",
}
_WIDE = {"hidden": "", "width": 16}
_LINEAR = {"activation": "linear", "hidden": "", "init": "gaussian", "init_scale": 1.0}
USUAL: dict[str, dict[str, Any]] = {
    "scalar": _LINEAR | {"depth": 4, "width": 1, "init_scaling": "none"},
    "whitened": _LINEAR | {"depth": 3, "width": 4, "init_scaling": "fan_in"},
    "regression": _LINEAR | {"depth": 3, "width": 8, "init_scaling": "fan_in", "samples": 100},
    "chebyshev": _TANH | {"hidden": "30,20", "samples": 20, "lr": 0.2},
    "toy": _TANH | _WIDE | {"samples": 100, "lr": 0.2},
    "spirals": _TANH | _WIDE | {"samples": 100, "noise": 0.0, "lr": 0.2},
    "moons": _TANH | _WIDE | {"samples": 100, "noise": 0.1, "lr": 0.3},
    "digits": _TANH | {"hidden": "", "width": 32, "samples": 100, "init": "uniform", "lr": 0.15},
    "csv": _TANH | _WIDE,
}
"""A network that suits a task, taken when it is chosen by hand; and a learning rate at which the
edge of stability shows, where one holds for every seed. Elsewhere it goes by the start."""

MOST_IMAGES = 1797
MOST_ROWS, MOST_COLUMNS, MOST_NUMBERS = 300, 17, 900
MOST_CLASSES = 10
MOST_SIZE = 1e6

EXAMPLE = tuple((float(x), float(x**2 + x)) for x in range(-3, 4))
"""A table for whoever has chosen none yet: a parabola."""

Rows = Annotated[
    tuple[tuple[Annotated[float, Field(allow_inf_nan=False)], ...], ...],
    BeforeValidator(split_pairs),
]

_MATRIX = {"task": ("whitened", "regression")}
_WHITENED = {"task": ("whitened",)}
_REGRESSION = {"task": ("regression",)}
_DRAWN = {"task": ("whitened", "regression", "toy", "spirals", "moons", "digits")}


class TaskParams(ParameterSet):
    """A task and its data."""

    kind: ClassVar[str] = "task"

    task: Task = parameter(
        "scalar",
        "Task",
        "What the network learns: one number y; a matrix with chosen singular values, on whitened "
        "inputs; a noisy linear regression; a Chebyshev polynomial; y = sin(x₀x₁) + ½x₂² + "
        "0.3 cos x₃; two classes on spirals or moons; handwritten digits (UCI, 8 × 8 pixels); or "
        "numbers of your own.",
        group="network",
    )
    d_in: int = parameter(
        2, "Inputs", "Input dimension.", group="data", symbol="d_in", when=_MATRIX, ge=1, le=16
    )
    d_out: int = parameter(
        2, "Outputs", "Output dimension.", group="data", symbol="d_out", when=_MATRIX, ge=1, le=16
    )
    target: float = parameter(
        1.0,
        "Target",
        "The number that the network should put out.",
        symbol="y",
        group="data",
        when={"task": ("scalar",)},
        ge=-100,
        le=100,
        allow_inf_nan=False,
    )
    singular_values: Numbers = parameter(
        (1.0, 0.5),
        "Singular values",
        "Singular values of the target matrix, 0 to 100; those not given are zero.",
        symbol="σ",
        group="data",
        when=_WHITENED,
        allowed="1 to 16 numbers from 0 to 100, comma-separated",
        min_length=1,
        max_length=16,
    )
    rotate: bool = parameter(
        False,
        "Rotate",
        "Turn the target by seeded random rotations instead of leaving it diagonal.",
        group="data",
        when=_WHITENED,
    )
    degree: int = parameter(
        6, "Degree", "Of the Chebyshev polynomial cos(k arccos x).", symbol="k", group="data",
        when={"task": ("chebyshev",)}, ge=0, le=20,
    )  # fmt: skip
    samples: int = parameter(
        100,
        "Samples",
        "Number of data points. The cost of a step grows with it, unless the network is linear.",
        symbol="n",
        group="data",
        when={"task": ("regression", "chebyshev", "toy", "spirals", "moons", "digits")},
        ge=1,
        le=100_000,
    )
    noise: float = parameter(
        0.0,
        "Noise",
        "Standard deviation of the noise, on the outputs or on the points of two classes.",
        group="data",
        when={"task": ("regression", "spirals", "moons")},
        ge=0,
        le=10,
        allow_inf_nan=False,
    )
    condition: float = parameter(
        1.0,
        "Condition number",
        "Largest over smallest eigenvalue of the covariance that the inputs are drawn from.",
        symbol="κ",
        group="data",
        log=True,
        when=_REGRESSION,
        ge=1,
        le=1e4,
        allow_inf_nan=False,
    )
    data_seed: int = parameter(
        0,
        "Data seed",
        "Seed of the rotations or of the data.",
        group="data",
        when=_DRAWN,
        ge=0,
        le=2**32 - 1,
    )
    data: Rows = parameter(
        (),
        "Your numbers",
        "Rows of inputs and one output at the end, or a class 0, 1, … for cross-entropy. Columns "
        "are standardized. They travel in the link and are kept nowhere else.",
        group="data",
        when={"task": ("csv",)},
        allowed=f"rows of 2 to {MOST_COLUMNS} numbers, as 1:2,3:4; at least 2 rows and at most "
        f"{MOST_ROWS}, {MOST_NUMBERS} numbers in all",
        max_length=MOST_ROWS,
    )

    @field_validator("singular_values")
    @classmethod
    def _largest_first(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        """σ_1 ≥ σ_2 ≥ …: a start meets a diagonal target entry by entry, and so their order
        counts."""
        return tuple(sorted(values, reverse=True))

    @property
    def is_private(self) -> bool:
        """Numbers of one's own are kept nowhere."""
        return self.task == "csv"

    def _check_data(self, classes: bool) -> None:
        """Refuse numbers of one's own that are no data set."""
        allowed = type(self).about("data").allowed
        columns = {len(row) for row in self.data}
        if not self.data:
            way = Way({"data": EXAMPLE}, "an example table to begin with")
            raise ParameterError("data", "no numbers are given", allowed, way)
        if len(self.data) < 2:
            raise ParameterError("data", "one row is too few", allowed)
        if len(columns) > 1:
            raise ParameterError("data", f"rows have {min(columns)} to {max(columns)} numbers",
                                 allowed)  # fmt: skip
        (width,) = columns
        if not 2 <= width <= MOST_COLUMNS or width * len(self.data) > MOST_NUMBERS:
            raise ParameterError("data", f"{len(self.data)} rows of {width} numbers", allowed)
        if max(abs(value) for row in self.data for value in row) > MOST_SIZE:
            raise ParameterError("data", "a number is too large", "numbers within ±1e6")
        labels = {row[-1] for row in self.data}
        if classes and not (
            all(label.is_integer() and 0 <= label < MOST_CLASSES for label in labels)
            and len(labels) > 1
        ):
            raise ParameterError(
                "data",
                "the last column holds no classes",
                f"whole numbers from 0 to {MOST_CLASSES - 1}, two or more, for cross-entropy",
                Way({"loss": "squared"}),
            )

    def _check_singular_values(self) -> None:
        most = min(self.d_in, self.d_out)
        if len(self.singular_values) > most:
            raise ParameterError(
                "singular_values",
                f"{len(self.singular_values)} do not fit a {self.d_out} × {self.d_in} matrix",
                f"at most {most}",
                Way({"singular_values": self.singular_values[:most]}),
            )
        if not all(0 <= value <= 100 for value in self.singular_values):
            raise ParameterError("singular_values", "one is out of range", "numbers from 0 to 100")

    def _ends(self, classes: bool) -> tuple[int, int]:
        """Input and output dimension."""
        if self.task == "csv":
            outputs = int(max(row[-1] for row in self.data)) + 1 if classes else 1
            return len(self.data[0]) - 1, outputs
        return FIXED_ENDS.get(self.task, (self.d_in, self.d_out))
