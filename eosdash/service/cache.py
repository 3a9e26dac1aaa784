"""Finished results by parameter set: Flask-Caching as the store, bytes as the values.

Our own canonical keys and a checksum on every value, instead of ``memoize`` and pickles: a
crafted pickle executes, a flipped byte would be wrong numbers in silence, and keys made from
``repr`` confuse large arrays. Whatever goes wrong with the store is a miss, never an error.
"""

import hashlib
import logging
from pathlib import Path
from typing import IO, Any

from cachelib.serializers import FileSystemSerializer
from flask import Flask
from flask_caching import Cache
from flask_caching.backends import FileSystemCache

logger = logging.getLogger(__name__)

DIGEST = hashlib.sha256().digest_size
DEFAULTS = {
    "CACHE_TYPE": "FileSystemCache",
    "CACHE_DIR": ".cache/results",
    "CACHE_THRESHOLD": 2_000,
    "CACHE_DEFAULT_TIMEOUT": 30 * 24 * 3600,
    "CACHE_NO_NULL_WARNING": True,
}
"""Used where no environment variable ``EOSDASH_CACHE_…`` says otherwise."""

WARM_DIR = ".cache/warm"
"""Where results that were computed ahead are looked for, unless ``EOSDASH_WARM_DIR`` is set."""

IN_MEMORY = ("NullCache", "SimpleCache", "UWSGICache")
"""Backends that keep objects as they are and have no serializer to replace."""


class ChecksumSerializer(FileSystemSerializer):
    """Stores bytes and whole numbers behind a SHA-256; what does not match reads as None."""

    def dumps(self, value: Any, protocol: int = 0) -> bytes:  # noqa: ARG002
        """Checksum and content; whole numbers are what a store counts its entries with."""
        kind, content = (b"b", value) if isinstance(value, bytes) else (b"i", b"%d" % value)
        digest = hashlib.sha256(kind)
        digest.update(content)
        return b"".join([digest.digest(), kind, content])

    def loads(self, bvalue: bytes | None) -> Any:
        """The content, or None if it was never there or was damaged."""
        if bvalue is None:
            return None
        checked = memoryview(bvalue)[DIGEST:]  # large values are not copied more than once
        if hashlib.sha256(checked).digest() != bvalue[:DIGEST]:
            logger.warning("a damaged cache entry is ignored and will be computed again")
            return None
        content = bytes(checked[1:])
        return content if bytes(checked[:1]) == b"b" else int(content)

    def dump(self, value: Any, f: IO[bytes], protocol: int = 0) -> None:  # noqa: ARG002
        """The same to an open file."""
        f.write(self.dumps(value))

    def load(self, f: IO[bytes]) -> Any:
        """The same from an open file."""
        return self.loads(f.read())


class ChecksumFileSystemCache(FileSystemCache):
    """Flask-Caching's file system backend without pickles, from its first file on."""

    serializer = ChecksumSerializer()


class WarmResults:
    """Results that were computed ahead and ship with the app: a folder that is only read, whose
    entries neither expire nor are evicted."""

    def __init__(self, folder: Path) -> None:
        """A folder that is not there holds nothing."""
        self._folder = folder
        self._serializer = ChecksumSerializer()

    def get(self, key: str) -> Any:
        """The entry, or None."""
        try:
            return self._serializer.loads((self._folder / key).read_bytes())
        except FileNotFoundError:
            return None

    def set(self, key: str, entry: bytes) -> None:
        """Keep an entry: for the command that computes ahead."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / key).write_bytes(self._serializer.dumps(entry))


class ResultCache:
    """Bytes by key, kept by whichever backend of Flask-Caching is configured, over what was
    computed ahead."""

    def __init__(self, app: Flask) -> None:
        """Configured by ``CACHE_…`` of the app, which ``EOSDASH_CACHE_…`` variables set."""
        self._warm = WarmResults(Path(app.config.get("WARM_DIR", WARM_DIR)))
        config = DEFAULTS | {k: v for k, v in app.config.items() if k.startswith("CACHE_")}
        if config["CACHE_TYPE"] == "FileSystemCache":
            config["CACHE_TYPE"] = f"{__name__}.ChecksumFileSystemCache"
        elif config["CACHE_TYPE"] not in IN_MEMORY:
            config["CACHE_SERIALIZER"] = ChecksumSerializer()
        try:
            self._store = Cache(app, config=config)
        except OSError:
            logger.warning("no results are kept: the cache cannot be opened", exc_info=True)
            self._store = Cache(
                app, config={"CACHE_TYPE": "NullCache", "CACHE_NO_NULL_WARNING": True}
            )

    def get(self, key: str) -> bytes | None:
        """The value, or None if there is none or the store does not answer."""
        try:
            entry = self._store.get(key) or self._warm.get(key)
        except Exception:
            logger.warning("the cache does not answer; computing instead", exc_info=True)
            return None
        # The checksum vouches for the entry, the key at its beginning for its place.
        name = key.encode()
        return (
            entry[len(name) :] if isinstance(entry, bytes) and entry[: len(name)] == name else None
        )

    def set(self, key: str, value: bytes) -> None:
        """Keep a value, if the store can."""
        try:
            self._store.set(key, key.encode() + value)
        except Exception:
            logger.warning("the cache did not take a result", exc_info=True)
