"""Whether a client is still there, told by its connection."""

import socket

import pytest

from eosdash.service.presence import gone_of


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_who_waits_is_there_whether_or_not_more_was_sent(ends):
    ours, theirs = ends
    gone = gone_of({"gunicorn.socket": ours})
    assert not gone()
    theirs.send(b"GET / HTTP/1.1")
    assert not gone()
    assert ours.recv(3) == b"GET", "nothing was taken"


def test_who_has_left_is_gone_at_once(ends):
    ours, theirs = ends
    theirs.close()
    assert gone_of({"gunicorn.socket": ours})()


def test_a_connection_that_is_closed_is_gone(ends):
    ours, _ = ends
    gone = gone_of({"gunicorn.socket": ours})
    ours.close()
    assert gone()


def test_a_server_that_tells_is_believed_and_of_others_nothing_is_known():
    assert gone_of({"waitress.client_disconnected": lambda: True})()
    assert not gone_of({})()
