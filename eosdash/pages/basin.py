"""The page of maps: the fate of every start on a plane, refined while you watch."""

from functools import cache
from typing import Any

import dash_mantine_components as dmc
from dash import Input, dcc, html
from dash.development.base_component import Component

from eosdash.core.outcome import OUTCOMES
from eosdash.figures.basin import basin_figure, fits_figure, paints
from eosdash.figures.run import run_figure
from eosdash.figures.style import MARKS, SCHEMES
from eosdash.pages.controls import field, field_id
from eosdash.pages.frame import (
    button,
    legend,
    panel,
    problem_box,
    selected_run,
    stores,
    words_above,
)
from eosdash.pages.icons import aria, icon
from eosdash.pages.links import Link
from eosdash.pages.terms import explained
from eosdash.params import BasinParams, BasinView
from eosdash.scope import map_scope
from eosdash.service.prefix import prefix

DESCRIPTION = (
    "Basins of convergence of gradient descent: which starts reach a minimum, which diverge, and "
    "how the map vanishes at the critical learning rate."
)

FIRST_VISIT = {"depth": "2", "lr": "0.8", "init": "weights", "weights": "0.4,1.6"}
"""The two-weight chain below its critical learning rate, with a start that converges."""

COLOURS = {
    "outcome": "Outcome",
    "steps": "Steps",
    "sharpness": "Sharpness",
    "loss": "Loss",
}
OVERLAYS = ("minimizers", "region", "fold", "contours", "balanced", "path")


def layout(**query: str) -> list[Component]:
    """The page for a link's query; what in it cannot be used is said beside its field."""
    link = Link(query)
    params = link.network(BasinParams, FIRST_VISIT)
    view = link.read(BasinView)
    return [
        panel(params, link.said),
        dmc.AppShellMain(_main(params, view, link.adapted, link.problem)),
        *stores(templates(), BasinParams, BasinView),
    ]


@cache
def templates() -> dict[str, Any]:
    """The empty figures in both colour schemes, the colours of the map, and the outcomes."""
    return {
        scheme: {
            "basin": basin_figure(scheme).to_plotly_json(),
            "fits": fits_figure(scheme).to_plotly_json(),
            "run": run_figure(scheme).to_plotly_json(),
            "paints": paints(scheme),
        }
        for scheme in SCHEMES
    } | {"marks": MARKS, "outcomes": [str(outcome) for outcome in OUTCOMES]}


def _main(params: BasinParams, view: BasinView, adapted: str, problem: str) -> html.Div:
    return html.Div(
        [
            *words_above(adapted),
            html.Div(html.Div(id="progress"), className="eos-progress"),
            html.Div([_map(problem), _side(view)], className="eos-work eos-work-map"),
            html.P(explained(map_scope(params)), id="scope", className="eos-scope"),
        ],
        className="eos-main eos-main-map",
    )


def _map(problem: str) -> html.Div:
    figure = html.Div(id="basin-figure", className="eos-figure", tabIndex="0", role="application")
    return html.Div(
        [
            html.Div([figure, problem_box(problem)], className="eos-figure-box eos-map-box"),
            html.Div(
                [
                    html.Output("", id="map-readout", className="eos-readout", htmlFor="at"),
                    html.Div([button(*each) for each in BUTTONS], className="eos-keys"),
                    dmc.Button(
                        [icon("play"), icon("pause"), html.Span("Play η")],
                        id="play-eta", size="compact-md", variant="default",
                    ),
                    html.Output("", id="play-words", htmlFor="play-eta"),
                ],
                className="eos-transport eos-map-keys",
            ),
        ],
        className="eos-run",
    )  # fmt: skip


BUTTONS = (
    ("map-back", "Back to the part before", "back"),
    ("map-forward", "Forward to the next part", "forward"),
    ("map-home", "Home: the whole map", "home"),
    ("map-in", "Zoom in", "plus"),
    ("map-out", "Zoom out", "minus"),
)


def _side(view: BasinView) -> html.Div:
    colour = dmc.SegmentedControl(
        id=field_id("param", "color"), value=view.color, size="xs", fullWidth=True,
        data=[{"value": value, "label": label} for value, label in COLOURS.items()],
        **aria(label="What the colour of a pixel says"),
    )  # fmt: skip
    return html.Div(
        [
            colour,
            _legend(),
            html.H2("Over the map"),
            html.Div([field(view, name, None) for name in OVERLAYS], className="eos-switches"),
            selected_run(
                "The selected run",
                html.P("Click a start on the map to run it.", id="run-words", className="eos-note"),
            ),
            html.P(
                dcc.Link("Open this run", id="open-run", href=f"{prefix()}/"), className="eos-note"
            ),
            _boundary(),
            html.Div(field(view, "at", None), className="eos-hidden"),
        ],
        className="eos-side eos-map-side",
    )


def _legend() -> html.Div:
    bar = [
        html.Span(id=f"bar-{outcome}", className=f"eos-swatch-{outcome}") for outcome in OUTCOMES
    ]
    return html.Div(
        [
            html.Div(bar, className="eos-bar", **aria(hidden="true")),
            legend(),
            html.Div(
                [
                    html.Div(id="ramp", className="eos-ramp"),
                    html.Div(
                        [html.Span(id=f"ramp-{end}") for end in ("low", "name", "high")],
                        className="eos-ramp-words",
                    ),
                ],
                id="ramp-box", className="eos-hidden",
            ),
        ],
    )  # fmt: skip


def _boundary() -> html.Details:
    return html.Details(
        [
            html.Summary("The boundary, measured"),
            html.P("", id="boundary-words", className="eos-note"),
            html.Div(html.Div(id="fits-figure", className="eos-figure"), className="eos-fits-box"),
            html.Table(id="boundary-table", className="eos-numbers"),
        ],
        id="boundary", className="eos-more",
    )  # fmt: skip


CALLBACKS: list[tuple[list[Any], list[Any], list[Any], str]] = [
    ([], [Input(name, "n_clicks") for name, _, _ in BUTTONS], [], "mapButton"),
    ([], [Input("play-eta", "n_clicks")], [], "playEta"),
]
"""(outputs, inputs, states, name of the function in the browser)."""
