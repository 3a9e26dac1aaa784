"""The page of one run: loss, sharpness and 2/η as they stream in."""

from functools import cache
from typing import Any

import dash_mantine_components as dmc
from dash import Input, html
from dash.development.base_component import Component

from eosdash.figures.detail import curves_figure, plane_figure
from eosdash.figures.explained import EXPLAINED_FIGURES
from eosdash.figures.run import MOST_PINS, run_figure
from eosdash.figures.style import MARKS, SCHEMES
from eosdash.pages.controls import field
from eosdash.pages.frame import panel, problem_box, stores, words_above
from eosdash.pages.icons import aria, icon
from eosdash.pages.links import Link
from eosdash.pages.menu import menu
from eosdash.pages.terms import explained
from eosdash.params import RunView, TrainParams
from eosdash.scope import run_scope

DESCRIPTION = (
    "An interactive laboratory for gradient descent at large learning rates: watch the sharpness "
    "of a network climb to 2/η and stay there."
)

FIRST_VISIT = {"seed": "1794", "init_scale": "0.8", "lr": "0.45"}
"""A flat Gaussian start: the sharpness climbs, passes 2/η, and stays about it for the whole run."""

DETAILS = {
    "auto": "Auto",
    "plane": "Plane",
    "weights": "Weights",
    "singular_values": "Singular values",
    "balance": "Balance",
    "function": "Learned function",
    "portrait": "Phase portrait",
    "oscillation": "Central flow",
    "progress": "Progress",
    "spectrum": "Spectrum",
}


def layout(**query: str) -> list[Component]:
    """The page for a link's query; what in it cannot be used is said beside its field."""
    link = Link(query)
    params = link.network(TrainParams, FIRST_VISIT)
    view = link.read(RunView)
    return [
        panel(params, link.said),
        dmc.AppShellMain(_main(params, view, link)),
        *stores(templates(), TrainParams, RunView),
    ]


@cache
def templates() -> dict[str, Any]:
    """The empty figures in both colour schemes."""
    return {
        scheme: {
            "run": run_figure(scheme).to_plotly_json(),
            "plane": plane_figure(scheme).to_plotly_json(),
            "curves": curves_figure(scheme).to_plotly_json(),
            **{name: make(scheme).to_plotly_json() for name, make in EXPLAINED_FIGURES.items()},
        }
        for scheme in SCHEMES
    } | {"marks": MARKS, "details": DETAILS}


def _main(params: TrainParams, view: RunView, link: Link) -> html.Div:
    return html.Div(
        [
            *words_above(link.adapted),
            html.Div(id="events", className="eos-events"),
            html.Div(html.Div(id="progress"), className="eos-progress"),
            html.Div([_figures(params, view, link), _side(view)], className="eos-work"),
            html.P(explained(run_scope(params)), id="scope", className="eos-scope"),
        ],
        className="eos-main",
    )


def _figures(params: TrainParams, view: RunView, link: Link) -> html.Div:
    # Not a dcc.Graph: Dash would hold all callbacks back until the plotting library is there,
    # and only the browser, which has the run, changes the figure.
    figure = html.Div(id="run-figure", className="eos-figure")
    shown = _view_menu(view, field(params, "lambda_min", link.said.get("lambda_min")))
    return html.Div(
        [
            html.Div([figure, problem_box(link.problem), shown], className="eos-figure-box"),
            _transport(),
            html.Div(id="explain-note", className="eos-note eos-explain-note"),
        ],
        className="eos-run",
    )


def _view_menu(view: RunView, lambda_min: html.Div) -> html.Details:
    names = [name for name in RunView.model_fields if name != "detail"]
    fields: list[Component] = [field(view, name, None) for name in names]
    here = html.Button("Gradient flow from the step shown", id="flow-here", className="eos-here")
    fields.insert(names.index("flow_from") + 1, here)
    fields.insert(names.index("gfs") + 1, lambda_min)
    return menu("view", [icon("view"), html.Span("View")], fields)


def _transport() -> html.Div:
    buttons = [
        ("to-start", "To the start", "first"),
        ("step-back", "One step back", "back"),
        ("play", "Play", "play"),
        ("step-forward", "One step forward", "forward"),
        ("to-end", "To the end", "last"),
    ]
    return html.Div(
        [
            html.Div(
                [
                    dmc.ActionIcon(
                        [icon(picture), icon("pause")] if name == "play" else icon(picture),
                        id=name, variant="filled" if name == "play" else "subtle",
                        color="dark" if name == "play" else "gray", size="lg",
                        **aria(label=words),
                    )
                    for name, words, picture in buttons
                ],
                className="eos-keys",
            ),
            dmc.Slider(
                id="scrub", min=0, max=1, value=0, step=1, updatemode="drag", label=None,
                size="sm", thumbLabel="Step", className="eos-slider eos-scrub",
            ),
            html.Output("", id="readout", className="eos-readout"),
            dmc.Select(
                id="speed", value="1", size="xs", w=84, allowDeselect=False,
                data=[{"value": v, "label": f"×{v}"} for v in ("0.1", "0.25", "1", "4", "16")],
                **aria(label="Speed of play"),
            ),
            dmc.Button(
                "Pin", id="pin", size="compact-sm", variant="default", leftSection=icon("pin")
            ),
        ],
        className="eos-transport",
    )  # fmt: skip


def _side(view: RunView) -> html.Div:
    detail = html.Div(id="detail-figure", className="eos-figure")
    choice = dmc.Select(
        id={"type": "param", "name": "detail"},
        data=[{"value": value, "label": label} for value, label in DETAILS.items()],
        value=view.detail, allowDeselect=False, size="xs", w=150,
        **aria(label="What is drawn beside the run"),
    )  # fmt: skip
    pins = [html.Div(id=f"pin-{i}", className="eos-pin eos-hidden") for i in range(MOST_PINS)]
    return html.Div(
        [
            html.Div([html.H2(id="detail-title"), choice], className="eos-side-head"),
            html.Div(detail, className="eos-detail-box"),
            html.P("", id="detail-note", className="eos-note"),
            html.H2("Pinned runs", id="pins-title"),
            html.P("Pin a run to compare it with the next ones, up to four.", id="no-pins"),
            html.Div(pins, id="pins"),
        ],
        className="eos-side",
    )


def _click(name: str) -> Any:
    return Input(name, "n_clicks")


KEYS = ("to-start", "step-back", "play", "step-forward", "to-end")

CALLBACKS: list[tuple[list[Any], list[Any], list[Any], str]] = [
    ([], [_click(name) for name in KEYS], [], "transport"),
    ([], [Input("scrub", "value")], [], "scrub"),
    ([], [Input("speed", "value")], [], "speed"),
    ([], [_click("pin")], [], "pin"),
]
"""(outputs, inputs, states, name of the function in the browser)."""
