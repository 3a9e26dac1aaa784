"""Whether what is said of a run stays true when the run goes on.

Random settings are run for 300, 1,500 and 6,000 steps, and for 60,000. A label other than
undecided that is another one in the end was wrong; that is counted by label. Run with

    python -m benchmarks.labels [--settings 2000] [--seed 0] [--jobs 2]
"""

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from eosdash.core.descent.gradient_descent import Ending, descend
from eosdash.fields import ParameterError
from eosdash.params import TrainParams
from eosdash.reference import reference_of
from eosdash.runs import objective_of, start_of

BUDGETS = (300, 1_500, 6_000)
LONG = 60_000
FINAL = ("minimum", "saddle", "periodic", "diverged")
LABELS = (*FINAL, "bounded", "undecided")

Label = tuple[str, int | None]


class Followed(NamedTuple):
    """A setting, its labels at each of the budgets, and the one in the end."""

    params: TrainParams
    labels: list[Label]
    last: Label


def random_setting(seed: int) -> TrainParams:
    """Parameters of a run: any network, scale, learning rate up to 3 η_C, decay and momentum."""
    rng = np.random.default_rng(seed)
    while True:
        try:
            return TrainParams.make(**_drawn(rng))
        except ParameterError:
            continue


def _drawn(rng: np.random.Generator) -> dict[str, Any]:
    family = rng.choice(
        ["chain", "chain", "near", "whitened", "hidden", "regression", "smooth", "kinked"]
    )
    chosen: dict[str, Any] = {"seed": int(rng.integers(1000)), "steps": 10, "init_scaling": "none"}
    chosen |= {
        "chain": _chain,
        "near": _near,
        "whitened": _whitened,
        "hidden": _hidden,
        "regression": _regression,
        "smooth": partial(_nonlinear, activations=("tanh", "gelu", "softplus")),
        "kinked": partial(_nonlinear, activations=("relu",)),
    }[family](rng)
    chosen["init_scale"] = float(10 ** rng.uniform(-0.6, 0.4))
    if rng.random() < 0.2:
        chosen["init_scale"] = float(10 ** rng.uniform(-6, 0.7))
    if rng.random() < 0.2:
        chosen["weight_decay"] = float(10 ** rng.uniform(-3, 0))
    if rng.random() < 0.2:
        chosen["optimizer"] = str(rng.choice(["heavy_ball", "nesterov"]))
        chosen["momentum"] = float(rng.uniform(0.1, 0.95))
    share = rng.uniform(0.05, 3.0) if rng.random() < 0.85 else 10 ** rng.uniform(-8, 0)
    unit = reference_of(TrainParams.make(**chosen)).value
    return chosen | {"lr": float(min(100.0, share * (unit if np.isfinite(unit) else 1.0)))}


def _chain(rng: np.random.Generator) -> dict[str, Any]:
    target = 0.0 if rng.random() < 0.1 else float(rng.uniform(-2, 2))
    depth = int(rng.integers(1, 7))
    return {"task": "scalar", "depth": depth, "width": 1, "target": target}


def _near(rng: np.random.Generator) -> dict[str, Any]:
    """A chain that starts beside a minimum or a saddle, or on their symmetries."""
    depth, target = int(rng.integers(2, 5)), float(rng.uniform(0.3, 2))
    scale = rng.uniform(0.5, 1.5, depth) if rng.random() < 0.5 else np.ones(depth)
    weights = scale * (target / scale.prod()) ** (1 / depth)
    if rng.random() < 0.3:
        weights *= rng.choice([0.0, -1.0, 0.7])
    if rng.random() < 0.3:
        weights[0] *= -1.0
    if rng.random() < 0.8:
        weights += 10 ** rng.uniform(-15, -1) * rng.standard_normal(depth)
    fixed = {"init": "weights", "weights": weights.tolist()}
    return {"task": "scalar", "depth": depth, "width": 1, "target": target} | fixed


def _hidden(rng: np.random.Generator) -> dict[str, Any]:
    """A network of two directions, of which the second has hardly begun to be learned."""
    depth = int(rng.integers(2, 5))
    first, second = rng.uniform(0.3, 1.3, depth), 10 ** rng.uniform(-12, -0.5) * np.ones(depth)
    weights = np.stack([first, 0 * first, 0 * first, second], axis=1).ravel().tolist()
    shape = {"depth": depth, "width": 2, "d_in": 2, "d_out": 2}
    values = [1.0, float(rng.uniform(0.1, 1.0))]
    fixed = {"init": "weights", "weights": weights}
    return {"task": "whitened", "singular_values": values} | shape | fixed


def _whitened(rng: np.random.Generator) -> dict[str, Any]:
    ends = rng.integers(1, 4, 2).tolist()
    values = np.round(rng.uniform(0, 1.5, min(ends)), 2) * (rng.random(min(ends)) > 0.15)
    return {
        "task": "whitened",
        "depth": int(rng.integers(1, 5)),
        "width": int(rng.integers(1, 5)),
        "d_in": ends[0],
        "d_out": ends[1],
        "singular_values": sorted(values.tolist(), reverse=True),
        "rotate": bool(rng.random() < 0.5),
        "data_seed": int(rng.integers(100)),
    }


def _regression(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "task": "regression",
        "depth": int(rng.integers(1, 5)),
        "width": int(rng.integers(1, 6)),
        "d_in": int(rng.integers(1, 5)),
        "d_out": int(rng.integers(1, 4)),
        "samples": int(rng.integers(2, 30)),
        "noise": float(rng.choice([0.0, 0.3])),
        "condition": float(10 ** rng.uniform(0, 2)),
        "data_seed": int(rng.integers(100)),
    }


def _nonlinear(rng: np.random.Generator, activations: tuple[str, ...]) -> dict[str, Any]:
    classes = rng.random() < 0.3
    return {
        "task": str(rng.choice(["moons", "spirals"] if classes else ["chebyshev", "toy"])),
        "loss": str(rng.choice(["squared", "cross_entropy"])) if classes else "squared",
        "activation": str(rng.choice(activations)),
        "depth": int(rng.integers(1, 4)),
        "width": int(rng.integers(1, 7)),
        "samples": int(rng.integers(4, 16)),
        "init_scaling": "fan_in",
        "data_seed": int(rng.integers(100)),
    }


def follow(seed: int, long: int = LONG) -> Followed:
    """The labels of one random setting."""
    params = random_setting(seed)
    objective = objective_of(params)
    start = start_of(params, objective)

    def label(steps: int) -> Label:
        for part in descend(objective, start, params.lr, steps, (), params.rule):
            if isinstance(part, Ending):
                return str(part.outcome), part.period
        raise AssertionError("a run without an end")

    labels = [label(steps) for steps in BUDGETS]
    # What has arrived stays, and nothing can be wrong where nothing is said.
    said = {name for name, _ in labels} - {"undecided"}
    over = not said or labels[-1][0] in ("minimum", "diverged")
    return Followed(params, labels, labels[-1] if over else label(long))


def changed(followed: Followed) -> list[tuple[int, Label]]:
    """The budgets at which the label was another one than in the end, and none was due."""
    return [
        (budget, label)
        for budget, label in zip(BUDGETS, followed.labels, strict=True)
        if label[0] != "undecided" and label != followed.last
    ]


def main() -> None:
    """Print how many labels changed, and the share that is undecided, for each budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    first = 1_000_000 * asked.seed
    counts: Counter[tuple[int, str]] = Counter()
    wrong: Counter[tuple[int, str]] = Counter()
    seeds = range(first, first + asked.settings)
    with ProcessPoolExecutor(asked.jobs) as pool:
        for seed, one in zip(seeds, pool.map(follow, seeds, chunksize=4), strict=True):
            for budget, label in zip(BUDGETS, one.labels, strict=True):
                counts[budget, label[0]] += 1
            for budget, label in changed(one):
                wrong[budget, label[0]] += 1
                words = f"{label} at {budget}, {one.last} at {LONG}"
                print(f"setting {seed}: {words}: {one.params.call()}", flush=True)
    print(f"| Steps | {' | '.join(LABELS)} |\n| --- |{' --- |' * len(LABELS)}")
    for budget in BUDGETS:
        row = [f"{counts[budget, name]} ({wrong[budget, name]} changed)" for name in LABELS[:-1]]
        share = counts[budget, "undecided"] / asked.settings
        print(f"| {budget:,} | {' | '.join(row)} | {share:.1%} |")


if __name__ == "__main__":
    main()
