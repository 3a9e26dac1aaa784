"""Computes the scenes of the deck ahead: ``python -m eosdash.service.warm``.

Whatever deck, folder and limits the environment names are those that the app would use.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from eosdash.basins import pixel_run
from eosdash.deck import DECK, Scene, read
from eosdash.fields import ParameterSet
from eosdash.params import BasinParams, BasinView, SweepParams, TheoryParams, TrainParams
from eosdash.service import limits
from eosdash.service.cache import WARM_DIR, WarmResults
from eosdash.service.stream import Results, basin_lines, sweep_lines, theory_lines, train_lines


class Warming:
    """The warm folder as the place where results are kept, entry by entry."""

    def __init__(self, warm: WarmResults) -> None:
        """Written under the keys that the app reads."""
        self._warm = warm

    def get(self, key: str) -> None:
        """Nothing: all is computed anew."""

    def set(self, key: str, value: bytes) -> None:
        """Keep a finished result."""
        self._warm.set(key, key.encode() + value)


def asked_by(scene: Scene) -> Iterator[ParameterSet]:
    """What the page of a scene asks for: its result, and the run of a selected start."""
    params, *views = scene.sets()
    yield params
    for view in views:
        if isinstance(params, BasinParams) and isinstance(view, BasinView) and view.at:
            yield pixel_run(params, *view.at).params


def compute(params: ParameterSet, results: Results) -> None:
    """Compute a result to its end, and so have it kept."""
    lines: Iterator[bytes] = iter(())
    if isinstance(params, TrainParams):
        lines = train_lines(params, results)
    elif isinstance(params, BasinParams):
        lines = basin_lines(params, results)
    elif isinstance(params, SweepParams):
        lines = sweep_lines(params, results)
    elif isinstance(params, TheoryParams):
        lines = theory_lines(params, results)
    for _ in lines:
        pass


def main() -> None:
    """All scenes, with a line for each."""
    app = Flask(__name__)
    app.config.from_prefixed_env("EOSDASH")
    results = Warming(WarmResults(Path(app.config.get("WARM_DIR", WARM_DIR))))
    deck = read(app.config.get("DECK") or DECK, limits.check)
    for number, scene in enumerate(deck.scenes, 1):
        for params in asked_by(scene):
            compute(params, results)
        sys.stdout.write(f"{number} of {len(deck.scenes)}: {scene.title}\n")


if __name__ == "__main__":
    main()
