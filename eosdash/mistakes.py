"""What is wrong with a value, in words of our own: a validator's are about types, not fields."""

from collections.abc import Mapping
from typing import Any

LONGEST = 24
"""Characters of a value that are said again."""

WRONG = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field",
    "too_short": "there are too few",
    "too_long": "there are too many",
    "string_too_short": "it is empty",
    "string_too_long": "it is too long",
    "finite_number": "{it} is not finite",
    "greater_than": "{it} is too small",
    "greater_than_equal": "{it} is too small",
    "less_than": "{it} is too large",
    "less_than_equal": "{it} is too large",
    "int_parsing_size": "{it} is too large",
    "int_from_float": "{it} is not a whole number",
    "int_parsing": "{it} is not a whole number",
    "int_type": "{it} is not a whole number",
    "float_parsing": "{it} is not a number",
    "float_type": "{it} is not a number",
    "bool_parsing": "{it} is neither true nor false",
    "bool_type": "{it} is neither true nor false",
    "literal_error": "{it} is none of the choices",
    "enum": "{it} is none of the choices",
    "string_type": "it is not a text",
    "tuple_type": "{it} is not a list",
    "list_type": "{it} is not a list",
    "dict_type": "{it} is not a list of names and values",
    "model_type": "{it} is not a list of names and values",
    "model_attributes_type": "{it} is not a list of names and values",
    "json_invalid": "it is not JSON",
}
"""By the kind of a validator's error."""

OWN = ("tiny",)
"""Kinds of our own, whose words are ours already."""


def mistake(error: Mapping[str, Any]) -> str:
    """One error of a pydantic validation, in words."""
    kind = error["type"]
    if kind in OWN:
        return str(error["msg"])
    return WRONG.get(kind, "{it} cannot be used").format(it=quoted(error.get("input")))


def quoted(value: Any) -> str:
    """A value as it was given, as far as it can be said."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return "what is given"
    text = "".join(sign for sign in str(value) if sign.isprintable()).strip()
    if not text:
        return "an empty text"
    return f"“{text[:LONGEST]}…”" if len(text) > LONGEST else f"“{text}”"
