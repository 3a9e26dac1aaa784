"""Redis as the cache, with a real server: it keeps bytes, and nobody misses it when it dies."""

import pickle
import time

import pytest

from eosdash.service.breaker import Breaker
from tests.service.helpers import EXAMPLE, SHORT, Crafted, cached, records, told_twice, url


@pytest.fixture
def client(make_client, redis_server):
    return make_client(CACHE_TYPE="RedisCache", CACHE_REDIS_URL=redis_server.url)


def only_key(redis_server):
    (key,) = redis_server.client.keys()
    return key


def test_redis_keeps_runs(make_client, client, redis_server, tmp_path):
    first, second = told_twice(client, url(SHORT))
    assert cached(second)
    assert second.data == first.data
    assert redis_server.client.ttl(only_key(redis_server)) > 24 * 3600
    assert not (tmp_path / "cache").exists()
    assert cached(make_client().get(url(SHORT)))


def test_values_in_redis_are_no_pickles(client, redis_server):
    body = client.get(url(SHORT)).data
    value = redis_server.client.get(only_key(redis_server))
    assert value.endswith(body)
    with pytest.raises((pickle.UnpicklingError, EOFError, ValueError, KeyError)):
        pickle.loads(value)


@pytest.mark.parametrize("prefix", [b"", b"!"])
def test_a_pickle_in_redis_is_not_run(client, redis_server, tmp_path, prefix):
    intact = client.get(url(SHORT)).data
    trace = tmp_path / "executed"
    redis_server.client.set(only_key(redis_server), prefix + pickle.dumps(Crafted(trace)))
    assert client.get(url(SHORT)).data == intact
    assert not trace.exists()
    assert cached(client.get(url(SHORT)))


def test_a_damaged_value_in_redis_is_computed_again(client, redis_server):
    intact = client.get(url(SHORT)).data
    key = only_key(redis_server)
    value = redis_server.client.get(key)
    redis_server.client.set(key, value[:3000] + value[3000:].replace(b"1", b"7", 1))
    assert client.get(url(SHORT)).data == intact
    assert cached(client.get(url(SHORT)))


def test_the_app_goes_on_without_redis(client, redis_server):
    kept = client.get(url(SHORT)).data
    redis_server.kill()
    for _ in range(2):
        response = client.get(url(SHORT))
        assert response.status_code == 200
        assert response.data == kept


def test_a_stream_goes_on_when_redis_dies(client, redis_server):
    response = client.get(url(EXAMPLE))
    lines = iter(response.response)
    first = next(lines)
    redis_server.kill()
    start, *_, end = records(first + b"".join(lines))
    assert (start["type"], end["type"], end["step"]) == ("start", "end", 1500)


def test_an_answer_tells_that_redis_is_missed(client, redis_server):
    redis_server.kill()
    client.get(url(SHORT)).get_data()
    answer = client.get(url(SHORT))
    assert not cached(answer)
    assert answer.headers["Cache-Status"] == "eosdash; fwd=miss; detail=degraded"


def test_redis_is_left_alone_for_a_while_and_used_again_when_it_is_back(
    client, redis_server, monkeypatch
):
    redis_server.kill()
    assert not cached(client.get(url(SHORT)))
    redis_server.start()
    assert not any(cached(answer) for answer in told_twice(client, url(SHORT)))
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + Breaker.PAUSE)
    assert not cached(client.get(url(SHORT)))
    assert cached(client.get(url(SHORT)))
