"""An extension of Griffe: what a docstring says of several attributes at once, it says of each."""

import re
from re import Match
from typing import Any

from griffe import Class, Extension

SEVERAL = re.compile(r"^ {4}((?:\w+,\s+)+\w+):(.*(?:\n {8}.*)*)", re.MULTILINE)


def _each(found: Match[str]) -> str:
    return "\n".join(f"    {name}:{found[2]}" for name in re.split(r",\s+", found[1]))


class Attributes(Extension):
    """Takes lists of names apart."""

    def on_class(self, *, cls: Class, **_others: Any) -> None:
        """As soon as a class is read."""
        if cls.docstring:
            cls.docstring.value = SEVERAL.sub(_each, cls.docstring.value)
