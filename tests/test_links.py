"""Links that were written while other defaults held open the state that they were written for."""

from urllib.parse import parse_qsl

import pytest

from eosdash.params import BasinParams, ExplainParams, SweepParams, TheoryParams, TrainParams
from tests.conftest import ROOT

LINKS = (ROOT / "tests" / "links.txt").read_text().splitlines()
"""Links of the app as of version 0.1.0: the kind and the query."""

KINDS = {
    cls.kind: cls for cls in (TrainParams, ExplainParams, BasinParams, SweepParams, TheoryParams)
}
UNSAID = {"init_scale": "1", "init_scaling": "none", "seed": "0"}
"""What the theory drew its random points with where its links did not say so."""


@pytest.mark.parametrize("link", LINKS)
def test_a_link_opens_the_state_that_it_was_written_for(link):
    kind, _, query = link.partition("?")
    given = dict(parse_qsl(query))
    found = KINDS[kind].make(**given).query()
    unsaid = UNSAID if kind == "theory" and given["init"] != "gaussian" else {}
    assert found == unsaid | given


def test_there_are_links_of_every_kind():
    assert {link.partition("?")[0] for link in LINKS} == set(KINDS)


def test_the_chain_that_is_there_before_anything_is_said_is_the_one_of_before():
    kind, _, query = LINKS[0].partition("?")
    assert kind == "train"
    assert TrainParams.make().query() == dict(parse_qsl(query))
