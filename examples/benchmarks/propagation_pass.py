"""One propagation of a dense layer: bytes per second beside the machine's own.

    python propagation_pass.py --nodes 1000000 --edges 10000000 --dim 128

Prints for each storage of the layer the CPU and wall seconds of one pass (gather,
divide, norm, store, accumulate), the bytes it must gather if nothing is reused from
cache, the floor that the measured triad bandwidth sets for them, and scipy's product
of the same operator and layer for comparison. Best of the repeats; memory is touched
before it is timed.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from fastrp_peers import load_matrix, triad

from graphrep import Graph, datasets
from graphrep.embedding._propagation import Layer, Propagator, Target

SEED = 1
STORAGES = {"float32": np.float32, "bfloat16": np.uint16, "int8": np.int8}


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def best(run: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Smallest CPU and wall seconds of some runs, after one that is not counted."""
    run()
    spent = []
    for _ in range(repeats):
        before, start = cpu(), time.perf_counter()
        run()
        spent.append((cpu() - before, time.perf_counter() - start))
    return min(c for c, _ in spent), min(w for _, w in spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graph", help="an .npz of CSR arrays instead of dcsbm")
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    if args.graph:
        graph = Graph(load_matrix(Path(args.graph)))
    else:
        graph = datasets.make_dcsbm(args.nodes, args.edges, random_state=SEED).graph
    n, d, entries = graph.n_nodes, args.dim, len(graph.indices)
    rate = triad()
    print(f"{n:,} nodes, {entries:,} entries, {d} dimensions, ", end="")
    print(f"{numba.get_num_threads()} threads, triad {rate:.1f} GB/s")
    propagator = Propagator(graph.csr, np.dtype(np.float32))
    start = np.random.default_rng(SEED).standard_normal((n, d), dtype=np.float32)
    out = np.zeros((n, d), np.float32)
    for name, storage in STORAGES.items():
        source, target = (Layer.empty(n, d, np.dtype(storage)) for _ in range(2))
        source.data[:] = 1
        if storage == np.float32:
            source.data[:, :d] = start
        if storage == np.int8:
            source.scale[:] = 1
        where = Target(out, 1.0, True)
        seconds = best(
            lambda s=source, t=target, w=where: propagator.apply(s, d, t, w),
            args.repeats,
        )
        size = source.data.itemsize
        gathered = entries * (source.data.shape[1] * size + 4)
        once = 2 * n * d * size + n * d * 4 + entries * 4
        report(name, seconds, gathered, once, rate)
    A = graph.to_scipy(np.float32)
    seconds = best(lambda: A @ start, args.repeats)
    report("scipy", seconds, entries * (4 * d + 8), 2 * n * d * 4 + entries * 8, rate)


def report(
    name: str, seconds: tuple[float, float], gathered: int, once: int, rate: float
) -> None:
    spent, wall = seconds
    print(
        f"{name:9} CPU {spent:6.3f} s  wall {wall:6.3f} s  "
        f"gathers {gathered / 1e9:5.2f} GB = {gathered / wall / 1e9:5.1f} GB/s  "
        f"floor without reuse {gathered / rate / 1e9:5.3f} s, "
        f"with full reuse {once / rate / 1e9:5.3f} s (wall)"
    )


if __name__ == "__main__":
    main()
