"""What opens over a page: help, glossary, sharing and the QR code."""

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from eosdash.glossary import GLOSSARY
from eosdash.pages.icons import aria, icon
from eosdash.params import TrainParams
from eosdash.scope import run_scope


def dialog(name: str, title: str, content: list[Component], wide: bool = False) -> html.Dialog:
    """A native dialog: it keeps the focus, closes by Escape, and leaves the rest out of reach."""
    close = dmc.ActionIcon(
        icon("close"), className="eos-close", variant="subtle", color="gray", size="lg",
        **aria(label="Close"),
    )  # fmt: skip
    head = html.Div([html.H2(title, id=f"{name}-title"), close], className="eos-dialog-head")
    return html.Dialog(
        html.Div([head, *content], className="eos-dialog-body"),
        id=name,
        className="eos-dialog eos-dialog-wide" if wide else "eos-dialog",
        **aria(labelledby=f"{name}-title"),
    )


def dialogs() -> list[Component]:
    """All of them, closed."""
    return [_help(), _glossary(), _share(), _qr()]


def opener(name: str, words: str) -> html.Button:
    """A button that opens a dialog."""
    return html.Button(words, className="eos-quiet", **{"data-opens": name})


def _help() -> html.Dialog:
    links = html.P(
        [
            html.Button("Take the tour", id="tour-again", className="eos-quiet"),
            opener("glossary", "Glossary"),
        ],
        className="eos-dialog-links",
    )
    return dialog(
        "help", "Keyboard and help", [links, html.Div(id="keys", className="eos-keytable"),
        html.P(run_scope(TrainParams.make()), className="eos-note")], wide=True,
    )  # fmt: skip


def _glossary() -> html.Dialog:
    terms_ = html.Div("Loading …", id="terms", className="eos-terms")
    return dialog("glossary", "Glossary", [terms_])


def terms(_asked: Any) -> list[Component]:
    """The glossary, when it is first asked for: formulas need a large script."""
    return [
        html.Section(
            [
                html.H3(_rich(term.name)),
                html.P(_rich(term.words)),
                *([dcc.Markdown(f"$${term.formula}$$", mathjax=True)] if term.formula else []),
                *(html.P(_rich(words), className="eos-note") for words in term.proved),
            ],
            id=f"term-{key}",
            tabIndex="-1",
        )
        for key, term in GLOSSARY.items()
    ]


def _rich(words: str) -> list[Component | str]:
    """A text with η_C set as it is printed."""
    first, *rest = words.split("η_C")
    made: list[Component | str] = [first]
    for part in rest:
        made += [html.Span(["η", html.Sub("C")]), part]
    return made


def _share() -> html.Dialog:
    def copied(name: str, label: str, rows: int) -> html.Div:
        area = dmc.Textarea(
            id=name, label=label, readOnly=True, autosize=True, minRows=2, maxRows=rows, size="sm"
        )
        copy = html.Button("Copy", className="eos-quiet", **{"data-copies": name})
        return html.Div([area, copy], className="eos-copied")

    return dialog(
        "share-dialog",
        "Share what is shown",
        [
            copied("share-link", "Link", 3),
            html.Fieldset(
                [html.Legend("The link"), html.Div(id="hide-boxes")],
                className="eos-boxes",
            ),
            copied("share-embed", "Embed: the figure and its transport, 800 × 450", 4),
            copied("share-scene", "As a scene of a deck (YAML)", 6),
        ],
    )


def _qr() -> html.Dialog:
    return dialog(
        "qr",
        "Scan to open this",
        [
            html.Img(id="qr-image", alt="", className="eos-qr"),
            html.P("", id="qr-words", **aria(live="polite")),
            html.P("", id="qr-link", className="eos-note"),
        ],
        wide=True,
    )
