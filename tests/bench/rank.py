"""Simulated ranking beside its peers, on the same tables and weights in the same run.

    OPENBLAS_NUM_THREADS=1 python tests/bench/rank.py

The peers: scikit-criteria's objects and pymcdm's, one evaluation per draw, on as many draws as take
a while; theirs and ours include index and ranks.  Every peer's draws are compared with ours before
anything is timed.  Times of the comparison are of the processor, with one thread for each, since
other work on the machine would blur the clock's; memory is the peak of a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from evaluator.rank.methods import all_methods, parameters_of, ranks
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Problem
from evaluator.rank.smaa import smaa

SEED, SHAPE, DRAWS = 20150101, (10, 30), 100_000
PEER_DRAWS = {"scikit-criteria": 100, "pymcdm": 3000}
GOALS = {"scikit-criteria": 1000, "pymcdm": 100}
METHODS = {"topsis": {"scale": "vector"}, "weighted_sum": {"scale": "none"}}
SIZES = ((1_000_000, *SHAPE, False), (10_000, 1000, 50, False), (2_000, 1000, 50, True))
"""Draws, alternatives and criteria of what must fit, and whether the values vary too."""

Peer = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", nargs=5, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure)))
        return 0
    missed = compare()
    print()
    print(f"{'SMAA':<34} {'draws':>9} {'s':>7} {'peak MB':>8}")
    for size in SIZES:
        found = measured(*size)
        draws, count, width, uncertain = size
        name = f"{count} × {width}, {'weights and values' if uncertain else 'weights'}"
        print(f"{name:<34} {draws:>9} {found['wall']:>7.2f} {found['peak']:>8.0f}", flush=True)
        missed += found["peak"] >= 2048
    return min(missed, 1)


def compare() -> int:
    """Print time per draw of ours and of each peer; gives how many goals were missed."""
    rng = np.random.default_rng(SEED)
    values = rng.uniform(0.1, 1, SHAPE)
    weights = rng.dirichlet(np.ones(SHAPE[1]), DRAWS)
    missed = 0
    print(f"{'method':<14} {'peer':<16} {'peer µs':>9} {'ours µs':>8} {'ratio':>8} {'goal':>6}")
    for name, typed in METHODS.items():
        ours = our_way(name, typed, values)
        index, order = ours(weights)
        wall = fastest(lambda run=ours: run(weights), 10) / DRAWS
        for peer, build in (("scikit-criteria", by_skcriteria), ("pymcdm", by_pymcdm)):
            theirs, some = build(name, values), weights[: PEER_DRAWS[peer]]
            their_index, their_order = theirs(some)
            np.testing.assert_allclose(index[: len(some)], their_index, rtol=1e-9)
            np.testing.assert_array_equal(order[: len(some)], their_order)
            their_wall = fastest(lambda run=theirs, draws=some: run(draws), 2) / len(some)
            ratio = their_wall / wall
            missed += ratio < GOALS[peer]
            print(
                f"{name:<14} {peer:<16} {1e6 * their_wall:>9.1f} {1e6 * wall:>8.3f} "
                f"{ratio:>8.0f} {GOALS[peer]:>6}",
                flush=True,
            )
    return missed


def fastest(run: Callable[[], object], times: int) -> float:
    spent = []
    for _ in range(times):
        begin = time.process_time()
        run()
        spent.append(time.process_time() - begin)
    return min(spent)


def our_way(name: str, typed: dict[str, object], values: np.ndarray) -> Peer:
    method = all_methods()[name]
    problem = Problem.of(values, np.ones(SHAPE[1]))
    parameters, wrong = parameters_of(method, typed, problem)
    if wrong or method.many is None:
        raise SystemExit(f"{name}: {wrong or 'it has no vectorised form'}")

    def run(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        index = method.many(values, weights, problem.maximise, parameters)
        return index, ranks(index)

    return run


def by_skcriteria(name: str, values: np.ndarray) -> Peer:
    import skcriteria as skc
    from skcriteria.agg.simple import WeightedSumModel
    from skcriteria.agg.topsis import TOPSIS
    from skcriteria.pipelines import mkpipe
    from skcriteria.preprocessing.scalers import VectorScaler

    decider = WeightedSumModel() if name == "weighted_sum" else mkpipe(
        VectorScaler(target="matrix"), TOPSIS()
    )  # fmt: skip
    matrix = skc.mkdm(values, [max] * SHAPE[1])

    def run(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = [decider.evaluate(matrix.replace(weights=row)) for row in weights]
        extra = "score" if name == "weighted_sum" else "similarity"
        return np.stack([f.e_[extra] for f in found]), np.stack([f.rank_ for f in found])

    return run


def by_pymcdm(name: str, values: np.ndarray) -> Peer:
    from pymcdm import methods, normalizations

    types = np.ones(SHAPE[1])

    def as_typed(column: np.ndarray, cost: bool = False) -> np.ndarray:
        return column

    decider = (
        methods.WSM(normalization_function=as_typed)
        if name == "weighted_sum"
        else methods.TOPSIS(normalization_function=normalizations.vector_normalization)
    )

    def run(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        index = np.stack([decider(values, row, types, validation=False) for row in weights])
        return index, np.stack([decider.rank(row) for row in index])

    return run


def measured(*size: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", *(str(int(part)) for part in (*size, SEED))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(draws: int, count: int, width: int, uncertain: int, seed: int) -> dict[str, float]:
    """Wall time in seconds and peak resident memory in MB of a whole SMAA with TOPSIS."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.5, 1, (count, width))
    half = 0.05 * uncertain
    problem = Problem.of(values, np.ones(width), low=values - half, high=values + half)
    topsis = all_methods()["topsis"]
    panel = Panel(((topsis, parameters_of(topsis, {}, problem)[0]),))
    begin = time.perf_counter()
    found = smaa(problem, panel, rng, draws)
    wall = time.perf_counter() - begin
    if not np.allclose(found.acceptability.sum(axis=1), 1):
        raise SystemExit("acceptability does not sum to 1")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "peak": peak}


if __name__ == "__main__":
    sys.exit(main())
