"""The page of one run: loss, sharpness and 2/η as they stream in."""

from typing import Any, TypeVar

import dash_mantine_components as dmc
from dash import Input, Output, dcc, html
from dash.development.base_component import Component

from eosdash.fields import ParameterError, ParameterSet, as_text
from eosdash.figures.detail import curves_figure, plane_figure
from eosdash.figures.run import MOST_PINS, run_figure
from eosdash.figures.style import MARKS, SCHEMES
from eosdash.pages.controls import control_panel, field
from eosdash.pages.icons import aria, icon
from eosdash.pages.menu import menu
from eosdash.params import RunView, TrainParams
from eosdash.words import SCOPE

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
}


def layout(**query: str) -> list[Component]:
    """The page for a link's query; what in it cannot be used is said beside its field."""
    known = TrainParams.model_fields | RunView.model_fields
    errors = {name: "there is no such parameter" for name in query if name not in known}
    params = usable(TrainParams, query or FIRST_VISIT, errors)
    view = usable(RunView, query, errors)
    return [
        dmc.AppShellNavbar(_drawer(params, errors), withBorder=False, className="eos-navbar"),
        dmc.AppShellMain(_main(view, errors)),
        dcc.Store(id="templates", data=templates()),
        dcc.Store(id="rules", data=rules()),
        dcc.Store(id="prepared"),
        dcc.Store(id="asked"),
    ]


Set = TypeVar("Set", bound=ParameterSet)


def usable(cls: type[Set], query: dict[str, str], errors: dict[str, str]) -> Set:
    """The parameter set of a query without the fields at fault, which go into ``errors``."""
    values = {name: value for name, value in query.items() if name in cls.model_fields}
    for _ in range(len(values) + 1):
        try:
            return cls.make(**values)
        except ParameterError as error:
            errors[error.field] = f"{error.message}; allowed: {error.allowed}"
            if values.pop(error.field, None) is None:
                break
    return cls.make()


def templates() -> dict[str, Any]:
    """The empty figures in both colour schemes."""
    return {
        scheme: {
            "run": run_figure(scheme).to_plotly_json(),
            "plane": plane_figure(scheme).to_plotly_json(),
            "curves": curves_figure(scheme).to_plotly_json(),
        }
        for scheme in SCHEMES
    } | {"marks": MARKS}


def rules() -> dict[str, Any]:
    """What the browser has to know of each field: when it has an effect, and the like."""
    made = {}
    for cls in (TrainParams, RunView):
        for name, info in cls.model_fields.items():
            about = cls.about(name)
            made[name] = {
                "when": about.when,
                "log": about.log,
                "group": about.group,
                "default": as_text(info.default),
            }
    return made


def _drawer(params: TrainParams, errors: dict[str, str]) -> list[Component]:
    handle = html.Button(
        [icon("up"), "Controls"], id="drawer", className="eos-drawer-handle",
        **aria(expanded="false", controls="panel"),
    )  # fmt: skip
    return [handle, html.Div(control_panel(params, errors), id="panel", className="eos-scroll")]


def _main(view: RunView, errors: dict[str, str]) -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    html.H1("…", id="summary", className="eos-summary", **aria(live="polite")),
                    html.P("", id="setup", className="eos-setup"),
                ],
                className="eos-words",
            ),
            html.Div(
                [
                    html.Span(id="badge", className="eos-badge"),
                    html.Span(id="fate"),
                    html.Span(id="status", className="eos-status"),
                ],
                className="eos-line",
            ),
            html.Div(id="events", className="eos-events"),
            html.Div(html.Div(id="progress"), className="eos-progress"),
            html.Div([_figures(view, errors), _side(view)], className="eos-work"),
            html.P(SCOPE, className="eos-scope"),
        ],
        className="eos-main",
    )


def _unusable(errors: dict[str, str]) -> str:
    """What of a link could not be used."""
    if not errors:
        return ""
    words = "; ".join(f"{name}: {message}" for name, message in errors.items())
    return f"Not used from the link: {words}."


def _figures(view: RunView, errors: dict[str, str]) -> html.Div:
    problem = html.Div(_unusable(errors), id="problem", className="eos-problem", role="alert")
    # Not a dcc.Graph: Dash would hold all callbacks back until the plotting library is there,
    # and only the browser, which has the run, changes the figure.
    figure = html.Div(id="run-figure", className="eos-figure")
    return html.Div(
        [
            html.Div([figure, problem, _view_menu(view)], className="eos-figure-box"),
            _transport(),
        ],
        className="eos-run",
    )


def _view_menu(view: RunView) -> html.Details:
    names = [name for name in RunView.model_fields if name != "detail"]
    fields: list[Component] = [field(view, name, None) for name in names]
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
            html.H2("Pinned runs"),
            html.P("Pin a run to compare it with the next ones, up to four.", id="no-pins"),
            html.Div(pins, id="pins"),
        ],
        className="eos-side",
    )


def _click(name: str) -> Any:
    return Input(name, "n_clicks")


KEYS = ("to-start", "step-back", "play", "step-forward", "to-end")

CALLBACKS: list[tuple[list[Any], list[Any], list[Any], str]] = [
    ([Output("prepared", "data")], [Input("templates", "data")], [], "prepare"),
    ([], [_click(name) for name in KEYS], [], "transport"),
    ([], [Input("scrub", "value")], [], "scrub"),
    ([], [Input("speed", "value")], [], "speed"),
    ([], [_click("pin")], [], "pin"),
    ([], [_click("reset")], [], "reset"),
    ([], [_click("new-seed")], [], "newSeed"),
    ([], [_click("drawer")], [], "drawer"),
    ([], [_click("copy-link"), _click("copy-python")], [], "copy"),
    ([], [_click(f"download-{name}") for name in ("csv", "npz", "png", "svg")], [], "download"),
]
"""(outputs, inputs, states, name of the function in the browser)."""
