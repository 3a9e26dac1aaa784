"""Eigenvalues of the Hessian along random runs, against the whole Hessian and NumPy.

``python -m benchmarks.eigenvalues [SEED …] [--steps N]`` draws runs by each seed, measures them as
the app does, and at random steps of theirs, N for each seed, forms the Hessian column by column
and diagonalizes it. A row says of a family of networks how many of those steps counted as
converged, how far off their eigenvalues were at most, relative to the spectral norm, how many were
further off than promised, and how many lay outside the spectrum. The exit status is 1 if any did.
"""

import argparse
import sys
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from benchmarks.report import put
from eosdash.core.curvature.settled import point_sharpness
from eosdash.core.curvature.spectrum import SINGLE_LIMIT, Extremes, SpectrumTracker
from eosdash.core.descent.gradient_descent import Stretch, descend
from eosdash.core.networks.nonlinear import Loss, NonlinearObjective
from eosdash.core.types import Array
from eosdash.params import TrainParams
from eosdash.runs import is_generic, objective_of, start_of

Drawn = dict[str, Any]
Rng = np.random.Generator

PROMISED, SINGLE_PROMISED = 1e-6, 1e-5
ROUNDING = 1e-9
"""How far outside the spectrum, relative to its norm, rounding may put an eigenvalue."""

COMPARED = 20
"""Steps of a run that are compared, on average; a quarter of that where each takes a second."""

HOW = """Made by `python -m benchmarks.eigenvalues {seeds} --steps {steps}`: random runs, of which
random steps are compared with all eigenvalues (NumPy) of the Hessian, formed column by column.
Errors are relative to the spectral norm, the worst among the steps that count as converged; false
are those beyond 10⁻⁶, or 10⁻⁵ in single precision."""

NOTES = """- Widths and depths lie on both sides of every limit between whole Hessians and iterations. Runs last 40 to 600 steps at 0.1 to 1.15 times the edge, a quarter of them with heavy-ball momentum, two fifths with weight decay, with 1 to 5 of the largest eigenvalues, half of them with λ_min; every third whitened target has equal singular values, every third is rank-deficient.
- The last row: points that no other helps, on and off those runs, as maps and sweeps measure them (λ_max only)."""  # noqa: E501


@dataclass
class Tally:
    """What was found at the compared steps of a family."""

    steps: int = 0
    converged: int = 0
    sharpness: float = 0.0
    top: float = 0.0
    lowest: float = 0.0
    false: int = 0
    outside: int = 0

    def add(
        self, top: Array, lowest: float | None, told: bool, exact: Array, promised: float
    ) -> None:
        """Count a step: the k largest eigenvalues found, descending, λ_min, whether they count as
        converged, and all eigenvalues, ascending."""
        scale = max(float(np.abs(exact).max()), np.finfo(float).tiny)
        count = min(len(top), len(exact))
        found = np.append(top[:count], [] if lowest is None else lowest)
        room = scale * (ROUNDING if promised == PROMISED else promised)
        outside = (found > exact[-1] + room) | (found < exact[0] - room)
        self.steps += 1
        self.outside += bool(outside.any())
        if told:
            errors = np.abs(top[:count] - exact[::-1][:count]) / scale
            below = 0.0 if lowest is None else abs(lowest - exact[0]) / scale
            self.converged += 1
            self.sharpness = max(self.sharpness, float(errors[0]))
            self.top = max(self.top, float(errors.max()))
            self.lowest = max(self.lowest, below)
            self.false += not max(float(errors.max()), below) <= promised

    def join(self, other: "Tally") -> None:
        """Take in what another seed found."""
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            joined = mine + theirs if isinstance(mine, int) else max(mine, theirs)
            setattr(self, field.name, joined)

    def cells(self, name: str) -> tuple[str, ...]:
        """A line of the table."""
        errors = (f"{error:.0e}" if error else "–" for error in (self.sharpness, self.top))
        share = f"{self.converged:,}"
        below = f"{self.lowest:.0e}" if self.lowest else "–"
        return name, f"{self.steps:,}", share, *errors, below, str(self.false), str(self.outside)


COLUMNS = (
    "Runs", "Steps", "Converged", "λ_max off by", "k largest", "λ_min", "False", "Outside",
)  # fmt: skip


def widths(rng: Rng, layers: int, most: int) -> tuple[int, ...]:
    """One width for all or each its own, from 3; narrower in deeper networks."""
    most = max(4, int(most / max(1, layers - 1) ** 0.5))
    drawn = rng.integers(3, most + 1, layers)
    return tuple(int(width) for width in (drawn if rng.integers(2) else drawn[:1].repeat(layers)))


def whitened(rng: Rng) -> Drawn:
    d_in, d_out = (int(size) for size in rng.integers(1, 8, 2))
    values = np.round(rng.uniform(0.2, 1.6, min(d_in, d_out)), 3)
    match rng.integers(3):
        case 0:
            values[:] = values[0]
        case 1:
            values = values[: rng.integers(1, len(values) + 1)]
    return {
        "task": "whitened", "d_in": d_in, "d_out": d_out,
        "singular_values": tuple(sorted(values.tolist(), reverse=True)),
        "rotate": bool(rng.integers(2)), "data_seed": int(rng.integers(1000)),
        "hidden": widths(rng, int(rng.integers(1, 6)), 18),
    }  # fmt: skip


def regression(rng: Rng) -> Drawn:
    return {
        "task": "regression", "d_in": int(rng.integers(1, 9)), "d_out": int(rng.integers(1, 6)),
        "samples": int(rng.choice([3, 20, 100])), "noise": float(rng.choice([0.0, 0.3])),
        "condition": float(rng.choice([1.0, 5.0, 50.0])), "data_seed": int(rng.integers(1000)),
        "hidden": widths(rng, int(rng.integers(1, 5)), 24),
    }  # fmt: skip


def gaussian(rng: Rng) -> Drawn:
    fan_in = bool(rng.integers(3))
    scale = rng.uniform(0.3, 1.2) if fan_in else 10 ** rng.uniform(-2, -0.3)
    return {
        "init": "gaussian", "init_scaling": "fan_in" if fan_in else "none",
        "init_scale": float(scale), "seed": int(rng.integers(1000)),
    }  # fmt: skip


def balanced(rng: Rng) -> Drawn:
    return {"init": "balanced", "init_scale": float(10 ** rng.uniform(-1.5, 0.1))}


def uniform(rng: Rng) -> Drawn:
    scale = float(rng.uniform(0.5, 2))
    return {"init": "uniform", "init_scale": scale, "seed": int(rng.integers(1000))}


def nonlinear(rng: Rng, tasks: Sequence[str], loss: str) -> Drawn:
    start = gaussian(rng) if rng.integers(2) else uniform(rng)
    return start | {
        "task": str(rng.choice(tasks)), "loss": loss,
        "activation": str(rng.choice(["tanh", "relu", "gelu", "softplus"])),
        "hidden": widths(rng, int(rng.choice([1, 2, 2, 3])), 24),
        "samples": int(rng.integers(8, 60)), "data_seed": int(rng.integers(1000)),
        "degree": int(rng.integers(1, 8)), "biases": bool(rng.integers(4)),
    }  # fmt: skip


def mirrored(rng: Rng) -> Drawn:
    odd = {"activation": "tanh", "degree": int(rng.choice([1, 3, 5])), "biases": True}
    return nonlinear(rng, ["chebyshev"], "squared") | gaussian(rng) | odd


def large(rng: Rng) -> Drawn:
    loss = str(rng.choice(["squared", "cross_entropy"]))
    hidden = tuple(int(width) for width in rng.integers(15, 20, 2))
    return nonlinear(rng, ["spirals", "moons"], loss) | {"hidden": hidden, "samples": 2000}


@dataclass(frozen=True)
class Family:
    """Random runs of one kind, and their share of all steps; ``points`` if they only give points
    to be measured one by one."""

    name: str
    draw: Callable[[Rng], Drawn]
    share: float
    points: bool = False


def anything(rng: Rng) -> Drawn:
    return FAMILIES[rng.integers(7)].draw(rng)


FAMILIES = (
    Family("linear, whitened data", lambda rng: whitened(rng) | gaussian(rng), 0.2),
    Family("the same, balanced start", lambda rng: whitened(rng) | balanced(rng), 0.13),
    Family("linear, regression", lambda rng: regression(rng) | gaussian(rng), 0.15),
    Family("the same, balanced start", lambda rng: regression(rng) | balanced(rng), 0.09),
    Family("squared loss", lambda rng: nonlinear(rng, ["chebyshev", "toy"], "squared"), 0.17),
    Family("cross-entropy", lambda rng: nonlinear(rng, ["spirals", "moons"], "cross_entropy"), 0.1),
    Family("tanh, mirrored data and start", mirrored, 0.08),
    Family("2,000 samples, single precision", large, 0.01),
    Family("points of all but the last kind", anything, 0.07, points=True),
)


def edge_of(objective: Loss, start: Array) -> float:
    """2 / S with S about the largest sharpness of a quiet run."""
    scale = float(np.abs(np.linalg.eigvalsh(objective.hessian(start))).max())
    if not isinstance(objective, NonlinearObjective):
        depth = objective.network.depth
        end = depth * np.linalg.norm(objective.solution, 2) ** (2 - 2 / depth)
        scale = max(scale, float(end * np.linalg.norm(objective.covariance, 2)))
    return 2 / max(scale, 0.1)


def drawn(family: Family, rng: Rng) -> tuple[TrainParams, Loss, Array]:
    """A run of the family: its parameters, loss and start."""
    chosen = family.draw(rng) | {
        "weight_decay": float(rng.choice([0.0, 0.0, 0.0, 1e-3, 0.05])),
        "eigenvalues": int(rng.choice([1, 1, 1, 2, 3, 5])),
        "steps": int(rng.choice([40, 150, 300, 600])),
        "optimizer": str(rng.choice(["gradient_descent"] * 3 + ["heavy_ball"])),
        "momentum": 0.8,
    }
    params = TrainParams.make(**chosen)
    objective = objective_of(params)
    start = start_of(params, objective)
    lr = float(np.round(rng.uniform(0.1, 1.15) * edge_of(objective, start), 6))
    return params.model_copy(update={"lr": lr}), objective, start


def follow(params: TrainParams, objective: Loss, start: Array, rng: Rng, tally: Tally) -> None:
    """Measure a run, and compare some of its steps."""
    generic = is_generic(params, objective, start)
    single = getattr(objective, "samples", 0) * objective.network.parameters > SINGLE_LIMIT
    lowest = not single and bool(rng.integers(2))
    tracker = SpectrumTracker(objective, params.eigenvalues, generic, lowest)
    share = COMPARED / params.steps * (0.25 if single else 1)
    promised = SINGLE_PROMISED if single else PROMISED
    for part in descend(objective, start, params.lr, params.steps, (), params.rule):
        if isinstance(part, Stretch):
            extremes: Extremes = tracker(part.path)
            for i in np.flatnonzero(rng.random(len(part.path)) < share):
                exact = np.linalg.eigvalsh(objective.hessian(part.path[i]))
                low = None if extremes.lowest is None else float(extremes.lowest[i])
                tally.add(extremes.top[i], low, bool(extremes.converged[i]), exact, promised)


def scatter(params: TrainParams, objective: Loss, start: Array, rng: Rng, tally: Tally) -> None:
    """Measure points on and off a run one by one, as maps do."""
    run = descend(objective, start, params.lr, params.steps, (), params.rule)
    path = np.concatenate([part.path for part in run if isinstance(part, Stretch)])
    spread = np.linalg.norm(path[-1]) / np.sqrt(path.shape[1])
    off = path[-1] + 0.2 * spread * rng.standard_normal((4, path.shape[1]))
    points = np.concatenate([path[rng.integers(len(path), size=6)], path[-2:], off])
    found = point_sharpness(objective, np.ascontiguousarray(points.T))
    for value, point in zip(found, points, strict=True):
        exact = np.linalg.eigvalsh(objective.hessian(point))
        tally.add(np.array([value]), None, bool(np.isfinite(value)), exact, PROMISED)


def examine(family: Family, place: int, seed: int, steps: float) -> Tally:
    """Runs of a family until so many steps are compared."""
    rng = np.random.default_rng([seed, place, zlib.crc32(family.name.encode())])
    tally = Tally()
    while tally.steps < steps:
        compare = scatter if family.points else follow
        compare(*drawn(family, rng), rng, tally)
    return tally


def main() -> int:
    """Exit status: 0 when nothing was false or outside."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eigenvalues")
    parser.add_argument("seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--steps", type=int, default=10_000, help="of each seed")
    parser.add_argument("--write", action="store_true", help="put the table into BENCHMARKS.md")
    asked = parser.parse_args()
    lines, total = [COLUMNS, ("---",) * len(COLUMNS)], Tally()
    for place, family in enumerate(FAMILIES):
        tally = Tally()
        for seed in asked.seeds:
            tally.join(examine(family, place, seed, family.share * asked.steps))
        lines.append(tally.cells(family.name))
        print(" | ".join(lines[-1]), flush=True)
        total.join(tally)
    lines.append(total.cells("all"))
    print(" | ".join(lines[-1]), flush=True)
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    how = HOW.format(seeds=" ".join(map(str, asked.seeds)), steps=asked.steps)
    if asked.write:
        put("Eigenvalues", f"{how}\n\n{table}\n\n{NOTES}")
    return int(total.false > 0 or total.outside > 0)


if __name__ == "__main__":
    sys.exit(main())
