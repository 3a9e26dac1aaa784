"""Many HTTP clients at once in one process, light enough to leave the cores to the server."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SIGNS = (b'{"type":"alive"', b'{"type":"queued"', b'{"type":"progress"')
"""How lines begin that are no rows."""


@dataclass
class Answer:
    """What a client got, and when, in seconds from its start."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    first: float = 0.0
    done: float = 0.0

    def rows(self) -> list[bytes]:
        """The lines that are part of the result."""
        return [line for line in self.body.splitlines(True) if not line.startswith(SIGNS)]


class Client:
    """One connection that is kept open from request to request."""

    def __init__(self, base: str) -> None:
        address = urlsplit(base)
        self._host, self._port = address.hostname, address.port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def get(
        self,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        into: Answer | None = None,
    ) -> Answer:
        """Ask and read to the end; raises OSError or IncompleteReadError where it is cut, with what
        came before in the answer it was to be read ``into``."""
        answer, began = into or Answer(), time.perf_counter()
        reader, writer = await self._connected()
        method = "POST" if body is not None else "GET"
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {text}" for name, text in (headers or {}).items()]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + (body or b""))
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        answer.status = int(head[0].split()[1])
        answer.headers = {
            name.lower(): text
            for name, _, text in (line.partition(": ") for line in head[1:] if line)
        }
        await self._read(reader, answer, began)
        answer.done = time.perf_counter() - began
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    async def _read(self, reader: asyncio.StreamReader, answer: Answer, began: float) -> None:
        parts: list[bytes] = []
        try:
            if answer.headers.get("transfer-encoding") == "chunked":
                while size := int(await reader.readline() or b"x", 16):
                    parts.append(await reader.readexactly(size))
                    answer.first = answer.first or time.perf_counter() - began
                    await reader.readline()
                await reader.readline()
            elif answer.status != 304:
                left = int(answer.headers.get("content-length", 0))
                while left:
                    parts.append(await reader.read(min(left, 1 << 16)))
                    if not parts[-1]:
                        raise asyncio.IncompleteReadError(b"", left)
                    answer.first = answer.first or time.perf_counter() - began
                    left -= len(parts[-1])
        except ValueError:  # the answer ended in the middle of a chunk
            raise asyncio.IncompleteReadError(b"", None) from None
        finally:
            answer.body = b"".join(parts)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(
                self._host, self._port, limit=1 << 20
            )
        return self._reader, self._writer

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


async def once(base: str, path: str, **more: object) -> Answer:
    """One request on a connection of its own."""
    client = Client(base)
    try:
        return await client.get(path, **more)  # type: ignore[arg-type]
    finally:
        client.close()


async def persistent(base: str, path: str, seconds: float = 60) -> tuple[list[bytes], int]:
    """The rows of a stream, asked for again from the row reached wherever it is cut, as the page
    does; and how often it was cut."""
    rows: list[bytes] = []
    deadline, cuts = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        client, answer = Client(base), Answer()
        try:
            await client.get(f"{path}&row={len(rows)}" if rows else path, into=answer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            client.close()
        rows += [line for line in answer.rows() if line.endswith(b"\n")]
        if rows and json.loads(rows[-1])["type"] == "end":
            return rows, cuts
        cuts += 1
        await asyncio.sleep(0.2 + 0.8 * random.random())
    raise TimeoutError(f"{path} was not finished")


async def together(number: int, client: Callable[[int], Awaitable[object]]) -> list[object]:
    """So many clients in the same moment; exceptions are results."""
    return await asyncio.gather(*(client(i) for i in range(number)), return_exceptions=True)


async def drag(ask: Callable[[], Awaitable[None]], period: float, seconds: float) -> None:
    """Ask again and again for so many seconds, once in a period, and leave the one before."""
    await asyncio.sleep(random.random() * period)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        asking = asyncio.ensure_future(ask())
        await asyncio.sleep(period)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


def p95(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return sorted(values)[max(0, -(-95 * len(values) // 100) - 1)]
