"""The animation of a map to download: its frames, its cache, and what is refused."""

import io
import json

import numpy as np
import pytest
from flask import Flask
from PIL import Image

import eosdash
from eosdash.core.maps.basin import map_basin
from eosdash.core.outcome import OUTCOMES
from eosdash.figures.style import TOKENS
from eosdash.pages import exports
from eosdash.params import BasinParams
from eosdash.service import api, gate
from eosdash.service.cache import ResultCache
from eosdash.service.flights import Flights
from eosdash.service.limits import basin_seconds
from eosdash.service.local import LocalEngine
from tests.service.helpers import arguments, strict

FORMS = ("gif", "webp", "npz")
CHAIN = "depth=2&lr=0.9&resolution=32&steps=100"
OTHERS = {
    "checked": "depth=3&seed=1&extent=1.5&resolution=17&steps=50&twice=true",
    "matrix": "task=whitened&depth=3&width=3&resolution=16&steps=40&plane=hessian",
}

each_form = pytest.mark.parametrize("form", FORMS)


@pytest.fixture
def server(tmp_path):
    server = Flask(__name__)
    server.config["CACHE_DIR"] = str(tmp_path / "cache")
    gate.register(server)
    return server


@pytest.fixture
def cache(server):
    return ResultCache(server)


@pytest.fixture
def flights(cache):
    return Flights(LocalEngine(cache), cache)


@pytest.fixture
def client(server, flights, cache, tmp_path):
    api.register(server, flights, cache, tmp_path)
    exports.register(server, flights, cache)
    return server.test_client()


@pytest.fixture
def computed(monkeypatch):
    """The learning rates of all maps that are computed."""
    rates = []

    def spied(objective, plane, *rest):
        rates.append(plane.lr)
        return map_basin(objective, plane, *rest)

    monkeypatch.setattr("eosdash.basins.map_basin", spied)
    return rates


def url(form, query=CHAIN):
    return f"/api/basin/animation.{form}?{query}"


def archive(client, query=CHAIN):
    response = client.get(url("npz", query))
    assert response.status_code == 200, response.data
    with np.load(io.BytesIO(response.data), allow_pickle=False) as found:
        return dict(found)


def frames_of(found):
    """The parameter set of every frame, from what an archive says."""
    params = json.loads(str(found["params"]))
    return [BasinParams.make(**params | {"lr": rate}) for rate in found["lr"].tolist()]


# What comes.


@each_form
def test_a_download_has_a_name_and_a_type(client, form):
    response = client.get(url(form))
    assert response.status_code == 200
    assert response.mimetype == ("application/zip" if form == "npz" else f"image/{form}")
    name = f'attachment; filename="eosdash-basin-eta.{form}"'
    assert response.headers["Content-Disposition"] == name


@pytest.mark.parametrize("query", [CHAIN, *OTHERS.values()])
def test_an_archive_holds_the_maps_of_the_python_api(client, query):
    found = archive(client, query)
    asked = BasinParams.make(**arguments(query))
    assert set(found) == {"outcome", "outcomes", "lr", "extent", "params"}
    assert found["outcome"].dtype == np.uint8
    assert found["outcome"].shape == (40, asked.resolution, asked.resolution)
    assert found["lr"].shape == (40,)
    frames = frames_of(found)
    for number in (0, 20, 39):
        expected = eosdash.basin(**frames[number].model_dump())
        np.testing.assert_array_equal(found["outcome"][number], expected.outcome)
        assert tuple(found["outcomes"]) == expected.outcomes
        sides = (expected.x[0], expected.x[-1], expected.y[0], expected.y[-1])
        np.testing.assert_allclose(found["extent"], sides)
        assert found["lr"][number] / expected.critical_lr.value == pytest.approx(
            0.1 + 1.05 * number / 39, rel=1e-5
        )


def test_past_the_critical_rate_no_start_of_two_weights_finds_a_minimum(client):
    found = archive(client, "depth=2&resolution=33&steps=500")
    shares = (found["outcome"] == OUTCOMES.index("minimum")).mean(axis=(1, 2))
    assert np.sum(found["lr"] > 1) == 6
    assert not shares[found["lr"] > 1].any()
    assert np.all(shares[(found["lr"] > 0.2) & (found["lr"] < 0.9)] > 0.1)


@pytest.mark.parametrize("form", ["gif", "webp"])
@pytest.mark.parametrize("scheme", [None, "light", "dark"])
def test_a_picture_shows_the_arrays(client, form, scheme):
    chosen = f"&scheme={scheme}" if scheme else ""
    found = archive(client)["outcome"]
    tokens = TOKENS[scheme or "light"]
    colours = np.array([list(bytes.fromhex(getattr(tokens, name)[1:])) for name in OUTCOMES])
    with Image.open(io.BytesIO(client.get(url(form, CHAIN + chosen)).data)) as picture:
        assert picture.n_frames == 40
        for number in (0, 20, 39):
            picture.seek(number)
            frame = np.asarray(picture.convert("RGB"))[64 + 8 :: 16, 64 + 8 :: 16][:32, :32]
            np.testing.assert_array_equal(frame, colours[found[number][::-1]])


def test_a_picture_tells_how_to_compute_it(client):
    body = client.get(url("gif")).data
    rates = archive(client)["lr"].tolist()
    with Image.open(io.BytesIO(body)) as picture:
        source = picture.info["comment"].decode()
    assert source.startswith("[eosdash.basin(")
    assert source.endswith(f"for lr in {rates}]")


def test_a_picture_of_full_resolution_is_small(client):
    assert len(client.get(url("gif", "depth=4&resolution=512&steps=300")).data) <= 2_000_000


# The cache.


def test_frames_are_computed_once_for_all_forms(client, computed):
    for form in (*FORMS, *FORMS):
        assert client.get(url(form)).status_code == 200
    assert len(computed) == len(set(computed)) == 40


def test_frames_that_the_page_has_played_are_told_from_the_cache(client, flights, computed):
    frames = frames_of(archive(client))
    computed.clear()
    for frame in frames:
        assert flights.follow(frame).state == "hit"
    assert not computed


def test_the_learning_rate_and_a_finer_map_change_nothing(client, computed):
    """Nor does the colour."""
    query = "depth=2&steps=20&resolution="
    first = client.get(url("gif", f"{query}128&lr=0.3")).data
    assert client.get(url("gif", f"{query}2048&lr=0.7&twice=true")).data == first
    assert client.get(url("gif", f"{query}128&scheme=dark")).data != first
    assert len(computed) == 40


# What is refused.

BAD = [
    ("scheme=blue", "scheme"),
    ("scheme=", "scheme"),
    ("scheme=light&scheme=dark", "scheme"),
    ("extent=1,-1", "extent"),
    ("plane=curved", "plane"),
    ("resolution=8", "resolution"),
    ("magic=1", "magic"),
    ("lr=0.1&lr=0.2", "lr"),
    ("x" * 8_001, "query"),
    ("plane=trainability", "plane"),
    ("depth=2&target=0", "target"),
    ("depth=2&target=0.001", "target"),
    ("task=whitened&depth=12&width=64&d_in=16&d_out=16&steps=20000", "resolution"),
    ("depth=12&steps=20000", "steps"),
    ("task=whitened&depth=4&width=8&steps=500", "steps"),
]


@pytest.mark.parametrize(("query", "field"), BAD)
@each_form
def test_bad_input_is_named_and_explained_before_any_work(client, computed, query, field, form):
    response = client.get(url(form, query))
    assert response.status_code == 422
    assert response.mimetype == "application/json"
    error = strict(response.data)["error"]
    assert error.keys() == {"field", "message", "allowed"}
    assert error["field"] == field
    assert error["message"]
    assert error["allowed"]
    assert not computed


def test_other_forms_are_not_found(client):
    assert client.get(url("png")).status_code == 404


def budget(monkeypatch, frames):
    """Allows an animation of CHAIN to compute so many frames."""
    each = basin_seconds(BasinParams.make(**arguments(CHAIN)))
    monkeypatch.setenv("EOSDASH_LIMIT_SECONDS", repr(each * frames / 2))


def test_all_frames_together_are_affordable_or_refused(client, monkeypatch):
    budget(monkeypatch, 39.9)
    error = strict(client.get(url("npz")).data)["error"]
    assert error["field"] == "steps"
    assert "40 maps of 32 × 32 pixels, 100 steps each" in error["message"]
    assert error["allowed"] == "up to 99 steps or a resolution of up to 31"
    for allowed in ("steps=99", "resolution=31"):
        query = {**arguments(CHAIN), **arguments(allowed)}
        assert client.get("/api/basin/animation.npz", query_string=query).status_code == 200
    budget(monkeypatch, 40.1)
    assert client.get(url("npz")).status_code == 200


def test_frames_that_are_there_cost_nothing(client, cache, monkeypatch):
    archive(client, "depth=2&lr=0.3&resolution=32&steps=100")
    budget(monkeypatch, 10)
    assert client.get(url("gif")).status_code == 200
    assert client.get(url("gif", f"{CHAIN}&extent=2")).status_code == 422


def test_frames_that_are_missing_cost_what_they_cost(client, flights, monkeypatch):
    """A map of another animation is no frame of this one; ten of its own have been played."""
    frames = frames_of(archive(client, f"{CHAIN}&extent=2"))
    others = [frame.model_copy(update={"extent": (-1.5, 1.5, -1.5, 1.5)}) for frame in frames]
    for frame in others[:10]:
        flights.follow(frame).whole()
    budget(monkeypatch, 29.5)
    error = strict(client.get(url("npz", f"{CHAIN}&extent=1.5")).data)["error"]
    assert error["message"].startswith("30 maps")
    budget(monkeypatch, 30.5)
    assert client.get(url("npz", f"{CHAIN}&extent=1.5")).status_code == 200
