"""The figure of a run: loss over sharpness over gradient norm, on one x-axis.

Traces are empty and named by ``meta``; the page fills them as a run streams in.
"""

from typing import Any

import plotly.graph_objects as go

from eosdash.figures.style import FONT, TOKENS, Scheme, Tokens, sky

ROWS = ("loss", "sharpness", "grad_norm")
MOST_PINS = 4
MOST_EIGENVALUES = 5


def run_figure(scheme: Scheme) -> go.Figure:
    """The empty figure in one colour scheme."""
    tokens = TOKENS[scheme]
    figure = go.Figure(layout=_layout(scheme))
    for row in ROWS:
        _add(figure, f"previous.{row}", row, tokens.line, width=1.5, hoverinfo="skip")
        for pin, colour in enumerate(tokens.pins):
            _add(figure, f"pin{pin}.{row}", row, colour, width=1.25, dash=PIN_DASHES[pin])
        _add(figure, f"raw.{row}", row, tokens.muted, width=1, opacity=0.35, hoverinfo="skip")
    for k in range(MOST_EIGENVALUES, 1, -1):
        name = f"λ<sub>{k}</sub>"
        _add(figure, f"eigenvalue_{k}", "sharpness", tokens.muted, width=1, name=name)
    _add(figure, "lambda_min", "sharpness", tokens.muted, width=1, dash="dash", name="λ_min")
    _add(figure, "loss", "loss", tokens.ink, width=1.75, name="loss")
    _add(figure, "sharpness", "sharpness", tokens.ink, width=1.75, name="sharpness")
    for row in ROWS[:2]:
        name = f"{row} of gradient flow"
        _add(figure, f"flow.{row}", row, tokens.pins[1], width=2, dash="6px 3px", name=name)
        name = "mean loss of the central flow" if row == "loss" else "sharpness of the central flow"
        _add(figure, f"central.{row}", row, sky(scheme), width=2.5, name=name)
    _add(figure, "gfs_sharpness", "sharpness", tokens.pins[0], width=2.5, dash="dot", name="GFS")
    _add(figure, "threshold", "sharpness", tokens.accent, width=1.75, dash="dash", name="2/η")
    _add(figure, "grad_norm", "grad_norm", tokens.ink, width=1.5, name="‖∇L‖")
    for row in ROWS[:2]:
        figure.add_trace(_event_marks(row, tokens))
    for row in ROWS:
        figure.add_trace(_cut(row, tokens))
        figure.add_trace(_cursor(row, tokens))
    return figure


LOG = {"type": "log", "exponentformat": "power"}
PIN_DASHES = ("solid", "dash", "dot", "dashdot")


def _add(
    figure: go.Figure,
    meta: str,
    row: str,
    colour: str,
    width: float,
    dash: str = "solid",
    name: str = "",
    **more: Any,
) -> None:
    line = {"color": colour, "width": width, "dash": dash}
    template = f"{name} %{{y:.5g}}<extra></extra>" if name else None
    figure.add_scatter(
        x=[],
        y=[],
        mode="lines",
        meta=meta,
        name=name,
        line=line,
        yaxis=_axis(row),
        hovertemplate=None if more.get("hoverinfo") == "skip" else template,
        **more,
    )


def _axis(row: str) -> str:
    index = ROWS.index(row)
    return "y" if index == 0 else f"y{index + 1}"


def _event_marks(row: str, tokens: Tokens) -> go.Scatter:
    """Numbered marks on a curve; the numbers are those of the list of events."""
    return go.Scatter(
        x=[],
        y=[],
        meta=f"events.{row}",
        mode="markers+text",
        yaxis=_axis(row),
        marker={
            "size": 7,
            "color": tokens.paper,
            "line": {"color": tokens.ink, "width": 1.5},
        },
        textfont={"size": 12, "color": tokens.ink, "weight": 700},
        hovertemplate="%{customdata}<extra></extra>",
        cliponaxis=False,
    )


def _cut(row: str, tokens: Tokens) -> go.Scatter:
    """Steps whose value is above the axis, marked at its top."""
    return go.Scatter(
        x=[], y=[], meta=f"cut.{row}", mode="markers", yaxis=_axis(row), hoverinfo="skip",
        marker={"size": 7, "color": tokens.ink, "symbol": "triangle-up"}, cliponaxis=False,
    )  # fmt: skip


def _cursor(row: str, tokens: Tokens) -> go.Scatter:
    """Where the transport stands."""
    return go.Scatter(
        x=[],
        y=[],
        meta=f"cursor.{row}",
        mode="markers",
        yaxis=_axis(row),
        marker={"size": 9, "color": tokens.ink, "line": {"color": tokens.paper, "width": 2}},
        hoverinfo="skip",
    )


def _layout(scheme: Scheme) -> dict[str, Any]:
    tokens = TOKENS[scheme]
    axis = {
        "gridcolor": tokens.line,
        "linecolor": tokens.line,
        "zeroline": False,
        "tickfont": {"color": tokens.muted, "size": 12},
        "tickcolor": tokens.line,
    }
    return {
        "paper_bgcolor": tokens.paper,
        "plot_bgcolor": tokens.paper,
        "font": {"family": FONT, "size": 13, "color": tokens.ink},
        "margin": {"l": 62, "r": 20, "t": 26, "b": 40},
        "showlegend": False,
        "hovermode": "x",
        "hoversubplots": "axis",
        "hoverlabel": {
            "bgcolor": tokens.raised,
            "bordercolor": tokens.line,
            "font": {"color": tokens.ink, "family": FONT},
        },
        "xaxis": axis
        | {
            "showgrid": False,
            "title": {"text": "step", "standoff": 4},
            "showspikes": True,
            "spikemode": "across",
            "spikethickness": 1,
            "spikedash": "solid",
            "spikecolor": tokens.muted,
            "anchor": "y3",
        },
        "yaxis": axis | LOG,
        "yaxis2": axis | {"nticks": 6},
        "yaxis3": axis | LOG,
        "meta": {
            "accent": tokens.accent,
            "ink": tokens.ink,
            "muted": tokens.muted,
            "paper": tokens.paper,
            "gfs": tokens.pins[0],
            "flow": tokens.pins[1],
            "central": sky(scheme),
        },
        "uirevision": "run",
    }
