"""Beside the run: the parameter plane of two weights, or curves of weights and the like.

Traces are empty and named by ``meta``; the page fills them as a run streams in.
"""

from typing import Any

import plotly.graph_objects as go

from eosdash.figures.style import FONT, TOKENS, Scheme, Tokens

MOST_LINES = 16


def plane_figure(scheme: Scheme) -> go.Figure:
    """Loss contours, minimizers with their stable arc, and the path, in the plane (w₁, w₂)."""
    tokens = TOKENS[scheme]
    figure = go.Figure(layout=detail_layout(tokens, "w₁", "w₂"))
    figure.update_xaxes(constrain="domain")
    figure.update_yaxes(constrain="domain", scaleanchor="x")
    figure.add_contour(
        meta="log_loss",
        colorscale=[[0, tokens.muted], [1, tokens.line]],
        contours={"coloring": "lines"},
        ncontours=16,
        showscale=False,
        line={"width": 0.75},
        hoverinfo="skip",
    )
    detail_line(figure, "minimizers", tokens.minimum, 1.25, dash="dot")
    detail_line(figure, "stable", tokens.minimum, 5)
    detail_line(figure, "path", tokens.ink, 1, opacity=0.55)
    for meta, symbol, colour in (
        ("start", "circle-open", tokens.ink),
        ("cursor", "circle", tokens.ink),
    ):
        figure.add_scatter(
            x=[], y=[], meta=meta, mode="markers", hoverinfo="skip",
            marker={"symbol": symbol, "size": 9, "color": colour, "line": {"width": 2}},
        )  # fmt: skip
    return figure


def curves_figure(scheme: Scheme) -> go.Figure:
    """Up to sixteen curves over the steps: weights, singular values, or one curve alone."""
    tokens = TOKENS[scheme]
    figure = go.Figure(layout=detail_layout(tokens, "step", ""))
    for i in range(MOST_LINES):
        detail_line(figure, f"line{i}", tokens.ink, 1.25, opacity=max(0.25, 1 - 0.12 * i))
    figure.add_scatter(
        x=[], y=[], meta="cursor", mode="markers", hoverinfo="skip",
        marker={"size": 7, "color": tokens.ink},
    )  # fmt: skip
    return figure


def detail_line(
    figure: go.Figure, meta: str, colour: str, width: float, dash: str = "solid", **more: Any
) -> None:
    """Add an empty line."""
    line = {"color": colour, "width": width, "dash": dash}
    figure.add_scatter(x=[], y=[], meta=meta, mode="lines", line=line, hoverinfo="skip", **more)


def detail_layout(tokens: Tokens, x: str, y: str) -> dict[str, Any]:
    """The layout of a small figure with these titles at its axes."""
    axis = {
        "gridcolor": tokens.line,
        "zerolinecolor": tokens.line,
        "tickfont": {"color": tokens.muted},
        "nticks": 6,
    }
    return {
        "paper_bgcolor": tokens.paper,
        "plot_bgcolor": tokens.paper,
        "font": {"family": FONT, "size": 12, "color": tokens.ink},
        "margin": {"l": 44, "r": 14, "t": 10, "b": 38},
        "showlegend": False,
        "hovermode": False,
        "dragmode": False,
        "xaxis": axis | {"title": {"text": x, "standoff": 4}, "fixedrange": True},
        "yaxis": axis | {"title": {"text": y, "standoff": 4}, "fixedrange": True},
    }
