"""How much one address may ask for: counted, bounded, forgotten after a minute, and told."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from eosdash.params import TrainParams
from eosdash.service import gate
from eosdash.service.flights import Unavailable
from eosdash.service.gate import network
from eosdash.service.limits import train_seconds
from tests.service.helpers import SHORT, arguments, cached, strict, url

SCENES = "/api/deck"
"""What costs no computing."""


@pytest.fixture
def clock(monkeypatch):
    """Turns the clock on by so many seconds, from the begin of a minute on."""
    now = [1_800_000_000.0 // 60 * 60]
    monkeypatch.setattr(time, "time", lambda: now[0])

    def turn(seconds):
        now[0] += seconds

    return turn


def ask(client, path=SCENES, address="192.0.2.9", **headers):
    answer = client.get(path, environ_overrides={"REMOTE_ADDR": address}, headers=headers)
    answer.get_data()
    return answer


def codes(client, number, path=SCENES, **given):
    return [ask(client, path, **given).status_code for _ in range(number)]


# Requests.


@pytest.mark.parametrize("most", [1, 5])
def test_so_many_requests_a_minute_are_answered_and_no_more(make_client, clock, most):
    client = make_client(RATE_REQUESTS=str(most))
    assert codes(client, most + 2) == [200] * most + [429] * 2


def test_the_default_is_never_reached_by_a_visitor(make_client):
    assert codes(make_client(), 300) == [200] * 300


def test_requests_of_the_same_moment_are_all_counted(make_client, monkeypatch):
    class Slow(dict):
        def get(self, *args):
            found = super().get(*args)
            time.sleep(0.02)
            return found

    client = make_client(RATE_REQUESTS="6")
    monkeypatch.setattr(client.application.extensions["eosdash.gate"], "_used", Slow())
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: ask(client.application.test_client()), range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 6 + [429] * 6


def test_a_refusal_says_what_and_when(make_client, clock):
    client = make_client(RATE_REQUESTS="1")
    ask(client)
    clock(20)
    answer = ask(client)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "40"
    error = strict(answer.data)["error"]
    assert error.keys() == {"field", "message", "allowed"}
    assert error["field"] == "address"
    assert "40 s" in error["allowed"]


def test_after_the_time_that_was_told_it_is_answered_again(make_client, clock):
    client = make_client(RATE_REQUESTS="2")
    assert codes(client, 3) == [200, 200, 429]
    clock(59)
    answer = ask(client)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    clock(1)
    assert codes(client, 3) == [200, 200, 429]


def test_a_page_is_counted_too(make_client, clock):
    client = make_client(RATE_REQUESTS="1")
    assert codes(client, 2, "/") == [200, 429]


@pytest.mark.parametrize("path", gate.ALWAYS)
def test_who_looks_after_the_server_is_always_answered(make_client, clock, path):
    client = make_client(RATE_REQUESTS="2")
    assert codes(client, 5, path) == [200] * 5
    assert codes(client, 3) == [200, 200, 429]  # and it was not counted
    assert codes(client, 2, path) == [200] * 2


def test_what_is_refused_begins_no_work(make_client, clock, no_work):
    client = make_client(RATE_REQUESTS="1")
    ask(client)
    assert ask(client, url(SHORT)).status_code == 429


# Addresses.


def test_one_address_does_not_affect_another(make_client, clock):
    client = make_client(RATE_REQUESTS="1")
    assert codes(client, 2, address="192.0.2.1") == [200, 429]
    assert codes(client, 2, address="192.0.2.2") == [200, 429]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_nobody_is_believed_who_says_that_it_is_somebody_else(make_client, clock, header):
    client = make_client(RATE_REQUESTS="1")
    found = [ask(client, **{header: f"198.51.100.{i}"}).status_code for i in range(3)]
    assert found == [200, 429, 429]


def test_a_proxy_that_is_known_is_believed_about_its_visitors(make_client, clock):
    client = make_client(RATE_REQUESTS="1", PROXIES="1")
    for address in ("198.51.100.1", "198.51.100.2"):
        found = [ask(client, **{"X-Forwarded-For": address}).status_code for _ in range(2)]
        assert found == [200, 429]


def test_no_more_is_believed_than_what_the_proxy_has_added(make_client, clock):
    client = make_client(RATE_REQUESTS="1", PROXIES="1")
    found = [
        ask(client, **{"X-Forwarded-For": f"203.0.113.{i}, 198.51.100.1"}).status_code
        for i in range(3)
    ]
    assert found == [200, 429, 429]


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2::", "2001:0db8:0001:0002"),
        ("2001:db8:1:3::", "2001:0db8:0001:0003"),
        ("::1", "0000:0000:0000:0000"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
        ("", ""),
        ("unix:", ""),
        ("192.0.2.1.5", ""),
    ],
)
def test_an_address_is_counted_as_what_a_visitor_is_given(address, counted_as):
    assert network(address) == counted_as


def test_neighbours_in_a_network_of_ipv6_are_one(make_client, clock):
    client = make_client(RATE_REQUESTS="1")
    found = [ask(client, address=f"2001:db8::{i}").status_code for i in range(1, 4)]
    assert found == [200, 429, 429]
    assert ask(client, address="2001:db8:0:1::1").status_code == 200


# Computing.

COST = train_seconds(TrainParams.make(**arguments(SHORT)))


def runs(client, number, since=0):
    """Answers to so many different runs, each of which costs a tenth of a second."""
    paths = [url(f"{SHORT}&target=1.{since + i + 1:03d}") for i in range(number)]
    return [ask(client, path) for path in paths]


def test_a_run_of_these_tests_costs_a_tenth_of_a_second():
    assert 0 < COST < 0.1


def test_so_much_computing_a_minute_is_done_and_no_more(make_client, clock, told):
    client = make_client(RATE_SECONDS="1")
    found = runs(client, 12)
    assert [answer.status_code for answer in found] == [200] * 10 + [429] * 2
    assert strict(found[-1].data)["error"]["field"] == "address"
    assert 1 <= int(found[-1].headers["Retry-After"]) <= 60
    assert told.count("100 begins") == 10
    clock(60)
    assert [answer.status_code for answer in runs(client, 2, since=10)] == [200] * 2


def test_what_is_in_the_cache_costs_nothing(make_client, clock):
    client = make_client(RATE_SECONDS="1")
    runs(client, 10)
    assert runs(client, 1, since=10)[0].status_code == 429
    assert all(cached(answer) for answer in runs(client, 10))
    assert ask(client).status_code == 200


def test_computing_of_one_address_does_not_affect_another(make_client, clock):
    client = make_client(RATE_SECONDS="1")
    runs(client, 11)
    path = url(f"{SHORT}&target=1.5")
    assert ask(client, path).status_code == 429
    assert ask(client, path, address="192.0.2.1").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        url(SHORT),
        f"/api/train.csv?{SHORT}",
        f"/api/train.npz?{SHORT}",
        "/api/basin?depth=2&resolution=16&steps=9",
        "/api/basin.npz?depth=2&resolution=16&steps=9",
        "/api/basin/run?depth=2&resolution=16&steps=9&x=0&y=0",
        "/api/basin/animation.npz?depth=2&resolution=16&steps=9",
        "/api/sweep?depth=2&columns=5&starts=1&steps=9",
        "/api/sweep.npz?depth=2&columns=5&starts=1&steps=9",
        "/api/theory?depth=2&starts=1&steps=9",
    ],
)
def test_whatever_computes_is_charged(make_client, clock, path):
    client = make_client(RATE_SECONDS="1")
    runs(client, 10)
    answer = ask(client, path)
    assert answer.status_code == 429
    assert strict(answer.data)["error"]["field"] == "address"


def test_a_deck_of_ones_own_is_charged(make_client, clock):
    client = make_client(RATE_SECONDS="1")
    deck = client.get("/api/deck.yaml").data
    given = {"data": deck, "environ_overrides": {"REMOTE_ADDR": "192.0.2.9"}}
    assert [client.post("/api/deck", **given).status_code for _ in range(2)] == [200, 429]


def test_what_costs_more_than_a_whole_minute_may_be_asked_for_once_in_one(make_client, clock):
    client = make_client(RATE_SECONDS="1")
    gates = client.application.extensions["eosdash.gate"]
    with client.application.test_request_context():
        gates.charge(1e9)
        with pytest.raises(Unavailable):
            gates.charge(0.01)
        clock(60)
        gates.charge(1e9)


def test_what_is_refused_leaves_the_others_something(make_client, clock):
    """What is too much is not counted: something smaller may still be computed."""
    client = make_client(RATE_SECONDS="10")
    gates = client.application.extensions["eosdash.gate"]
    with client.application.test_request_context():
        gates.charge(8)
        with pytest.raises(Unavailable):
            gates.charge(5)
        gates.charge(2)


def test_the_gate_needs_no_more_than_a_server():
    server = Flask(__name__)
    gate.register(server)
    server.add_url_rule("/", view_func=lambda: "well")
    assert server.test_client().get("/").data == b"well"
