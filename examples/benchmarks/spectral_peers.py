"""Spectral beside its peers: time, memory and quality in one run.

The contenders take turns, each in a process of its own after a warm-up on a tiny
graph, as in ``fastrp_peers.py``, whose machinery this is. Peers whose package is
missing are left out, by name.

    python spectral_peers.py --graph blogcatalog --repeats 3
    python spectral_peers.py --graph dcsbm --nodes 1000000 --contenders graphrep

Peers: ``pip install scikit-network nodevectors``. They start BLAS threads that spin:
run with ``OPENBLAS_NUM_THREADS=1`` to count their work alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from fastrp_peers import load_matrix, make_graph

SEED = 1


def graphrep(A: Any, d: int) -> Any:
    import graphrep as library

    model = library.Spectral(d, random_state=SEED)
    return model.fit_transform(library.Graph(A))


def graphrep_converged(A: Any, d: int) -> Any:
    import graphrep as library

    model = library.Spectral(d, solver="converged", random_state=SEED)
    return model.fit_transform(library.Graph(A))


def sknetwork_spectral(A: Any, d: int) -> Any:
    from sknetwork.embedding import Spectral

    return Spectral(d).fit_transform(sp.csr_matrix(A, dtype=float))


def sknetwork_gsvd(A: Any, d: int) -> Any:
    from sknetwork.embedding import GSVD

    return GSVD(d).fit_transform(sp.csr_matrix(A, dtype=float))


def nodevectors_prone(A: Any, d: int) -> Any:
    from nodevectors import ProNE

    model = ProNE(n_components=d, verbose=False)
    return model.fit_transform(sp.csr_matrix(A, dtype=np.float32))


CONTENDERS = {
    f.__name__: f
    for f in (
        graphrep, graphrep_converged, sknetwork_spectral, sknetwork_gsvd,
        nodevectors_prone,
    )
}  # fmt: skip


def run_one(name: str, path: Path, d: int, save: Path) -> dict[str, Any]:
    """Measure one contender in this process; write its vectors."""
    tiny = sp.random(1500, 1500, 0.02, format="csr", random_state=0, dtype=np.float32)
    tiny = (tiny + tiny.T).tocsr()
    tiny.data[:] = 1
    CONTENDERS[name](tiny, d)
    A = load_matrix(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu, wall = time.process_time(), time.perf_counter()
    vectors = CONTENDERS[name](A, d)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    np.save(save, np.asarray(vectors, np.float32))
    return {
        "contender": name, "cpu_s": cpu, "wall_s": wall,
        "peak_mb": peak / 1024, "above_start_mb": (peak - before) / 1024,
    }  # fmt: skip


def score(path: Path, labels: Any) -> str:
    from graphrep.model_selection import node_classification

    result = node_classification(
        np.load(path), labels, C=0.1, standardize=True, n_splits=10, random_state=0
    )
    parts = (f"{100 * r['micro']:.1f}/{100 * r['macro']:.1f}" for r in result.values())
    return "  ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graph", default="blogcatalog")
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--out", default="spectral_peers.jsonl")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--save", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        row = run_one(args.worker, Path(args.graph), args.dim, Path(args.save))
        print(json.dumps(row))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(args, Path(folder))


def compare(args: argparse.Namespace, folder: Path) -> None:
    """Run all contenders in turn and print the quickest of each one's repeats."""
    path, labels = make_graph(args, folder)
    best: dict[str, dict[str, Any]] = {}
    names = args.contenders.split(",")
    for _ in range(args.repeats):
        for name in list(names):
            command = [
                sys.executable, __file__, "--worker", name, "--graph", str(path),
                "--dim", str(args.dim), "--save", str(folder / f"{name}.npy"),
            ]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                lines = done.stderr.strip().splitlines() or ["no message"]
                print(f"{name}: left out ({lines[-1]})", file=sys.stderr)
                names.remove(name)
                continue
            row = json.loads(done.stdout.strip().splitlines()[-1])
            with Path(args.out).open("a") as file:
                file.write(json.dumps(row) + "\n")
            if name not in best or row["cpu_s"] < best[name]["cpu_s"]:
                best[name] = row
    print(f"{'contender':22}{'CPU s':>9}{'wall s':>9}{'+MB':>7}  F1 at 10, 50, 90 %")
    for name, row in best.items():
        scores = "" if labels is None else score(folder / f"{name}.npy", labels)
        print(
            f"{name:22}{row['cpu_s']:9.2f}{row['wall_s']:9.2f}"
            f"{row['above_start_mb']:7.0f}  {scores}"
        )


if __name__ == "__main__":
    main()
