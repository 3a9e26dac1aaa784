"""Every environment variable that sets up a server, in one table."""

import os
from pathlib import Path
from typing import Any, NamedTuple


class Setting(NamedTuple):
    """What the environment may say of a server.

    Attributes:
        name: the environment variable ``EOSDASH_<NAME>`` sets it.
        default: its value otherwise, and with an empty variable; of the type that is expected.
        help: what it does, for the documentation.
    """

    name: str
    default: Any
    help: str

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return f"EOSDASH_{self.name.upper()}"

    @property
    def value(self) -> Any:
        """The value in force.

        Raises:
            ValueError: if a number is expected and the environment variable holds none.
        """
        text = os.environ.get(self.variable, "")
        if not text:
            return self.default
        try:
            return type(self.default)(text)
        except ValueError:
            raise ValueError(f"{self.variable}={text!r} is no number") from None


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("limit_steps", 20_000.0, "steps of one run"),
        Setting("limit_parameters", 50_000.0, "weights of one network"),
        Setting("limit_seconds", 60.0, "estimated seconds of one core for one result"),
        Setting("limit_query", 8_000.0, "characters of a request's query"),
        Setting("limit_body", 65_536, "bytes of a request's body"),
        Setting("computations", 0, "results computed at a time, on one machine; 0: one a core"),
        Setting("queue", 32, "results that wait for it; further requests are told to come again"),
        Setting("rate_requests", 30_000, "requests a minute from one address, to one process"),
        Setting("rate_seconds", 1_800, "estimated seconds of computing a minute for one address"),
        Setting("redis_url", "", "Redis server: the cache, and the queue of the Celery workers"),
        Setting(
            "cache_dir",
            "",
            "folder of the cache without Redis, if not the user's",
        ),
        Setting("cache_megabytes", 2_000.0, "what the folder may hold; the least used go first"),
        Setting("warm_dir", "", "folder of results computed ahead, if not the user's"),
        Setting("static_dir", "", "folder of compressed scripts and styles, if not the user's"),
        Setting("deck", "", "file of the scenes, instead of the ones that come with it"),
        Setting("secret_key", "", "signs sessions; random at every start if not set"),
        Setting("prefix", "", "path under which it is served, as in `/eosdash`"),
        Setting("proxies", 0, "proxies in front, whose X-Forwarded-… headers are believed"),
        Setting("cors", "", "origins whose pages may read the API, with spaces between; `*`: all"),
        Setting("frame_ancestors", "*", "pages that may embed it, as in a Content-Security-Policy"),
        Setting("threads", 200, "streams that one web process serves at a time"),
        Setting("send_seconds", 60, "seconds that a client may take for 64 KiB of an answer"),
        Setting("drain_seconds", 30, "seconds that open streams have to end when it is stopped"),
        Setting("metrics_port", 0, "port on which a Celery worker tells its metrics; 0: none"),
        Setting("port", 8_050, "port of the command `eosdash`; 0: any that is free"),
        Setting("host", "127.0.0.1", "address it listens on; 0.0.0.0: for other machines too"),
        Setting("open", 1, "whether it opens the page in a browser; 0: it does not"),
        Setting("log_level", "INFO", "least level of what is logged"),
    )
}


def value(name: str) -> Any:
    """The value in force of one setting.

    Raises:
        ValueError: if a number is expected and the environment variable holds none.
    """
    return SETTINGS[name].value


def prefix() -> str:
    """The path under which everything lies: empty, or with a slash before and none after it."""
    path = value("prefix").strip("/")
    return f"/{path}" if path else ""


def folder(name: str) -> Path:
    """The folder named by the setting ``<name>_dir``, or in the user's cache folder one for this
    version."""
    named = value(f"{name}_dir")
    if named:
        return Path(named)
    from importlib import import_module

    import platformdirs

    # Not before: gunicorn reads this file alone, ahead of everything else.
    version = import_module("eosdash").__version__
    return platformdirs.user_cache_path("eosdash", appauthor=False, version=version) / name


def check() -> None:
    """Fail at the start, not at each request, where an environment variable is no number."""
    for setting in SETTINGS.values():
        setting.value  # noqa: B018 - reading it checks it
