"""Decks of scenes, written as YAML: every mistake is told with its line and its field."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from eosdash.fields import ParameterError, ParameterSet, as_text, search
from eosdash.glossary import known_terms
from eosdash.marks import MARK
from eosdash.mistakes import mistake, quoted
from eosdash.params import PAGES, SweepParams
from eosdash.params.pages import today

DECK = Path(__file__).with_name("deck.yaml")
"""The deck that comes with the app."""

LARGEST = 64 * 1024
"""Most bytes of a deck."""

_DEEPEST = 10
"""Most levels of nesting; a deck has use for seven."""

_YAML = "one YAML document with title and scenes; texts with signs like : or # in quotes"
_FIELDS = "these are no fields, each with its value"
_MESSAGES = {
    "model_type": _FIELDS,
    "dict_type": _FIELDS,
    "string_type": "this is no text, or one that lacks quotes",
}

Check = Callable[[ParameterSet], None]
Place = tuple[str | int, ...]


class DeckError(ValueError):
    """A deck that cannot be used: on which line, in which field, what is wrong, what is allowed."""

    def __init__(self, line: int, field: str, message: str, allowed: str, file: str = "") -> None:
        place = f"{file}: line {line}" if file else f"line {line}"
        super().__init__(f"{place}, {field}: {message} (allowed: {allowed})")
        self.line, self.field, self.message, self.allowed = line, field, message, allowed

    def as_dict(self) -> dict[str, str | int]:
        """The ``error`` object of the HTTP API."""
        return {name: getattr(self, name) for name in ("line", "field", "message", "allowed")}


Short = Annotated[str, Field(min_length=1, max_length=80, description="up to 80 characters")]
Sentence = Annotated[str, Field(min_length=1, max_length=200)]
_FROZEN = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Scene(BaseModel):
    """A state of a page, and what is said beside it."""

    model_config = _FROZEN

    title: Short
    page: str = Field(description=", ".join(PAGES))
    params: dict[str, str] = Field({}, description="fields of the page, each with one value")
    text: str = Field(min_length=1, max_length=600, description="up to 600 characters")
    look: Sentence = Field(description="up to 200 characters")
    question: Sentence | None = Field(None, description="up to 200 characters")
    options: tuple[Short, ...] = Field(
        (), description="2 to 6 texts of up to 80 characters", min_length=2, max_length=6
    )
    answer: int | None = Field(None, description="the number of the right option, from 1", ge=1)

    @field_validator("params")
    @classmethod
    def _of_today(cls, params: dict[str, str]) -> dict[str, str]:
        return today(params)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.page not in PAGES:
            raise ParameterError("page", f"there is no page {self.page!r}", ", ".join(PAGES))
        try:
            self.sets()
        except ParameterError as error:
            raise ParameterError(f"params.{error.field}", error.message, error.allowed) from None
        for name in ("text", "look"):
            for written, key in MARK.findall(getattr(self, name)):
                if (key or written) not in known_terms():
                    wrong = f"the glossary has no {quoted(key or written)}"
                    raise ParameterError(name, wrong, "[[a term]] of it, or [[words|its-key]]")
        if self.options and self.question is None:
            raise ParameterError("options", "there is no question", "options of a question")
        if self.answer is not None and self.answer > len(self.options):
            allowed = f"from 1 to {len(self.options)}" if self.options else "an answer to options"
            raise ParameterError("answer", f"there is no option {self.answer}", allowed)
        return self

    def sets(self) -> tuple[ParameterSet, ...]:
        """What is computed, then how it is shown."""
        sets, given = PAGES[self.page].sets, self.params.items()
        known = [name for cls in sets for name in cls.model_fields]
        for name in self.params:
            if name not in known:
                raise ParameterError(name, f"{self.page} has no such field", ", ".join(known))
        return tuple(
            cls.make(**{name: text for name, text in given if name in cls.model_fields})
            for cls in sets
        )

    @property
    def href(self) -> str:
        """Address of the state: what is computed, and whatever is shown otherwise than usual."""
        computed, *views = self.sets()
        query = computed.query()
        if isinstance(computed, SweepParams) and "lr" in computed.model_fields_set:
            query["lr"] = as_text(computed.lr)  # where the cursor stands; it changes no number
        for view in views:
            for name, field in type(view).model_fields.items():
                if (value := getattr(view, name)) != field.default:
                    query[name] = as_text(value)
        return f"{PAGES[self.page].path}?{search(query)}"

    def as_dict(self) -> dict[str, Any]:
        """As the browser shows it, ready for JSON."""
        return self.model_dump(mode="json", exclude={"params"}) | {"href": self.href}


class Deck(BaseModel):
    """Scenes in the order in which they are shown."""

    model_config = _FROZEN

    title: Short
    scenes: tuple[Scene, ...] = Field(description="1 to 60 scenes", min_length=1, max_length=60)

    def as_dict(self) -> dict[str, Any]:
        """As the browser shows it, ready for JSON."""
        return {"title": self.title, "scenes": [scene.as_dict() for scene in self.scenes]}


def read(path: str | Path, check: Check | None = None) -> Deck:
    """The deck of a file, as for :func:`parse`; errors begin with the name of the file."""
    path, allowed = Path(path), "a file of UTF-8 text"
    name = path.name or str(path)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise DeckError(1, "deck", f"it cannot be read: {error}", allowed, name) from None
    try:
        # Where a file that is too large is cut may be within a character.
        return parse(data.decode(errors="strict" if len(data) <= LARGEST else "replace"), check)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DeckError(line, "deck", "this is no UTF-8", allowed, name) from None
    except DeckError as error:
        raise DeckError(error.line, error.field, error.message, error.allowed, name) from None


def parse(text: str, check: Check | None = None) -> Deck:
    """The deck that a text holds.

    Args:
        check: called with what each scene computes; refuses it by a ParameterError.

    Raises:
        DeckError: naming the line and the field at fault.
    """
    lines: dict[Place, int] = {}
    content = _content(_root(text), (), lines)
    try:
        deck = Deck.model_validate(content)
    except ValidationError as error:
        raise _first_error(error, lines) from None
    for i, scene in enumerate(deck.scenes):
        try:
            if check:
                check(scene.sets()[0])
        except ParameterError as error:
            place = ("scenes", i, "params", error.field)
            raise _error(place, lines, error.message, error.allowed) from None
    return deck


def _first_error(error: ValidationError, lines: dict[Place, int]) -> DeckError:
    """Of the first scene at fault, the first; but what is missing, or too few, may be so for a
    mistake in something else, which is therefore told before."""

    def order(one: Any) -> tuple[bool, int, bool, int]:
        place, late = one["loc"], one["type"] in ("missing", "too_short")
        of_deck = late and len(place) == 1
        return of_deck, _line_of(place[:2], lines), late, _line_of(place, lines)

    first: Any = min(error.errors(include_url=False), key=order)
    place, cls = first["loc"], Scene if len(first["loc"]) > 1 else Deck
    if isinstance(cause := first.get("ctx", {}).get("error"), ParameterError):
        place = (*place, *cause.field.split(".", 1))
        return _error(place, lines, cause.message, cause.allowed)
    names = place[2:] if cls is Scene else place
    field = cls.model_fields.get(names[0]) if names else None
    allowed = (field and field.description) or ", ".join(cls.model_fields)
    return _error(place, lines, _MESSAGES.get(first["type"]) or mistake(first), allowed)


def _line_of(place: Place, lines: dict[Place, int]) -> int:
    """Line of the innermost field around a place that is written."""
    return next(lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in lines)


def _error(place: Place, lines: dict[Place, int], message: str, allowed: str) -> DeckError:
    names = [str(step + 1) if isinstance(step, int) else step for step in place]
    field = ".".join(names) or "deck"
    if names[:1] == ["scenes"] and len(names) > 1:
        field = ": ".join([f"scene {names[1]}", ".".join(names[2:])]).removesuffix(": ")
    return DeckError(_line_of(place, lines), field, message, allowed)


def _content(node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    """What is written at a place, as mappings, lists and texts; the lines go into ``lines``.

    Texts stay as they are written: YAML would have yes mean true, and 10:30 mean 630. A field of
    a deck or a scene that is left empty counts as left out.
    """
    lines.setdefault(place, node.start_mark.line + 1)
    in_params = place[2:3] == ("params",)
    if len(place) > 3 and in_params:
        return _as_query(node)
    if isinstance(node, yaml.SequenceNode):
        return [_content(item, (*place, i), lines) for i, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    content, known = {}, (Scene if place else Deck).model_fields
    for key, value in node.value:
        line, name = key.start_mark.line + 1, key.value
        if not isinstance(name, str):
            raise DeckError(line, "deck", "the name of a field is no text", "a word")
        first, lines[*place, name] = lines.get((*place, name)), line
        if first:
            message = f"it is written twice, first on line {first}"
            raise _error((*place, name), lines, message, "every field once")
        if in_params or not value.tag.endswith(":null") or name not in known:
            content[name] = _content(value, (*place, name), lines)
    return content


def _as_query(node: yaml.Node, separators: str = ",:") -> str | None:
    """A parameter as the text that it is in a query; None if it can be none."""
    if isinstance(node, yaml.SequenceNode) and separators:
        parts = [_as_query(item, separators[1:]) for item in node.value]
        return None if None in parts else separators[0].join(map(str, parts))
    if not isinstance(node, yaml.ScalarNode):
        return None
    text, kind = str(node.value), node.tag.rpartition(":")[2]
    if kind in ("null", "bool"):
        return "" if kind == "null" else as_text(text.lower() in ("true", "yes", "on"))
    if kind in ("int", "float"):
        text = text.replace("_", "").lower()
        return text.replace(".", "") if text.endswith(("inf", "nan")) else text
    return text


class _Loader(yaml.SafeLoader):
    """Composes nodes, and refuses what a deck has no use for before it can do harm."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        alias = isinstance(event, yaml.AliasEvent)
        sign = "*" if alias else "&" if event.anchor else "!" if event.tag else ""
        if sign:
            message = f"{sign} begins an alias, an anchor or a tag, and a deck has none"
            raise DeckError(line, "deck", message, f"a text that begins with {sign} in quotes")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise DeckError(line, "deck", "it is nested too deeply", f"up to {_DEEPEST} levels")
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.ScalarNode):  # JSON escapes the halves of a character one by one
            node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        self.depth -= 1
        return node


def _root(text: str) -> yaml.Node:
    """What a text holds as YAML."""
    if len(text.encode(errors="replace")) > LARGEST:
        raise DeckError(1, "deck", "it is too large", f"up to {LARGEST // 1024} KiB")
    if stray := _Loader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, stray.start()) + 1
        raise DeckError(line, "deck", f"YAML has no character {stray[0]!a}", "printable text")
    loader = _Loader(text)
    try:
        if root := loader.get_single_node():
            return root
        line, message = 1, "there is nothing in it"
    except yaml.MarkedYAMLError as error:
        line, message = (error.problem_mark or loader.get_mark()).line + 1, str(error.problem)
        if error.context_mark:
            message = f"{error.context} from line {error.context_mark.line + 1} on, {message}"
    except DeckError:
        raise
    except (ValueError, OverflowError):
        line, message = loader.line + 1, "this number is far too large"
    raise DeckError(line, "deck", message, _YAML)
