"""How gunicorn serves eosdash: ``gunicorn app:server`` reads this file by itself."""

import contextlib
import importlib.util
import os
import secrets
import shutil
import tempfile
from pathlib import Path

# BLAS reads it when NumPy is imported, which happens in the workers, after this file.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Its workers have to agree on one.
os.environ.setdefault("EOSDASH_SECRET_KEY", secrets.token_hex(32))


def _load_settings():
    """The table of settings, without the package around it, which would import NumPy."""
    file = Path(__file__).resolve().parent / "eosdash" / "service" / "settings.py"
    spec = importlib.util.spec_from_file_location("eosdash_settings", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_settings = _load_settings()

bind = f"0.0.0.0:{os.environ.get('PORT', '8050')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Every running stream holds a thread, so there are more of them than cores.
worker_class = "gthread"
threads = _settings.value("threads")
graceful_timeout = _settings.value("drain_seconds")
# A lecture hall that opens one link at once.
backlog = 2048
keepalive = 5
# It would write to the home folder, which may be read-only.
control_socket_disable = True
# A worker shows there that it is alive, and a slow disk would have it killed.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# A start may be given as several hundred weights.
limit_request_line = 8190


def _without_client(record):
    """A log filter: what gunicorn tells, without the client's address and its query."""
    if isinstance(record.msg, str) and record.msg.startswith("Invalid request"):
        record.msg, record.args = "Invalid request", ()
    elif isinstance(record.args, tuple):
        record.args = tuple(
            arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args
        )
    return True


# The lines of requests are eosdash.service.telemetry's; `--access-logfile` adds gunicorn's own.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": ["levelname", "name", "message"],
            "rename_fields": {"levelname": "level", "name": "logger"},
            "timestamp": "time",
        }
    },
    "filters": {"without_client": {"()": lambda: _without_client}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["without_client"],
        }
    },
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {"gunicorn.error": {"handlers": ["stderr"], "propagate": False}},
}


def on_starting(server):
    """Give the processes a folder to count in, before any of them imports the app."""
    if server.cfg.preload_app:
        server.log.warning("With --preload, /metrics tells of the one process that answers")
        return
    # A new one at each start, also next to the server that this one replaces.
    server.metrics_folder = tempfile.mkdtemp(prefix="eosdash-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = server.metrics_folder


def pre_fork(server, _worker):
    """A cleaner of old temporary files may have taken the folder, and no worker starts without."""
    if hasattr(server, "metrics_folder"):
        Path(server.metrics_folder).mkdir(mode=0o700, exist_ok=True)


def post_worker_init(worker):
    """Let in no more requests than can be answered."""
    # In the worker, since the package imports NumPy.
    from eosdash.service.servers import stand_before

    stand_before(worker)


def child_exit(_server, worker):
    """What a worker had under way has ended with it, however it ended; its counts stay."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        # Not before it is set, because importing it chooses where to count.
        from prometheus_client.multiprocess import mark_process_dead

        # It must not stop the server.
        with contextlib.suppress(OSError):
            mark_process_dead(worker.pid)


def on_exit(server):
    """Leave nothing behind."""
    if hasattr(server, "metrics_folder"):
        shutil.rmtree(server.metrics_folder, ignore_errors=True)
