"""The Celery app: ``celery -A eosdash.service.tasks worker`` computes for all web replicas."""

import os
import tempfile
from functools import cache

from eosdash.service.settings import value

if value("metrics_port"):  # read when Prometheus's library is imported: the children count as one
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="eosdash-metrics-"))

from celery import Celery
from celery.signals import setup_logging, worker_init
from flask import Flask

from eosdash.service import telemetry
from eosdash.service.cache import REDIS_SECONDS, ResultCache
from eosdash.service.shared import Worker
from eosdash.service.turns import slots

SLACK = 5
"""How many times its estimated bound a computation may take before its process is ended."""

app = Celery("eosdash", broker=value("redis_url") or None)
app.conf.update(
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_acks_late=False,  # readers notice that a worker is gone, and send the task again
    task_time_limit=SLACK * value("limit_seconds"),
    worker_prefetch_multiplier=1,  # nothing is lost with a worker
    worker_disable_prefetch=True,
    worker_concurrency=slots(),
    broker_connection_retry_on_startup=True,
)


@app.task(name="eosdash.compute")  # type: ignore[untyped-decorator]
def compute() -> None:
    """Compute what is most urgent by now."""
    _worker().work()


@cache
def _worker() -> Worker:
    flask = Flask(__name__)
    flask.config.from_prefixed_env("EOSDASH")
    return Worker(value("redis_url"), ResultCache(flask))


def publish() -> None:
    """Send a task: leave to compute one result.

    Raises:
        kombu.exceptions.OperationalError: if Redis does not take it.
    """
    compute.apply_async(retry=False)


def be_quick() -> None:
    """Wait for Redis no longer than a page can bear: for processes that only send tasks."""
    wait = {"socket_timeout": 2 * REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    app.conf.broker_transport_options = wait | {"max_retries": 0, "retry_on_timeout": False}
    app.conf.broker_connection_timeout = REDIS_SECONDS


@setup_logging.connect  # type: ignore[untyped-decorator]
def _log(**_: object) -> None:
    telemetry.configure_logs()


@worker_init.connect  # type: ignore[untyped-decorator]
def _measure(**_: object) -> None:
    if port := value("metrics_port"):
        telemetry.serve_metrics(port)
