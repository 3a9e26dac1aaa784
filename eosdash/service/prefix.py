"""Everything under a path, as behind a proxy that serves other things as well."""

from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def under(prefix: str, application: Application) -> Application:
    """The application under a path, whether a proxy has stripped it from what is asked for or not.

    Args:
        prefix: with a slash before it and none after; empty: the application as it is.
    """
    if not prefix:
        return application

    def mounted(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == prefix or path.startswith(f"{prefix}/"):
            environ["PATH_INFO"] = path[len(prefix) :] or "/"
        environ["SCRIPT_NAME"] = prefix
        return application(environ, start_response)

    return mounted
