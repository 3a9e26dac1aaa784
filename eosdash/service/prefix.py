"""Everything under a path, as behind a proxy that serves other things as well."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import has_request_context, request

from eosdash.service import settings

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

KEY = "eosdash.prefix"
"""Where a request holds its path; no header can write there."""

PATH = re.compile(r"(/[\w~-][\w.~-]*)+", re.ASCII)
"""What is believed: no host, no way up, and nothing that a page would have to escape."""

LONGEST = 200


def prefix() -> str:
    """The path under which whoever asks sees everything; where nobody asks that of the setting."""
    path: str | None = request.environ.get(KEY) if has_request_context() else None
    return settings.prefix() if path is None else path


def under(fixed: str, application: Application, proxies: int = 0) -> Application:
    """The application under a path.

    Args:
        fixed: with a slash before it and none after; it may have been stripped from what is asked
            for, or not.
        application: what answers.
        proxies: where the path is empty, how many proxies in front are believed when they say in
            ``X-Forwarded-Prefix`` which they have stripped; none: the application is left as it is.
    """
    if fixed:

        def mounted(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            path = environ.get("PATH_INFO", "")
            if path == fixed or path.startswith(f"{fixed}/"):
                environ["PATH_INFO"] = path[len(fixed) :] or "/"
            environ[KEY] = environ["SCRIPT_NAME"] = fixed
            return application(environ, start_response)

        return mounted

    if proxies > 0:

        def told(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            path = stripped(environ.get("HTTP_X_FORWARDED_PREFIX", ""), proxies)
            if path:
                environ[KEY] = environ["SCRIPT_NAME"] = path
            return application(environ, start_response)

        return told

    return application


def stripped(header: str, proxies: int) -> str:
    """The path that proxies say to have stripped; empty if they say none that can be used.

    As with the other headers of proxies each adds a value, and the first that is believed counts.
    """
    values = header.split(",")
    if len(values) < proxies:
        return ""
    path = values[-proxies].strip().rstrip("/")
    return path if len(path) <= LONGEST and PATH.fullmatch(path) else ""
