"""Scripts and styles under addresses that name their content, so that browsers may keep them."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import plotly
from dash.fingerprint import build_fingerprint
from flask import Flask, Response

from eosdash.pages import modules

_PACKAGE = Path(__file__).parent.parent
ROOT = _PACKAGE if (_PACKAGE / "assets").is_dir() else _PACKAGE.parent
"""The folder of ``assets``: of an installed package its own, of a checkout the top level."""

FOREVER = "public, max-age=31536000, immutable"
"""How long a browser may keep what lies at an address with its content's hash: a year."""

MIMETYPES = {"js": "text/javascript", "css": "text/css"}

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
    """The scripts of a folder in the order of their imports, or its styles by name."""
    body = (modules.join(folder) if kind == "js" else styles(folder)).encode()
    name = sha256(body).hexdigest()[:DIGITS]
    return Bundle(f"/assets/eosdash.{name}.{kind}", MIMETYPES[kind], body)


def styles(folder: Path) -> str:
    """The style sheets of a folder as one."""
    files = sorted(folder.rglob("*.css"))
    return "\n".join(
        f"/* {file.relative_to(folder).as_posix()} */\n{file.read_text('utf-8')}" for file in files
    )


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
