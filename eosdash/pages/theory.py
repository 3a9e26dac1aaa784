"""The page of the theory: four statements, each with its picture, its check, its refutation."""

from functools import cache
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from eosdash.assumptions import ASSUMPTIONS
from eosdash.claims import CLAIMS, PAPER
from eosdash.core.outcome import OUTCOMES
from eosdash.figures.style import MARKS, SCHEMES, TOKENS
from eosdash.figures.theory import theory_figures
from eosdash.pages.controls import field_id
from eosdash.pages.frame import panel, problem_box, stores, words_above
from eosdash.pages.icons import aria
from eosdash.pages.links import Link
from eosdash.pages.terms import explained
from eosdash.params import TheoryParams, TheoryView

DESCRIPTION = (
    "What is proved of gradient descent at large learning rates, as pictures and checks: a "
    "non-singular map, a manifold of minimizers, a bounded stable part, and convergence from a "
    "null set only."
)

FIRST_VISIT = {"depth": "2", "lr": "0.8"}
"""The two-weight chain, where everything can be drawn."""


FIGURES = {
    "nonsingular": ("a", "b"),
    "manifold": ("a",),
    "stable": ("a", "b"),
    "measure_zero": ("a", "b"),
}
"""Each statement, in the order in which they are shown, and its figures."""

SHORT = {
    "nonsingular": "Folds",
    "manifold": "Minimizers",
    "stable": "Stable part",
    "measure_zero": "Null set",
}

SCOPE = (
    f"The statements: {PAPER}, each under the assumptions beside it. Where one fails, the panel "
    "says what is true instead. The checks are numerical: they can refute, not prove."
)


def layout(**query: str) -> list[Component]:
    """The page for a link's query; what in it cannot be used is said beside its field."""
    link = Link(query)
    params = link.network(TheoryParams, FIRST_VISIT)
    view = link.read(TheoryView)
    return [
        panel(params, link.said),
        dmc.AppShellMain(_main(view, link.adapted, link.problem)),
        *stores(templates(), TheoryParams, TheoryView),
    ]


@cache
def templates() -> dict[str, Any]:
    """The empty figures in both colour schemes, and the colours of the outcomes."""
    return {
        scheme: {
            "theory": theory_figures(scheme),
            "outcomes": [getattr(TOKENS[scheme], outcome) for outcome in OUTCOMES],
        }
        for scheme in SCHEMES
    } | {"marks": MARKS, "names": [str(outcome) for outcome in OUTCOMES]}


def _main(view: TheoryView, adapted: str, problem: str) -> html.Div:
    choice = dmc.SegmentedControl(
        id=field_id("param", "statement"), value=view.statement, size="xs",
        data=[
            {"value": "all", "label": "All four"},
            *({"value": name, "label": words} for name, words in SHORT.items()),
        ],
        **aria(label="Which statement is shown"),
    )  # fmt: skip
    panels = [_panel(name, number + 1) for number, name in enumerate(FIGURES)]
    return html.Div(
        [
            *words_above(adapted),
            html.Div(html.Div(id="progress"), className="eos-progress"),
            html.Div(choice, className="eos-choice"),
            html.Div([problem_box(problem)], className="eos-problem-strip"),
            html.Div(panels, id="theory-figure", className="eos-panels"),
            html.P(SCOPE, className="eos-scope"),
        ],
        className="eos-main eos-main-map",
    )


def _panel(name: str, number: int) -> html.Section:
    claim = CLAIMS[name]
    figures = [
        html.Div(id=f"{name}-{part}", className="eos-figure eos-panel-figure")
        for part in FIGURES[name]
    ]
    return html.Section(
        [
            html.H2([html.Span(f"{number}"), claim.title]),
            html.P(explained(claim.text)),
            *(
                dcc.Markdown(f"${symbols}$", mathjax=True, className="eos-symbols")
                for symbols in claim.symbols
            ),
            html.Div(figures, className="eos-panel-figures"),
            html.P(
                [html.B("Checked: "), html.Span("…", id=f"{name}-check")], className="eos-check"
            ),
            html.P(
                [html.B("An assumption fails: "), html.Span("", id=f"{name}-instead")],
                className="eos-instead eos-hidden",
            ),
            html.P("", id=f"{name}-missing", className="eos-note"),
            html.Div(
                [html.Span("It assumes"), html.Ul(_needs(name), id=f"{name}-assumptions")],
                className="eos-assumptions",
            ),
            html.P(
                ["It would be refuted by ", claim.refuted, "."],
                className="eos-note",
                id=f"{name}-refuted",
            ),
        ],
        id=f"{name}-panel",
        className="eos-statement",
    )


def _needs(name: str) -> list[html.Li]:
    """The assumptions of a statement; the page marks those that hold, and the one that fails."""
    return [
        html.Li(
            [html.Span("", className="eos-mark"), f" {ASSUMPTIONS[need].words}"],
            **{"data-need": need},
        )
        for need in CLAIMS[name].needs
    ]
