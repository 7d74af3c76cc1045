"""Time the making of a graph store from Parquet edges against other ways to a CSR.

The graph is an R-MAT graph with shuffled labels: by default 2,097,152 rows and 20
million undirected simple edges, 40 million stored entries. Each run is a process of
its own; CPU seconds are of all its threads, start-up included, and peak memory is the
sum of PSS over its process tree, sampled five times a second (pages of mapped files
count).

All ways end with sorted rows on disk or in memory. graphrep also numbers the ids by
first appearance, merges repeated edges and writes checksums; the others take ids as row
numbers. "graphrep-memory" reads the same file into a `Graph`.

    python examples/benchmarks/graph_store.py --repeats 3
    python examples/benchmarks/graph_store.py --scale 17 --edges 1_000_000
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

WAYS = (
    "graphrep", "graphrep-512MiB", "graphrep-1-thread", "graphrep-memory", "scipy",
    "duckdb", "polars",
)  # fmt: skip
LIMIT = "2GiB"
SHARES = (0.50, 0.72, 0.94)  # of the quadrants of R-MAT, summed
BATCH = 1 << 20


def generate(path: Path, scale: int, n_edges: int, seed: int) -> None:
    """Write an R-MAT graph as Parquet: each undirected edge once, in any order."""
    import pyarrow as pa
    from pyarrow import parquet

    rng = np.random.default_rng(seed)
    n = 1 << scale
    labels = rng.permutation(n)
    keys = np.empty(0, np.int64)
    while len(keys) < n_edges:
        size = int((n_edges - len(keys)) * 1.3) + 1000
        ends = np.zeros((2, size), np.int64)
        for _ in range(scale):
            quadrant = np.searchsorted(SHARES, rng.random(size), side="right")
            ends = 2 * ends + np.stack([quadrant >> 1, quadrant & 1])
        low, high = np.sort(labels[ends], axis=0)
        keys = np.union1d(keys, (low * n + high)[low != high])
    keys = rng.permutation(keys)[:n_edges]
    ends = np.stack([keys // n, keys % n])
    turned = rng.random(n_edges) < 0.5
    ends[:, turned] = ends[::-1, turned]
    table = pa.table({"source": ends[0], "target": ends[1]})
    parquet.write_table(table, path, row_group_size=1 << 20, compression="zstd")


def make_graphrep(path: str, folder: Path, limit: str, n_jobs: int | None) -> int:
    from graphrep.io import write_graph_store

    target = folder / "graph.store"
    store = write_graph_store(path, target, memory_limit=limit, n_jobs=n_jobs)
    return store.nnz


def make_graphrep_memory(path: str) -> int:
    from graphrep import read

    return len(read(path).indices)


def make_scipy(path: str) -> int:
    from pyarrow import parquet
    from scipy import sparse

    table = parquet.ParquetFile(path, pre_buffer=False).read()
    a, b = (table[name].to_numpy() for name in ("source", "target"))
    n = int(max(a.max(), b.max())) + 1
    rows, columns = np.concatenate([a, b]), np.concatenate([b, a])
    data = np.ones(len(rows), np.float32)
    matrix = sparse.coo_array((data, (rows, columns)), (n, n)).tocsr()
    matrix.sort_indices()
    return int(matrix.nnz)


def make_duckdb(path: str, folder: Path) -> int:
    import duckdb

    con = duckdb.connect()
    con.execute(f"SET memory_limit='{LIMIT}'; SET temp_directory='{folder}/spill'")
    reader = con.sql(
        f"WITH e AS (FROM '{path}') SELECT source, target FROM e UNION ALL "
        "SELECT target, source FROM e ORDER BY 1, 2"
    ).to_arrow_reader(BATCH)
    return take_sorted((b.column(0), b.column(1)) for b in reader)


def make_polars(path: str, folder: Path) -> int:
    import polars as pl
    from pyarrow import parquet

    edges = pl.scan_parquet(path)
    turned = edges.select(source="target", target="source")
    out = folder / "sorted.parquet"
    pl.concat([edges, turned]).sort("source", "target").sink_parquet(out)
    file = parquet.ParquetFile(out, pre_buffer=False)
    return take_sorted((b.column(0), b.column(1)) for b in file.iter_batches(BATCH))


def take_sorted(batches) -> int:
    """Count degrees and check the order while sorted edges stream by."""
    last, total = (-1, -1), 0
    degrees = np.zeros(1 << 20, np.int64)
    for source, target in batches:
        rows, columns = source.to_numpy(), target.to_numpy()
        falls = (rows[1:] < rows[:-1]) | (
            (rows[1:] == rows[:-1]) & (columns[1:] < columns[:-1])
        )
        if falls.any() or (rows[0], columns[0]) < last:
            raise RuntimeError("the stream is not sorted")
        last = rows[-1], columns[-1]
        counts = np.bincount(rows)
        if len(counts) > len(degrees):
            degrees = np.pad(degrees, (0, 2 * len(counts) - len(degrees)))
        degrees[: len(counts)] += counts
        total += len(rows)
        columns.astype(np.int32)
    return total


def run(way: str, path: str) -> dict:
    """Make the rows once, in this process."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(dir=Path(path).parent) as name:
        folder = Path(name)
        start = time.perf_counter()
        if way == "graphrep-memory":
            nnz = make_graphrep_memory(path)
        elif way.startswith("graphrep"):
            limit = "512MiB" if way.endswith("MiB") else LIMIT
            nnz = make_graphrep(
                path, folder, limit, 1 if way.endswith("thread") else None
            )
        elif way == "scipy":
            nnz = make_scipy(path)
        else:
            nnz = {"duckdb": make_duckdb, "polars": make_polars}[way](path, folder)
        wall = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = usage.ru_utime + usage.ru_stime
    return {"nnz": nnz, "wall_s": round(wall, 2), "cpu_s": round(cpu, 2)}


def measured(way: str, path: Path) -> dict:
    """Run one way in a process of its own and watch its memory."""
    command = [sys.executable, __file__, "--run", way, "--path", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        peak = 0
        while process.poll() is None:
            peak = max(peak, tree_memory(process.pid))
            time.sleep(0.2)
        assert process.stdout is not None
        found = json.loads(process.stdout.read())
    millions = found["nnz"] / 1e6
    return {
        "way": way, **found, "entries_per_cpu_s": round(millions / found["cpu_s"], 2),
        "peak_mb": peak // 1000,
    }  # fmt: skip


def tree_memory(pid: int) -> int:
    """Sum of PSS in kB over a process and its children; 0 where it is not told."""
    total, waiting = 0, [pid]
    while waiting:
        at = waiting.pop()
        try:
            for line in Path(f"/proc/{at}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
            for task in Path(f"/proc/{at}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=int, default=21, help="2**scale rows")
    parser.add_argument("--edges", type=int, default=20_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--path", help="Parquet file to use or to make")
    parser.add_argument("--run", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        print(json.dumps(run(arguments.run, arguments.path)))
        return
    ways = [
        way for way in arguments.ways
        if way.startswith("graphrep") or importlib.util.find_spec(way)
    ]  # fmt: skip
    print(platform.processor() or platform.machine(), f"{os.cpu_count()} CPUs")
    peers = {way for way in ways if not way.startswith("graphrep")}
    print({name: version(name) for name in ("numpy", "pyarrow", *sorted(peers))})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(arguments.path or f"{folder}/edges.parquet")
        if not path.exists():
            generate(path, arguments.scale, arguments.edges, arguments.seed)
        results = []
        for _ in range(arguments.repeats):
            for way in ways:
                results.append(measured(way, path))
                print(json.dumps(results[-1]), flush=True)
    for way in ways:
        mine = [r for r in results if r["way"] == way]
        middle = statistics.median(r["entries_per_cpu_s"] for r in mine)
        memory = max(r["peak_mb"] for r in mine)
        print(f"{way:20} {middle:8.2f} M entries per CPU s {memory:8,} MB at most")


if __name__ == "__main__":
    main()
