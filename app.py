"""The app for a WSGI server, as ``app:server``; ``python app.py`` serves it as ``eosdash`` does."""

import os
from typing import Any

# BLAS reads it when NumPy is imported; its threads would fight those of the server.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def __getattr__(name: str) -> Any:
    """``server`` is built when a WSGI server asks for it, not on import."""
    if name == "server":
        from eosdash.server import create_app

        globals()["server"] = create_app().server
        return globals()["server"]
    raise AttributeError(name)


if __name__ == "__main__":
    from eosdash.command import main

    main()
