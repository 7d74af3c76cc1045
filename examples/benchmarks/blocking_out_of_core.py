"""Blocking two tables in memory, by DuckDB, through files, in processes and on Dask.

For each way and method: processor seconds and peak memory of the whole tree of
processes (shared pages counted once), bytes read from files, bytes that tasks wrote for
each other (all that moves between workers), recall of the true matches, and whether the
pairs are the same. "dask killed" kills a worker with SIGKILL once two searches are
done. "duckdb" is for the method "buckets": vectors that share a bucket of a hash table
are joined by DuckDB, within 2 GB and in a file, and scored as by the library. Tables
are made up, 200,000 records each unless told otherwise (``--records 20000`` is a
tenth). Linux only.

    python examples/benchmarks/blocking_out_of_core.py --folder /data/scratch
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
from numba import njit
from out_of_core import measure

WAYS = {
    "memory": None, "duckdb": None, "files": "serial", "processes": "processes",
    "dask": "dask", "dask killed": "dask",
}  # fmt: skip
METHODS = ("words", "characters", "vectors", "codes", "buckets")
HASHED = {"codes": 8, "buckets": 1}  # buckets that a query looks at
DIMENSIONS = 64
DUCKDB_MEMORY = "2GB"


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
    if method in HASHED:
        hashing = {"n_tables": 8, "n_functions": 16, "n_probes": HASHED[method]}
        options |= {"search": "hash", "hash_options": hashing}
    return EmbeddingBlocker(vectors, **options)


def joined_index(folder):
    """A hash index whose candidates DuckDB finds by a join over buckets."""
    import duckdb
    import pyarrow as pa

    from graphrep.blocking import HashIndex
    from graphrep.kernels import _lsh_codes as kernels

    @njit
    def score_pairs(q, rows, X, Y, norms, base_norms, found, scores):
        size = 0
        for i in range(len(q)):
            size = 0 if i == 0 or q[i] != q[i - 1] else size
            length = norms[q[i]] * base_norms[rows[i]]
            score = np.float32(kernels._score(X[q[i]], Y[rows[i]], length, False))
            size = kernels._insert(found[q[i]], scores[q[i]], size, rows[i], score)

    def buckets(keys):  # (n_tables, n) keys as a table of vector, hash table and key
        tables, n = keys.shape
        return pa.table(
            {
                "row": np.tile(np.arange(n, dtype=np.int32), tables),
                "tab": np.repeat(np.arange(tables, dtype=np.int16), n),
                "key": keys.ravel(),
            }
        )

    class JoinedIndex(HashIndex):
        """Looks into one bucket of each table."""

        def _search(self, vectors, left_out, rows, scores, counts, n_jobs):
            tables = self.plan.n_tables
            own = np.empty((len(vectors), tables), np.uint64)
            for at in range(0, len(vectors), 512):
                part = slice(at, at + 512)
                block = self._hasher.project(vectors[part], *self._lines)
                kernels.code_keys(block, self._multipliers, True, own[part])
            base = np.empty_like(self._keys)
            np.put_along_axis(base, self._rows.astype(np.int64), self._keys, axis=1)
            file = folder / f"join-{os.getpid()}-{id(self)}.duckdb"
            settings = {"memory_limit": DUCKDB_MEMORY, "threads": 2}
            with duckdb.connect(str(file), config=settings) as connection:
                asked, held = buckets(np.ascontiguousarray(own.T)), buckets(base)
                for name, table in (("asked", asked), ("held", held)):
                    connection.register("given", table)
                    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
                    connection.unregister("given")
                del asked, held
                connection.execute(
                    "CREATE TABLE met AS SELECT DISTINCT a.row AS q, h.row AS r "
                    "FROM asked a JOIN held h ON a.tab = h.tab AND a.key = h.key"
                )
                norms, step = self._norms(vectors), 1 << 14
                for at in range(0, len(vectors), step):
                    met = connection.execute(
                        "SELECT q, r FROM met WHERE q >= ? AND q < ? ORDER BY q",
                        [at, at + step],
                    ).fetchnumpy()
                    q, r = met["q"].astype(np.int64), met["r"].astype(np.int64)
                    counts += np.bincount(q, minlength=len(counts))
                    score_pairs(
                        q, r, vectors, self.base, norms, self._base_norms, rows, scores
                    )
            file.unlink()

    return JoinedIndex


def kill_a_worker(killed):
    def progress(label, done, total):
        if label == "Looking for near records" and done == 2 and not killed:
            killed.append(multiprocessing.active_children()[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    return progress


def block(way, method, folder, n_jobs):
    """Block in this process and print what came of it."""
    from graphrep.blocking import _embedding_blocker, as_records

    A, B = (as_records(folder / f"{side}.parquet") for side in ("left", "right"))
    model = blocker(method, folder, n_jobs=n_jobs, executor=WAYS[way])
    if WAYS[way]:
        model.set_params(work_dir=folder / "work")
    killed = []
    if way == "dask killed":
        model._progress = kill_a_worker(killed)
    if way == "duckdb":
        _embedding_blocker.HashIndex = joined_index(folder)
    model.fit(A, B)
    start, cpu = time.perf_counter(), time.process_time()
    pairs = model.candidate_pairs(A, B)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    parts = (pairs.left_rows, pairs.right_rows, pairs.scores)
    digest = hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
    if way == "dask killed" and not killed:
        sys.exit("No worker was killed: there were too few tasks.")
    true = np.load(folder / "matches.npy")
    found = np.isin(true[:, 0] * len(B) + true[:, 1], pairs.keys)
    row = {
        "seconds": seconds, "digest": digest[:12], "recall": float(found.mean()),
        "cpu_pairs_s": cpu, "pairs": len(pairs), "tasks": str(model.tasks_),
        "moved_mb": getattr(model.tasks_, "bytes", 0) / 1e6, "killed": len(killed),
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
        "| method | way | CPU s | peak MB | planned MB | read GB | moved MB | recall | "
        "pairs | same |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for method in options.methods:
        first = None
        for way in options.only:
            if way == "duckdb" and method != "buckets":
                continue
            command = [sys.executable, __file__, *sys.argv[1:], "--block", way, method]
            row = measure(command)
            first = first or row["digest"]
            print(
                f"| {method} | {way} | {row['cpu_s']:.1f} | {row['peak_mb']:,.0f} | "
                f"{row['planned_mb']:,.0f} | {row['read_gb']:.2f} | "
                f"{row['moved_mb']:,.0f} | {row['recall']:.4f} | {row['pairs']:,} | "
                f"{'yes' if row['digest'] == first else 'NO'} |",
                flush=True,
            )
    return None


if __name__ == "__main__":
    main()
