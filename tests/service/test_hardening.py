"""What a host may get wrong, or somebody with access to the cache may do."""

import pytest

from eosdash.core.descent.course import course_of
from eosdash.core.descent.critical_points import CriticalPoint
from eosdash.core.descent.gradient_descent import Ending
from eosdash.core.outcome import Outcome
from eosdash.marks import unmarked
from eosdash.params import TrainParams
from eosdash.runs import train_run
from eosdash.server import create_app
from eosdash.words import outcome_words


def test_an_entry_in_the_place_of_another_is_not_served(tmp_path, monkeypatch):
    monkeypatch.setenv("EOSDASH_CACHE_DIR", str(tmp_path))
    client = create_app().server.test_client()
    queries = ["/api/train?lr=0.1&steps=20", "/api/train?lr=0.2&steps=20"]
    first, second = (client.get(query).data for query in queries)
    files = sorted((path for path in tmp_path.iterdir()), key=lambda path: path.stat().st_size)[-2:]
    content = [path.read_bytes() for path in files]
    files[0].write_bytes(content[1])
    files[1].write_bytes(content[0])
    assert [client.get(query).data for query in queries] == [first, second]


def test_a_limit_that_is_no_number_stops_the_start(monkeypatch):
    monkeypatch.setenv("EOSDASH_LIMIT_SECONDS", "soon")
    with pytest.raises(ValueError, match="EOSDASH_LIMIT_SECONDS"):
        create_app()


def test_a_start_on_a_minimum_that_is_too_sharp_is_not_said_to_settle():
    run = train_run(TrainParams.make(weights=(1, 1, 1, 1), lr=0.6))
    kind = CriticalPoint(run.critical_point)
    ending = Ending(Outcome(run.outcome), run.step, None, None, run.weights, kind)
    words = unmarked(outcome_words(ending, course_of(run.loss, run.sharpness, 2 / run.lr, ending)))
    assert "too sharp to be stable" in words
    assert "settles" not in words
