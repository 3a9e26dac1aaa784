"""A menu that is a native disclosure, and so works with every keyboard and screen reader."""

from dash import html
from dash.development.base_component import Component


def menu(name: str, face: list[Component], content: list[Component]) -> html.Details:
    """A disclosure that closes when something else is clicked, or by Escape."""
    return html.Details(
        [
            html.Summary(face, id=name, className="eos-action"),
            html.Div(content, className="eos-menu-content"),
        ],
        className="eos-menu",
    )
