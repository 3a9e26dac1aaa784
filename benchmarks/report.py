"""Rows of results, and the page that keeps them."""

import os
import platform
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


def markdown(rows: Sequence[Row], notes: Sequence[str]) -> str:
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row.cells() for row in rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    remarks = "\n".join(f"- {note}" for note in notes)
    return (
        "# Benchmarks\n\n"
        "Made by `make bench`, which needs PyTorch, JAX, Numba and a browser; the app needs none.\n"
        "Baseline and eosdash take turns in one process, with one thread each, and their answers\n"
        "are compared before their times: a wrong answer fails the run.\n\n"
        f"Measured on {machine()} with {versions()}.\n\n"
        f"{table}\n\n{remarks}\n"
    )
