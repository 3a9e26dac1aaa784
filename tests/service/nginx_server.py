"""Finds nginx for the tests, or installs it: ``python -m tests.service.nginx_server``."""

import os
import shutil

from tests.service.packages import ensure

MISSING = """\
No nginx for the tests, and none could be installed.
Install it, for example by `apt-get install nginx`, or name it: EOSDASH_NGINX=/path/to/nginx
"""
PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
"""The path of who is not root may lack the last two."""


def find_nginx() -> str | None:
    """Path of nginx; a named one goes before all others."""
    return os.environ.get("EOSDASH_NGINX") or shutil.which("nginx", path=PLACES)


def ensure_nginx() -> str:
    """Path of nginx, installed if need be.

    Raises:
        FileNotFoundError: saying how to install it.
    """
    return ensure(find_nginx, "nginx", MISSING)


if __name__ == "__main__":
    print(ensure_nginx())
