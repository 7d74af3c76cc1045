"""Time the reading of an edge list with text ids against pyarrow, polars and pandas.

Every reader ends with the same thing: both columns numbered by one table of ids, the
ids as Python texts, and one symmetric CSR with sorted rows. Each run is a process of
its own; the readers take turns. The CSR of the others is built by scipy ("scipy") or
by the same function as ours ("graphrep").

    python examples/benchmarks/read_edges.py --edges 10_000_000 --repeats 3
"""

from __future__ import annotations

import argparse
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

READERS = ("graphrep", "graphrep-1-thread", "pyarrow", "polars", "pandas")
BLOCK = 200_000


def generate(path: Path, n_edges: int, n_nodes: int, seed: int) -> None:
    """Write edges between ids such as C0012345, drawn by seed."""
    rng = np.random.default_rng(seed)
    with path.open("w") as file:
        for start in range(0, n_edges, BLOCK):
            size = min(BLOCK, n_edges - start)
            ends = rng.integers(0, n_nodes, (size, 2)).tolist()
            file.write("".join(f"C{a:07d}\tC{b:07d}\n" for a, b in ends))


def read_graphrep(path: str, csr: str, n_jobs: int | None = None) -> tuple:
    from graphrep.io import read_edgelist

    graph = read_edgelist(path, delimiter="\t", duplicates="max", n_jobs=n_jobs)
    return graph.n_nodes, len(graph.indices)


def read_pyarrow(path: str, csr: str) -> tuple:
    import pyarrow as pa
    from pyarrow import csv

    table = csv.read_csv(
        path,
        read_options=csv.ReadOptions(column_names=["s", "t"]),
        parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=csv.ConvertOptions(
            column_types={"s": pa.string(), "t": pa.string()}, strings_can_be_null=False
        ),
    )
    ends = pa.chunked_array([*table["s"].chunks, *table["t"].chunks])
    encoded = ends.combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy()
    return build(codes, encoded.dictionary.to_pylist(), csr)


def read_polars(path: str, csr: str) -> tuple:
    import polars as pl

    frame = pl.read_csv(
        path, has_header=False, separator="\t", quote_char=None,
        schema={"s": pl.String, "t": pl.String},
    )  # fmt: skip
    kind = pl.Categorical(pl.Categories.random())  # codes begin at 0
    ends = pl.concat([frame["s"], frame["t"].alias("s")]).cast(kind)
    distinct = ends.unique(maintain_order=True)  # far cheaper than on the texts
    codes, order = ends.to_physical().to_numpy(), distinct.to_physical().to_numpy()
    ids = np.empty(len(order), object)
    ids[order] = distinct.cast(pl.String).to_list()
    return build(codes, ids.tolist(), csr)


def read_pandas(path: str, csr: str) -> tuple:
    import pandas as pd

    frame = pd.read_csv(
        path, sep="\t", header=None, names=["s", "t"], dtype=str, quoting=3,
        keep_default_na=False, engine="c",
    )  # fmt: skip
    codes, ids = pd.factorize(pd.concat([frame["s"], frame["t"]]))
    return build(codes, list(ids), csr)


def build(codes: np.ndarray, ids: list[str], csr: str) -> tuple:
    """Symmetric CSR without repeats from the codes of all sources, then all targets."""
    rows, columns = np.split(codes.astype(np.int32, copy=False), 2)
    if csr == "graphrep":
        from graphrep.graph import Graph

        array = np.empty(len(ids), object)
        array[:] = ids
        graph = Graph.from_codes(
            rows, columns, nodes=array, directed=False, duplicates="max"
        )
        return graph.n_nodes, len(graph.indices)
    from scipy import sparse

    loops = rows == columns
    both = (
        np.concatenate([rows, columns[~loops]]),
        np.concatenate([columns, rows[~loops]]),
    )
    data = np.ones(len(both[0]), np.float32)
    matrix = sparse.csr_array((data, both), shape=(len(ids), len(ids)))
    matrix.sum_duplicates()
    return len(ids), matrix.nnz


def measure(reader: str, path: str, csr: str) -> dict:
    """Read once in this process, after a warm-up on a few lines."""
    functions = {
        "graphrep": read_graphrep,
        "graphrep-1-thread": lambda p, c: read_graphrep(p, c, n_jobs=1),
        "pyarrow": read_pyarrow,
        "polars": read_polars,
        "pandas": read_pandas,
    }
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.tsv"
        small.write_text("a\tb\nb\tc\nc\ta\n")
        functions[reader](str(small), csr)
    cpu, wall = time.process_time(), time.perf_counter()
    n_nodes, entries = functions[reader](path, csr)
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "nodes": n_nodes,
        "entries": int(entries),
    }


def compare(path: Path, readers: list[str], csr: str, repeats: int) -> None:
    results: dict[str, list[dict]] = {reader: [] for reader in readers}
    for _ in range(repeats):
        for reader in readers:
            command = [sys.executable, __file__, "--one", reader, "--csr", csr]
            done = subprocess.run(
                [*command, "--file", str(path)], stdout=subprocess.PIPE, text=True,
                check=True,
            )  # fmt: skip
            results[reader].append(json.loads(done.stdout))
    print(
        f"{'reader':<20}{'wall s':>8}{'best':>8}{'CPU s':>8}{'peak MiB':>10}  version"
    )
    for reader, runs in results.items():
        package = reader.split("-")[0]
        wall = [run["wall"] for run in runs]
        cpu = statistics.median(run["cpu"] for run in runs)
        rss = max(run["rss"] for run in runs)
        line = (
            f"{reader:<20}{statistics.median(wall):>8.2f}{min(wall):>8.2f}{cpu:>8.2f}"
        )
        print(f"{line}{rss:>10.0f}  {version(package)}")
    answers = {(r["nodes"], r["entries"]) for runs in results.values() for r in runs}
    print("nodes, entries:", *answers, "" if len(answers) == 1 else "(they differ!)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--nodes", type=int, default=None, help="default: edges / 10")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--readers", nargs="+", choices=READERS, default=list(READERS))
    parser.add_argument("--csr", choices=["scipy", "graphrep"], default="graphrep")
    parser.add_argument("--file", help="an edge list to use instead of a made one")
    parser.add_argument("--one", choices=READERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.file, options.csr)))
        return
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else "?"
    print(
        f"Python {platform.python_version()}, {cpus} processors, CSR by {options.csr}"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(options.file or Path(folder) / "edges.tsv")
        if not options.file:
            generate(
                path, options.edges, options.nodes or options.edges // 10, options.seed
            )
        print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB")
        compare(path, options.readers, options.csr, options.repeats)


if __name__ == "__main__":
    main()
