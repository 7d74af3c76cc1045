"""FastRP beside its peers: time, memory and quality in one run.

Each contender embeds the same graph in a process of its own, after a warm-up on a
tiny graph; the contenders take turns, and the best of the repeats is reported with
all of them on disk. A contender whose package is missing is left out, by name.

    python fastrp_peers.py --graph blogcatalog --dim 128 --repeats 5 --score
    python fastrp_peers.py --graph dcsbm --nodes 1000000 --edges 10000000 --dim 128

``blogcatalog`` is fetched (or read from ``GRAPHREP_DATA_DIR``); ``dcsbm`` is made by
``graphrep.datasets.make_dcsbm`` from a seed; a path to an ``.npz`` of CSR arrays is
read as it is. Peers: ``pip install fastrp pycleora scikit-network nodevectors``.
"""

from __future__ import annotations

import argparse
import importlib.metadata as metadata
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

WEIGHTS = (0.0, 0.0, 1.0, 6.67)
BETA = -0.64
SEED = 1
PACKAGES = (
    "graphrep", "numpy", "scipy", "numba", "scikit-learn", "fastrp", "pycleora",
    "scikit-network", "nodevectors",
)  # fmt: skip


# -- contenders ------------------------------------------------------------------
def graphrep_f32(A: Any, d: int) -> Any:
    return _graphrep(A, d)


def graphrep_bf16(A: Any, d: int) -> Any:
    return _graphrep(A, d, layer_dtype="bfloat16")


def graphrep_int8(A: Any, d: int) -> Any:
    return _graphrep(A, d, layer_dtype="int8")


def graphrep_one_thread(A: Any, d: int) -> Any:
    return _graphrep(A, d, n_jobs=1)


def _graphrep(A: Any, d: int, **options: Any) -> Any:
    from graphrep import FastRP

    model = FastRP(d, weights=WEIGHTS, beta=BETA, random_state=SEED, **options)
    return model.fit_transform(A)


def scipy_f32(A: Any, d: int) -> Any:
    return _scipy(A, d, np.float32)


def scipy_f64(A: Any, d: int) -> Any:
    return _scipy(A, d, np.float64)


def _scipy(A: Any, d: int, dtype: Any) -> Any:
    """The reference algorithm: scipy products, L2 per power, column z-score."""
    n = A.shape[0]
    degree = np.asarray(A.sum(axis=1)).ravel().astype(np.float64)
    safe = np.maximum(degree, 1e-12)
    P = (sp.diags_array((1 / safe).astype(dtype)) @ A.astype(dtype)).tocsr()
    s = np.sqrt(n)
    rng = np.random.default_rng(SEED)
    R = sp.random_array(
        (n, d), density=1 / s, format="csr", rng=rng, dtype=dtype,
        data_sampler=lambda size: rng.choice([-1.0, 1.0], size),
    )  # fmt: skip
    scale = np.where(degree > 0, safe**BETA, 1.0) * np.sqrt(s / d)
    U: Any = sp.diags_array(scale.astype(dtype)) @ R
    E = np.zeros((n, d), dtype)
    for k, weight in enumerate(WEIGHTS):
        U = P @ U
        if sp.issparse(U) and k >= 1:
            U = U.toarray()
        if weight:
            norm = np.linalg.norm(U, axis=1, keepdims=True)
            E += dtype(weight) * (U / np.where(norm > 0, norm, 1).astype(dtype))
    std = E.std(axis=0)
    return (E - E.mean(axis=0)) / np.where(std > 0, std, 1)


def fastrp_rust(A: Any, d: int) -> Any:
    import fastrp

    model = fastrp.FastRP(dim=d, weights=list(WEIGHTS), seed=SEED, undirected=False)
    return model.fit_transform(sp.csr_matrix(A, dtype=np.float64))


def sknetwork_random_projection(A: Any, d: int) -> Any:
    from sknetwork.embedding import RandomProjection

    model = RandomProjection(d, n_iter=len(WEIGHTS), random_state=SEED)
    return model.fit_transform(sp.csr_matrix(A, dtype=float))


def nodevectors_prone(A: Any, d: int) -> Any:
    from nodevectors import ProNE

    model = ProNE(n_components=d, verbose=False)
    return model.fit_transform(sp.csr_matrix(A, dtype=np.float32))


def pycleora_4(A: Any, d: int) -> Any:
    """Cleora with as many propagations; the graph is built from text first."""
    return _pycleora(A, d, "embed", num_iterations=len(WEIGHTS), whiten=False)


def pycleora_default(A: Any, d: int) -> Any:
    return _pycleora(A, d, "embed")


def pycleora_randne(A: Any, d: int) -> Any:
    return _pycleora(A, d, "randne")


def _pycleora(A: Any, d: int, what: str, **options: Any) -> Any:
    import pycleora

    upper = sp.triu(A).tocoo()
    lines = (f"{i} {j}" for i, j in zip(upper.row, upper.col, strict=True))
    graph = pycleora.SparseMatrix.from_iterator(lines, "complex::reflexive::n")
    start = _Meter()
    if what == "embed":
        vectors = pycleora.embed(graph, d, **options)
    else:
        from pycleora.algorithms import embed_randne

        vectors = embed_randne(graph, d)
    spent = start.stop()
    out = np.zeros((A.shape[0], d), np.float32)
    out[np.array([int(i) for i in graph.entity_ids])] = vectors
    out_spent.update(spent)  # building from text is not the method's cost
    return out


CONTENDERS: dict[str, Callable[[Any, int], Any]] = {
    f.__name__: f
    for f in (
        graphrep_f32, graphrep_bf16, graphrep_int8, graphrep_one_thread, scipy_f32,
        scipy_f64, fastrp_rust, sknetwork_random_projection, nodevectors_prone,
        pycleora_4, pycleora_default, pycleora_randne,
    )
}  # fmt: skip
DEFAULT = (
    "graphrep_f32,graphrep_bf16,graphrep_int8,graphrep_one_thread,scipy_f32,scipy_f64,"
    "fastrp_rust,sknetwork_random_projection,nodevectors_prone,pycleora_4"
)
out_spent: dict[str, float] = {}


# -- measuring -------------------------------------------------------------------
class _Meter:
    """Wall and CPU seconds, and the peak of resident memory above the start."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # forget the old peak
        self.rss = _status("VmRSS")
        self.cpu = self._cpu()
        self.wall = time.perf_counter()

    @staticmethod
    def _cpu() -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    def stop(self) -> dict[str, float]:
        wall = time.perf_counter() - self.wall
        return {
            "wall_s": wall, "cpu_s": self._cpu() - self.cpu,
            "peak_mb": _status("VmHWM"), "above_start_mb": _status("VmHWM") - self.rss,
        }  # fmt: skip


def _status(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return float("nan")


def run_one(name: str, graph: Path, d: int, save: Path | None) -> dict[str, Any]:
    """Measure one contender in this process."""
    rng = np.random.default_rng(0)
    tiny = sp.csr_matrix((rng.random((200, 200)) < 0.1).astype(np.float32))
    tiny = tiny.maximum(tiny.T).tocsr()
    A = load_matrix(graph)
    CONTENDERS[name](tiny, min(d, 128))
    out_spent.clear()
    meter = _Meter()
    vectors = CONTENDERS[name](A, d)
    spent = meter.stop()
    spent.update(out_spent)
    out_spent.clear()
    # A second call finds memory that the system has at hand: the first touch of
    # cold pages costs seconds a gigabyte on some virtual machines, for everybody.
    if save is None:
        del vectors
        meter = _Meter()
        vectors = CONTENDERS[name](A, d)
        again = {**meter.stop(), **out_spent}
        spent |= {"again_wall_s": again["wall_s"], "again_cpu_s": again["cpu_s"]}
    if save is not None:
        np.save(save, np.asarray(vectors, np.float32))
    return {"contender": name, "dim": d, **spent, "load": os.getloadavg()[0]}


def triad() -> float:
    """GB/s that two float32 reads and a write reach on all threads (no fma tricks)."""
    import numba

    @numba.njit(parallel=True)
    def kernel(a: Any, b: Any, c: Any) -> None:
        for i in numba.prange(len(a)):
            a[i] = b[i] + np.float32(3) * c[i]

    n = 1 << 27
    a, b, c = (np.ones(n, np.float32) for _ in range(3))
    kernel(a, b, c)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        kernel(a, b, c)
        best = min(best, time.perf_counter() - start)
    return 12 * n / best / 1e9


def load_matrix(path: Path) -> Any:
    z = np.load(path, allow_pickle=False)
    n = len(z["indptr"]) - 1
    data = np.ones(len(z["indices"]), np.float32)
    indptr = z["indptr"].astype(np.int32 if len(data) < 2**31 else np.int64)
    return sp.csr_matrix((data, z["indices"], indptr), shape=(n, n))


def make_graph(args: argparse.Namespace, folder: Path) -> tuple[Path, Any]:
    """Write the graph as npz; return the path and the labels, if there are any."""
    if args.graph.endswith(".npz"):
        return Path(args.graph), _labels(Path(args.graph))
    from graphrep import datasets

    if args.graph == "blogcatalog":
        bunch = datasets.fetch_blogcatalog()
    else:
        bunch = datasets.make_dcsbm(args.nodes, args.edges, random_state=SEED)
    graph, path = bunch.graph, folder / "graph.npz"
    np.savez(path, indptr=graph.indptr, indices=graph.indices)
    return path, getattr(bunch, "y", None)


def _labels(path: Path) -> Any:
    z = np.load(path, allow_pickle=False)
    if "label_indptr" not in z.files:
        return None
    shape = (len(z["indptr"]) - 1, int(z["n_classes"]))
    ones = np.ones(len(z["label_indices"]), np.float32)
    return sp.csr_array((ones, z["label_indices"], z["label_indptr"]), shape=shape)


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graph", default="blogcatalog")
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--contenders", default=DEFAULT)
    parser.add_argument("--score", action="store_true", help="score by node labels")
    parser.add_argument("--out", default="fastrp_peers.jsonl")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--save", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        save = Path(args.save) if args.save else None
        print(json.dumps(run_one(args.worker, Path(args.graph), args.dim, save)))
        return
    with tempfile.TemporaryDirectory() as name:
        compare(args, Path(name))


def compare(args: argparse.Namespace, folder: Path) -> None:
    """Run all contenders in turn, several times, and print the table."""
    path, labels = make_graph(args, folder)
    names = args.contenders.split(",")
    rows: dict[str, list[dict[str, Any]]] = {n: [] for n in names}
    for repeat in range(args.repeats):
        for name in list(rows):
            save = folder / f"{name}.npy" if args.score and repeat == 0 else None
            row = _spawn(name, path, args.dim, save)
            if "error" in row:
                print(f"{name}: left out ({row['error']})", file=sys.stderr)
                del rows[name]
                continue
            rows[name].append(row)
    A = load_matrix(path)
    head = {
        "graph": args.graph, "nodes": A.shape[0], "entries": A.nnz, "dim": args.dim,
        "weights": WEIGHTS, "beta": BETA, "seed": SEED, "threads": os.cpu_count(),
        "processor": platform.processor(), "versions": versions(),
        "triad_gb_per_s": round(triad(), 1),
    }  # fmt: skip
    print(json.dumps(head))
    scores = _score(rows, folder, labels) if args.score and labels is not None else {}
    _print_table(rows, scores)
    with Path(args.out).open("a") as file:
        for line in [head, *(r for part in rows.values() for r in part)]:
            file.write(json.dumps(line) + "\n")


def _spawn(name: str, graph: Path, d: int, save: Path | None) -> dict[str, Any]:
    command = [
        sys.executable, __file__, "--worker", name, "--graph", str(graph),
        "--dim", str(d), *(["--save", str(save)] if save else []),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {"error": lines[-1] if lines else f"exit code {done.returncode}"}
    row: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return row


def _score(rows: dict[str, Any], folder: Path, labels: Any) -> dict[str, str]:
    from graphrep.model_selection import node_classification

    out = {}
    for name in rows:
        vectors = np.load(folder / f"{name}.npy")
        result = node_classification(
            vectors, labels, C=0.1, standardize=True, penalize_intercept=True
        )
        parts = (
            f"{100 * r['micro']:.1f}/{100 * r['macro']:.1f}" for r in result.values()
        )
        out[name] = "  ".join(parts)
    return out


def _print_table(rows: dict[str, Any], scores: dict[str, str]) -> None:
    """Print the best of the repeats: the first call, then the second one."""
    ours = _least(rows.get("graphrep_f32", []), "wall_s")
    ours_again = _least(rows.get("graphrep_f32", []), "again_wall_s")
    print(
        f"{'contender':29}{'CPU s':>8}{'wall s':>8}{'x ours':>7}{'+MB':>7}"
        f"  again:{'CPU s':>7}{'wall s':>8}{'x ours':>7}"
        "  micro/macro F1 at 10, 50, 90 %"
    )
    for name, runs in rows.items():
        wall, again = _least(runs, "wall_s"), _least(runs, "again_wall_s")
        again_cpu = _least(runs, "again_cpu_s")
        print(
            f"{name:29}{_least(runs, 'cpu_s'):8.3f}{wall:8.3f}{wall / ours:7.1f}"
            f"{_least(runs, 'above_start_mb'):7.0f}"
            f"  {again_cpu:13.3f}{again:8.3f}{again / ours_again:7.1f}"
            f"  {scores.get(name, '')}"
        )


def _least(runs: list[dict[str, Any]], field: str) -> float:
    return min((r[field] for r in runs if field in r), default=float("nan"))


if __name__ == "__main__":
    main()
