"""The page of scenes: the deck as cards; and the scene that stands beside every other page."""

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from eosdash.pages.icons import aria, icon
from eosdash.pages.links import Link
from eosdash.service.prefix import prefix

DESCRIPTION = (
    "A talk on the edge of stability in scenes: each opens the laboratory in a state of its own, "
    "some after the room has predicted what will happen."
)


def layout(**query: str) -> list[Component]:
    """The cards; the browser fills them in, since a deck may be the visitor's own."""
    own = [
        html.H2("A deck of your own"),
        html.P(
            [
                "A deck is one text file. Start from ",
                html.A("this one", href=f"{prefix()}/api/deck.yaml", download="deck.yaml"),
                "; “Share … → As a scene” writes the part of any state. It stays in this "
                "browser, and in the links to its scenes.",
            ],
            className="eos-note",
        ),
        html.Button("Open a deck …", id="deck-open", className="eos-quiet"),
        html.Button("Save this deck", id="deck-save", className="eos-quiet"),
        html.Button("Back to the deck of this site", id="deck-default", className="eos-quiet"),
        html.P("", id="deck-travels", className="eos-note"),
        html.P("", id="deck-problem", className="eos-deck-problem", role="alert"),
    ]
    problem = Link(query).problem
    return [
        dmc.AppShellMain(
            html.Div(
                [
                    html.H1("", id="deck-title", className="eos-summary"),
                    html.P(
                        "Step with the arrow keys, reveal with the space bar, present with P.",
                        className="eos-setup",
                    ),
                    html.P(problem, className="eos-deck-problem", role="alert"),
                    html.P(html.Button("Start", id="deck-first", className="eos-strong")),
                    html.Ol(id="deck", className="eos-deck"),
                    html.Section(own, className="eos-own"),
                ],
                id="scenes-figure",
                className="eos-main",
            )
        ),
        dcc.Store(id="templates", data={}),
        dcc.Store(id="prepared"),
    ]


def scene_column() -> list[Component]:
    """The open scene, and the question that covers a result until it is revealed."""
    keys = [
        _key("scene-back", "Scene before", "back"),
        _key("scene-next", "Next scene", "forward"),
        _key("scene-present", "Present", "screen"),
        _key("scene-close", "Close the deck", "close"),
    ]
    column = html.Aside(
        [
            html.Div(
                [html.Span("", id="scene-number"), html.Div(keys, className="eos-keys")],
                className="eos-scene-head",
            ),
            html.H2("", id="scene-title"),
            html.P("", id="scene-text"),
            html.P("", id="scene-look", className="eos-look"),
            html.P("", id="scene-question", className="eos-question"),
            html.Div(id="scene-options", className="eos-options"),
        ],
        id="scene",
        className="eos-scene",
        **aria(label="Scene"),
    )
    predict = html.Section(
        html.Div(
            [
                html.P("Predict, then reveal", className="eos-note"),
                html.H2("", id="predict-question"),
                html.Div(id="predict-options", className="eos-options"),
                html.Button(
                    ["Reveal", html.Kbd("Space")], id="predict-reveal", className="eos-strong"
                ),
            ]
        ),
        id="predict",
        className="eos-predict",
        **aria(label="Question"),
    )
    return [column, predict]


def _key(name: str, words: str, picture: str) -> html.Button:
    return html.Button(icon(picture), id=name, title=words, **aria(label=words))
