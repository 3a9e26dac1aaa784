"""What an answer says of itself: where it comes from, how long it may be kept, what it is."""

import pytest

from eosdash.fields import MATH_VERSION
from eosdash.params import TrainParams
from eosdash.service.api import FOREVER, LIVE
from tests.service.helpers import NEVER_ENDING, SHORT, arguments, cached, open_stream, streamed, url

PATHS = {
    "run": url(SHORT),
    "map": "/api/basin?depth=2&lr=0.9&resolution=16&steps=40",
    "sweep": "/api/sweep?depth=2&columns=5&starts=1&steps=9",
    "theory": "/api/theory?depth=2&starts=1&steps=9",
}
SELECTED = "/api/basin/run?depth=2&lr=0.9&resolution=16&steps=60&x=0.5&y=0.3"

each_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)


@pytest.fixture
def fresh(make_client):
    return make_client()


def read(client, path, **headers):
    answer = client.get(path, headers={n.replace("_", "-"): v for n, v in headers.items()})
    answer.get_data()
    return answer


# Where it comes from.


@each_path
def test_an_answer_tells_whether_it_was_computed_or_kept(fresh, path):
    first, second = read(fresh, path), read(fresh, path)
    assert first.headers["Cache-Status"] == "eosdash; fwd=miss"
    assert second.headers["Cache-Status"] == "eosdash; hit"


def test_an_answer_tells_that_it_follows_another(fresh, monkeypatch):
    first = fresh.get(url(NEVER_ENDING + "500"))
    second = fresh.get(url(NEVER_ENDING + "500"))
    assert second.headers["Cache-Status"] == "eosdash; fwd=miss; collapsed"
    assert first.data == second.data


def test_an_answer_tells_that_nothing_is_kept(make_client, tmp_path):
    (tmp_path / "file").touch()
    client = make_client(CACHE_DIR=str(tmp_path / "file" / "cache"))
    assert read(client, url(SHORT)).headers["Cache-Status"] == "eosdash; fwd=miss; detail=degraded"


# How long it may be kept.


@each_path
def test_what_is_being_computed_is_kept_by_nobody(fresh, path):
    answer = read(fresh, path)
    assert answer.headers["Cache-Control"] == LIVE == "no-store, no-transform"
    assert "ETag" not in answer.headers
    assert answer.content_length is None


@each_path
def test_what_is_finished_is_asked_for_again_each_time(fresh, path):
    body = b"".join(
        line
        for line in read(fresh, path).data.splitlines(keepends=True)
        if b'"progress"' not in line
    )
    answer = read(fresh, path)
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert answer.content_length == len(body)
    assert answer.data == body


def test_what_names_its_version_may_be_kept_for_good(fresh):
    read(fresh, url(SHORT))
    answer = read(fresh, url(f"{SHORT}&v={MATH_VERSION}"))
    assert cached(answer)
    assert answer.headers["Cache-Control"] == FOREVER == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("version", ["", "0", MATH_VERSION + "0", f"{MATH_VERSION},"])
def test_another_version_may_not(fresh, version):
    read(fresh, url(SHORT))
    answer = read(fresh, url(f"{SHORT}&v={version}"))
    assert answer.headers["Cache-Control"] == "public, no-cache"


def test_a_version_does_not_make_what_is_being_computed_last(fresh):
    answer = read(fresh, url(f"{SHORT}&v={MATH_VERSION}"))
    assert answer.headers["Cache-Control"] == LIVE


@pytest.mark.parametrize("more", [f"&v={MATH_VERSION}", ""])
def test_a_part_and_what_is_refused_are_kept_by_nobody(fresh, more):
    read(fresh, url(SHORT))
    part = read(fresh, url(f"{SHORT}&row=1{more}"))
    assert part.headers["Cache-Control"] == LIVE
    assert "ETag" not in part.headers
    refused = read(fresh, url(f"{SHORT}&lr=-1{more}"))
    assert refused.status_code == 422
    assert "ETag" not in refused.headers
    assert "immutable" not in refused.headers.get("Cache-Control", "")


def test_the_run_of_a_selected_start_has_a_line_that_is_not_kept(fresh):
    for _ in range(2):
        answer = read(fresh, SELECTED, If_None_Match="*")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == LIVE
        assert "ETag" not in answer.headers
    assert answer.headers["Cache-Status"] == "eosdash; hit"


# How it is known.


def test_the_tag_follows_from_what_is_computed(fresh):
    for path in (*PATHS.values(), f"{url(SHORT)}&target=1.5"):
        read(fresh, path)
    tags = {path: read(fresh, path).headers["ETag"] for path in (*PATHS.values(),)}
    assert len(set(tags.values())) == len(tags)
    written_otherwise = "steps=100.0&lr=.4690&weights=1.38,0.590,43e-2,1.14&init=weights"
    assert read(fresh, url(written_otherwise)).headers["ETag"] == tags[url(SHORT)]
    assert read(fresh, f"{url(SHORT)}&target=1.5").headers["ETag"] not in tags.values()
    assert all(MATH_VERSION in tag for tag in tags.values())


@each_path
def test_who_has_it_is_told_so(fresh, path):
    read(fresh, path)
    tag = read(fresh, path).headers["ETag"]
    for given in (tag, f'"other", {tag}', f"W/{tag}"):  # weak once it was compressed on its way
        answer = read(fresh, path, If_None_Match=given)
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == tag
        assert answer.headers["Cache-Control"] == "public, no-cache"
    versioned = read(fresh, f"{path}&v={MATH_VERSION}", If_None_Match=tag)
    assert (versioned.status_code, versioned.headers["Cache-Control"]) == (304, FOREVER)
    assert read(fresh, path, If_None_Match='"other"').status_code == 200


def test_who_has_it_is_told_so_before_anything_is_computed(make_client, tmp_path, no_work):
    tag = f'"{tag_of(SHORT)}"'
    assert make_client().get(url(SHORT), headers={"If-None-Match": tag}).status_code == 304


def tag_of(query):
    return f"{MATH_VERSION}-{TrainParams.make(**arguments(query)).key()[:32]}"


def test_who_has_it_is_not_told_so_about_a_part(fresh):
    answer = read(fresh, url(f"{SHORT}&row=1"), If_None_Match=f'"{tag_of(SHORT)}"')
    assert answer.status_code == 200
    assert answer.data


def test_what_is_wrong_is_refused_whatever_one_has(fresh):
    answer = read(fresh, url(f"{SHORT}&eigenvalues=0"), If_None_Match=f'"{tag_of(SHORT)}"')
    assert answer.status_code == 422


def test_a_tag_is_of_this_version_of_the_mathematics(fresh, monkeypatch):
    read(fresh, url(SHORT))
    tag = read(fresh, url(SHORT)).headers["ETag"]
    for place in ("eosdash.fields.MATH_VERSION", "eosdash.service.api.MATH_VERSION"):
        monkeypatch.setattr(place, "999")
    answer = read(fresh, url(SHORT), If_None_Match=tag)
    assert answer.status_code == 200
    assert not cached(answer)


def test_the_real_server_says_the_same(live_server):
    query = f"{SHORT}&target=1.25"
    with open_stream(live_server, query) as first:
        body = first.read()
        assert first.getheader("Cache-Control") == LIVE
    with open_stream(live_server, query) as second:
        assert second.read() == body
        tag, length = second.getheader("ETag"), second.getheader("Content-Length")
    assert int(length) == len(body)
    with open_stream(live_server, query, **{"If-None-Match": tag}) as third:
        assert (third.status, third.read()) == (304, b"")


def test_a_stream_that_is_read_in_pieces_has_the_same_rows(fresh):
    first = list(streamed(fresh.get(url(SHORT))))
    assert list(streamed(fresh.get(url(SHORT)))) == first
