"""Figures: empty, in both schemes, with traces that the page finds by name."""

import json

import pytest

from eosdash.figures.detail import MOST_LINES, curves_figure, plane_figure
from eosdash.figures.explained import (
    EXPLAINED_FIGURES,
    MOST_OUTPUTS,
    function_figure,
    oscillation_figure,
    portrait_figure,
    progress_figure,
    spectrum_figure,
)
from eosdash.figures.run import MOST_EIGENVALUES, MOST_PINS, ROWS, run_figure
from eosdash.figures.style import SCHEMES, TOKENS

FIGURES = (run_figure, plane_figure, curves_figure, *EXPLAINED_FIGURES.values())

PROGRESS = ("relative_progress", "relative_smoothness", "share")

METAS = {
    run_figure: {
        *("loss", "sharpness", "grad_norm", "threshold", "lambda_min", "gfs_sharpness"),
        *(f"eigenvalue_{k}" for k in range(2, MOST_EIGENVALUES + 1)),
        *(f"{kind}.{row}" for kind in ("previous", "raw", "cut", "cursor") for row in ROWS),
        *(f"pin{pin}.{row}" for pin in range(MOST_PINS) for row in ROWS),
        *("events.loss", "events.sharpness"),
        *(f"{flow}.{row}" for flow in ("flow", "central") for row in ("loss", "sharpness")),
    },
    plane_figure: {"log_loss", "minimizers", "stable", "path", "start", "cursor"},
    function_figure: {
        *("regions", "images", "boundary", "identity", "points", "class0", "class1", "accuracy"),
        *("cursor", *(f"curve{i}" for i in range(MOST_OUTPUTS))),
    },
    portrait_figure: {
        *("edge", "orbit", "fixed", "cursor"),
        *(f"{kind}.{side}" for kind in ("trail", "steps") for side in ("even", "odd")),
    },
    oscillation_figure: {"measured", "predicted", "distance", "cursor"},
    progress_figure: {"edge", "cursor", *PROGRESS, *(f"raw.{name}" for name in PROGRESS)},
    spectrum_figure: {"low", "high", "density", "edge", "rug", "top"},
    curves_figure: {"cursor", *(f"line{i}" for i in range(MOST_LINES))},
}

each_figure = pytest.mark.parametrize("make", FIGURES, ids=lambda make: make.__name__)
each_scheme = pytest.mark.parametrize("scheme", SCHEMES)


def metas(figure):
    return [trace.meta for trace in figure.data]


@each_figure
@each_scheme
def test_every_trace_has_a_name_of_its_own(make, scheme):
    names = metas(make(scheme))
    assert len(names) == len(set(names))
    assert set(names) == METAS[make]


@each_figure
@each_scheme
def test_figures_are_empty(make, scheme):
    for trace in make(scheme).data:
        for axis in "xyz":
            assert axis not in trace or not trace[axis], trace.meta


@each_figure
def test_schemes_differ_in_colour_alone(make):
    light, dark = (make(scheme).to_json() for scheme in SCHEMES)
    assert metas(make("light")) == metas(make("dark"))
    assert shape_of(json.loads(light)) == shape_of(json.loads(dark))
    assert light != dark


def shape_of(value):
    """Everything but the colours."""
    if isinstance(value, dict):
        return {name: shape_of(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape_of(item) for item in value]
    return "colour" if isinstance(value, str) and value.startswith("#") else value


@each_figure
@each_scheme
def test_the_page_shows_through(make, scheme):
    layout = make(scheme).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == TOKENS[scheme].paper
    assert layout.font.color == TOKENS[scheme].ink


@each_scheme
def test_the_accent_is_the_learning_rate_and_nothing_else(scheme):
    figure, accent = run_figure(scheme), TOKENS[scheme].accent
    accented = {trace.meta for trace in figure.data if accent in json.dumps(trace.to_plotly_json())}
    assert accented == {"threshold"}
    for make in EXPLAINED_FIGURES.values():
        marked = {t.meta for t in make(scheme).data if accent in json.dumps(t.to_plotly_json())}
        assert marked <= {"edge"}


@each_scheme
def test_rows_lie_one_above_the_other_on_axes_of_their_own(scheme):
    figure = run_figure(scheme)
    axes = {row: {t.yaxis for t in figure.data if t.meta.endswith(row)} for row in ROWS}
    assert axes["loss"] == {"y"}
    assert axes["sharpness"] == {"y2"}
    assert axes["grad_norm"] == {"y3"}
    assert {trace.yaxis for trace in figure.data if trace.meta == "threshold"} == {"y2"}
