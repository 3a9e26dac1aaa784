"""The control panel, made from the fields of a parameter set."""

from typing import Any, Literal, get_args, get_origin

import dash_mantine_components as dmc
import numpy as np
from annotated_types import Ge, Gt, Le
from dash import html
from dash.development.base_component import Component

from eosdash.fields import ParameterSet, as_text
from eosdash.pages.icons import aria, icon
from eosdash.params.pages import names_of

SLIDERS = ("depth", "width", "lr", "momentum", "batch")
"""The three that a lecture turns, and those of other optimizers."""

GROUPS = {
    "network": "Network",
    "step": "Step size",
    "plane": "Map",
    "sweep": "Sweep",
    "sample": "Checks",
    "start": "Start",
    "data": "Data",
    "run": "Run",
}
FOLDED = (
    "hidden",
    "weight_decay",
    "lr_schedule",
    "init_scaling",
    "eigenvalues",
    "data_seed",
    "batch_seed",
)
"""Fields that stay under "more" until asked for."""


def field_id(kind: str, name: str) -> dict[str, str]:
    """Pattern-matching id: ``param`` holds the value of a field, ``slider`` drives it,
    ``field`` wraps both."""
    return {"type": kind, "name": name}


def control_panel(params: ParameterSet, errors: dict[str, str]) -> html.Div:
    """Every field of the parameter set as a labelled control, grouped; the rest under "more".

    Args:
        errors: message by field, shown beside it.
    """
    fields = list(type(params).model_fields)
    there = {type(params).about(name).group for name in fields}
    sections = [
        html.Section(
            [
                html.H2(title),
                *(
                    part
                    for name in fields
                    if type(params).about(name).group == group and name not in FOLDED
                    for part in (field(params, name, errors.get(name)), *beside(name))
                ),
                *([start_buttons()] if group == "start" else []),
            ],
            className=f"eos-group eos-group-{group}",
        )
        for group, title in GROUPS.items()
        if group in there
    ]
    more = html.Details(
        [
            html.Summary("More"),
            *(field(params, name, errors.get(name)) for name in fields if name in FOLDED),
        ],
        className="eos-more",
        open=any(name in errors for name in FOLDED),
    )
    back = html.Div(
        [
            html.Button(icon(name), id=name, title=words, disabled=True, **aria(label=words))
            for name, words in (("undo", "Undo (Z)"), ("redo", "Redo (Shift+Z)"))
        ],
        className="eos-undo",
    )
    return html.Div([back, *sections, more], className="eos-panel")


def beside(name: str) -> list[Component]:
    """What follows the field of that name: for η its threshold, and where it lies."""
    if name != "lr":
        return []
    strip = [
        html.Span(className=f"eos-zone eos-zone-{zone}") for zone in ("small", "right", "large")
    ]
    return [
        html.P(id="lr-words", className="eos-lr-words"),
        html.Div(strip, id="lr-strip", className="eos-strip", **aria(hidden="true")),
        html.P(id="lr-zone", className="eos-note"),
    ]


def start_buttons() -> html.Div:
    """The start again, or another one."""
    buttons = [
        dmc.Button(words, id=name, size="compact-sm", variant="default", leftSection=icon(picture))
        for words, name, picture in (
            ("Same start", "reset", "reset"),
            ("New seed", "new-seed", "seed"),
        )
    ]
    return html.Div(buttons, className="eos-buttons")


def field(params: ParameterSet, name: str, error: str | None) -> html.Div:
    """One field: its control, with label, help and error."""
    control = _control(params, name, error)
    children: list[Component] = [control]
    if name in SLIDERS:
        children.append(_slider(params, name))
    if name == "data":
        children.append(
            html.Button("Choose or drop a CSV file", id="choose-table", className="eos-drop")
        )
    return html.Div(
        children,
        id=field_id("field", name),
        # Under its older names too, by which older links may hide it.
        className=" ".join(["eos-field", *(f"eos-field-{known}" for known in names_of(name))])
        + (" eos-slid" if name in SLIDERS else "")
        + ("" if params.applies(name) else " eos-hidden"),
        title=type(params).model_fields[name].description,
    )


def label_of(params: ParameterSet, name: str) -> str:
    """The label with the symbol, as it stands above a control."""
    about = type(params).about(name)
    title = type(params).model_fields[name].title or name
    return f"{title} {about.symbol}".strip()


def _control(params: ParameterSet, name: str, error: str | None) -> Component:
    annotation = type(params).model_fields[name].annotation
    value = getattr(params, name)
    shared: dict[str, Any] = {"id": field_id("param", name), "label": label_of(params, name)}
    if get_origin(annotation) is Literal:
        choices = [{"value": choice, "label": _words(choice)} for choice in get_args(annotation)]
        return dmc.Select(
            data=choices, value=value, error=error, allowDeselect=False, size="sm",
            comboboxProps={"withinPortal": True}, **shared,
        )  # fmt: skip
    if annotation is bool:
        return dmc.Switch(checked=value, size="sm", **shared)
    if annotation in (int, float):
        return _number(params, name, error, shared)
    return dmc.TextInput(
        value="" if value is None else as_text(value), error=error, size="sm", debounce=500,
        **shared,
    )  # fmt: skip


def _number(
    params: ParameterSet, name: str, error: str | None, shared: dict[str, Any]
) -> dmc.TextInput:
    """A field of a number. It takes any text: ``assets/base/number.js`` reads it, or says why not;
    fields that drop letters while they are typed make another number of 1e4."""
    info = type(params).model_fields[name]
    whole = info.annotation is int
    low, high = _limits(params, name)
    steps = [
        html.Button(sign, tabIndex=-1, **{"data-step": by, "type": "button"}, **aria(hidden="true"))
        for sign, by in (("▲", "1"), ("▼", "-1"))
    ]
    # Telephones offer no minus sign beside digits alone.
    signed = not any(isinstance(rule, Gt) for rule in info.metadata) if low is None else low < 0
    keys = {} if signed else {"inputMode": "decimal"}
    limits = {f"data-{end}": str(at) for end, at in (("min", low), ("max", high)) if at is not None}
    return dmc.TextInput(
        value=as_text(getattr(params, name)), error=error, size="sm", debounce=350,
        className="eos-number", attributes={"input": keys | limits},
        rightSection=html.Div(steps, className="eos-steps") if whole else None,
        rightSectionWidth=24, **shared,
    )  # fmt: skip


NAMES = {
    "relu": "ReLU",
    "gelu": "GELU",
    "tanh": "tanh",
    "chebyshev": "Chebyshev polynomial",
    "toy": "Toy regression",
    "digits": "Handwritten digits",
    "csv": "Numbers of your own",
    "cross_entropy": "Cross-entropy",
    "heavy_ball": "Heavy-ball momentum",
    "nesterov": "Nesterov momentum",
}
"""Choices that are called otherwise than they are written."""


def _words(choice: str) -> str:
    return NAMES.get(choice, choice.replace("_", " ").capitalize())


def _slider(params: ParameterSet, name: str) -> dmc.Slider:
    """A slider that drives the number above it; the learning rate's is logarithmic."""
    value = getattr(params, name)
    log = type(params).about(name).log
    low, high = (np.log10(value) - 1.5, np.log10(value) + 0.5) if log else _limits(params, name)
    return dmc.Slider(
        id=field_id("slider", name),
        value=float(np.log10(value)) if log else value,
        min=float(low),
        max=float(high),
        step=0.002 if log else 1 if isinstance(value, int) else 0.01,
        updatemode="drag",
        label=None,
        thumbLabel=f"{label_of(params, name)}{', logarithmic' if log else ''}",
        size="sm",
        className="eos-slider-accent" if name == "lr" else "eos-slider",
    )


def _limits(params: ParameterSet, name: str) -> tuple[Any, Any]:
    rules = {type(rule): rule for rule in type(params).model_fields[name].metadata}
    low = rules[Ge].ge if Ge in rules else None
    high = rules[Le].le if Le in rules else None
    return low, high
