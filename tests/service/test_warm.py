"""Results computed ahead: what fills the folder, what is read from it, and what is not."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.service.helpers import cached, strict, url

RUN = "depth=4&lr=0.469&weights=1.38,0.59,0.43,1.14&steps=100"
MAP = "depth=2&lr=0.8&weights=0.4,1.6&resolution=32&steps=60"
DECK = """\
title: Two scenes
scenes:
  - title: A run
    page: run
    params: {depth: 4, lr: 0.469, weights: [1.38, 0.59, 0.43, 1.14], steps: 100}
    text: It swings.
    look: The sharpness.
  - title: A map
    page: basin
    params:
      {depth: 2, lr: 0.8, weights: [0.4, 1.6], resolution: 32, steps: 60, at: [0.5, 1.25]}
    text: An ellipse.
    look: The edge.
"""
ASKED = {
    "run": url(RUN),
    "map": f"/api/basin?{MAP}",
    "selected start": f"/api/basin/run?{MAP}&x=0.5&y=1.25",
}


def warm(folder, deck):
    """Run the command."""
    environ = os.environ | {"EOSDASH_WARM_DIR": str(folder), "EOSDASH_DECK": str(deck)}
    return subprocess.run(
        [sys.executable, "-m", "eosdash.service.warm"],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def warmed(tmp_path_factory):
    """The folder that the command has filled, and what it said."""
    folder = tmp_path_factory.mktemp("ahead")
    (folder / "deck.yaml").write_text(DECK)
    return folder / "warm", warm(folder / "warm", folder / "deck.yaml")


@pytest.fixture
def of_its_own(warmed, tmp_path):
    """A copy of the folder, which a test may damage."""
    folder = tmp_path / "warm"
    folder.mkdir()
    for file in warmed[0].iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def result(answer):
    """A stream without its signs of life."""
    return [line for line in answer.data.splitlines() if strict(line)["type"] != "progress"]


def test_the_command_fills_the_folder_scene_by_scene(warmed):
    folder, done = warmed
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["1 of 2: A run", "2 of 2: A map"]
    # The run, the map, and the run of the start that is selected on it.
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("asked", ASKED)
def test_what_was_computed_ahead_is_told_with_an_empty_cache(make_client, warmed, tmp_path, asked):
    cold = make_client(WARM_DIR=str(tmp_path / "nothing"), CACHE_DIR=str(tmp_path / "cold"))
    computed = cold.get(ASKED[asked])
    assert not cached(computed)
    client = make_client(WARM_DIR=str(warmed[0]), CACHE_DIR=str(tmp_path / "empty"))
    told = client.get(ASKED[asked])
    assert cached(told)
    assert result(told) == result(computed)


def test_nothing_is_computed_for_it(make_client, warmed, told):
    client = make_client(WARM_DIR=str(warmed[0]))
    assert cached(client.get(url(RUN)))
    assert told == []
    assert not cached(client.get(url(RUN.replace("steps=100", "steps=101"))))
    assert "101 begins" in told


@pytest.mark.parametrize("asked", ["run", "map"])
def test_a_damaged_entry_is_computed_again(make_client, of_its_own, tmp_path, asked):
    path = ASKED[asked]
    before = make_client(WARM_DIR=str(of_its_own), CACHE_DIR=str(tmp_path / "a")).get(path)
    assert cached(before)
    for file in of_its_own.iterdir():
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    client = make_client(WARM_DIR=str(of_its_own), CACHE_DIR=str(tmp_path / "b"))
    after = client.get(path)
    assert not cached(after)
    assert result(after) == result(before)
    assert cached(client.get(path))  # and kept in the cache


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 33])
def test_an_entry_that_is_cut_short_is_computed_again(make_client, of_its_own, content):
    for file in of_its_own.iterdir():
        file.write_bytes(content)
    client = make_client(WARM_DIR=str(of_its_own))
    assert not cached(client.get(url(RUN)))


def test_an_entry_in_the_place_of_another_is_computed_again(make_client, of_its_own):
    files = sorted(of_its_own.iterdir())
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, [*contents[1:], contents[0]], strict=True):
        file.write_bytes(content)
    client = make_client(WARM_DIR=str(of_its_own))
    assert not cached(client.get(url(RUN)))


def test_a_folder_that_is_not_there_holds_nothing(make_client, tmp_path):
    client = make_client(WARM_DIR=str(tmp_path / "nowhere"))
    for path in ASKED.values():
        answer = client.get(path)
        assert answer.status_code == 200
        assert not cached(answer)
    assert not (tmp_path / "nowhere").exists()


def test_the_app_never_writes_to_the_folder(make_client, of_its_own):
    before = {file.name: file.read_bytes() for file in of_its_own.iterdir()}
    client = make_client(WARM_DIR=str(of_its_own))
    for path in (*ASKED.values(), url("depth=2&lr=0.3&steps=20")):
        client.get(path).get_data()
    assert {file.name: file.read_bytes() for file in of_its_own.iterdir()} == before


def test_a_faulty_deck_is_told_and_nothing_computed(tmp_path):
    (tmp_path / "faulty.yaml").write_text(DECK.replace("lr: 0.469", "lr: fast"))
    done = warm(tmp_path / "warm", tmp_path / "faulty.yaml")
    assert done.returncode != 0
    assert "faulty.yaml: line 5, scene 1: params.lr" in done.stderr
    assert not (tmp_path / "warm").exists()
