"""Rows of results, and the page that keeps them."""

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parent.parent / "BENCHMARKS.md"
PACKAGES = ("numpy", "scipy", "torch", "jax", "numba", "dash", "plotly")
COLUMNS = ("Work", "Baseline", "eosdash", "Ratio", "Target", "Met")


@dataclass(frozen=True)
class Row:
    """One line of the table; ``met`` is None where no target is set."""

    name: str
    baseline: str
    ours: str
    ratio: str
    target: str
    met: bool | None

    def cells(self) -> tuple[str, ...]:
        met = {True: "yes", False: "**no**", None: "–"}[self.met]
        return self.name, self.baseline, self.ours, self.ratio, self.target, met


def machine() -> str:
    """The machine in words that identify nobody's."""
    cores = os.cpu_count() or 1
    return f"{cores} core{'s' * (cores > 1)} ({platform.machine()})"


def versions() -> str:
    parts = [f"{package} {version(package)}" for package in PACKAGES]
    return ", ".join([f"Python {platform.python_version()}", *parts])


def table(rows: Sequence[Row]) -> str:
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def remarks(notes: Sequence[str]) -> str:
    return "\n".join(f"- {note}" for note in notes)


def write(title: str, how: str, rows: Sequence[Row], notes: Sequence[str]) -> None:
    """Put a section of these rows into the page."""
    put(title, f"{how}\n\n{table(rows)}\n\n{remarks(notes)}")


def put(title: str, body: str) -> None:
    """Put a section into the page, in the place of the one of that title."""
    made = f"## {title}\n\n{body}\n"
    before, *sections = re.split(r"^(?=## )", PAGE.read_text(), flags=re.MULTILINE)
    others = [section for section in sections if not section.startswith(f"## {title}\n")]
    PAGE.write_text("\n".join(part.strip("\n") + "\n" for part in [before, *others, made]))
