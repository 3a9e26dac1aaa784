"""Creates the app, configured by the environment variables ``EOSDASH_…``."""

import secrets

import dash
from flask import Flask
from flask_compress import Compress

from eosdash import pages
from eosdash.pages import remembered, static
from eosdash.pages.bundle import ROOT
from eosdash.service import api, gate, guard, openapi, settings, telemetry
from eosdash.service.cache import ResultCache
from eosdash.service.flights import Engine, Flights
from eosdash.service.machine import Machine
from eosdash.service.prefix import under


def create_app(alone: bool = False) -> dash.Dash:
    """The dashboard.

    Args:
        alone: whether this is the only process that answers, and computes in a pool of its own;
            otherwise it shares work with others through files, where the system has locks.
    """
    settings.check()
    telemetry.configure_logs()
    flask = Flask("eosdash", root_path=str(ROOT))
    flask.config.from_prefixed_env("EOSDASH")
    flask.secret_key = settings.value("secret_key") or secrets.token_bytes(32)
    telemetry.register(flask)
    gate.register(flask)
    guard.register(flask, lambda: pages.known(app), *pages.MISTAKES)
    remembered.register(flask)
    Compress(flask)  # before the guard sees an answer, so that a 404 is compressed too
    cache = ResultCache(flask)
    machine = _machine(cache, alone)
    flights = Flights(_shared(cache, machine) or machine, cache)
    api.register(flask, flights, cache, machine)
    openapi.register(flask)
    app = pages.create(flask, flights, cache)
    # Dash registers its script bundles on the first visit, and until then a second one fails.
    flask.test_client().get("/")
    static.serve(flask, settings.folder("static"), guard.HEADERS)
    # A path that is set, even to none, goes before what proxies say.
    proxies = 0 if settings.value("prefix") else settings.value("proxies")
    mounted = under(settings.prefix(), flask.wsgi_app, proxies)
    flask.wsgi_app = mounted  # type: ignore[assignment, method-assign]
    return app


def _machine(cache: ResultCache, alone: bool) -> Machine:
    if alone:
        from eosdash.service.pool import PoolEngine

        pool = PoolEngine(cache)
        pool.start()
        return pool
    from eosdash.service.local import LocalEngine  # only this needs the locks of POSIX

    return LocalEngine(cache)


def _shared(cache: ResultCache, machine: Machine) -> Engine | None:
    """What computes on other machines, if a Redis server is named."""
    url = settings.value("redis_url")
    if not url:
        return None
    from eosdash.service import shared, tasks  # only here is Celery needed

    tasks.be_quick()
    return shared.SharedEngine(url, cache, machine, tasks.publish)
