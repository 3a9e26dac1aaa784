"""Scripts and styles under addresses that name their content, so that browsers may keep them."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import plotly
from dash.fingerprint import build_fingerprint
from flask import Flask, Response

_PACKAGE = Path(__file__).parent.parent
ROOT = _PACKAGE if (_PACKAGE / "assets").is_dir() else _PACKAGE.parent
"""The folder of ``assets``: of an installed package its own, of a checkout the top level."""

FOREVER = "public, max-age=31536000, immutable"
"""How long a browser may keep what lies at an address with its content's hash: a year."""

MIMETYPES = {"js": "text/javascript", "css": "text/css"}
ENDS = {"js": ";\n", "css": "\n"}

DIGITS = 16
"""Of a hash, in an address."""


class Bundle(NamedTuple):
    """All files of a kind in one.

    Attributes:
        url: its address, which changes with any of the files.
        mimetype: what it is.
        body: the files, each behind a comment with its name.
    """

    url: str
    mimetype: str
    body: bytes

    def answer(self) -> Response:
        """It, to be kept by the browser."""
        return Response(self.body, mimetype=self.mimetype, headers={"Cache-Control": FOREVER})


def join(folder: Path, kind: str) -> Bundle:
    """The scripts or the styles of a folder, in alphabetical order as Dash would load them."""
    files = sorted(folder.rglob(f"*.{kind}"))
    parts = [f"/* {file.relative_to(folder)} */\n{file.read_text('utf-8')}" for file in files]
    body = ENDS[kind].join(parts).encode()
    name = sha256(body).hexdigest()[:DIGITS]
    return Bundle(f"/assets/eosdash.{name}.{kind}", MIMETYPES[kind], body)


def register(server: Flask, folder: Path) -> dict[str, str]:
    """Serve the bundles of a folder; by its kind the address of each, without what lies before."""
    made = {kind: join(folder, kind) for kind in MIMETYPES}
    for bundle in made.values():
        server.add_url_rule(bundle.url, bundle.url, bundle.answer)
    return {kind: bundle.url for kind, bundle in made.items()}


@cache
def plotly_url() -> str:
    """Address of plotly.js, the largest script by far, with its content's hash, without
    what lies before."""
    path = "package_data/plotly.min.js"
    with (Path(plotly.__path__[0]) / path).open("rb") as file:
        content = sha256(file.read()).hexdigest()[:DIGITS]
    named = build_fingerprint(path, plotly.__version__, content)
    return f"/_dash-component-suites/plotly/{named}"
