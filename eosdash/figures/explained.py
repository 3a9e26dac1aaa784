"""Beside the run: what explains it. Traces are empty and named by ``meta``, as in every figure."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go

from eosdash.figures.detail import detail_layout, detail_line
from eosdash.figures.style import TOKENS, Scheme, sky

MOST_OUTPUTS = 4


def portrait_figure(scheme: Scheme) -> go.Figure:
    """Displacement along the top eigenvector against S − 2/η: a trail up to the step shown, the
    fixed points, and the level curve that the small-step dynamics would keep to."""
    tokens = TOKENS[scheme]
    figure = _figure(scheme, "displacement x", "S − 2/η")
    detail_line(figure, "edge", tokens.accent, 1.5, dash="dash")
    detail_line(figure, "orbit", tokens.muted, 1.25, dash="dot")
    for side in ("even", "odd"):
        detail_line(figure, f"trail.{side}", tokens.ink, 1.25, opacity=0.45)
        _marks(figure, f"steps.{side}", tokens.ink, 4, opacity=0.7)
    _marks(figure, "fixed", tokens.minimum, 11, symbol="diamond")
    _marks(figure, "cursor", tokens.ink, 10)
    return figure


def progress_figure(scheme: Scheme) -> go.Figure:
    """Relative progress, directional smoothness over 2/η, and the share of the gradient along the
    top eigenvector, over the steps."""
    tokens = TOKENS[scheme]
    figure = _figure(scheme, "step", "")
    detail_line(figure, "edge", tokens.accent, 1.5, dash="dash")
    for name, colour, dash in _progress_lines(scheme):
        detail_line(figure, f"raw.{name}", colour, 0.75, opacity=0.3)
        detail_line(figure, name, colour, 1.75, dash=dash)
    _marks(figure, "cursor", tokens.ink, 7)
    return figure


def _progress_lines(scheme: Scheme) -> tuple[tuple[str, str, str], ...]:
    tokens = TOKENS[scheme]
    return (
        ("relative_progress", tokens.ink, "solid"),
        ("relative_smoothness", sky(scheme), "solid"),
        ("share", tokens.pins[2], "dot"),
    )


def oscillation_figure(scheme: Scheme) -> go.Figure:
    """The variance of the oscillation, predicted by the central flow and measured, over the
    distance between the two paths."""
    tokens = TOKENS[scheme]
    figure = _figure(scheme, "step", "")
    log = {"type": "log", "exponentformat": "power", "nticks": 4}
    figure.update_layout(
        yaxis={"domain": [0.42, 0.93], **log},
        yaxis2={**figure.layout.yaxis.to_plotly_json(), "domain": [0, 0.27], **log},
        xaxis={"anchor": "y2"},
    )
    detail_line(figure, "measured", tokens.ink, 1.5)
    detail_line(figure, "predicted", sky(scheme), 2.5)
    detail_line(figure, "distance", tokens.ink, 1.5, yaxis="y2")
    _marks(figure, "cursor", tokens.ink, 7)
    return figure


def function_figure(scheme: Scheme) -> go.Figure:
    """The learned function beside its data: curves, regions of two classes, outputs against
    targets, or the accuracy over the steps with some images."""
    tokens = TOKENS[scheme]
    figure = _figure(scheme, "", "")
    bare = {"visible": False, "fixedrange": True}
    figure.update_layout(xaxis2=bare | {"anchor": "y2"}, yaxis2=bare | {"domain": [0, 0.5]})
    sides = [[0, sky(scheme)], [0.5, tokens.paper], [1, tokens.periodic]]
    figure.add_heatmap(
        meta="regions", showscale=False, hoverinfo="skip", zmin=-1, zmax=1, opacity=0.55,
        zsmooth="best", colorscale=sides,
    )  # fmt: skip
    figure.add_heatmap(
        meta="images", showscale=False, hoverinfo="skip", zmin=0, zmax=1, xaxis="x2", yaxis="y2",
        colorscale=[[0, tokens.paper], [1, tokens.ink]],
    )  # fmt: skip
    figure.add_contour(
        meta="boundary", showscale=False, hoverinfo="skip", line={"width": 2, "color": tokens.ink},
        contours={"start": 0, "end": 0, "size": 1, "coloring": "none"},
    )  # fmt: skip
    detail_line(figure, "identity", tokens.muted, 1, dash="dot")
    for output in range(MOST_OUTPUTS):
        detail_line(figure, f"curve{output}", sky(scheme), 2.5)
    _marks(figure, "points", tokens.ink, 6)
    for name, colour, symbol in (
        ("class0", sky(scheme), "circle"),
        ("class1", tokens.periodic, "square"),
    ):
        _marks(figure, name, colour, 8, symbol=symbol, edge=tokens.ink)
    detail_line(figure, "accuracy", tokens.ink, 1.75)
    _marks(figure, "cursor", tokens.ink, 8)
    return figure


def spectrum_figure(scheme: Scheme) -> go.Figure:
    """The density of the Hessian's eigenvalues with its error band, the largest marked, and all of
    them as a rug where they are known."""
    tokens = TOKENS[scheme]
    figure = _figure(scheme, "eigenvalue", "density")
    figure.update_yaxes(type="log", exponentformat="power", nticks=5)
    detail_line(figure, "low", sky(scheme), 0)
    detail_line(figure, "high", sky(scheme), 0, fill="tonexty", fillcolor=f"{sky(scheme)}55")
    detail_line(figure, "density", tokens.ink, 1.5)
    detail_line(figure, "edge", tokens.accent, 1.75, dash="dash")
    _marks(figure, "rug", tokens.muted, 10, symbol="line-ns-open", opacity=0.6)
    _marks(figure, "top", tokens.ink, 9, symbol="triangle-down")
    return figure


EXPLAINED_FIGURES: dict[str, Callable[[Scheme], go.Figure]] = {
    "function": function_figure,
    "portrait": portrait_figure,
    "oscillation": oscillation_figure,
    "progress": progress_figure,
    "spectrum": spectrum_figure,
}
"""Empty figures by what they show."""


def _figure(scheme: Scheme, x: str, y: str) -> go.Figure:
    tokens = TOKENS[scheme]
    layout = detail_layout(tokens, x, y)
    layout["meta"] = {name: getattr(tokens, name) for name in ("accent", "ink", "muted", "paper")}
    layout["meta"] |= {"sky": sky(scheme), "share": tokens.pins[2]}
    return go.Figure(layout=layout)


def _marks(
    figure: go.Figure,
    meta: str,
    colour: str,
    size: float,
    symbol: str = "circle",
    edge: str = "",
    **more: Any,
) -> None:
    marker: dict[str, Any] = {"size": size, "color": colour, "symbol": symbol}
    if edge:
        marker["line"] = {"width": 1, "color": edge}
    figure.add_scatter(
        x=[], y=[], meta=meta, mode="markers", marker=marker, hoverinfo="skip", **more
    )
