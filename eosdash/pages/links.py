"""A link to a page: what it asks for, what of it is no use, and what stands in place of that."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TypeVar

from eosdash.fields import ParameterError, ParameterSet
from eosdash.mistakes import quoted
from eosdash.nearest import nearest
from eosdash.pages.controls import label_of
from eosdash.params import Frame
from eosdash.params.pages import today
from eosdash.service import kinds

Set = TypeVar("Set", bound=ParameterSet)

OF_A_NETWORK = ("network", "data", "step", "start")
"""Groups of the fields that all pages share."""


class Link:
    """The query of a link, whose sets are read one by one.

    Attributes:
        query: names and texts.
        said: what is said beside each field that cannot be used.
        adapted: what stands in place of what cannot be computed, in words.
    """

    def __init__(self, query: Mapping[str, str]) -> None:
        self.query, self.adapted = today(query), ""
        self.said: dict[str, str] = {}
        self._params: ParameterSet | None = None
        self._known: set[str] = set()

    def network(self, cls: type[Set], first: Mapping[str, str]) -> Set:
        """The parameter set of a page. A link that names nothing of a network keeps that of the
        ``first`` visit, if it can: only what is named changes."""
        named = cls.model_fields.keys() & self.query.keys()
        self._params = params = self._example(cls, first, named) or self.read(cls)
        return params

    def _example(self, cls: type[Set], first: Mapping[str, str], named: set[str]) -> Set | None:
        """The first visit with what is ``named``, if that is nothing of a network."""
        if any(cls.about(name).group in OF_A_NETWORK for name in named - {cls.cursor}):
            return None
        example = Link({**first, **self.query})
        params = example.read(cls)
        if not example.said.keys() <= named:
            return None
        self.said |= example.said
        self.adapted += example.adapted
        self._known |= example._known
        return params

    def read(self, cls: type[Set]) -> Set:
        """A set without the fields at fault, of which it is said, adapted where it cannot be
        computed."""
        self._known |= cls.model_fields.keys()
        values = {name: text for name, text in self.query.items() if name in cls.model_fields}
        while True:
            try:
                found = nearest(cls, values, kinds.check, keep=values)
            except ParameterError as error:
                self.said.setdefault(error.field, error.words)
                # Where a field is needed and not there, what needs it is of no use either.
                needs = cls.about(error.field).when if error.field in cls.model_fields else ()
                gone = {error.field, *needs} & values.keys()
                first = [error.field] if error.field in values else sorted(gone)
                if not first:
                    return cls.make()
                for name in first:
                    del values[name]
            else:
                self.adapted += found.words
                return _with_idle(found.params, values)

    @property
    def problem(self) -> str:
        """What could not be used: the fields beside which it is said why, and the words of what
        has no field that is seen; once the sets of the page are read."""
        frame = Link(self.query)
        frame.read(Frame)
        said, labels, seen = self.said | frame.said, dict[str, str](), set[str]()
        if params := self._params:
            names = type(params).model_fields
            labels = {name: label_of(params, name) for name in names}
            seen = {name for name in names if params.applies(name)}
        told = [
            f"{labels.get(name, name)}: {words[0].lower()}{words[1:]}"
            for name, words in said.items()
            if name not in seen
        ]
        others = [name for name in self.query if name not in self._known | frame._known]
        told += [f"{quoted(name)} is no parameter of this page." for name in others]
        if beside := [labels[name] for name in said if name in seen]:
            told.insert(0, f"{', '.join(beside)}, for what is said beside the field.")
        return f"Not used from the link: {' '.join(told)}" if told else ""


def _with_idle(params: Set, values: Mapping[str, str]) -> Set:
    """The same, with the numbers that were named though they have no effect here: their fields go
    on holding them, for when they have, and for the other pages."""
    idle = {}
    for name in values:
        kind = type(params).model_fields[name].annotation
        if kind in (int, float) and not params.applies(name):
            with suppress(ValueError):
                idle[name] = kind(values[name])
    return params.model_copy(update=idle)
