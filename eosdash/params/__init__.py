"""The parameter sets: one definition from which everything else derives.

The controls on the page, the query of the HTTP API, the address bar, the keyword arguments of
the Python API and the cache key are all read off these classes.
"""

from eosdash.params.basin import BasinParams
from eosdash.params.explain import ExplainParams
from eosdash.params.network import NetworkParams
from eosdash.params.pages import PAGES, Frame, Page
from eosdash.params.sweep import SweepParams
from eosdash.params.theory import TheoryParams
from eosdash.params.train import TrainParams
from eosdash.params.view import BasinView, RunView, TheoryView

__all__ = [
    "PAGES",
    "BasinParams",
    "BasinView",
    "ExplainParams",
    "Frame",
    "NetworkParams",
    "Page",
    "RunView",
    "SweepParams",
    "TheoryParams",
    "TheoryView",
    "TrainParams",
]
