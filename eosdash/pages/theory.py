"""The page of the theory: four statements, each with its picture, its check, its refutation."""

from functools import cache
from typing import Any, NamedTuple

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from eosdash.core.outcome import OUTCOMES
from eosdash.figures.style import MARKS, SCHEMES, TOKENS
from eosdash.figures.theory import theory_figures
from eosdash.pages.controls import field_id
from eosdash.pages.frame import panel, problem_box, stores, unusable, usable, words_above
from eosdash.pages.icons import aria
from eosdash.params import Frame, TheoryParams, TheoryView

DESCRIPTION = (
    "What is proved of gradient descent at large learning rates, as pictures and checks: a "
    "non-singular map, a manifold of minimizers, a bounded stable part, and convergence from a "
    "null set only."
)

FIRST_VISIT = {"depth": "2", "lr": "0.8"}
"""The two-weight chain, where everything can be drawn."""


class Statement(NamedTuple):
    """A statement in plain words and in symbols, and what would refute it."""

    title: str
    plain: str
    symbols: tuple[str, ...]
    refuted: str
    figures: tuple[str, ...]


STATEMENTS = {
    "nonsingular": Statement(
        "Gradient descent folds, but crushes nothing",
        "The map G of one step is non-singular: whatever lands in a set of measure zero comes from "
        "a set of measure zero. G may fold the plane, along the curve where its derivative loses "
        "rank.",
        (r"\det DG(\theta) = \det\left(I - \eta \nabla^2 L(\theta)\right) \not\equiv 0",),
        "an open set of θ on which the determinant vanishes",
        ("a", "b"),
    ),
    "manifold": Statement(
        "The minimizers are a smooth manifold",
        "Where the Jacobian J of the outputs has full rank, the global minimizers form a smooth "
        "manifold: a hyperbola for two weights, a sheet for three.",
        (
            r"M = \{\theta : L(\theta) = \min L\}",
            r"\operatorname{rank} J = d_{in} d_{out}, \quad \dim M = P - d_{in} d_{out}",
        ),
        "a minimizer at which J loses rank",
        ("a",),
    ),
    "stable": Statement(
        "The stable minimizers are bounded",
        "Only a bounded part of the minimizers is flat enough for the step. It shrinks as η rises, "
        "and past the critical learning rate it is gone.",
        (
            r"M_\eta = \{\theta \in M : S(\theta) \le 2/\eta\}",
            r"|y| \sqrt{\eta/2} \le |w_i| \le |y| \left(|y| \sqrt{\eta/2}\right)^{-(L-1)}",
        ),
        "a stable minimizer outside the box",
        ("a",),
    ),
    "measure_zero": Statement(
        "Too large a step converges from a null set only",
        "Past the critical learning rate the starts from which gradient descent converges to any "
        "critical point have measure zero: random starts never hit it.",
        (
            r"\eta > \eta_C = \frac{2}{\min_{\theta \in M} S(\theta)} \;\Rightarrow\; "
            r"\Pr\left[\theta_t \text{ converges}\right] = 0",
        ),
        "a share of random starts that converges past it, however many are drawn",
        ("a", "b"),
    ),
}

SHORT = {
    "nonsingular": "Folds",
    "manifold": "Minimizers",
    "stable": "Stable part",
    "measure_zero": "Null set",
}

SCOPE = (
    "The statements: Crăciun and Ghoshdastidar, arXiv:2402.13108, for linear networks with squared "
    "loss and full-batch gradient descent without momentum. The checks are numerical: they can "
    "refute, not prove."
)


def layout(**query: str) -> list[Component]:
    """The page for a link's query; what in it cannot be used is said beside its field."""
    errors: dict[str, str] = {}
    _, state = Frame.split(query)
    params = usable(TheoryParams, state or FIRST_VISIT, errors)
    view = usable(TheoryView, state, errors)
    return [
        panel(params, errors),
        dmc.AppShellMain(_main(view, unusable(query, errors, TheoryParams, TheoryView))),
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


def _main(view: TheoryView, problem: str) -> html.Div:
    choice = dmc.SegmentedControl(
        id=field_id("param", "statement"), value=view.statement, size="xs",
        data=[
            {"value": "all", "label": "All four"},
            *({"value": name, "label": words} for name, words in SHORT.items()),
        ],
        **aria(label="Which statement is shown"),
    )  # fmt: skip
    panels = [_panel(name, number + 1) for number, name in enumerate(STATEMENTS)]
    return html.Div(
        [
            *words_above(),
            html.Div(html.Div(id="progress"), className="eos-progress"),
            html.Div(choice, className="eos-choice"),
            html.Div([problem_box(problem)], className="eos-problem-strip"),
            html.Div(panels, id="theory-figure", className="eos-panels"),
            html.P(SCOPE, className="eos-scope"),
        ],
        className="eos-main eos-main-map",
    )


def _panel(name: str, number: int) -> html.Section:
    statement = STATEMENTS[name]
    figures = [
        html.Div(id=f"{name}-{part}", className="eos-figure eos-panel-figure")
        for part in statement.figures
    ]
    return html.Section(
        [
            html.H2([html.Span(f"{number}"), statement.title]),
            html.P(statement.plain),
            *(
                dcc.Markdown(f"${symbols}$", mathjax=True, className="eos-symbols")
                for symbols in statement.symbols
            ),
            html.Div(figures, className="eos-panel-figures"),
            html.P(
                [html.B("Checked: "), html.Span("…", id=f"{name}-check")], className="eos-check"
            ),
            html.P("", id=f"{name}-missing", className="eos-note"),
            html.P(["It would be refuted by ", statement.refuted, "."], className="eos-note"),
        ],
        id=f"{name}-panel",
        className="eos-statement",
    )
