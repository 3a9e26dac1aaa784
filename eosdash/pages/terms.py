"""Texts with marks of terms, as components."""

from dash import html
from dash.development.base_component import Component

from eosdash.glossary import GLOSSARY, key_of
from eosdash.marks import MARK


def explained(text: str) -> list[str | Component]:
    """A text in parts, each marked term a button that opens the glossary there."""
    parts: list[str | Component] = []
    end = 0
    for found in MARK.finditer(text):
        key = key_of(*found.groups())
        parts.append(text[end : found.start()])
        parts.append(
            html.Button(
                found[1],
                className="eos-term",
                title=GLOSSARY[key].words,
                **{"data-term": key},
            )
        )
        end = found.end()
    return [part for part in (*parts, text[end:]) if part]
