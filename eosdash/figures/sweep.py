"""The figure of a sweep: five rows on one axis of learning rates, or of depths or widths.

Traces are empty and named by ``meta``; the orbit diagram is painted below by the page.
"""

from typing import Any

import plotly.graph_objects as go

from eosdash.core.outcome import OUTCOMES, Outcome
from eosdash.figures.style import FONT, SHARE_TICKS, TOKENS, Scheme, Tokens

ROWS = ("orbit", "exponent", "fraction", "edge", "grad_norm")
STACK = ("minimum", "saddle", "periodic", "bounded", "undecided", "diverged")
"""Outcomes from the bottom of the stacked shares to its top."""


def sweep_figure(scheme: Scheme) -> go.Figure:
    """The empty figure in one colour scheme."""
    tokens = TOKENS[scheme]
    figure = go.Figure(layout=_layout(tokens))
    _line(figure, "zero", "exponent", tokens.line, 1)
    _line(figure, "exponent", "exponent", tokens.ink, 1.5, name="Lyapunov exponent")
    for outcome in STACK:
        figure.add_scatter(
            x=[], y=[], meta=f"fraction.{outcome}", name=outcome, yaxis=_axis("fraction"),
            mode="lines", line={"width": 0}, stackgroup="fates",
            fillcolor=getattr(tokens, outcome), fillpattern=_pattern(tokens, Outcome(outcome)),
            customdata=[], hovertemplate=f"{outcome} %{{customdata}}<extra></extra>",
        )  # fmt: skip
    for bound in ("low", "high"):
        _line(figure, f"interval.{bound}", "fraction", tokens.ink, 1, dash="dot")
    for row, name in (("edge", "S · η / 2"), ("grad_norm", "‖∇L‖")):
        _band(figure, row, tokens)
        _line(figure, row, row, tokens.ink, 1.75, name=f"median {name}")
    _line(figure, "one", "edge", tokens.accent, 1.5, dash="dash")
    return figure


def cobweb_figure(scheme: Scheme) -> go.Figure:
    """The balanced reduction f, its second iterate, the diagonal, and the path of one start."""
    tokens = TOKENS[scheme]
    figure = go.Figure(layout=_square(tokens))
    for meta, colour, width, dash in (
        ("diagonal", tokens.line, 1.5, "solid"),
        ("twice", tokens.muted, 1.5, "dot"),
        ("once", tokens.ink, 2, "solid"),
        ("web", tokens.accent, 1.25, "solid"),
    ):
        figure.add_scatter(
            x=[], y=[], meta=meta, mode="lines", hoverinfo="skip",
            line={"color": colour, "width": width, "dash": dash},
        )  # fmt: skip
    figure.add_scatter(
        x=[], y=[], meta="fixed", mode="markers", hoverinfo="skip",
        marker={"size": 9, "color": tokens.paper, "line": {"color": tokens.ink, "width": 2}},
    )  # fmt: skip
    return figure


PATTERNS = {
    Outcome.UNDECIDED: "/",
    Outcome.SADDLE: "x",
    Outcome.PERIODIC: "-",
    Outcome.BOUNDED: ".",
}
"""As on a map, for whoever does not see the colours; a minimum is solid, divergence empty."""


def _pattern(tokens: Tokens, outcome: Outcome) -> dict[str, Any] | None:
    shape = PATTERNS.get(outcome)
    if shape is None:
        return None
    return {
        "shape": shape, "size": 7, "solidity": 0.25, "fillmode": "replace",
        "bgcolor": getattr(tokens, outcome), "fgcolor": "rgba(0,0,0,0.45)",
    }  # fmt: skip


def _axis(row: str) -> str:
    index = ROWS.index(row)
    return f"y{index + 1}" if index else "y"


def _line(
    figure: go.Figure, meta: str, row: str, colour: str, width: float, dash: str = "solid",
    name: str = "",
) -> None:  # fmt: skip
    figure.add_scatter(
        x=[], y=[], meta=meta, name=name, yaxis=_axis(row), mode="lines",
        line={"color": colour, "width": width, "dash": dash},
        hovertemplate=f"{name} %{{y:.4g}}<extra></extra>" if name else None,
        hoverinfo=None if name else "skip",
    )  # fmt: skip


def _band(figure: go.Figure, row: str, tokens: Tokens) -> None:
    for bound, fill in (("low", "none"), ("high", "tonexty")):
        figure.add_scatter(
            x=[], y=[], meta=f"{row}.{bound}", yaxis=_axis(row), mode="lines", hoverinfo="skip",
            line={"width": 0, "color": tokens.muted}, fill=fill, fillcolor=_faint(tokens.muted),
        )  # fmt: skip


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.25)"


def _layout(tokens: Tokens) -> dict[str, Any]:
    axis = {
        "gridcolor": tokens.line, "linecolor": tokens.line, "zeroline": False,
        "tickfont": {"color": tokens.muted, "size": 12}, "fixedrange": True, "nticks": 5,
    }  # fmt: skip
    rows = {f"yaxis{i + 1}" if i else "yaxis": dict(axis) for i in range(len(ROWS))}
    rows["yaxis"] |= {"showgrid": False}  # lines would hide an orbit that stays at a value
    rows["yaxis3"] |= {"range": [0, 1]} | SHARE_TICKS
    rows["yaxis5"] |= {"type": "log", "exponentformat": "power"}
    return {
        "paper_bgcolor": tokens.paper,
        "plot_bgcolor": tokens.paper,
        "font": {"family": FONT, "size": 13, "color": tokens.ink},
        "margin": {"l": 62, "r": 20, "t": 26, "b": 44},
        "showlegend": False,
        "hovermode": "x",
        "hoversubplots": "axis",
        "hoverlabel": {
            "bgcolor": tokens.raised, "bordercolor": tokens.line,
            "font": {"color": tokens.ink, "family": FONT},
        },
        "xaxis": axis | {
            "showgrid": False, "fixedrange": False, "anchor": "y5",
            "title": {"text": "η / η_C", "standoff": 4},
        },
        **rows,
        "meta": {
            "accent": tokens.accent, "ink": tokens.ink, "muted": tokens.muted,
            "outcomes": [str(outcome) for outcome in OUTCOMES],
        },
    }  # fmt: skip


def _square(tokens: Tokens) -> dict[str, Any]:
    axis = {
        "gridcolor": tokens.line, "zerolinecolor": tokens.line,
        "tickfont": {"color": tokens.muted}, "nticks": 6, "fixedrange": True,
    }  # fmt: skip
    return {
        "paper_bgcolor": tokens.paper,
        "plot_bgcolor": tokens.paper,
        "font": {"family": FONT, "size": 12, "color": tokens.ink},
        "margin": {"l": 40, "r": 8, "t": 8, "b": 36},
        "showlegend": False,
        "hovermode": False,
        "dragmode": False,
        "xaxis": axis | {"title": {"text": "w", "standoff": 2}},
        "yaxis": axis | {"title": {"text": "f(w)", "standoff": 2}, "nticks": 3},
    }
