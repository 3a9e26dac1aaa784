"""The nearest parameter set that can be computed, where the one that was asked for cannot.

Every :class:`eosdash.fields.ParameterError` that knows of a way out names it, and one after the
other is taken until nothing is at fault. What is to be kept is the last to give way; what was typed
never does, and then it is an error.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, Literal, NamedTuple, TypeVar, get_origin

from eosdash.fields import ParameterError, ParameterSet, Way, as_text

Set = TypeVar("Set", bound=ParameterSet)

MOST_ROUNDS = 40
"""Ways that are tried; a network is halved at most some twenty times."""

MOST_SHOWN = 24
"""Characters of a value in a sentence."""


class Nearest(NamedTuple, Generic[Set]):
    """A parameter set that can be computed.

    Attributes:
        params: the set.
        changes: its fields that are others than was asked for, as texts; empty where left out.
        words: why, and what is there instead; empty where nothing is.
    """

    params: Set
    changes: dict[str, str]
    words: str


def nearest(
    cls: type[Set],
    query: Mapping[str, Any],
    check: Callable[[Set], None] = lambda _params: None,
    keep: Collection[str] = (),
    held: Collection[str] = (),
) -> Nearest[Set]:
    """Adapt a parameter set until it can be made, and passes a check.

    Args:
        keep: fields that give way after all others.
        held: fields that do not give way.

    Raises:
        ParameterError: if it cannot be adapted.
    """
    values, taken, causes = dict(query), list[Way](), dict[str, _Cause]()
    for _ in range(MOST_ROUNDS):
        try:
            params = cls.make(**values)
            check(params)
        except ParameterError as error:
            way = _way(error, taken, keep, held)
            if way is None:
                raise
            taken.append(way)
            cause = causes.setdefault(error.field, _Cause(error.message, {}))
            cause.words.update(dict.fromkeys(way.values, way.words))
            values |= way.find(values) if way.find else way.values
        else:
            changes = {
                name: _text(getattr(params, name))
                for cause in causes.values()
                for name in cause.words
                if _text(values[name]) != _text(query.get(name))
            }
            return Nearest(params, changes, _sentences(cls, query, changes, causes))
    raise ParameterError("parameters", "nothing near them can be computed", "other values")


class _Cause(NamedTuple):
    """Why fields were changed, and the words of each change, if it has any."""

    message: str
    words: dict[str, str]


def _way(
    error: ParameterError,
    taken: Collection[Way],
    keep: Collection[str],
    held: Collection[str],
) -> Way | None:
    """The way out that changes least of what is to be kept."""
    if error.field in held:
        return None
    ways = [way for way in error.ways if way not in taken and not set(way.values) & set(held)]
    return min(ways, key=lambda way: len(set(way.values) & set(keep)), default=None)


def is_choice(cls: type[ParameterSet], name: str) -> bool:
    """Whether the values of a field are chosen, not typed."""
    if name not in cls.model_fields:
        return False
    kind = cls.model_fields[name].annotation
    return get_origin(kind) is Literal or kind is bool


def _text(value: Any) -> str:
    return "" if value is None else as_text(value)


def _sentences(
    cls: type[ParameterSet],
    query: Mapping[str, Any],
    changes: Mapping[str, str],
    causes: Mapping[str, _Cause],
) -> str:
    """For every cause what became of it."""
    made = list[str]()
    for message, words in causes.values():
        parts = [
            words[name] or _instead(cls, name, _text(query.get(name)), text)
            for name, text in changes.items()
            if name in words and (words[name] or text)
        ]
        if parts:
            made.append(f"{_begun(message)}: {', '.join(parts)}.")
    return " ".join(made)


def _begun(message: str) -> str:
    """With a capital; η has none."""
    return f"{message[0] if message[0] == 'η' else message[0].upper()}{message[1:]}"


def _instead(cls: type[ParameterSet], name: str, before: str, after: str) -> str:
    """A field with its value, and the one that was asked for."""
    title = (cls.model_fields[name].title or name).lower()
    was = f" instead of {before}" if 0 < len(before) <= MOST_SHOWN else ""
    words = f"{after}{was}"
    return f"{title} {words.replace('_', ' ') if is_choice(cls, name) else words}"
