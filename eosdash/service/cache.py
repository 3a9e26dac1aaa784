"""Finished results by parameter set: Flask-Caching as the store, bytes as the values.

Our own canonical keys and a checksum on every value, instead of ``memoize`` and pickles: a
crafted pickle executes, a flipped byte would be wrong numbers in silence, and keys made from
``repr`` confuse large arrays. Whatever goes wrong with the store is a miss, never an error.
"""

import hashlib
import logging
import os
import struct
import tempfile
import time
from pathlib import Path
from typing import IO, Any, Protocol

from cachelib.serializers import FileSystemSerializer
from flask import Flask
from flask_caching import Cache
from flask_caching.backends import FileSystemCache
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from eosdash.service.breaker import Breaker
from eosdash.service.settings import folder, value

logger = logging.getLogger(__name__)

DIGEST = hashlib.sha256().digest_size
DEFAULTS = {
    "CACHE_TYPE": "FileSystemCache",
    "CACHE_THRESHOLD": 0,  # bytes are counted instead
    "CACHE_DEFAULT_TIMEOUT": 30 * 24 * 3600,
    "CACHE_NO_NULL_WARNING": True,
}
"""Used where no environment variable ``EOSDASH_CACHE_…`` says otherwise."""

REDIS_SECONDS = 0.2
"""Longest wait for a Redis server."""

IN_MEMORY = ("NullCache", "SimpleCache", "UWSGICache")
"""Backends that keep objects as they are and have no serializer to replace."""


class Results(Protocol):
    """Where finished results are kept, by key."""

    def get(self, key: str) -> bytes | None:
        """The result, or None."""

    def set(self, key: str, value: bytes) -> None:
        """Keep a result."""


class ChecksumSerializer(FileSystemSerializer):
    """Stores bytes behind their SHA-256; what does not match reads as None."""

    def dumps(self, value: bytes, protocol: int = 0) -> bytes:  # noqa: ARG002
        """Checksum and content."""
        return hashlib.sha256(value).digest() + value

    def loads(self, bvalue: bytes | None) -> bytes | None:
        """The content, or None if it was never there or was damaged."""
        if bvalue is None:
            return None
        content = memoryview(bvalue)[DIGEST:]  # large values are not copied more than once
        if hashlib.sha256(content).digest() != bvalue[:DIGEST]:
            logger.warning("a damaged cache entry is ignored and will be computed again")
            return None
        return bytes(content)

    def dump(self, value: Any, f: IO[bytes], protocol: int = 0) -> None:  # noqa: ARG002
        """The same to an open file."""
        f.write(hashlib.sha256(value).digest())
        f.write(value)  # which may be large, and is not copied

    def load(self, f: IO[bytes]) -> bytes | None:
        """The same from an open file."""
        return self.loads(f.read())


class BoundedFileSystemCache(FileSystemCache):
    """Flask-Caching's file system backend without pickles, bounded by bytes.

    The library's own bound counts entries, and miscounts them when several processes write.
    """

    serializer = ChecksumSerializer()
    ORPHANED = 60.0
    """Seconds after which an unfinished file is nobody's any more."""
    KEPT = 0.9
    """How full the folder is left by a sweep."""
    PART = 0.01
    """Share of the bound that is written between two sweeps."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As the library's, with what the folder may hold from the settings."""
        super().__init__(*args, **kwargs)
        self._most = int(1e6 * value("cache_megabytes"))
        self._unswept = self._most  # nobody knows what is there yet

    def get(self, key: str) -> Any:
        """The entry, or None; what has expired or is damaged goes."""
        path = Path(self._get_filename(key))
        try:
            before = path.stat().st_ino
        except OSError:
            return None
        found = super().get(key)
        try:
            if found is not None:
                os.utime(path)  # the least used go first
            elif path.stat().st_ino == before:  # else it has been computed again meanwhile
                path.unlink()
        except OSError:
            pass
        return found

    def set(self, key: str, value: Any, timeout: Any = None, mgmt_element: bool = False) -> bool:  # noqa: ARG002
        """Keep an entry, whole or not at all.

        Raises:
            OSError: if the folder does not take it.
        """
        self._unswept += len(value)
        if self._unswept >= self.PART * self._most:
            self._sweep(self._most - len(value))
        handle, name = tempfile.mkstemp(suffix=self._fs_transaction_suffix, dir=self._path)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(struct.pack("I", self._normalize_timeout(timeout)))
                self.serializer.dump(value, file)
            Path(name).replace(self._get_filename(key))
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        return True

    def _sweep(self, room: int) -> None:
        """Remove what was left unfinished, and the least used beyond what there is room for."""
        entries, now = [], time.time()
        for entry in os.scandir(self._path):
            try:
                about = entry.stat()
            except FileNotFoundError:  # another process sweeps too
                continue
            if not entry.name.endswith(self._fs_transaction_suffix):
                entries.append((about.st_mtime, about.st_size, Path(entry.path)))
            elif now - about.st_mtime > self.ORPHANED:
                Path(entry.path).unlink(missing_ok=True)
        held = sum(size for _, size, _ in entries)
        if held > room:
            for _, size, path in sorted(entries):
                path.unlink(missing_ok=True)
                held -= size
                if held <= self.KEPT * room:
                    break
        self._unswept = 0


class WarmResults:
    """Results that were computed ahead and ship with the app: a folder that is only read, whose
    entries neither expire nor are evicted."""

    def __init__(self, folder: Path) -> None:
        """A folder that is not there holds nothing."""
        self._folder = folder
        self._serializer = ChecksumSerializer()

    def get(self, key: str) -> bytes | None:
        """The entry, or None."""
        try:
            return self._serializer.loads((self._folder / key).read_bytes())
        except OSError:
            return None

    def set(self, key: str, entry: bytes) -> None:
        """Keep an entry: for the command that computes ahead."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / key).write_bytes(self._serializer.dumps(entry))


class ResultCache:
    """Bytes by key, kept by whichever backend of Flask-Caching is configured, over what was
    computed ahead."""

    def __init__(self, app: Flask) -> None:
        """Configured by the settings, and by ``CACHE_…`` of the app, which any other variable
        ``EOSDASH_CACHE_…`` sets."""
        self._warm = WarmResults(folder("warm"))
        self.breaker = Breaker()
        self._kept = True
        config = _configuration(app)
        try:
            self._store = Cache(app, config=config)
        except OSError:
            logger.warning("no results are kept: the cache cannot be opened", exc_info=True)
            self._kept = False
            self._store = Cache(
                app, config={"CACHE_TYPE": "NullCache", "CACHE_NO_NULL_WARNING": True}
            )
        self._null = not self._kept

    @property
    def degraded(self) -> bool:
        """Whether the store does not answer, or did not take the last result."""
        return self.breaker.tripped or not self._kept

    def get(self, key: str) -> bytes | None:
        """The value, or None if there is none or the store does not answer."""
        entry = self._asked(key)
        if entry is None:
            entry = self._warm.get(key)
        # The checksum vouches for the entry, the key at its beginning for its place.
        name = key.encode()
        return (
            entry[len(name) :] if isinstance(entry, bytes) and entry[: len(name)] == name else None
        )

    def _asked(self, key: str) -> Any:
        if not self.breaker.closed():
            return None
        try:
            entry = self._store.get(key)
        except RedisError:
            self.breaker.trip("the cache does not answer; computing instead")
        except Exception:
            logger.warning("the cache cannot be read; computing instead", exc_info=True)
        else:
            self.breaker.close()
            return entry
        return None

    def set(self, key: str, value: bytes) -> None:
        """Keep a value, if the store can."""
        if not self.breaker.closed():
            return
        try:
            self._store.set(key, key.encode() + value)
        except RedisError:
            self.breaker.trip("the cache did not take a result")
        except Exception:
            logger.warning("the cache did not take a result", exc_info=True)
            self._kept = False
        else:
            self.breaker.close()
            self._kept = not self._null


def redis_options() -> dict[str, Any]:
    """How long a Redis server is waited for: no longer than a page can bear, and once."""
    wait = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    return wait | {"retry": Retry(NoBackoff(), 0)}


def _configuration(app: Flask) -> dict[str, Any]:
    """What Flask-Caching is told."""
    given = {name: v for name, v in app.config.items() if name.startswith("CACHE_")}
    config = DEFAULTS | {"CACHE_DIR": str(folder("cache"))}
    if url := value("redis_url"):
        config |= {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": url}
    config |= given
    if config["CACHE_TYPE"] == "FileSystemCache":
        config["CACHE_TYPE"] = f"{__name__}.BoundedFileSystemCache"
    elif config["CACHE_TYPE"] not in IN_MEMORY:
        config["CACHE_SERIALIZER"] = ChecksumSerializer()
        if "CACHE_REDIS_URL" in config:
            config.setdefault("CACHE_OPTIONS", redis_options())
    return config
