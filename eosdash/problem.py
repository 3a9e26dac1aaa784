"""From a parameter set to what is computed: the data, the loss and the start."""

from typing import TYPE_CHECKING

import numpy as np

from eosdash.core.networks import data, initialization, tasks
from eosdash.core.networks.data import Samples
from eosdash.core.networks.linear import LinearNetwork, Objective
from eosdash.core.networks.nonlinear import Loss
from eosdash.core.types import Array
from eosdash.fields import ParameterError

if TYPE_CHECKING:  # parameter sets ask here for what suits them
    from eosdash.params import NetworkParams


def samples_of(params: "NetworkParams") -> Samples:
    """The data of a parameter set, one column a sample."""
    n, seed = params.samples, params.data_seed
    match params.task:
        case "regression":
            ends = params.d_in, params.d_out
            return tasks.regression_samples(*ends, n, params.noise, params.condition, seed)
        case "chebyshev":
            return data.chebyshev(params.degree, n)
        case "toy":
            return data.toy_regression(n, seed)
        case "spirals":
            return data.spirals(n, params.noise, seed)
        case "moons":
            return data.moons(n, params.noise, seed)
        case "digits":
            return data.digits(n, seed)
        case "csv":
            return data.table(params.data, params.sizes[-1] if params.has_logits else None)
        case _:
            return tasks.map_samples(_map_of(params))


def _map_of(params: "NetworkParams") -> Array:
    """The matrix that a scalar or whitened task asks for."""
    if params.task == "scalar":
        return np.array([[params.target]])
    return tasks.teacher_of(
        params.d_in, params.d_out, params.singular_values, params.rotate, params.data_seed
    )


def objective_of(params: "NetworkParams") -> Loss:
    """The network and the loss that a parameter set describes."""
    network = params.network
    if isinstance(network, LinearNetwork):
        return linear_objective_of(params)
    name = "cross_entropy" if params.has_logits else "squared"
    return tasks.samples_objective(network, samples_of(params), name, params.weight_decay)


def linear_objective_of(params: "NetworkParams") -> Objective:
    """The same of a linear network.

    Raises:
        ParameterError: if the network of the parameter set is not linear.
    """
    if not params.is_linear:
        raise ParameterError("activation", "this holds for linear networks only", "linear")
    decay = params.weight_decay
    if params.task == "scalar":
        return tasks.scalar_objective(params.sizes, params.target, decay)
    if params.task == "whitened":
        return tasks.whitened_objective(
            params.sizes, params.singular_values, params.rotate, params.data_seed, decay
        )
    return tasks.least_squares_objective(params.sizes, samples_of(params), decay)


def start_of(params: "NetworkParams", objective: Loss) -> Array:
    """The initial weights (P,) that a parameter set describes."""
    network, scale = objective.network, params.init_scale
    if params.init == "weights":
        return initialization.explicit(network, params.weights)
    if isinstance(objective, Objective) and params.init == "balanced":
        return initialization.balanced(objective, scale)
    if params.init == "uniform":
        return initialization.uniform(network, scale, params.seed)
    return initialization.gaussian(network, scale, params.seed, params.init_scaling == "fan_in")
