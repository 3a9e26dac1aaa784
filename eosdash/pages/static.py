"""Every script and style that a visit needs, compressed ahead: ``python -m eosdash.pages.static``.

Compressing plotly.js well takes seconds, and compressing it at every visit is most of what a
server with many visitors would do. The files lie in a folder that mirrors their addresses, with a
stamp of what they contain; a folder with the stamp of anything else than this very build is left
alone, and everything is compressed on the fly.
"""

import json
import logging
import re
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

from eosdash.pages import shell
from eosdash.pages.bundle import ROOT
from eosdash.service import settings

logger = logging.getLogger(__name__)

STAMP = "stamp.json"
FILES = "files"

LINKED = re.compile(r'(?:src|href)="(/[^"]+\.(?:js|css))"')
VERSIONED = r"\.(v\w+m)?[0-9a-f]{10,}\."
"""In the addresses of our own bundles, and of Dash's: such a file never changes."""

CHUNKS = [
    f"/_dash-component-suites/dash/dcc/async-{name}.js"
    for name in ("markdown", "mathjax", "highlight")
]
"""What Dash loads later, for formulas; at addresses without a version, so these are checked."""


def contents(server: Flask) -> dict[str, bytes]:
    """Every file by its address, as a server that was visited before answers it uncompressed."""
    linked = LINKED.findall(_answer(server, "/").decode())
    urls = [*(url.removeprefix(settings.prefix()) for url in linked), *CHUNKS]
    return {url: _answer(server, url) for url in urls}


def _answer(server: Flask, url: str) -> bytes:
    """What lies at an address, without any of what is done for and after a visitor's request."""
    with server.test_request_context(url):
        return server.make_response(server.dispatch_request()).get_data()


def write(files: dict[str, bytes], folder: Path) -> None:
    """Write and compress the files; those that are there already are kept as they are."""
    there, wanted = _stamp(folder), _digests(files)
    if there == wanted:
        return
    folder.mkdir(parents=True, exist_ok=True)
    # Without a stamp nothing is served, so what is left of an interrupted build is not either.
    (folder / STAMP).unlink(missing_ok=True)
    if not there:
        shutil.rmtree(folder / FILES, ignore_errors=True)
    new = [url for url in files if there.get(url) != wanted[url]]
    for url in (there.keys() - wanted.keys()) | set(new):
        for suffix in ("", ".gz", ".br"):
            _place(folder, url + suffix).unlink(missing_ok=True)
    for url in new:
        _place(folder, url).parent.mkdir(parents=True, exist_ok=True)
        _place(folder, url).write_bytes(files[url])
    _compress(_place(folder, url) for url in new)
    (folder / STAMP).write_text(json.dumps(wanted, indent=1))


def _compress(paths: Iterable[Path]) -> None:
    """As well as it can be done, with gzip and with Brotli."""
    compressor = Compressor(quiet=True)
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(compressor.compress, map(str, paths)):
            pass


def serve(server: Flask, folder: Path, headers: Iterable[tuple[str, str]] = ()) -> None:
    """Have the files of a folder served as they lie there, if they belong to this very build."""
    there = _stamp(folder)
    if not there:
        logger.info("no compressed scripts in %s; they are compressed at every visit", folder)
    elif there != _digests(contents(server)):
        logger.warning("the scripts in %s are of another build, and are not served", folder)
    else:
        server.wsgi_app = _tree(server, folder, there, dict(headers))  # type: ignore[method-assign]


def _tree(server: Flask, folder: Path, there: dict[str, str], fixed: dict[str, str]) -> "_Tree":
    """A server with the files of a folder, and no others that may lie there, in front of it."""
    tree = _Tree(
        server.wsgi_app,
        max_age=None,
        allow_all_origins=False,
        immutable_file_test=VERSIONED,
        add_headers_function=_adding(fixed, there),
    )
    for url in there:
        if _place(folder, url).is_file():
            tree.add_file_to_dictionary(url, str(_place(folder, url)))
    return tree


class _Tree(WhiteNoise):  # type: ignore[misc]
    """Files that may be kept for a year; the app answers for one that was taken away meanwhile."""

    FOREVER = 31_536_000

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        try:
            return super().__call__(environ, start_response)
        except FileNotFoundError:
            return self.application(environ, start_response)


def _adding(fixed: dict[str, str], digests: dict[str, str]) -> Callable[[Headers, str, str], None]:
    """What WhiteNoise calls for every file."""

    def add(headers: Headers, _path: str, url: str) -> None:
        headers.setdefault("Cache-Control", "no-cache")  # kept, but asked for again
        # By its content, since the times of two builds may be alike.
        headers["ETag"] = f'"{digests[url][:32]}"'
        for name, value in fixed.items():
            headers[name] = value

    return add


def _place(folder: Path, url: str) -> Path:
    """Where a file lies."""
    return folder / FILES / url.lstrip("/")


def _digests(files: dict[str, bytes]) -> dict[str, str]:
    """The stamp of files."""
    return {url: sha256(body).hexdigest() for url, body in files.items()}


def _stamp(folder: Path) -> dict[str, str]:
    """The stamp that lies in a folder; empty, if there is none to be read."""
    try:
        found = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def main() -> None:
    """Write the files into the configured folder."""
    server = Flask("eosdash", root_path=str(ROOT))
    shell.dashboard(server)
    server.test_client().get("/")  # the first visit completes it
    write(contents(server), settings.folder("static"))


if __name__ == "__main__":
    main()
