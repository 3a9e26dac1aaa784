"""The cache: finished runs are told again, and no damage to the store changes a number."""

import errno
import os
import pickle
import resource
import shutil
import struct
import tempfile
import time
from pathlib import Path

import pytest
from flask_caching.backends import FileSystemCache
from flask_caching.backends.base import BaseCache

import eosdash
from eosdash.service.cache import BoundedFileSystemCache
from tests.service.helpers import EXAMPLE, SHORT, Crafted, cached, told_twice, url


def entry(folder: Path) -> Path:
    """The file of a cache of one run."""
    (file,) = folder.iterdir()
    return file


def test_a_run_is_told_again_from_the_cache(make_client, told):
    client = make_client()
    first, second = told_twice(client, url(EXAMPLE))
    assert not cached(first)
    assert cached(second)
    assert second.data == first.data
    assert told.count("1500 begins") == 1


def test_runs_outlive_the_server(make_client):
    first = make_client().get(url(SHORT)).data
    second = make_client().get(url(SHORT))
    assert cached(second)
    assert second.data == first


@pytest.mark.parametrize(
    "query",
    [
        "steps=100&lr=0.469&weights=1.38,0.59,0.43,1.14",
        "steps=100.0&lr=.4690&weights=+1.38,+0.590,43e-2,1.14&init=weights",
        f"{SHORT}&seed=5&samples=7",
        f"{SHORT}&hidden=1,1,1&width=9",
        f"{SHORT}&lr_schedule=&target=1.0&depth=4.0",
    ],
)
def test_equal_values_written_differently_share_an_entry(make_client, query):
    client = make_client()
    first = client.get(url(SHORT)).data
    second = client.get(url(query))
    assert cached(second)
    assert second.data == first


@pytest.mark.parametrize(
    "change", ["eigenvalues=2", "target=1.0000000000000002", "weight_decay=0.1"]
)
def test_different_runs_have_entries_of_their_own(make_client, change):
    client = make_client()
    client.get(url(SHORT)).get_data()
    assert not cached(client.get(url(f"{SHORT}&{change}")))
    assert cached(client.get(url(SHORT)))


def test_runs_that_read_alike_when_joined_have_entries_of_their_own(make_client):
    client = make_client()
    for query in ("depth=1&weights=12", "depth=2&weights=1,2", "depth=1&weights=1.2"):
        assert not cached(client.get(url(f"{query}&steps=10")))


def flipped(position):
    def damage(content: bytes, trace: Path) -> bytes:
        index = position % len(content)
        return content[:index] + bytes([content[index] ^ 0x04]) + content[index + 1 :]

    return damage


HEADER = 4  # the time of expiry, before the checksum and the content

DAMAGES = {
    **{f"flipped at {position}": flipped(position) for position in (4, 20, 36, 37, 3000, -2)},
    "a digit changed": lambda content, trace: content[:-200] + content[-200:].replace(b"1", b"7"),
    "cut in the middle": lambda content, trace: content[: len(content) // 2],
    "cut by one line": lambda content, trace: content[:-1].rpartition(b"\n")[0] + b"\n",
    "cut in the checksum": lambda content, trace: content[:20],
    "cut in the header": lambda content, trace: content[:2],
    "header only": lambda content, trace: content[:HEADER],
    "empty": lambda content, trace: b"",
    "zeros": lambda content, trace: bytes(len(content)),
    "a pickle": lambda content, trace: pickle.dumps(Crafted(trace)),
    "a pickle as the library stores it": lambda content, trace: (
        struct.pack("I", 0) + pickle.dumps(Crafted(trace))
    ),
    "a pickle after the checksum": lambda content, trace: (
        content[: HEADER + 32] + pickle.dumps(Crafted(trace))
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_never_believed_never_run_and_healed(make_client, tmp_path, damage):
    client, trace = make_client(), tmp_path / "executed"
    intact = client.get(url(SHORT)).data
    file = entry(tmp_path / "cache")
    damaged = DAMAGES[damage](file.read_bytes(), trace)
    assert damaged != file.read_bytes()
    file.write_bytes(damaged)

    response = client.get(url(SHORT))
    assert response.status_code == 200
    assert response.data == intact
    assert not trace.exists()

    healed = client.get(url(SHORT))
    assert cached(healed)
    assert healed.data == intact


def test_the_crafted_pickle_would_run(tmp_path):
    pickle.loads(pickle.dumps(Crafted(tmp_path / "executed")))
    assert (tmp_path / "executed").exists()


def test_no_file_of_the_cache_is_a_pickle(make_client, tmp_path):
    make_client().get(url(SHORT)).get_data()
    content = entry(tmp_path / "cache").read_bytes()
    with pytest.raises((pickle.UnpicklingError, EOFError, ValueError, KeyError)):
        pickle.loads(content[HEADER:])


def answers_without_keeping(client):
    first, second = told_twice(client, url(SHORT))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.data == second.data
    assert not cached(second)


def test_a_folder_that_cannot_be_made_only_costs_computing(make_client, tmp_path):
    (tmp_path / "file").touch()
    answers_without_keeping(make_client(CACHE_DIR=str(tmp_path / "file" / "cache")))


def test_a_read_only_folder_only_costs_computing(make_client, monkeypatch):
    def refuse(*args: object, **others: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    client = make_client()
    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    answers_without_keeping(client)


def test_a_full_disk_only_costs_computing(make_client):
    client = make_client()
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, old[1]))
    try:
        answers_without_keeping(client)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("put_there", [lambda folder: None, Path.touch])
def test_a_folder_that_goes_missing_only_costs_computing(make_client, tmp_path, put_there):
    client = make_client()
    shutil.rmtree(tmp_path / "cache")
    put_there(tmp_path / "cache")
    answers_without_keeping(client)


class FailingStore(BaseCache):
    """Every question to it fails."""

    @classmethod
    def factory(cls, app, config, args, kwargs):
        return cls()

    def get(self, key):
        raise ConnectionError("gone")

    def set(self, key, value, timeout=None):
        raise ConnectionError("gone")


class FreeStore(FailingStore):
    """Answers, but with something that nobody has put there."""

    def get(self, key):
        return {"cached": "nonsense"}


@pytest.mark.parametrize("store", [FailingStore, FreeStore])
@pytest.mark.filterwarnings("ignore:CACHE_SERIALIZER is set")
def test_a_store_that_fails_only_costs_computing(make_client, store):
    answers_without_keeping(make_client(CACHE_TYPE=f"{__name__}.{store.__name__}"))


def test_runs_are_kept_in_the_folder_that_is_named(make_client, tmp_path):
    client = make_client(CACHE_TYPE="FileSystemCache", CACHE_DIR=str(tmp_path / "here" / "it is"))
    client.get(url(SHORT)).get_data()
    assert entry(tmp_path / "here" / "it is").stat().st_size > 10_000


def test_runs_are_kept_in_a_folder_of_their_own_by_default(make_client, tmp_path, monkeypatch):
    """In the cache folder of the user, by version, wherever it is called from."""
    monkeypatch.delenv("EOSDASH_CACHE_DIR")
    monkeypatch.setattr(
        "platformdirs.user_cache_path", lambda name, **how: tmp_path / how["version"]
    )
    (here := tmp_path / "here").mkdir()
    monkeypatch.chdir(here)
    make_client().get(url(SHORT)).get_data()
    assert entry(tmp_path / eosdash.__version__ / "cache").stat().st_size > 10_000
    assert not list(here.iterdir())


def test_runs_may_be_kept_in_memory(make_client, tmp_path):
    client = make_client(CACHE_TYPE="SimpleCache")
    first, second = told_twice(client, url(SHORT))
    assert cached(second)
    assert second.data == first.data
    assert not (tmp_path / "cache").exists()
    assert not cached(make_client().get(url(SHORT)))


def test_runs_may_be_kept_nowhere(make_client, tmp_path):
    answers_without_keeping(make_client(CACHE_TYPE="NullCache"))
    assert not (tmp_path / "cache").exists()


# The folder.


@pytest.fixture
def make_folder(tmp_path, monkeypatch):
    """Makes the backend on a folder that may hold so many kilobytes."""

    def make(kilobytes=100.0, timeout=1000):
        monkeypatch.setenv("EOSDASH_CACHE_MEGABYTES", str(kilobytes / 1000))
        return BoundedFileSystemCache(str(tmp_path / "cache"), 0, timeout)

    return make


def held(folder):
    return sum(file.stat().st_size for file in (folder / "cache").iterdir())


def age(store, key, seconds):
    path = Path(store._get_filename(key))
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_a_folder_never_holds_more_than_it_may(make_folder, tmp_path):
    store = make_folder(100)
    for number in range(60):
        store.set(f"key {number}", bytes(7000))
        assert held(tmp_path) <= 101_000  # a hundredth may be written between two looks
        assert store.get(f"key {number}") == bytes(7000)
    assert held(tmp_path) > 70_000


def test_what_another_process_has_written_counts_too(make_folder, tmp_path):
    for start in range(3):
        store = make_folder(100)
        for number in range(12):
            store.set(f"key {start} {number}", bytes(7000))
    assert held(tmp_path) <= 101_000


def test_the_least_used_goes_first(make_folder):
    store = make_folder(100)
    for number in range(12):
        store.set(str(number), bytes(7000))
        age(store, str(number), 1000 - number)
    for number in (0, 3):
        assert store.get(str(number))  # which uses it
    for number in range(12, 16):
        store.set(str(number), bytes(7000))
    kept = [number for number in range(16) if store.get(str(number))]
    assert {0, 3, 15} <= {*kept}
    assert 1 not in kept
    assert 2 not in kept


def test_what_has_expired_is_gone(make_folder, tmp_path, monkeypatch):
    store = make_folder(timeout=100)
    store.set("key", b"value")
    later = time.time() + 200
    monkeypatch.setattr("cachelib.file.time", lambda: later)
    assert store.get("key") is None
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_is_damaged_is_gone(make_folder, tmp_path):
    store = make_folder()
    store.set("key", b"value")
    entry(tmp_path / "cache").write_bytes(b"damaged, however it was")
    assert store.get("key") is None
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("damaged", [False, True])
def test_what_comes_while_it_is_found_missing_is_left_there(make_folder, monkeypatch, damaged):
    """Another process may finish in that moment."""
    store, other = make_folder(), make_folder()
    look = FileSystemCache.get

    def look_then_write(self, key):
        found = look(self, key)
        other.set(key, b"value")
        return found

    if damaged:
        Path(store._get_filename("key")).write_bytes(b"damaged, however it was")
    with monkeypatch.context() as patch:
        patch.setattr(FileSystemCache, "get", look_then_write)
        store.get("key")
    assert Path(store._get_filename("key")).exists() == damaged
    other.set("key", b"value")
    assert store.get("key") == b"value"


def test_a_sweep_goes_on_when_another_process_sweeps_too(make_folder, monkeypatch):
    store = make_folder(100)
    for number in range(12):
        store.set(str(number), bytes(7000))
    scan = os.scandir

    def scan_then_lose(path):
        found = list(scan(path))
        Path(found[0].path).unlink()
        return found

    monkeypatch.setattr(os, "scandir", scan_then_lose)
    store.set("another", bytes(7000))
    assert store.get("another") == bytes(7000)


def test_what_was_left_unfinished_goes_after_a_while(make_folder, tmp_path):
    store = make_folder(100)
    old, new = (tmp_path / "cache" / f"{name}.__wz_cache" for name in ("old", "new"))
    for file in (old, new):
        file.write_bytes(bytes(5000))
    os.utime(old, (1, 1))
    store.set("key", b"value")
    assert (old.exists(), new.exists()) == (False, True)


def test_a_write_that_fails_leaves_nothing(make_folder, tmp_path):
    store = make_folder()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            store.set("key", bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_app_leaves_nothing_on_a_full_disk_and_says_so_until_it_has_room(make_client, tmp_path):
    client = make_client()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        told_twice(client, url(SHORT))
        assert client.get("/readyz").get_json() == {"status": "degraded"}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert list((tmp_path / "cache").iterdir()) == []
    told_twice(client, url(SHORT))
    assert client.get("/readyz").get_json() == {"status": "ready"}
    assert cached(client.get(url(SHORT)))


def test_a_folder_of_results_computed_ahead_that_is_none_only_costs_computing(
    make_client, tmp_path
):
    (tmp_path / "warm").touch()
    client = make_client(WARM_DIR=str(tmp_path / "warm"))
    first, second = told_twice(client, url(SHORT))
    assert (cached(first), cached(second)) == (False, True)
