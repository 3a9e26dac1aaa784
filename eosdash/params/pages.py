"""The pages, each with its address and what its link may hold; and how a link frames it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BeforeValidator, field_validator

from eosdash.fields import ParameterError, ParameterSet, parameter, split
from eosdash.mistakes import quoted
from eosdash.params.basin import BasinParams
from eosdash.params.sweep import SweepParams
from eosdash.params.theory import TheoryParams
from eosdash.params.train import TrainParams
from eosdash.params.view import BasinView, RunView, TheoryView


class Page(NamedTuple):
    """A page that shows a result.

    Attributes:
        path: its address on the host.
        sets: what is computed, then how it is shown: together what its link may hold.
    """

    path: str
    sets: tuple[type[ParameterSet], ...]


PAGES = {
    "run": Page("/", (TrainParams, RunView)),
    "basin": Page("/basin", (BasinParams, BasinView)),
    "sweep": Page("/sweep", (SweepParams,)),
    "theory": Page("/theory", (TheoryParams, TheoryView)),
}

RENAMED = {"lowest": "lambda_min"}
"""What stands in older links, and what it is called today."""


def names_of(name: str) -> tuple[str, ...]:
    """What a field is called, today and in older links."""
    return name, *(old for old, new in RENAMED.items() if new == name)


def today(query: Mapping[str, Any]) -> dict[str, Any]:
    """A query, maybe of an older link, by the names of today."""
    return {RENAMED.get(name, name): value for name, value in query.items()}


Names = Annotated[tuple[str, ...], BeforeValidator(split)]


class Frame(ParameterSet):
    """How a link frames a page: which scene stands beside it, and what is left out around it."""

    kind: ClassVar[str] = "frame"

    scene: int = parameter(
        0, "Scene", "Number of the scene of the deck that is open; 0 for none.",
        group="frame", ge=0, le=999,
    )  # fmt: skip
    deck: str = parameter(
        "", "Deck", "The deck of the scene, where it is not that of the site: the name of one that "
        "the link or the browser holds, or the address of its file on this host.", group="frame",
        allowed="twelve digits from 0 to f, or an address that begins with /",
    )  # fmt: skip
    present: bool = parameter(
        False, "Present", "For the projector: large type, no controls.", group="frame"
    )
    hide: Names = parameter(
        (), "Hide", "Controls that are left out. Results never are.", group="frame",
        allowed="names of controls, comma-separated, such as depth,width",
    )  # fmt: skip
    lock: bool = parameter(
        False, "Lock", "The parameters can be seen, but not changed.", group="frame"
    )
    embed: bool = parameter(
        False, "Embed", "The figure and its transport alone, for an iframe.", group="frame"
    )

    @field_validator("scene", mode="before")
    @classmethod
    def _digits(cls, number: Any) -> Any:
        """Nothing but digits: the browser reads it too, and has to find the same."""
        if isinstance(number, str) and not re.fullmatch("[0-9]{1,3}", number):
            raise ParameterError(
                "scene", "it is no number of a scene", "a whole number, or 0 for none"
            )
        return number

    @field_validator("deck")
    @classmethod
    def _names_a_deck(cls, name: str) -> str:
        if name and not re.fullmatch(r"[0-9a-f]{12}|/(?!/)\S{1,199}", name):
            raise ParameterError("deck", "it names no deck", cls.about("deck").allowed)
        return name

    @field_validator("hide")
    @classmethod
    def _hides_controls(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        sets = (part for page in PAGES.values() for part in page.sets)
        known = {name for part in sets for name in part.model_fields}
        for name in names:
            if RENAMED.get(name, name) not in known:
                raise ParameterError("hide", f"there is no control {quoted(name)}", cls._allowed())
        return tuple(dict.fromkeys(names))

    @classmethod
    def _allowed(cls) -> str:
        return cls.about("hide").allowed

    @classmethod
    def split(cls, query: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """What of a query frames the page, and the rest of it."""
        framing = {name: value for name, value in query.items() if name in cls.model_fields}
        return framing, {name: value for name, value in query.items() if name not in framing}
