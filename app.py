"""Creates the app: ``python app.py`` serves it, ``app:server`` is its WSGI object."""

import os
import secrets
from pathlib import Path
from typing import Any

# BLAS reads it when NumPy is imported; its threads would fight those of the server.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import dash
from flask import Flask
from flask_compress import Compress

from eosdash import pages
from eosdash.pages import remembered, static
from eosdash.service import api, gate, guard, openapi, settings, telemetry
from eosdash.service.cache import ResultCache
from eosdash.service.flights import Engine, Flights
from eosdash.service.local import LocalEngine


def create_app() -> dash.Dash:
    """The dashboard, configured by the environment variables ``EOSDASH_…``."""
    settings.check()
    telemetry.configure_logs()
    flask = Flask(__name__)
    flask.config.from_prefixed_env("EOSDASH")
    flask.secret_key = settings.value("secret_key") or secrets.token_bytes(32)
    telemetry.register(flask)
    gate.register(flask)
    guard.register(flask, lambda: pages.known(app), *pages.MISTAKES)
    remembered.register(flask)
    Compress(flask)  # before the guard sees an answer, so that a 404 is compressed too
    cache = ResultCache(flask)
    local = LocalEngine(cache)
    flights = Flights(_shared(cache, local) or local, cache)
    api.register(flask, flights, cache, local)
    openapi.register(flask)
    app = pages.create(flask, flights, cache)
    # Dash registers its script bundles on the first visit, and until then a second one fails.
    flask.test_client().get("/")
    static.serve(flask, Path(settings.value("static_dir")), guard.HEADERS)
    return app


def _shared(cache: ResultCache, local: LocalEngine) -> Engine | None:
    """What computes on other machines, if a Redis server is named."""
    url = settings.value("redis_url")
    if not url:
        return None
    from eosdash.service import shared, tasks  # only here is Celery needed

    tasks.be_quick()
    return shared.SharedEngine(url, cache, local, tasks.publish)


def __getattr__(name: str) -> Any:
    """``server`` is built when a WSGI server asks for it, not on import."""
    if name == "server":
        globals()["server"] = create_app().server
        return globals()["server"]
    raise AttributeError(name)


if __name__ == "__main__":
    create_app().run(port=int(os.environ.get("PORT", "8050")), debug=False)
