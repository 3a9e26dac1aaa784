"""Runs every row, prints it, and writes BENCHMARKS.md."""

import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks import answers, browser, maps, nonlinear, training
from benchmarks.report import PAGE, Row, machine, versions, write

HOW = """Made by `make bench`, which needs PyTorch, JAX, Numba and a browser; the app needs none.
Baseline and eosdash take turns in one process, with one thread each, and their answers
are compared before their times: a wrong answer fails the run.

Measured on {machine} with {versions}."""

NOTES = (
    f"Training: the baseline is PyTorch autograd with `scipy.sparse.linalg.eigsh` as it comes, or "
    "tuned (from the last eigenvector, tol = 1e-4), double precision, for λ_max "
    "only. eosdash computes λ_max, the singular values and all else that the page shows. "
    f"Best of {training.CASES[0].repetitions} turns each.",
    "Networks that are not linear: the same baseline, for λ_max only; of digits eosdash measures "
    "λ_max only, too. Two runs part at the edge by rounding, so the baseline takes every step from "
    "the point that eosdash has reached.",
    "Maps: outcomes and steps of all pixels from the same starts, on both cores where a side uses "
    "them; the plain loop and JAX take every pixel to the end, the compiled kernel (Numba) and "
    f"eosdash stop each when it has arrived. Best of {maps.REPETITIONS} turns each.",
    "Sweeps and theory: the server's own time with nothing in its cache, medians over "
    f"{answers.TURNS} turns.",
    "Browser: Chromium and gunicorn on the same machine. A key press moves the learning rate to a "
    f"value that is in no cache; medians over {browser.VALUES} values, and over {browser.VISITS} "
    "first visits. Times are taken in the page, up to the frame after the one drawn.",
)


def measurements() -> Iterator[Callable[[], list[Row]]]:
    for case in training.CASES:
        yield partial(training.run, case)
    for case in nonlinear.cases():
        yield partial(nonlinear.run, case)
    yield lambda: list(maps.run())
    yield lambda: list(answers.run())
    yield browser.run


def main() -> int:
    """Exit status: 0 when every row was measured and every answer was right."""
    done: list[Row] = []
    failed = False
    for measure in measurements():
        try:
            for row in measure():
                print(" | ".join(row.cells()), flush=True)
                done.append(row)
        except Exception:  # noqa: BLE001 - the other rows are still worth having
            traceback.print_exc()
            failed = True
    if failed:
        print(f"failed; {PAGE.name} is left as it was", file=sys.stderr)
    else:
        write("Speed", HOW.format(machine=machine(), versions=versions()), done, NOTES)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
