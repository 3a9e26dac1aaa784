"""The central flow against gradient descent on the reference network, the whole edge phase.

    python -m benchmarks.central_flow [seed] [steps] [parts]

tanh 1-30-20-1, T_6 on 20 points, η = 0.2. Prints medians of the sharpness from the step on at which
the central flow first reaches 2/η, mean losses, variances, distances, and times.
"""

import sys
import time
from itertools import pairwise

import numpy as np

from eosdash.core.curvature.spectrum import SpectrumTracker
from eosdash.core.flows.central_flow import CentralChunk, central_flow
from eosdash.core.flows.smoothing import Oscillations
from eosdash.core.networks.nonlinear import NonlinearNetwork, NonlinearObjective

LR = 0.2


def reference() -> NonlinearObjective:
    inputs = np.linspace(-1, 1, 20)[None]
    outputs = np.polynomial.chebyshev.chebval(inputs, [0] * 6 + [1])
    return NonlinearObjective(NonlinearNetwork((1, 30, 20, 1)), inputs, outputs)


def main(seed: int = 0, steps: int = 6000, parts: int = 1) -> None:
    objective = reference()
    rng = np.random.default_rng(seed)
    layers = [rng.standard_normal(shape) / shape[1] ** 0.5 for shape in objective.network.shapes]
    path = [objective.network.flat(layers)]
    for _ in range(steps):
        path.append(path[-1] - LR * objective.gradient(path[-1]))
    run = np.array(path)
    begun = time.perf_counter()
    *chunks, ending = central_flow(objective, run[0], np.full(steps, LR), parts=parts)
    took = time.perf_counter() - begun
    flow = {
        name: np.concatenate([getattr(c, name) for c in chunks if isinstance(c, CentralChunk)])
        for name in ("path", "sharpness", "mean_loss", "total_variance", "rank", "converged")
    }
    edge = int(np.argmax(flow["sharpness"] > 0.999 * 2 / LR))
    seen = Oscillations(objective, 3, flow["path"])(0, run)
    sharpness = SpectrumTracker(objective, lowest=False)(run[edge:steps]).top[:, 0]
    loss = objective.loss(run[edge:steps])
    distance = seen.distance if seen.distance is not None else np.empty(0)
    print(f"seed {seed}, {ending}, {1e3 * took / steps:.2f} ms a step, edge from step {edge}")
    print(f"all converged: {flow['converged'].all()}, ranks: {np.bincount(flow['rank'])}")
    central = np.median(flow["sharpness"][edge:])
    print(f"median sharpness: central flow {central:.4f}, descent {np.median(sharpness):.4f}")
    print(f"distance travelled {np.linalg.norm(run[-1] - run[0]):.2f}; between the paths: median")
    print(f"  {np.nanmedian(distance[edge:]):.3f}, largest {np.nanmax(distance[edge:]):.3f}")
    cuts = np.linspace(edge, steps - 2, 7, dtype=int)
    for first, last in pairwise(cuts):
        some = slice(first, last)
        part = slice(some.start - edge, some.stop - edge)
        told, found = np.mean(flow["mean_loss"][some]), np.mean(loss[part])
        variance, square = np.mean(flow["total_variance"][some]), np.mean(seen.square[some])
        print(
            f"  steps {some.start}–{some.stop}: mean loss {told:.5f} told, {found:.5f} found; "
            f"variance {variance:.2e} told, {square:.2e} found"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
