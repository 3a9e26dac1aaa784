"""What every page has: the panel of controls, the words above, and what of a link is no use."""

from contextlib import suppress
from typing import Any, TypeVar

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from eosdash.core.outcome import OUTCOMES
from eosdash.fields import ParameterError, ParameterSet, as_text
from eosdash.figures.style import MARKS
from eosdash.mistakes import quoted
from eosdash.nearest import nearest
from eosdash.pages.controls import control_panel, label_of
from eosdash.pages.icons import aria, icon
from eosdash.pages.terms import explained
from eosdash.params import Frame
from eosdash.params.task import USUAL
from eosdash.service import limits
from eosdash.words import OUTCOME_WORDS

Set = TypeVar("Set", bound=ParameterSet)


class Told(dict[str, str]):
    """What is said beside each field of a link that cannot be used.

    Attributes:
        adapted: what stands in place of what cannot be computed, in words.
    """

    adapted = ""


def usable(cls: type[Set], query: dict[str, str], errors: Told) -> Set:
    """The parameter set of a query without the fields at fault, which go into ``errors``, adapted
    where it cannot be computed."""
    values = {name: value for name, value in query.items() if name in cls.model_fields}
    while True:
        try:
            found = nearest(cls, values, limits.check, keep=values)
            errors.adapted += found.words
            return _with_idle(found.params, values)
        except ParameterError as error:
            errors.setdefault(error.field, error.words)
            # Where a field is needed and not there, what needs it is of no use either.
            needs = cls.about(error.field).when if error.field in cls.model_fields else ()
            gone = {error.field, *needs} & values.keys()
            first = [error.field] if error.field in values else sorted(gone)
            if not first:
                return cls.make()
            for name in first:
                del values[name]


def _with_idle(params: Set, values: dict[str, str]) -> Set:
    """The same, with the numbers that were named though they have no effect here: their fields go
    on holding them, for when they have, and for the other pages."""
    idle = {}
    for name in values:
        kind = type(params).model_fields[name].annotation
        if kind in (int, float) and not params.applies(name):
            with suppress(ValueError):
                idle[name] = kind(values[name])
    return params.model_copy(update=idle)


OF_A_NETWORK = ("network", "data", "step", "start")
"""Groups of the fields that all pages share."""


def visited(cls: type[Set], query: dict[str, str], first: dict[str, str], errors: Told) -> Set:
    """The parameter set of a link. One that names nothing of a network keeps that of the first
    visit, if it can: only what is named changes."""
    state = {name: value for name, value in query.items() if name in cls.model_fields}
    if not any(cls.about(name).group in OF_A_NETWORK for name in state.keys() - {cls.cursor}):
        told = Told()
        params = usable(cls, first | state, told)
        if told.keys() <= state.keys():
            errors |= told
            errors.adapted = told.adapted
            return params
    return usable(cls, state, errors)


def unusable(
    query: dict[str, str],
    errors: Told,
    params: ParameterSet | None = None,
    view: type[ParameterSet] | None = None,
) -> str:
    """What of a link could not be used: the fields of ``params`` beside which it is said why, and
    the words of what has no such field."""
    usable(Frame, query, errors)
    sets = [cls for cls in (params and type(params), view, Frame) if cls]
    known = {name for cls in sets for name in cls.model_fields}
    labels, beside = {}, []
    if params:
        labels = {name: label_of(params, name) for name in type(params).model_fields}
        beside = [labels[name] for name in errors if name in labels and params.applies(name)]
    told = [
        f"{labels.get(name, name)}: {words[0].lower()}{words[1:]}"
        for name, words in errors.items()
        if labels.get(name) not in beside
    ]
    told += [f"{quoted(name)} is no parameter of this page." for name in query if name not in known]
    if beside:
        told.insert(0, f"{', '.join(beside)}, for what is said beside the field.")
    return f"Not used from the link: {' '.join(told)}" if told else ""


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
        ["Locked by this link. ", html.A("Open a copy to change it", href="/", target="_blank")],
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
                html.A("Open in eosdash", href="/", target="_blank", className="eos-open"),
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
