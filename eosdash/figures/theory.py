"""The figures of the four statements, empty; traces named by ``meta`` are filled by the page."""

from typing import Any

import plotly.graph_objects as go

from eosdash.figures.style import FONT, SHARE_TICKS, TOKENS, Scheme, Tokens

PREIMAGES = 6
"""More preimages than five are coloured as five."""


def theory_figures(scheme: Scheme) -> dict[str, Any]:
    """All of them in one colour scheme, by name."""
    tokens = TOKENS[scheme]
    figures = {
        "plane": _plane(tokens),
        "image": _image(tokens),
        "histogram": _histogram(tokens),
        "hyperbola": _hyperbola(tokens),
        "surface": _surface(tokens),
        "ray": _ray(tokens),
        "growth": _growth(tokens),
        "convergence": _convergence(tokens),
        "map": _map(tokens),
    }
    return {name: figure.to_plotly_json() for name, figure in figures.items()}


def _plane(tokens: Tokens) -> go.Figure:
    figure = go.Figure(layout=_square(tokens, "w<sub>1</sub>", "w<sub>2</sub>"))
    _line(figure, "mesh", tokens.muted, 0.6)
    _line(figure, "fold", tokens.accent, 2.5)
    return figure


def _image(tokens: Tokens) -> go.Figure:
    figure = go.Figure(layout=_square(tokens, "G(w)<sub>1</sub>", "G(w)<sub>2</sub>"))
    shades = [tokens.paper, tokens.raised, *_ramp(tokens.minimum, tokens.paper, PREIMAGES - 2)]
    steps = [edge for i, shade in enumerate(shades) for edge in _step(i, len(shades), shade)]
    figure.add_heatmap(
        meta="preimages", x=[], y=[], z=[], zmin=-0.5, zmax=PREIMAGES - 0.5, colorscale=steps,
        colorbar={
            "title": {"text": "preimages", "side": "right"}, "thickness": 10, "outlinewidth": 0,
            "tickvals": list(range(PREIMAGES)), "tickfont": {"color": tokens.muted},
        },
        hovertemplate="%{z} preimages<extra></extra>",
    )  # fmt: skip
    _line(figure, "image", tokens.muted, 0.6)
    _line(figure, "caustic", tokens.accent, 2.5)
    return figure


def _step(index: int, number: int, shade: str) -> list[list[Any]]:
    return [[index / number, shade], [(index + 1) / number, shade]]


def _ramp(dark: str, light: str, number: int) -> list[str]:
    ends = [[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in (light, dark)]
    shares = [(i + 1) / number * 0.8 for i in range(number)]
    return [
        "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in zip(*ends, strict=True))
        for share in shares
    ]


def _histogram(tokens: Tokens) -> go.Figure:
    figure = go.Figure(layout=_flat(tokens, "", "points"))
    figure.add_histogram(
        meta="histogram", x=[], marker={"color": tokens.minimum}, hoverinfo="skip", nbinsx=40
    )
    return figure


def _sharpness_bar(tokens: Tokens) -> dict[str, Any]:
    return {
        "title": {"text": "log₁₀ S", "side": "right"}, "thickness": 10, "outlinewidth": 0,
        "tickfont": {"color": tokens.muted},
    }  # fmt: skip


def _hyperbola(tokens: Tokens) -> go.Figure:
    figure = go.Figure(layout=_square(tokens, "w<sub>1</sub>", "w<sub>2</sub>"))
    _line(figure, "box", tokens.muted, 1.5, dash="dash")
    figure.add_scatter(
        meta="curve", x=[], y=[], mode="lines+markers", hoverinfo="skip",
        line={"color": tokens.line, "width": 1},
        marker={
            "size": 6, "color": [], "colorscale": "Cividis", "colorbar": _sharpness_bar(tokens),
        },
    )  # fmt: skip
    _line(figure, "stable", tokens.accent, 6)
    return figure


def _surface(tokens: Tokens) -> go.Figure:
    axis = {
        "gridcolor": tokens.line, "color": tokens.muted, "backgroundcolor": tokens.paper,
        "zerolinecolor": tokens.line,
    }  # fmt: skip
    axes = [axis | {"title": {"text": f"w<sub>{i}</sub>"}} for i in (1, 2, 3)]
    scene = dict(zip(("xaxis", "yaxis", "zaxis"), axes, strict=True)) | {
        "aspectmode": "cube",
        "camera": {"eye": {"x": 1.5, "y": 1.3, "z": 0.8}},
    }
    margin = {"l": 0, "r": 0, "t": 0, "b": 0}
    figure = go.Figure(layout=_layout(tokens) | {"scene": scene, "margin": margin})
    for patch in range(4):
        figure.add_surface(
            meta=f"whole{patch}", x=[], y=[], z=[], showscale=False, hoverinfo="skip",
            opacity=0.35, colorscale=[[0, tokens.muted], [1, tokens.muted]],
        )  # fmt: skip
        figure.add_surface(
            meta=f"patch{patch}", x=[], y=[], z=[], surfacecolor=[], colorscale="Cividis",
            showscale=patch == 0, hoverinfo="skip", colorbar=_sharpness_bar(tokens),
        )  # fmt: skip
    figure.add_scatter3d(
        meta="box", x=[], y=[], z=[], mode="lines", hoverinfo="skip",
        line={"color": tokens.muted, "width": 3, "dash": "dash"},
    )  # fmt: skip
    return figure


FAR = "how far, N"


def _ray(tokens: Tokens) -> go.Figure:
    """Loss and sharpness along an unbounded direction."""
    figure = _along(tokens, "")
    figure.update_yaxes(rangemode="tozero")
    _named(figure, "sharpness", "sharpness S", tokens.minimum, 3)
    _named(figure, "loss", "loss above its least", tokens.periodic, 3, "dot")
    _named(figure, "threshold", "2/η", tokens.accent, 2, "dash")
    return figure


def _growth(tokens: Tokens) -> go.Figure:
    """The layer that grows there, and the products of layers that do not."""
    figure = _along(tokens, "norm")
    figure.update_yaxes(type="log", exponentformat="power", dtick=1)
    _named(figure, "norm", "the layer", tokens.ink, 3)
    _named(figure, "product", "products from either end", tokens.minimum, 3)
    _named(figure, "most", "their bound", tokens.muted, 1.5, "dash")
    return figure


def _along(tokens: Tokens, y: str) -> go.Figure:
    figure = go.Figure(layout=_flat(tokens, FAR, y))
    ticks = {1: "1", 100: "100", 10_000: "10,000"}
    figure.update_xaxes(
        type="log", range=[-1, 4.1], tickvals=list(ticks), ticktext=list(ticks.values())
    )
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}}
    figure.update_layout(showlegend=True, legend=legend, margin={"t": 44, "r": 24})
    return figure


def _named(
    figure: go.Figure, meta: str, name: str, colour: str, width: float, dash: str = "solid"
) -> None:
    """A curve that the legend names."""
    figure.add_scatter(
        meta=meta, x=[], y=[], mode="lines", name=name, hovertemplate="%{y:.4g}",
        line={"color": colour, "width": width, "dash": dash},
    )  # fmt: skip


def _convergence(tokens: Tokens) -> go.Figure:
    figure = go.Figure(layout=_flat(tokens, "η / η<sub>C</sub>", ""))
    figure.update_yaxes(range=[0, 1.02], **SHARE_TICKS)
    for meta, fill in (("low", "none"), ("high", "tonexty")):
        figure.add_scatter(
            meta=meta, x=[], y=[], mode="lines", line={"width": 0, "color": tokens.minimum},
            fill=fill, fillcolor=f"{tokens.minimum}40", hoverinfo="skip",
        )  # fmt: skip
    _line(figure, "critical", tokens.accent, 2, dash="dash")
    figure.add_scatter(
        meta="fraction", x=[], y=[], mode="lines+markers",
        line={"color": tokens.minimum, "width": 2}, marker={"size": 5},
        customdata=[], hovertemplate="%{customdata} at %{x:.3g} η_C<extra></extra>",
    )  # fmt: skip
    return figure


def _map(tokens: Tokens) -> go.Figure:
    return go.Figure(layout=_square(tokens, "w<sub>1</sub>", "w<sub>2</sub>"))


def _line(figure: go.Figure, meta: str, colour: str, width: float, dash: str = "solid") -> None:
    figure.add_scatter(
        meta=meta, x=[], y=[], mode="lines", hoverinfo="skip",
        line={"color": colour, "width": width, "dash": dash},
    )  # fmt: skip


def _layout(tokens: Tokens) -> dict[str, Any]:
    return {
        "paper_bgcolor": tokens.paper,
        "plot_bgcolor": tokens.paper,
        "font": {"family": FONT, "size": 12, "color": tokens.ink},
        "margin": {"l": 48, "r": 12, "t": 10, "b": 40},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {"bgcolor": tokens.raised, "bordercolor": tokens.line},
        "bargap": 0.05,
        "meta": {"accent": tokens.accent},
    }


def _flat(tokens: Tokens, x: str, y: str) -> dict[str, Any]:
    axis = {
        "gridcolor": tokens.line, "zeroline": False, "tickfont": {"color": tokens.muted},
        "fixedrange": True, "nticks": 7,
    }  # fmt: skip
    return _layout(tokens) | {
        "xaxis": axis | {"title": {"text": x, "standoff": 4}},
        "yaxis": axis | {"title": {"text": y, "standoff": 4}},
    }


def _square(tokens: Tokens, x: str, y: str) -> dict[str, Any]:
    made = _flat(tokens, x, y)
    made["xaxis"] |= {"constrain": "domain", "showgrid": False}
    made["yaxis"] |= {"constrain": "domain", "scaleanchor": "x", "showgrid": False}
    return made
