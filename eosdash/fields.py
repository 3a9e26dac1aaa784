"""What every parameter set is made of: described fields, clear errors, texts and keys."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, wraps
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Self,
    TypeVar,
    get_args,
    get_origin,
)
from urllib.parse import urlencode

from annotated_types import Ge, Gt, Le
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from eosdash.mistakes import mistake

MATH_VERSION = "9"
"""Raised whenever the same parameter set would give other numbers, or the same ones written
otherwise; part of every cache key."""


SMALLEST_RATE = 1e-300


class Way(NamedTuple):
    """A way out of an error.

    Attributes:
        values: other values for some fields; None for what is to be left out.
        words: what that means, where the values do not say it.
        find: the same values from all that were given, where those of the set at fault, whose
            idle fields stand as by default, are not enough.
    """

    values: Mapping[str, Any]
    words: str = ""
    find: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None


class ParameterError(ValueError):
    """A parameter that cannot be used: which one, what is wrong, what is allowed; and the ways
    out, the one that changes least first (see :mod:`eosdash.nearest`)."""

    def __init__(self, field: str, message: str, allowed: str, *ways: Way) -> None:
        super().__init__(f"{field}: {message} (allowed: {allowed})")
        self.field, self.message, self.allowed, self.ways = field, message, allowed, ways

    @property
    def words(self) -> str:
        """What is said beside its field."""
        return f"{self.message[:1].upper()}{self.message[1:]}. Allowed: {self.allowed}."

    def as_dict(self) -> dict[str, str]:
        """The ``error`` object of the HTTP API."""
        return {"field": self.field, "message": self.message, "allowed": self.allowed}


def split(value: Any) -> Any:
    """Comma-separated text, as it stands in a query, to its parts; anything else to a tuple."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",")) if value.strip() else ()
    if hasattr(value, "tolist"):
        value = value.tolist()
    return (value,) if isinstance(value, int | float) else value


def split_pairs(value: Any) -> Any:
    """``step:lr,step:lr`` to pairs."""
    parts = split(value)
    if not isinstance(parts, tuple | list):
        return parts
    return tuple(part.split(":") if isinstance(part, str) else part for part in parts)


def _with_threshold(lr: float) -> float:
    """A learning rate η, if 2/η is a number, with room for what it is multiplied with."""
    if lr < SMALLEST_RATE:
        raise PydanticCustomError("tiny", f"it is smaller than {SMALLEST_RATE:g}")
    return lr


Widths = Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], BeforeValidator(split)]
Numbers = Annotated[
    tuple[Annotated[float, Field(allow_inf_nan=False)], ...], BeforeValidator(split)
]
Whole = Annotated[tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(split)]
LARGEST_LR = 100.0
"""Largest learning rate that can be asked for."""

LearningRate = Annotated[
    float, Field(gt=0, le=LARGEST_LR, allow_inf_nan=False), AfterValidator(_with_threshold)
]
Schedule = Annotated[
    tuple[tuple[Annotated[int, Field(ge=1)], LearningRate], ...], BeforeValidator(split_pairs)
]


class About(BaseModel):
    """What a control has to know of its field beyond type and range."""

    model_config = ConfigDict(frozen=True)
    group: str
    symbol: str = ""
    log: bool = False
    when: dict[str, tuple[str, ...]] = {}
    allowed: str = ""


def parameter(
    default: Any,
    label: str,
    help: str,
    *,
    group: str,
    symbol: str = "",
    log: bool = False,
    when: Mapping[str, tuple[str, ...]] | None = None,
    allowed: str = "",
    **limits: Any,
) -> Any:
    """A field that describes itself to controls, documentation and error messages.

    Args:
        when: for each field named, the values for which this one has any effect. Elsewhere it
            is accepted and ignored, and left out of links and keys.
        allowed: what is accepted, in words, where the type and the limits do not say it.
    """
    about = About(group=group, symbol=symbol, log=log, when=dict(when or {}), allowed=allowed)
    extra: Any = {"about": about.model_dump()}
    return Field(default, title=label, description=help, json_schema_extra=extra, **limits)


Set = TypeVar("Set", bound="ParameterSet")
Found = TypeVar("Found")


def remembered(compute: Callable[[Set], Found]) -> Callable[[Set], Found]:
    """What is found for a parameter set, found once; of a private one nothing is kept."""
    kept = lru_cache(maxsize=512)(compute)

    @wraps(compute)
    def found(params: Set) -> Found:
        return compute(params) if params.is_private else kept(params)

    return found


def unsigned_zeros(value: Any) -> Any:
    """The same without −0.0, which equals 0.0 but prints otherwise in keys and links."""
    if isinstance(value, tuple):
        return tuple(map(unsigned_zeros, value))
    return value + 0.0 if isinstance(value, float) else value


class ParameterSet(BaseModel):
    """Frozen, validated parameters with a canonical form.

    ``make`` reads keyword arguments and query texts alike, ``query`` writes the texts back,
    ``key`` names the result in the cache. Whatever has no effect stands as by default, so that
    sets of the same key are equal: what is computed from them cannot differ.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
    kind: ClassVar[str]
    function: ClassVar[str] = ""
    """Name in the Python API of what computes the same, if it is not the kind."""

    fitted: ClassVar[tuple[str, ...]] = ()
    """Fields that suit the rest of a set unless they are given, in the order in which one depends
    on another."""

    cursor: ClassVar[str | None] = None
    """A field that changes no number, but that links and pages keep."""

    @field_validator("*", mode="after")
    @classmethod
    def _no_negative_zero(cls, value: Any) -> Any:
        return unsigned_zeros(value)

    @model_validator(mode="after")
    def _idle_as_by_default(self) -> Self:
        self.idle(*(name for name in type(self).model_fields if not self.applies(name)))
        return self

    def idle(self, *names: str) -> None:
        """While a set is made: fields that have no effect in it stand as by default."""
        for name in set(names) - {self.cursor}:
            self.__dict__[name] = type(self).model_fields[name].default

    @classmethod
    def make(cls, /, **values: Any) -> Self:
        """Validate keyword arguments or the texts of a query.

        Raises:
            ParameterError: naming the first field at fault and what is allowed there.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            raise _first_error(cls, error) from None

    @classmethod
    @cache
    def about(cls, name: str) -> About:
        """How field ``name`` is grouped, drawn and conditioned."""
        extra: Any = cls.model_fields[name].json_schema_extra
        return About(**extra["about"])

    def applies(self, name: str) -> bool:
        """Whether field ``name`` has any effect beside the values of the others."""
        when = self.about(name).when
        return all(getattr(self, other) in values for other, values in when.items())

    def canonical(self) -> dict[str, Any]:
        """The fields that matter, typed: equal dictionaries mean equal numbers."""
        return {name: getattr(self, name) for name in type(self).model_fields if self.applies(name)}

    def query(self) -> dict[str, str]:
        """The canonical form as texts, for a URL; :meth:`make` reads it back."""
        return {name: as_text(value) for name, value in self.canonical().items()}

    @property
    def is_private(self) -> bool:
        """Whether it holds what is nobody else's business, so that its result is kept nowhere."""
        return False

    def call(self) -> str:
        """The call of the Python API that computes the same."""
        arguments = (f"{name}={value!r}" for name, value in self.canonical().items())
        return f"eosdash.{self.function or self.kind}({', '.join(arguments)})"

    def key(self) -> str:
        """Cache key: SHA-256 of the canonical form and the version of the mathematics."""
        document = {"kind": self.kind, "math": MATH_VERSION, "params": self.canonical()}
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def as_text(value: Any) -> str:
    """A value as it stands in a query."""
    if isinstance(value, tuple):
        return ",".join(
            ":".join(as_text(part) for part in item) if isinstance(item, tuple) else as_text(item)
            for item in value
        )
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


def search(query: Mapping[str, str]) -> str:
    """A query as it stands in a link; the marks of lists stand for themselves, and so are short."""
    return urlencode(query, safe=":,")


def allowed_values(cls: type[ParameterSet], name: str) -> str:
    """What field ``name`` accepts, in words."""
    field = cls.model_fields[name]
    if stated := cls.about(name).allowed:
        return stated
    if get_origin(field.annotation) is Literal:
        return ", ".join(str(choice) for choice in get_args(field.annotation))
    if field.annotation is bool:
        return "true, false"
    return _number_range(
        field.metadata, "a whole number" if field.annotation is int else "a number"
    )


def _number_range(rules: list[Any], noun: str) -> str:
    bounds = {type(rule): rule for rule in rules}
    low = (
        f"from {bounds[Ge].ge:g}"
        if Ge in bounds
        else f"above {bounds[Gt].gt:g}"
        if Gt in bounds
        else ""
    )
    high = f"to {bounds[Le].le:.10g}" if Le in bounds else ""
    return " ".join(part for part in (noun, low, high) if part)


def _first_error(cls: type[ParameterSet], error: ValidationError) -> ParameterError:
    first = error.errors(include_url=False)[0]
    if isinstance(cause := first.get("ctx", {}).get("error"), ParameterError):
        # A new one: the ValidationError holds the cause, and raised again the cause would hold it
        # as its context, with all frames, in a circle that nothing ever frees.
        return ParameterError(cause.field, cause.message, cause.allowed, *cause.ways)
    name = str(first["loc"][0]) if first["loc"] else "parameters"
    if name not in cls.model_fields:
        return ParameterError(name, "there is no such parameter", ", ".join(cls.model_fields))
    return ParameterError(name, mistake(first), allowed_values(cls, name))
