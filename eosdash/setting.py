"""What assumptions are asked of, from a parameter set."""

from eosdash.assumptions import Setting
from eosdash.params import NetworkParams, TrainParams
from eosdash.runs import critical_lr_of, objective_of

PAST = ("measure_zero", "critical")
"""Claims of all learning rates beyond η_C."""


def setting_of(params: NetworkParams, claim: str = "") -> Setting:
    """The network, its loss and its steps, with η; for claims of all learning rates beyond η_C
    with that."""
    critical = critical_lr_of(params)
    lr = critical.value if critical and claim in PAST else params.lr
    constant = not (isinstance(params, TrainParams) and params.lr_schedule)
    return Setting(objective_of(params), lr, params.rule, constant)
