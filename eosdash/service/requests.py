"""What a request asks for: parameter sets, rows and places, or what is wrong with them."""

from collections.abc import Container
from typing import TypeVar

from flask import request

from eosdash.basins import ground_of
from eosdash.fields import ParameterError, ParameterSet
from eosdash.nearest import Nearest, is_choice, nearest
from eosdash.params import PAGES, BasinParams
from eosdash.params.basin import FARTHEST
from eosdash.service import gate, kinds, settings

Asked = TypeVar("Asked", bound=ParameterSet)

ASIDE = ("row", "v")
"""What a query may say of the answer, beside what is computed."""


def asked(cls: type[Asked], leaving_out: Container[str] = ()) -> Asked:
    """The parameter set that a request asks for.

    Raises:
        ParameterError: for anything that cannot be used, or is too large.
    """
    query = {name: value for name, value in query_of().items() if name not in leaving_out}
    params = cls.make(**query)
    kinds.check(params)
    return params


NEAREST_SECONDS = 0.5
"""What looking for the nearest parameter set is charged as."""


def nearest_of(page: str) -> Nearest[ParameterSet]:
    """What can be computed in place of what the request asks for.

    Raises:
        ParameterError: if nothing can without changing the number that was typed.
    """
    gate.charge(NEAREST_SECONDS)
    cls, query = PAGES[page].sets[0], query_of()
    keep = query.pop("keep", "")
    held = () if is_choice(cls, keep) else (keep,)
    found = nearest(cls, query, kinds.check, (keep,), held)
    if isinstance(found.params, BasinParams) and not found.changes:
        return nearest(cls, query, _can_be_laid, (keep,), held)
    return found


def _can_be_laid(params: ParameterSet) -> None:
    kinds.check(params)
    if isinstance(params, BasinParams):
        ground_of(params)


def query_of() -> dict[str, str]:
    """The query of the request, without what it says of the answer alone.

    Raises:
        ParameterError: if it is too long, or names a parameter twice.
    """
    longest = settings.value("limit_query")
    if len(request.query_string) > longest:
        raise ParameterError(
            "query", "it is too long", f"up to {longest:,.0f} characters; use the Python API"
        )
    for name, values in request.args.lists():
        if len(values) > 1:
            raise ParameterError(name, f"it is given {len(values)} times", "one value")
    return {name: text for name, text in request.args.items() if name not in ASIDE}


def row_of() -> int:
    """From which row on an answer is asked for."""
    text = request.args.get("row", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise ParameterError("row", "it is no number of rows", "a whole number from 0 to 999999")
    return int(text)


def coordinate_of(name: str) -> float:
    """A coordinate of the query."""
    try:
        value = float(request.args[name])
    except (KeyError, ValueError):
        value = float("nan")
    if not abs(value) <= FARTHEST:
        raise ParameterError(name, "it is no coordinate", f"a number within ±{FARTHEST:g}")
    return value
