"""What a user does after installing, with nothing but Python: ``python tests/smoke.py`` starts the
command ``eosdash`` in an empty folder and asks it for a page and a result of each kind."""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

READY = re.compile(r"on (http://[^ ]+/) ")
PATIENCE = 60.0
RESULTS = (
    "train?steps=40",
    "explain?steps=30&explanation=portrait",
    "basin?depth=2&resolution=32&steps=40",
    "sweep?columns=9&starts=2&steps=30",
    "theory?depth=2&points=8&starts=2&steps=50",
)


@contextmanager
def serving(
    command: Sequence[str], folder: Path, **environ: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address and the process of a command that serves, called from an empty folder."""
    (folder / "called-from").mkdir()
    said = folder / "log"
    with said.open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", "0", "--no-browser"],
            cwd=folder / "called-from", env=os.environ | environ, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        until = time.monotonic() + PATIENCE
        while not (found := READY.search(said.read_text())):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(said.read_text())
            time.sleep(0.05)
        yield found[1], process
    finally:
        process.kill()
        process.wait()


def read(url: str) -> bytes:
    """What lies at an address; any other status than 200 raises."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.read()


def check(url: str, folder: Path) -> None:
    """A page with its styles, and a result of each kind."""
    (styles,) = re.findall(r'href="(/assets/eosdash[^"]+\.css)"', read(url).decode())
    assert b".eos-" in read(url + styles[1:])
    assert read(f"{url}readyz").strip() == b'{"status":"ready"}'
    for path in RESULTS:
        assert b'{"type":"end"' in read(f"{url}api/{path}"), path
    assert list((folder / "called-from").iterdir()) == [], "something was written"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made, serving(["eosdash"], Path(made)) as (url, _):
        check(url, Path(made))
    sys.stdout.write("a page, and a result of each kind\n")
