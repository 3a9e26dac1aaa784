"""A small app with telemetry, for the tests and for gunicorn."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask, Response

from eosdash.service import telemetry
from eosdash.service.telemetry import COMPUTATIONS, RUNNING, note

HERE = Path(__file__)


def create() -> Flask:
    app = Flask(__name__, static_folder=HERE.parent, static_url_path="/static")
    telemetry.register(app)

    @app.get("/healthz")
    def healthz() -> str:
        return "well"

    @app.get("/count/<word>")
    def count(word: str) -> str:
        COMPUTATIONS.labels("train").inc()
        note(kind="train", key="0123456789ab", cost=float("inf"), cache="miss")
        return str(os.getpid())

    @app.get("/rows/<int:number>")
    def rows(number: int) -> Response:
        note(kind="sweep")

        def made() -> Iterator[bytes]:
            try:
                for row in range(number):
                    note(rows=row + 1)
                    yield b"row\n"
            finally:
                note(closed=True)

        return Response(made())

    @app.get("/hold")
    def hold() -> Response:
        def held() -> Iterator[bytes]:
            with RUNNING.track_inprogress():
                while True:
                    yield b"%d\n" % os.getpid()
                    time.sleep(0.05)

        return Response(held())

    @app.get("/fail/<when>")
    def fail(when: str) -> Any:
        def failing() -> Iterator[bytes]:
            if when == "late":
                yield b"row\n"
            raise ArithmeticError("the answer\nis wrong")

        return next(failing()) if when == "at-once" else Response(failing())

    return app


if os.environ.get("TELEMETRY_APP"):
    telemetry.configure_logs()
    server = create()
