"""Computes the scenes of the deck ahead: ``python -m eosdash.service.warm``.

Whatever deck, folder and limits the environment names are those that the app would use.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from eosdash.basins import pixel_run
from eosdash.deck import DECK, Scene, read
from eosdash.fields import ParameterSet
from eosdash.params import BasinParams, BasinView
from eosdash.service import kinds, settings
from eosdash.service.cache import WarmResults
from eosdash.service.kinds import computed
from eosdash.service.stream import PASSING


def asked_by(scene: Scene) -> Iterator[ParameterSet]:
    """What the page of a scene asks for: its result, and the run of a selected start."""
    params, *views = scene.sets()
    yield params
    for view in views:
        if isinstance(params, BasinParams) and isinstance(view, BasinView) and view.at:
            yield pixel_run(params, *view.at).params


def compute(params: ParameterSet, warm: WarmResults) -> None:
    """Compute a result and keep it, as the app keeps its own: behind its key."""
    lines = (text for text in computed(params) if not text.startswith(PASSING))
    warm.set(params.key(), params.key().encode() + b"".join(lines))


def main() -> None:
    """All scenes, with a line for each."""
    warm = WarmResults(settings.folder("warm"))
    deck = read(Path(settings.value("deck") or DECK), kinds.check)
    for number, scene in enumerate(deck.scenes, 1):
        for params in asked_by(scene):
            compute(params, warm)
        sys.stdout.write(f"{number} of {len(deck.scenes)}: {scene.title}\n")


if __name__ == "__main__":
    main()
