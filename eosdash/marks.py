"""Terms of the glossary, marked in a text where they are meant.

``[[saddle]]`` is the term that is written so, ``[[stable ones|stable-minimizer]]`` the one of that
key. Pages make links of marks; whoever else reads the text gets it without them.
"""

import re
from typing import Any

MARK = re.compile(r"\[\[([^\[\]|]+)(?:\|([a-z-]+))?\]\]")


def unmarked(text: str) -> str:
    """A text without marks."""
    return MARK.sub(r"\1", text)


def has_marks(value: Any) -> bool:
    """Whether a text, or one of a list of them, has marks."""
    texts = value if isinstance(value, list | tuple) else (value,)
    return any(isinstance(text, str) and MARK.search(text) for text in texts)
