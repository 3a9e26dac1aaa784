"""The page of sweeps: what becomes of gradient descent over η, over depth and over width."""

from functools import cache
from typing import Any

import dash_mantine_components as dmc
from dash import Input, dcc, html
from dash.development.base_component import Component

from eosdash.figures.run import run_figure
from eosdash.figures.style import MARKS, SCHEMES
from eosdash.figures.sweep import cobweb_figure, sweep_figure
from eosdash.pages.frame import (
    button,
    legend,
    panel,
    problem_box,
    selected_run,
    stores,
    words_above,
)
from eosdash.pages.links import Link
from eosdash.pages.terms import explained
from eosdash.params import SweepParams
from eosdash.scope import sweep_scope
from eosdash.service.prefix import prefix

DESCRIPTION = (
    "Sweeps over the learning rate: orbit diagram, Lyapunov exponent, probability of convergence "
    "and how close to the edge of stability gradient descent settles."
)

FIRST_VISIT = {"depth": "2", "init": "balanced", "init_scale": "0.8", "lr": "1.2", "high": "1.95"}
"""The two-weight chain: its orbit doubles its period at the critical learning rate."""


def layout(**query: str) -> list[Component]:
    """The page for a link's query; what in it cannot be used is said beside its field."""
    link = Link(query)
    params = link.network(SweepParams, FIRST_VISIT)
    return [
        panel(params, link.said),
        dmc.AppShellMain(_main(params, link.adapted, link.problem)),
        *stores(templates(), SweepParams),
    ]


@cache
def templates() -> dict[str, Any]:
    """The empty figures in both colour schemes."""
    return {
        scheme: {
            "sweep": sweep_figure(scheme).to_plotly_json(),
            "cobweb": cobweb_figure(scheme).to_plotly_json(),
            "run": run_figure(scheme).to_plotly_json(),
        }
        for scheme in SCHEMES
    } | {"marks": MARKS}


BUTTONS = (
    ("sweep-back", "Back to the range before", "back"),
    ("sweep-home", "Home: the range of the start", "home"),
)


def _main(params: SweepParams, adapted: str, problem: str) -> html.Div:
    figure = html.Div(id="sweep-figure", className="eos-figure")
    keys = html.Div([button(*each) for each in BUTTONS], className="eos-keys")
    return html.Div(
        [
            *words_above(adapted),
            html.Div(html.Div(id="progress"), className="eos-progress"),
            html.Div(
                [
                    html.Div(
                        [
                            html.Div(
                                [figure, problem_box(problem)],
                                className="eos-figure-box eos-sweep-box",
                            ),
                            html.Div(
                                [
                                    keys,
                                    html.Output(
                                        "", id="sweep-readout", className="eos-readout",
                                        htmlFor="sweep-figure",
                                    ),
                                ],
                                className="eos-transport",
                            ),
                        ],
                        className="eos-run",
                    ),
                    _side(),
                ],
                className="eos-work eos-work-map",
            ),
            html.P(explained(sweep_scope(params)), id="scope", className="eos-scope"),
        ],
        className="eos-main eos-main-map",
    )  # fmt: skip


def _side() -> html.Div:
    return html.Div(
        [
            html.H2("At the cursor"),
            html.P("", id="cursor-words", className="eos-note"),
            legend(),
            selected_run("The run there"),
            html.P(
                [
                    dcc.Link("Open this run", id="open-run", href=f"{prefix()}/"),
                    " · ",
                    dcc.Link("its basin", id="open-basin", href=f"{prefix()}/basin"),
                ],
                className="eos-note",
            ),
            html.H2(explained("Cobweb of the [[balanced]] chain")),
            html.P("", id="cobweb-words", className="eos-note"),
            html.Div(
                html.Div(id="cobweb-figure", className="eos-figure"),
                id="cobweb-box", className="eos-fits-box",
            ),
        ],
        className="eos-side eos-map-side",
    )  # fmt: skip


CALLBACKS: list[tuple[list[Any], list[Any], list[Any], str]] = [
    ([], [Input(name, "n_clicks") for name, _, _ in BUTTONS], [], "sweepButton"),
]
"""(outputs, inputs, states, name of the function in the browser)."""
