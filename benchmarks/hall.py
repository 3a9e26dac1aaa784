"""A hall that drags: ``python -m benchmarks.hall``, and what comes of it as docs/hall.svg.

Every visitor asks for a run at another learning rate again and again, and leaves the one before.
What is finished a second must not fall as more is asked for.
"""

import asyncio
import random
from typing import NamedTuple
from xml.sax.saxutils import escape

from benchmarks.clients import Answer, Client, drag, p95, together
from benchmarks.load import at_home, served
from benchmarks.report import Row, machine, write
from tests.conftest import ROOT

VISITORS = (50, 200)
PERIODS = (2.0, 1.0, 0.5, 0.25)
"""Seconds in which a visitor asks for another run."""

SECONDS = 10
RUN = "/api/train?task=scalar&depth=4&init=gaussian&init_scale=0.8&steps=1500"
END = b'"type":"end"'
FIGURE = ROOT / "docs" / "hall.svg"

NOTES = (
    "Runs of 1,500 steps of a chain of four weights, each with a seed of its own, so that none is "
    "cached. Visitors are asyncio clients on loopback, on the same cores as the server.",
    "Finished: runs that arrive whole before the visitor asks for the next. Asked: visitors over "
    "period. Where more is asked for than can be made, what matters is that the rest goes on.",
    "`eosdash` is the command, one serving process with a pool; gunicorn has two workers, as in "
    "the image.",
)


class Hall(NamedTuple):
    """What came of so many visitors: runs asked for and finished a second, seconds until whole."""

    asked: float
    finished: float
    whole: float


async def hall(base: str, visitors: int, period: float) -> Hall:
    """Drag for a while."""
    times: list[float] = []

    async def ask() -> None:
        client, answer = Client(base), Answer()
        query = f"&seed={random.randrange(10**6)}&lr={0.2 + 0.27 * random.random():.6f}"
        try:
            await client.get(RUN + query, into=answer)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            client.close()
        if answer.status == 200 and END in answer.body[-4000:]:
            times.append(answer.done)

    await together(visitors, lambda _: drag(ask, period, SECONDS))
    return Hall(visitors / period, len(times) / SECONDS, p95(times) if times else float("inf"))


def figure(curves: dict[str, list[Hall]]) -> str:
    """Finished over asked, both a second, as SVG."""
    width, height, left, bottom, top = 640, 380, 56, 48, 64
    most = 1.15 * max(hall.finished for halls in curves.values() for hall in halls)
    rates = sorted({hall.asked for halls in curves.values() for hall in halls})
    place = {
        rate: left + (width - left - 24) * i / (len(rates) - 1) for i, rate in enumerate(rates)
    }

    def across(y: float) -> float:
        return height - bottom - (height - bottom - top) * y / most

    def text(x: float, y: float, words: str, anchor: str = "middle") -> str:
        return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(words)}</text>'

    parts = [text(place[rate], height - bottom + 18, f"{rate:g}") for rate in rates] + [
        text((left + width) / 2, height - 10, "runs asked for a second")
    ]
    for mark in range(0, int(most) + 1, 20):
        parts += [
            f'<path d="M{left} {across(mark):.0f}H{width - 24}" stroke="#8886"/>',
            text(left - 8, across(mark) + 4, str(mark), "end"),
        ]
    parts.append(text(left - 40, 16, "runs finished a second", "start"))
    for (name, halls), dash in zip(curves.items(), ("", "5 4"), strict=True):
        for visitors in VISITORS:
            some = [one for one, (who, _) in zip(halls, CASES, strict=True) if who == visitors]
            points = " ".join(f"{place[one.asked]:.0f},{across(one.finished):.0f}" for one in some)
            thickness = 1.5 if visitors == VISITORS[0] else 3
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="#1c7ed6" '
                f'stroke-width="{thickness}" stroke-dasharray="{dash}">'
                f"<title>{name}, {visitors} visitors</title></polyline>"
            )
        words = f"{name}: {'dashed' if dash else 'solid'}"
        parts.append(text(width - 24, 16 + 18 * bool(dash), words, "end"))
    thin, thick = VISITORS
    parts.append(text(width - 24, 52, f"{thin} visitors: thin, {thick}: thick", "end"))
    style = "font: 13px system-ui, sans-serif; fill: #888"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'style="{style}">\n' + "\n".join(parts) + "\n</svg>\n"
    )


CASES = [(visitors, period) for visitors in VISITORS for period in PERIODS]
SERVERS = {"eosdash": at_home, "gunicorn": served}


def main() -> None:
    """All of it, into BENCHMARKS.md and docs/hall.svg."""
    curves: dict[str, list[Hall]] = {}
    rows: list[Row] = []
    for name, serve in SERVERS.items():
        for visitors, period in CASES:
            with serve() as server:
                found = asyncio.run(hall(server.base, visitors, period))
            curves.setdefault(name, []).append(found)
            peak = max(one.finished for one in curves[name])
            kept = found.finished >= 0.9 * min(peak, found.asked)
            words = f"{found.finished:.1f} a second"
            words += f", p95 {found.whole:.2f} s" if found.finished else ""
            title = f"{name}: {visitors} visitors every {period:g} s, {found.asked:g} a second"
            target = "≥ 90 % of what was finished with fewer, or of what is asked"
            rows.append(Row(title, "–", words, "–", target, kept))
            print(title, "|", words, "|", "yes" if kept else "no", flush=True)
    write("Hall", f"Made by `python -m benchmarks.hall` on {machine()}.", rows, NOTES)
    FIGURE.write_text(figure(curves))


if __name__ == "__main__":
    main()
