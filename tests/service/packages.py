"""Programs that the tests run, installed where they are missing and Debian has them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

INSTALL_SECONDS = 300


def ensure(find: Callable[[], str | None], package: str, missing: str) -> str:
    """Path of a program, which a package of Debian's brings if it is not there.

    Raises:
        FileNotFoundError: saying that it is ``missing`` and how to install it.
    """
    if not find() and sys.platform == "linux" and shutil.which("apt-get"):
        _apt_get("update")
        _apt_get("install", "-y", "--no-install-recommends", package)
    found = find()
    if found is None:
        raise FileNotFoundError(missing)
    return found


def _apt_get(*command: str) -> None:
    """Run it, if it can be done without any question."""
    # In runlevel 1 Debian's packages start no services.
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(
        ["apt-get", *command],
        env=environ,
        stdin=subprocess.DEVNULL,
        timeout=INSTALL_SECONDS,
        check=False,
    )
