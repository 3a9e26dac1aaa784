"""Creates the app: ``python app.py`` serves it, ``app:server`` is its WSGI object."""

import os
import secrets
from typing import Any

# BLAS reads it when NumPy is imported; its threads would fight those of the server.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import dash
from flask import Flask
from flask_compress import Compress

from eosdash import pages
from eosdash.service import api, limits
from eosdash.service.cache import ResultCache

LARGEST_BODY = 64 * 1024


def create_app() -> dash.Dash:
    """The dashboard, configured by the environment variables ``EOSDASH_…``."""
    limits.check_variables()
    flask = Flask(__name__)
    flask.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    flask.config.from_prefixed_env("EOSDASH")
    flask.secret_key = flask.config.get("SECRET_KEY") or secrets.token_bytes(32)
    Compress(flask)
    cache = ResultCache(flask)
    api.register(flask, cache)
    app = pages.create(flask, cache)
    # Dash registers its script bundles on the first visit, and until then a second one fails.
    flask.test_client().get("/")
    return app


def __getattr__(name: str) -> Any:
    """``server`` is built when a WSGI server asks for it, not on import."""
    if name == "server":
        globals()["server"] = create_app().server
        return globals()["server"]
    raise AttributeError(name)


if __name__ == "__main__":
    create_app().run(port=int(os.environ.get("PORT", "8050")), debug=False)
