"""Blocking two tables in memory, through files, in processes and on Dask.

For each way and method: processor seconds and peak memory of the whole tree of
processes (shared pages counted once), bytes read from files, recall of the true
matches, and whether the pairs are the same. Tables are made up, 200,000 records each
unless told otherwise (``--records 20000`` is a tenth). Linux only.

    python examples/benchmarks/blocking_out_of_core.py --folder /data/scratch
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

import numpy as np
from out_of_core import measure

WAYS = {"memory": None, "files": "serial", "processes": "processes", "dask": "dask"}
METHODS = ("words", "characters", "vectors", "codes")
DIMENSIONS = 64


def make_tables(folder, n):
    """Products in two tables as Parquet, their matches, and vectors of both."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from graphrep.blocking import as_records
    from graphrep.blocking._matches import as_matches
    from graphrep.datasets import make_records

    made = make_records(int(n / 0.8), random_state=0)
    rng = np.random.default_rng(0)
    rows = {}
    for side in ("left", "right"):
        pq.write_table(pa.table(made[side]), folder / f"{side}.parquet")
        rows[side] = as_records(made[side])
    known = as_matches(made.matches, rows["left"], rows["right"], one_table=False)
    matches = np.stack([known.left, known.right], axis=1)
    np.save(folder / "matches.npy", matches)
    X = rng.normal(size=(len(rows["left"]), DIMENSIONS)).astype(np.float32)
    Y = rng.normal(size=(len(rows["right"]), DIMENSIONS)).astype(np.float32)
    noise = rng.normal(size=(len(matches), DIMENSIONS)).astype(np.float32)
    Y[matches[:, 1]] = X[matches[:, 0]] + 0.5 * noise
    np.save(folder / "left.npy", X)
    np.save(folder / "right.npy", Y)


def blocker(method, folder, **options):
    from graphrep.blocking import EmbeddingBlocker, TfidfBlocker

    options = {"n_neighbors": 10, "assignment": "one-to-one", **options}
    if method in ("words", "characters"):
        analyzer = "word" if method == "words" else "char"
        return TfidfBlocker(analyzer, max_postings=10_000, **options)
    vectors = tuple(np.load(folder / f"{s}.npy") for s in ("left", "right"))
    if method == "codes":
        hashing = {"n_tables": 8, "n_functions": 16, "n_probes": 8}
        options |= {"search": "hash", "hash_options": hashing}
    return EmbeddingBlocker(vectors, **options)


def block(way, method, folder, n_jobs):
    """Block in this process and print what came of it."""
    from graphrep.blocking import as_records

    A, B = (as_records(folder / f"{side}.parquet") for side in ("left", "right"))
    model = blocker(method, folder, n_jobs=n_jobs, executor=WAYS[way])
    if WAYS[way]:
        model.set_params(work_dir=folder / "work")
    model.fit(A, B)
    start, cpu = time.perf_counter(), time.process_time()
    pairs = model.candidate_pairs(A, B)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    parts = (pairs.left_rows, pairs.right_rows, pairs.scores)
    digest = hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
    true = np.load(folder / "matches.npy")
    found = np.isin(true[:, 0] * len(B) + true[:, 1], pairs.keys)
    row = {
        "seconds": seconds, "digest": digest[:12], "recall": float(found.mean()),
        "cpu_pairs_s": cpu, "pairs": len(pairs), "tasks": str(model.tasks_),
        "planned_mb": model.plan_.memory / 1e6,
    }  # fmt: skip
    print(json.dumps(row))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", choices=WAYS, default=list(WAYS))
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=METHODS)
    parser.add_argument("--block", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.folder / f"records-{options.records}"
    if options.block:
        return block(*options.block, folder, options.n_jobs)
    if not (folder / "right.npy").exists():
        folder.mkdir(parents=True, exist_ok=True)
        make_tables(folder, options.records)
    print(
        "| method | way | s | CPU s | peak MB | planned MB | read GB | recall | same |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for method in options.methods:
        first = None
        for way in options.only:
            command = [sys.executable, __file__, *sys.argv[1:], "--block", way, method]
            row = measure(command)
            first = first or row["digest"]
            print(
                f"| {method} | {way} | {row['seconds']:.1f} | {row['cpu_s']:.1f} | "
                f"{row['peak_mb']:,.0f} | {row['planned_mb']:,.0f} | "
                f"{row['read_gb']:.2f} | {row['recall']:.4f} | "
                f"{'yes' if row['digest'] == first else 'NO'} |",
                flush=True,
            )
    return None


if __name__ == "__main__":
    main()
