"""The animation of a map over the learning rate, to download: as a picture, and as arrays."""

from typing import Any, get_args

import numpy as np
from flask import Blueprint, Flask, Response
from numpy.typing import NDArray

from eosdash import animation
from eosdash.basins import ground_of
from eosdash.core.outcome import OUTCOMES
from eosdash.fields import ParameterError
from eosdash.figures.animation import Format, animated
from eosdash.figures.style import SCHEMES, Scheme
from eosdash.params import BasinParams
from eosdash.reference import reference_of
from eosdash.service import limits, maps, settings
from eosdash.service.api import follow
from eosdash.service.cache import Results
from eosdash.service.files import archive, download
from eosdash.service.flights import Flights
from eosdash.service.requests import query_of
from eosdash.words import axis_words

ROOM = 2
"""How many maps' worth of computing time an animation may take."""


def register(server: Flask, flights: Flights, cache: Results) -> None:
    """Add the routes ``/api/basin/animation.…``; the API answers for what they refuse."""
    exports = Blueprint("exports", __name__)

    @exports.get(f"/api/basin/animation.<any({','.join(get_args(Format))}):format>")
    def picture(format: Format) -> Response:
        played, scheme = _asked(cache)
        body = animated(
            _outcomes(played, flights),
            [frame.lr for frame in played],
            _unit(played[0]),
            played[0].extent,
            axis_words(played[0]),
            animation.caption(played[0]),
            scheme,
            format,
            animation.source(played),
        )
        return download(body, f"image/{format}", f"eosdash-basin-eta.{format}")

    @exports.get("/api/basin/animation.npz")
    def arrays() -> Response:
        played, _ = _asked(cache)
        found: dict[str, NDArray[Any]] = {
            "outcome": np.stack(_outcomes(played, flights)),
            "outcomes": np.array([str(outcome) for outcome in OUTCOMES]),
            "lr": np.array([frame.lr for frame in played]),
            "extent": np.array(played[0].extent),
        }
        # Those of the first frame, from which the others differ in the learning rate alone.
        body = archive(played[0], found)
        return download(body, "application/zip", "eosdash-basin-eta.npz")

    server.register_blueprint(exports)


def _unit(params: BasinParams) -> tuple[float, str]:
    """What the learning rates of a picture are told in units of, in letters that it has."""
    return reference_of(params).value, "critical" if params.is_linear else "2/S of the start"


def _asked(cache: Results) -> tuple[list[BasinParams], Scheme]:
    """The frames that a request asks for, affordable, and in which colours."""
    query = query_of()
    named = query.pop("scheme", "light")
    scheme = next((scheme for scheme in SCHEMES if scheme == named), None)
    if scheme is None:
        raise ParameterError("scheme", "there are no such colours", ", ".join(SCHEMES))
    params = animation.coarse(BasinParams.make(**query))
    limits.check_basin(params)  # no frame costs more than another
    extent = ground_of(params).extent
    played = animation.frames(params, extent, reference_of(params).value)
    _check_cost(played, cache)
    return played, scheme


def _check_cost(played: list[BasinParams], cache: Results) -> None:
    """Refuse an animation of which too much has yet to be computed."""
    first, budget = played[0], ROOM * settings.value("limit_seconds")
    each = limits.basin_seconds(first)
    missing = sum(cache.get(frame.key()) is None for frame in played)
    if missing * each <= budget:
        return
    share = budget / (len(played) * each)  # with other parameters, no frame is there yet
    pixels, steps = int(first.resolution * share**0.5), int(first.steps * share)
    ways = [f"up to {steps} steps"] if steps else []
    ways += [f"a resolution of up to {pixels}"] if pixels >= 16 else []
    raise ParameterError(
        "steps",
        f"{missing} maps of {first.resolution} × {first.resolution} pixels, {first.steps:,} steps "
        f"each, could take {missing * each:,.0f} s",
        " or ".join(ways) or "a smaller network",
    )


def _outcomes(played: list[BasinParams], flights: Flights) -> list[NDArray[np.uint8]]:
    """The finest level of every frame, told from the cache or computed and kept there."""
    return [maps.arrays_of(follow(flights, frame).whole().lines())["outcome"] for frame in played]
