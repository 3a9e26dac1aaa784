"""The frame around every page: header, theme, and the Dash app itself."""

import json
from pathlib import Path
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Input, Output, State, dcc, html
from dash.exceptions import DependencyException, UnsupportedRelativePath
from flask import Flask

from eosdash.fields import MATH_VERSION
from eosdash.figures.style import FONT, style_sheet
from eosdash.glossary import known_terms
from eosdash.pages import basin, bundle, dialogs, exports, run, scenes, sweep, theory
from eosdash.pages.addresses import Dashboard
from eosdash.pages.controls import SLIDERS, field_id
from eosdash.pages.icons import aria, icon
from eosdash.pages.menu import menu
from eosdash.params import PAGES as SHARED
from eosdash.service.cache import Results
from eosdash.service.flights import Flights
from eosdash.service.guard import Known
from eosdash.service.prefix import prefix

PAGES = {"run": run, "basin": basin, "sweep": sweep, "theory": theory, "scenes": scenes}
PATHS = {name: page.path for name, page in SHARED.items()} | {"scenes": "/scenes"}
NOWHERE = "/404"
"""Dash wants an address even for the page of all addresses that are none."""

THEME = {
    "fontFamily": FONT,
    "primaryColor": "dark",
    "defaultRadius": "md",
    "cursorType": "pointer",
    "respectReducedMotion": True,
}

# The largest script by far is loaded beside the others.
INDEX = """<!DOCTYPE html>
<html lang="en" data-math="MATH_VERSION" data-base="{%base%}" data-fields='FIELDS'>
<head>{%metas%}<title>{%title%}</title>{%favicon%}
<script async src="{%base%}PLOTLY"></script><style>STYLE</style>{%css%}</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""


def create(server: Flask, flights: Flights, cache: Results) -> dash.Dash:
    """The Dash app on a Flask server, with all pages registered, and downloads beside it."""
    exports.register(server, flights, cache)
    app = dashboard(server)
    for page in PAGES.values():
        page.layout()  # makes its empty figures: the first visitors would each make their own
    return app


def dashboard(server: Flask) -> dash.Dash:
    """The Dash app alone."""
    own = bundle.register(server, Path(server.root_path, "assets"))
    app = Dashboard(
        "eosdash",
        server=server,
        title="eosdash: gradient descent at the edge of stability",
        update_title="",
        assets_folder=server.root_path + "/assets",
        assets_ignore=r"\.(js|css)$",  # they are in the bundles
        external_scripts=[own["js"]],
        external_stylesheets=[own["css"]],
        use_pages=True,
        pages_folder="",
        serve_locally=True,
        # Otherwise every visit is sent all pages at once, for a check that only debugging does.
        suppress_callback_exceptions=True,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "description", "content": run.DESCRIPTION},
        ],
    )
    looks = INDEX.replace("STYLE", style_sheet())
    looks = looks.replace("MATH_VERSION", MATH_VERSION).replace("FIELDS", fields_of_pages())
    app.index_string = looks.replace("PLOTLY", bundle.plotly_url())
    app.layout = shell
    for order, (name, page) in enumerate(PAGES.items()):
        dash.register_page(
            name,
            path=PATHS[name],
            order=order,
            title=f"{name.capitalize()} · {app.title}" if order else app.title,
            description=page.DESCRIPTION,
            layout=page.layout,
        )
    dash.register_page("not_found_404", path=NOWHERE, title=app.title, layout=nothing_here)
    for output, inputs, states, function in (
        *CALLBACKS,
        *run.CALLBACKS,
        *basin.CALLBACKS,
        *sweep.CALLBACKS,
    ):
        app.clientside_callback(ClientsideFunction("eosdash", function), *output, *inputs, *states)
    app.callback(
        Output("terms", "children"), Input("glossary-asked", "data"), prevent_initial_call=True
    )(dialogs.terms)
    return app


def fields_of_pages() -> str:
    """What the link of each page may name, as JSON: what another page was told goes along."""
    names = {
        name: [field for part in page.sets for field in part.model_fields]
        for name, page in SHARED.items()
    }
    return json.dumps(names, separators=(",", ":"))


MISTAKES = ((DependencyException,), (UnsupportedRelativePath,))
"""What Dash raises for a file that it does not have, and for an address that is none."""


def known(app: dash.Dash) -> Known:
    """What the guard has to know of the app, after the first visit to it."""
    return Known(
        scripts=tuple(app.csp_hashes()),
        pages=frozenset(path.strip("/") for path in PATHS.values()),
        callbacks={
            output: tuple(
                tuple((each["id"], each["property"]) for each in callback[kind])
                for kind in ("inputs", "state")
            )
            for output, callback in app.callback_map.items()
            if "callback" in callback  # the others are the browser's
        },
    )


SHARES = {
    "copy-link": "Copy the link",
    "copy-python": "Copy as Python",
}
DOWNLOADS = {
    "csv": "Table (CSV)",
    "npz": "Arrays (NPZ)",
    "png": "Picture (PNG)",
    "svg": "Drawing (SVG)",
    "gif": "Animation of η (GIF)",
    "webp": "Animation of η (WebP)",
    "frames": "Animation of η (NPZ)",
}

Callback = tuple[list[Any], list[Any], list[Any], str]

CALLBACKS: list[Callback] = [
    *(
        (
            [Output(field_id("param", name), "value"), Output(field_id("slider", name), "value")],
            [Input(field_id("slider", name), "value"), Input(field_id("param", name), "value")],
            [State("rules", "data")],
            "couple",
        )
        for name in SLIDERS
    ),
    (
        [Output("asked", "data")],
        [
            Input({"type": "param", "name": ALL}, "value"),
            Input({"type": "param", "name": ALL}, "checked"),
        ],
        [State("rules", "data")],
        "changed",
    ),
    (
        [Output("prepared", "data")],
        [Input("templates", "data")],
        [State("glossary-terms", "data")],
        "prepare",
    ),
    ([], [Input("theme", "n_clicks")], [], "toggleTheme"),
    ([], [Input("reset", "n_clicks")], [], "reset"),
    ([], [Input("new-seed", "n_clicks")], [], "newSeed"),
    ([], [Input("drawer", "n_clicks")], [], "drawer"),
    ([], [Input("copy-link", "n_clicks"), Input("copy-python", "n_clicks")], [], "copy"),
    ([], [Input(f"download-{name}", "n_clicks") for name in DOWNLOADS], [], "download"),
]
"""(outputs, inputs, states, name of the function in the browser)."""


def shell() -> dmc.MantineProvider:
    """Header above, the page below."""
    frame = dmc.AppShell(
        [
            dmc.AppShellHeader(_header(), withBorder=False),
            *scenes.scene_column(),
            dash.page_container,
        ],
        header={"height": 56},
        navbar={"width": 296, "breakpoint": "md", "collapsed": {"mobile": False}},
        padding=0,
    )
    return dmc.MantineProvider(
        [
            frame,
            *dialogs.dialogs(),
            _tour(),
            html.Div(id="toast", className="eos-toast", role="status"),
            html.Div(id="announce", className="eos-unseen", role="status"),
            dcc.Location(id="location", refresh="callback-nav"),
            dcc.Store(id="glossary-terms", data=known_terms()),
            dcc.Store(id="glossary-asked"),
        ],
        id="mantine",
        theme=THEME,
        defaultColorScheme="auto",
    )


def nothing_here(**_query: str) -> dmc.AppShellMain:
    """What is shown at an address that is none; the pages are in the header above."""
    words = [
        html.H1("There is no such page", className="eos-summary"),
        html.P("The pages are above; links come from “Share”.", className="eos-setup"),
    ]
    return dmc.AppShellMain(html.Div(words, className="eos-main"))


def _header() -> html.Div:
    share = [
        *(html.Button(words, id=name) for name, words in SHARES.items()),
        html.Button("QR code", **{"data-opens": "qr"}),
        html.Button("Hide, lock, embed …", **{"data-opens": "share-dialog"}),
        html.Hr(),
        *(html.Button(words, id=f"download-{name}") for name, words in DOWNLOADS.items()),
    ]
    actions = [
        menu("share", [icon("link"), html.Span("Share", className="eos-action-words")], share),
        action("present", "Present", "screen", title="Present (P)"),
        action("help-open", "Help", "help", words=False, opens="help", title="Keys and help (?)"),
        action("theme", "Dark or light", "theme", words=False),
    ]
    return html.Div(
        [
            html.Div([html.Span("eos"), "dash"], className="eos-brand"),
            html.Nav(
                [
                    dcc.Link(
                        name.capitalize(),
                        id=f"nav-{name}",
                        href=prefix() + path,
                        className=f"eos-nav eos-nav-{name}",
                    )
                    for name, path in PATHS.items()
                ],
                **aria(label="Pages"),
            ),
            html.Div(
                [
                    html.Span("New here?"),
                    html.Button("Tour in five steps", id="tour-start"),
                    html.Button("No, thanks", id="tour-decline"),
                ],
                id="tour-offer",
                className="eos-offer eos-hidden",
            ),
            html.Div(actions, className="eos-actions"),
        ],
        className="eos-header",
    )


def action(
    name: str, label: str, picture: str, *, words: bool = True, title: str = "", opens: str = ""
) -> html.Button:
    """A quiet button of the header; its words give way to the icon on a phone."""
    text = html.Span(label, className="eos-action-words")
    more = {"data-opens": opens} if opens else {}
    return html.Button(
        [icon(picture), *([text] if words else [])],
        id=name, className="eos-action", title=title or label, **aria(label=label), **more,
    )  # fmt: skip


def _tour() -> html.Div:
    """The card of the tour, which the browser fills and puts beside what it is about."""
    return html.Div(
        [
            html.H2("", id="tour-title"),
            html.P("", id="tour-words"),
            html.Div(
                [
                    html.Span("", id="tour-count"),
                    html.Button("End", id="tour-end", className="eos-quiet"),
                    html.Button("Next", id="tour-next", className="eos-strong"),
                ],
                className="eos-tour-foot",
            ),
        ],
        id="tour",
        className="eos-tour eos-hidden",
        role="dialog",
        tabIndex="-1",
        **aria(labelledby="tour-title"),
    )
