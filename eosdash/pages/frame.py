"""What every page has: the panel of controls, the words above, and the rules of its fields."""

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from eosdash.core.outcome import OUTCOMES
from eosdash.fields import ParameterSet, as_text
from eosdash.figures.style import MARKS
from eosdash.pages.controls import control_panel
from eosdash.pages.icons import aria, icon
from eosdash.pages.links import OF_A_NETWORK
from eosdash.pages.terms import explained
from eosdash.params.task import USUAL
from eosdash.service.prefix import prefix
from eosdash.words import OUTCOME_WORDS

NUMBERS: dict[Any, str] = {int: "whole", float: "real"}
"""Fields that hold one number, by their type."""


def rules(*sets: type[ParameterSet]) -> dict[str, Any]:
    """What the browser has to know of each field: when it has an effect, and the like."""
    made = {}
    for cls in sets:
        for name, info in cls.model_fields.items():
            about = cls.about(name)
            made[name] = {
                "when": about.when,
                "log": about.log,
                "number": NUMBERS.get(info.annotation),
                "group": about.group,
                "default": as_text(info.default),
                "label": info.title or name,
                "fitted": name in cls.fitted,
                "shared": about.group in OF_A_NETWORK,
            }
    made.get("task", {})["usual"] = {task: texts(usual) for task, usual in USUAL.items()}
    return made


def texts(values: dict[str, Any]) -> dict[str, str]:
    """Values as they stand in a query."""
    return {name: as_text(value) for name, value in values.items()}


def stores(templates: dict[str, Any], *sets: type[ParameterSet]) -> list[Component]:
    """What the browser is given besides the page: empty figures and the rules of the fields."""
    return [
        dcc.Store(id="templates", data=templates),
        dcc.Store(id="rules", data=rules(*sets)),
        dcc.Store(id="prepared"),
        dcc.Store(id="asked"),
    ]


def panel(params: ParameterSet, errors: dict[str, str]) -> dmc.AppShellNavbar:
    """The controls; on a phone a drawer."""
    handle = html.Button(
        [icon("up"), "Controls"], id="drawer", className="eos-drawer-handle",
        **aria(expanded="false", controls="panel"),
    )  # fmt: skip
    locked = html.P(
        [
            "Locked by this link. ",
            html.A("Open a copy to change it", href=f"{prefix()}/", target="_blank"),
        ],
        className="eos-locked",
    )
    content = [locked, control_panel(params, errors)]
    controls = html.Div(content, id="panel", className="eos-scroll")
    return dmc.AppShellNavbar([handle, controls], withBorder=False, className="eos-navbar")


def words_above(adapted: str) -> list[Component]:
    """What is seen, in a sentence; what is computed, and what of it was adapted; and how that
    went."""
    return [
        html.Div(
            [
                html.H1("…", id="summary", className="eos-summary", **aria(live="polite")),
                html.P("", id="setup", className="eos-setup"),
                html.P(
                    [
                        html.Span(adapted, id="adapted", role="status"),
                        html.Button("Undo", id="adapted-undo", className="eos-quiet", hidden=True),
                    ],
                    className="eos-adapted",
                ),
                html.A(
                    "Open in eosdash", href=f"{prefix()}/", target="_blank", className="eos-open"
                ),
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
    ]


def button(name: str, words: str, picture: str) -> dmc.ActionIcon:
    """A quiet button below a figure."""
    return dmc.ActionIcon(
        icon(picture), id=name, variant="subtle", color="gray", size="lg", **aria(label=words)
    )


def selected_run(title: str, *words: Component) -> html.Div:
    """The run at a place of a map or a sweep, drawn small."""
    figure = html.Div(html.Div(id="mini-figure", className="eos-figure"), className="eos-mini-box")
    return html.Div([html.H2(title), *words, figure], className="eos-selected-run")


def legend() -> html.Table:
    """The outcomes with colour, mark and words, and a cell for the share of each."""
    rows = [
        html.Tr(
            [
                html.Td(html.Span(MARKS[outcome], className=f"eos-swatch eos-swatch-{outcome}")),
                html.Th(
                    [html.B(str(outcome)), " ", *explained(OUTCOME_WORDS[outcome])], scope="row"
                ),
                html.Td("", id=f"share-{outcome}", className="eos-share"),
            ]
        )
        for outcome in OUTCOMES
    ]
    return html.Table(html.Tbody(rows), className="eos-legend")


def problem_box(words: str) -> html.Div:
    """Where an error is said, over the last good picture."""
    return html.Div(words, id="problem", className="eos-problem", role="alert")
