"""The figure of a map: what lies over the picture of the fates, which the page paints below.

Traces are empty and named by ``meta``. Lines have a casing in the colour of the page, so that
they are seen on every outcome.
"""

from typing import Any

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from eosdash.core.outcome import OUTCOMES
from eosdash.figures.style import FONT, TOKENS, Scheme, Tokens

CASING = 2.5


def basin_figure(scheme: Scheme) -> go.Figure:
    """The empty figure in one colour scheme."""
    tokens = TOKENS[scheme]
    figure = go.Figure(layout=_layout(tokens))
    figure.add_contour(
        meta="contours", x=[], y=[], z=[], colorscale=[[0, tokens.ink], [1, tokens.ink]],
        contours={"coloring": "lines"}, ncontours=14, showscale=False, line={"width": 0.75},
        opacity=0.5, hoverinfo="skip",
    )  # fmt: skip
    _line(figure, "balanced", tokens, tokens.muted, 1.5, "dashdot")
    _line(figure, "fold", tokens, tokens.ink, 1.5)
    _line(figure, "region", tokens, tokens.ink, 2, "dash")
    _line(figure, "minimizers", tokens, tokens.ink, 1.75, "dot")
    _line(figure, "stable", tokens, tokens.accent, 5)
    _line(figure, "critical", tokens, tokens.accent, 2, "dash")
    _line(figure, "path", tokens, tokens.ink, 1.25)
    for meta, symbol, size in (("start", "circle-open", 10), ("selected", "circle", 10)):
        figure.add_scatter(
            meta=meta, x=[], y=[], mode="markers", hoverinfo="skip",
            marker={
                "symbol": symbol, "size": size, "color": tokens.ink,
                "line": {"width": 2, "color": tokens.ink if "open" in symbol else tokens.paper},
            },
        )  # fmt: skip
    return figure


def fits_figure(scheme: Scheme) -> go.Figure:
    """Boxes on the boundary, and uncertain pixels, by their size, with the fitted power laws."""
    tokens = TOKENS[scheme]
    figure = go.Figure(layout=_small_layout(tokens))
    for axis, meta in (("y", "dimension"), ("y2", "uncertainty")):
        figure.add_scatter(
            meta=f"{meta}.line", x=[], y=[], yaxis=axis, mode="lines", hoverinfo="skip",
            line={"color": tokens.muted, "width": 1.5},
        )  # fmt: skip
        figure.add_scatter(
            meta=f"{meta}.values", x=[], y=[], yaxis=axis, mode="markers", hoverinfo="skip",
            marker={"color": tokens.ink, "size": 7},
        )  # fmt: skip
    return figure


def paints(scheme: Scheme) -> dict[str, Any]:
    """The colours of a map: of the outcomes in the order of their codes, and of continuous
    fields, 256 from low to high."""
    tokens = TOKENS[scheme]
    ramp = sample_colorscale("Cividis", [i / 255 for i in range(256)], colortype="tuple")
    return {
        "outcomes": [getattr(tokens, outcome) for outcome in OUTCOMES],
        "ramp": [[round(255 * part) for part in colour] for colour in ramp],
    }


def _line(
    figure: go.Figure, meta: str, tokens: Tokens, colour: str, width: float, dash: str = "solid"
) -> None:
    for part, ink, wide, style in (
        (f"{meta}.casing", tokens.paper, width + CASING, "solid"),
        (meta, colour, width, dash),
    ):
        figure.add_scatter(
            meta=part, x=[], y=[], mode="lines", hoverinfo="skip",
            line={"color": ink, "width": wide, "dash": style},
            opacity=0.75 if ink == tokens.paper else 1,
        )  # fmt: skip


def _layout(tokens: Tokens) -> dict[str, Any]:
    axis = {
        "showgrid": False, "zeroline": False, "ticks": "outside", "tickcolor": tokens.line,
        "linecolor": tokens.line, "tickfont": {"color": tokens.muted}, "constrain": "domain",
    }  # fmt: skip
    return {
        "paper_bgcolor": tokens.paper,
        "plot_bgcolor": tokens.paper,
        "font": {"family": FONT, "size": 13, "color": tokens.ink},
        "margin": {"l": 64, "r": 12, "t": 12, "b": 48},
        "showlegend": False,
        "hovermode": False,
        "xaxis": axis | {"title": {"text": "", "standoff": 4}},
        "yaxis": axis | {"title": {"text": "", "standoff": 4}},
    }


def _small_layout(tokens: Tokens) -> dict[str, Any]:
    def title(text: str, top: float) -> dict[str, Any]:
        return {
            "text": text, "xref": "paper", "yref": "paper", "x": 0, "y": top, "xanchor": "left",
            "yanchor": "bottom", "showarrow": False, "font": {"color": tokens.muted, "size": 12},
        }  # fmt: skip

    axis = {
        "type": "log", "gridcolor": tokens.line, "tickfont": {"color": tokens.muted},
        "dtick": 1, "exponentformat": "power", "fixedrange": True,
    }  # fmt: skip
    return {
        "paper_bgcolor": tokens.paper,
        "plot_bgcolor": tokens.paper,
        "font": {"family": FONT, "size": 12, "color": tokens.ink},
        "margin": {"l": 44, "r": 8, "t": 22, "b": 34},
        "showlegend": False,
        "hovermode": False,
        "dragmode": False,
        "xaxis": axis | {"title": {"text": "size, pixels", "standoff": 2}, "anchor": "y2"},
        "yaxis": axis | {"domain": [0.58, 1]},
        "yaxis2": axis | {"domain": [0, 0.4]},
        "annotations": [
            title("boxes that the boundary passes, by their side", 1),
            title("share of pixels uncertain at this distance", 0.4),
        ],
    }
