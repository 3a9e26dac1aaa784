"""The lines of one result, for any number of readers, each at its own pace."""

import os
import tempfile
import threading
import weakref
from collections.abc import Iterator
from typing import IO

IN_MEMORY = 256 * 1024
"""Bytes from which a log lies in a file without a name, so that readers who are slow, or never
read, cost no memory."""

PIECE = 64 * 1024
"""Bytes that a reader is handed at a time."""


class Log:
    """Append-only: a reader that comes late, or comes back, misses nothing.

    Beside the lines there is a passing sign of life, of which readers see the last one only, and
    none that is older than the last line.
    """

    def __init__(self) -> None:
        """Empty, and open for more."""
        self._changed = threading.Condition()
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self.size = 0
        self.sign = b""
        self.closed = False
        self.failure: Exception | None = None

    @classmethod
    def of(cls, body: bytes) -> "Log":
        """A finished one."""
        log = cls()
        log.append(body)
        log.close()
        return log

    def append(self, line: bytes) -> None:
        """Add one line, or several whole ones."""
        with self._changed:
            if self._file is None and self.size + len(line) > IN_MEMORY:
                self._into_file()
            if self._file is None or not self._written(self._file, line):
                self._memory += line
            self.size += len(line)
            self.sign = b""
            self._changed.notify_all()

    def _into_file(self) -> None:
        self._file = _unnamed_file(self._memory)
        if self._file is not None:
            self._memory = bytearray()
            # Not by __del__: meanwhile another thread may come by a log through a weak reference.
            self._let_go = weakref.finalize(self, self._file.close)

    def _written(self, file: IO[bytes], line: bytes) -> bool:
        """Whether the file took a line; where the disk is full, all goes back to memory."""
        try:
            _write_all(file, line)
        except OSError:
            self._memory, self._file = bytearray(_read(file, 0, self.size)), None
            self._let_go()
            return False
        return True

    def tell(self, sign: bytes) -> None:
        """Replace the sign of life."""
        with self._changed:
            self.sign = sign
            self._changed.notify_all()

    def close(self, failure: Exception | None = None) -> None:
        """Nothing comes after this; with a failure, because of it."""
        with self._changed:
            self.failure, self.closed = failure, True
            self._changed.notify_all()

    def read(self, at: int) -> bytes:
        """Up to a piece from a position on; empty at the end."""
        with self._changed:
            file = self._file
            if file is None:
                return bytes(self._memory[at : at + PIECE])
            return _read(file, at, PIECE)

    def wait(self, at: int, sign: bytes, seconds: float) -> None:
        """Until there is more than ``at`` bytes or another sign, it is closed, or time is up."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.size > at or self.sign is not sign or self.closed, seconds
            )

    def position(self, row: int) -> int | None:
        """Where a row begins, or None if it has not come yet."""
        at = 0
        while row > 0:
            piece = self.read(at)
            if not piece:
                return None
            found = piece.count(b"\n")
            if found >= row:
                return at + len(b"\n".join(piece.split(b"\n", row)[:row])) + 1
            row, at = row - found, at + len(piece)
        return at

    def lines(self) -> Iterator[bytes]:
        """All lines of a finished one."""
        parts, at = Parts(), 0
        while piece := self.read(at):
            at += len(piece)
            yield from parts.lines(piece)


class Parts:
    """Puts lines together from pieces, however long they are."""

    def __init__(self) -> None:
        """With no line begun."""
        self.begun: list[bytes] = []

    def lines(self, piece: bytes) -> Iterator[bytes]:
        """The lines that a piece ends."""
        *whole, rest = piece.split(b"\n")
        for text in whole:
            yield b"".join([*self.begun, text, b"\n"])
            self.begun.clear()
        self.begun.append(rest)


def _unnamed_file(content: bytearray) -> IO[bytes] | None:
    """A file that is gone when it is closed, or None where there is no room for one."""
    file = None
    try:
        # Unbuffered: what is written is read at once, and a full disk shows at once.
        file = tempfile.TemporaryFile(prefix="eosdash-", buffering=0)  # noqa: SIM115 - kept open
        _write_all(file, content)
    except OSError:
        if file is not None:
            file.close()
        return None
    return file


def _write_all(file: IO[bytes], content: bytes | bytearray) -> None:
    """Write at the end."""
    file.seek(0, os.SEEK_END)
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]


def _read(file: IO[bytes], at: int, size: int) -> bytes:
    """Up to so many bytes from a position on."""
    file.seek(at)
    return file.read(size)
