"""A Redis server for the tests."""

import signal
import subprocess
import time
from pathlib import Path

import redis


class RedisServer:
    """A Redis server in memory on a port of its own."""

    def __init__(self, program: str, port: int, folder: Path) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        self.client = redis.Redis.from_url(self.url)
        self._log = folder / "redis.log"
        self._command = [
            *(program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "no"),
        ]

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.client.ping()
            except redis.ConnectionError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"Redis does not answer:\n{self._log.read_text()}")

    def hang(self) -> None:
        """Let it answer no more, though it takes what it is sent."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without a word."""
        self.client.close()
        self._process.kill()
        self._process.wait()
