"""FastRP in memory, by blocks of columns, in processes and on Dask; beside scipy.

For each way: processor seconds and peak memory of the whole tree of processes (shared
pages counted once), what the plan says of it, bytes read from files, and whether the
vectors have the same bits. The graph is R-MAT with shuffled labels: 2**21 rows and 20
million edges unless told otherwise (``--scale 17 --edges 1e6`` is a twentieth). Linux
only.

    python examples/benchmarks/out_of_core.py --folder /data/scratch

``--memory-limit`` fits within a limit instead and compares the peak with it; the graph
is then made by chunks straight into its store, and every node has an edge. What takes
27 GB in memory, within 4 (70 GB of disk):

    python examples/benchmarks/out_of_core.py --folder /data/scratch \\
        --scale 24 --edges 160e6 -d 128 --memory-limit 3.8GB
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numba import njit

WEIGHTS = (1.0, 1.0, 7.81, 45.28)
WAYS = {
    # executor, columns of a block, workers
    "memory": None,
    "scipy": None,
    "columns 32": ("serial", 32, 1),
    "columns 16": ("serial", 16, 1),
    "processes 16": ("processes", 16, 2),
    "dask 16": ("dask", 16, 2),
}
LIMITED = "limited"
CHUNK = 1 << 20
TICK = os.sysconf("SC_CLK_TCK")


@njit
def rmat(scale, n_edges, seed):
    """Edges of an R-MAT graph, with loops and repetitions."""
    np.random.seed(seed)  # noqa: NPY002 - numba has its own
    sources, targets = np.empty(n_edges, np.int64), np.empty(n_edges, np.int64)
    for e in range(n_edges):
        u = v = 0
        for _ in range(scale):
            r = np.random.random()  # noqa: NPY002
            u, v = u << 1, v << 1
            if r >= 0.94:
                u, v = u | 1, v | 1
            elif r >= 0.72:
                u |= 1
            elif r >= 0.50:
                v |= 1
        sources[e], targets[e] = u, v
    return sources, targets


def make_graph(path, scale, n_edges):
    from graphrep import Graph
    from graphrep.io import write_graph_store

    n = 1 << scale
    rng = np.random.default_rng(7)
    u, v = rmat(scale, int(1.25 * n_edges) + 1000, 7)
    names = rng.permutation(n)
    u, v = names[u], names[v]
    low, high = np.minimum(u, v), np.maximum(u, v)
    keys = rng.permutation(np.unique((low * n + high)[low != high]))[:n_edges]
    edges = keys // n, keys % n
    graph = Graph.from_codes(*edges, nodes=range(n), directed=False)
    write_graph_store(graph, path, overwrite=True)


def make_large_graph(path, scale, n_edges, limit):
    """R-MAT by chunks into a store; a perfect matching comes first.

    So every node has an edge, and is numbered in the order of its name.
    """
    from graphrep.io import write_graph_store

    n = 1 << scale
    names = np.random.default_rng(7).permutation(n).astype(np.int32)

    def chunks():
        for first in range(0, n, 2 * CHUNK):
            evens = np.arange(first, min(first + 2 * CHUNK, n), 2)
            yield evens, evens + 1
        for number in range(-(-(n_edges - n // 2) // CHUNK)):
            u, v = rmat(scale, CHUNK, 7 + number)
            yield names[u[u != v]], names[v[u != v]]

    write_graph_store(
        chunks(), path, directed=False, duplicates="first", memory_limit=limit,
        overwrite=True,
    )  # fmt: skip


def fit(way, folder, d, n_jobs, limit=None):
    """Fit one way in this process and print what came of it."""
    from graphrep import FastRP
    from graphrep.embedding._fastrp_plan import Planner
    from graphrep.io import GraphStore

    store = GraphStore(folder / "graph.store")
    out = np.lib.format.open_memmap(
        folder / "out.npy", "w+", np.float32, (store.n_nodes, d)
    )
    options = {"weights": WEIGHTS, "random_state": 0, "n_jobs": n_jobs}
    start, base = time.process_time(), proportional_bytes("self")
    plan = None
    if way == "scipy":
        out[:] = fit_scipy(store, d)
        tasks = None
    else:
        if way == LIMITED:
            options |= {"memory_limit": limit, "work_dir": folder}
        elif WAYS[way]:
            executor, block, workers = WAYS[way]
            options |= {"executor": executor, "work_dir": folder}
            Planner._columns = lambda self: replace(
                self._columns_of(block, workers), streamed=True
            )
        model = FastRP(d, keep_layers=False, **options)
        source = in_memory(store) if way == "memory" else store
        model.fit_transform(source, out=out)
        plan = model.plan_
        tasks = str(getattr(model, "tasks_", "")) or None
    seconds = time.process_time() - start
    facts = {"cpu_fit_s": seconds, "tasks": tasks, "base_mb": base / 1e6}
    if plan is not None:
        facts |= {"plan_mb": plan.memory / 1e6, "plan_s": plan.cpu_seconds}
        facts["plan"] = str(plan)
    print(json.dumps(facts))


def digest_of(path):
    """Digest of the vectors in a file, read by pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 24):
            digest.update(piece)
    return digest.hexdigest()[:12]


def in_memory(store):
    """Read the graph: what a fit in memory starts from."""
    from graphrep import Graph

    parts = [np.array(store.indptr), np.array(store.indices), None]
    if store.weights is not None:
        parts[2] = np.array(store.weights)
    return Graph.from_csr(*parts)


def fit_scipy(store, d):
    """Compute the same with a sparse product of scipy, one thread."""
    from scipy import sparse

    from graphrep.embedding._propagation import SignStart

    n = store.n_nodes
    degree = np.diff(store.indptr).astype(np.float64)
    used = degree > 0
    scale = np.divide(1, degree, out=np.zeros(n), where=used).astype(np.float32)
    data = np.repeat(scale, np.diff(store.indptr))
    step = sparse.csr_array((data, store.indices, store.indptr), shape=(n, n))
    factor = np.ones(n)
    factor[used] = (degree[used] / degree[used].mean()) ** -0.64
    keys = np.arange(n, dtype=np.uint64)
    x = SignStart(keys, factor.astype(np.float32), d, np.sqrt(n), 0).as_matrix()
    total = np.zeros((n, d), np.float32)
    for weight in WEIGHTS:
        x = step @ x
        norm = np.sqrt(np.einsum("ij,ij->i", x, x, dtype=np.float64))
        unit = np.divide(weight, norm, out=np.zeros(n), where=norm > 0)
        total += x * unit.astype(np.float32)[:, None]
    rows = total.any(axis=1)
    mean, std = total[rows].mean(axis=0), total[rows].std(axis=0)
    total[rows] = (total[rows] - mean) / std
    return total


def measure(command):
    """Run a command; processor seconds, peak memory and reads of its process tree."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    seen, peak, start = {}, 0, time.monotonic()
    while child.poll() is None:
        memory = 0
        for pid in tree(child.pid):
            memory += proportional_bytes(pid)
            counters = cpu_and_reads(pid)
            if counters:
                seen[pid] = counters
        peak = max(peak, memory)
        time.sleep(0.2)
    result = json.loads(child.stdout.read().splitlines()[-1])
    cpu, read = (sum(values) for values in zip(*seen.values(), strict=True))
    return {
        "cpu_s": cpu, "peak_mb": peak / 1e6, "read_gb": read / 1e9,
        "wall_s": time.monotonic() - start, **result,
    }  # fmt: skip


def tree(root):
    """Process ids of a process and all below it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text("ascii", "replace")
            except OSError:
                continue
            parents[int(entry.name)] = int(text.rsplit(")", 1)[1].split()[1])
    found, size = {root}, 0
    while len(found) > size:
        size = len(found)
        found |= {pid for pid, parent in parents.items() if parent in found}
    return found


def proportional_bytes(pid):
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass
    return 0


def cpu_and_reads(pid):
    """Processor seconds, and bytes that the process asked its files for."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
        io = Path(f"/proc/{pid}/io").read_text("ascii")
    except OSError:
        return None
    fields = stat.rsplit(")", 1)[1].split()
    read = next(int(x.split()[1]) for x in io.splitlines() if x.startswith("rchar"))
    return (int(fields[11]) + int(fields[12])) / TICK, read


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--scale", type=int, default=21)
    parser.add_argument("--edges", type=float, default=20e6)
    parser.add_argument("-d", type=int, default=64)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", choices=WAYS, default=list(WAYS))
    parser.add_argument("--memory-limit", help="such as 4GB: fit within it")
    parser.add_argument("--fit", choices=[*WAYS, LIMITED], help=argparse.SUPPRESS)
    options = parser.parse_args()
    limit, d, n_jobs = options.memory_limit, options.d, options.n_jobs
    if options.fit:
        return fit(options.fit, options.folder, d, n_jobs, limit)
    options.folder.mkdir(parents=True, exist_ok=True)
    store = options.folder / "graph.store"
    made = f"{'large' if limit else 'small'} {options.scale} {options.edges:g}"
    mark = options.folder / "graph.txt"
    if not mark.exists() or mark.read_text("utf-8") != made:
        mark.unlink(missing_ok=True)
        shutil.rmtree(store, ignore_errors=True)
        if limit:
            start = time.process_time()
            make_large_graph(store, options.scale, int(options.edges), limit)
            print(f"graph made in {time.process_time() - start:,.0f} CPU s", flush=True)
        else:
            make_graph(store, options.scale, int(options.edges))
        mark.write_text(made, "utf-8")
    command = [sys.executable, __file__, *sys.argv[1:], "--fit"]
    if limit:
        return tell_limited(measure([*command, LIMITED]), limit)
    print("| way | CPU s | in fit | planned | peak MB | planned | read GB | bits |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    first = None
    for way in options.only:
        row = {"plan_s": 0, "plan_mb": 0, **measure([*command, way])}
        digest = digest_of(options.folder / "out.npy")
        first = first or digest
        print(
            f"| {way} | {row['cpu_s']:.1f} | {row['cpu_fit_s']:.1f} | "
            f"{row['plan_s']:.1f} | {row['peak_mb']:,.0f} | "
            f"{row['base_mb'] + row['plan_mb']:,.0f} | {row['read_gb']:.2f} | "
            f"{'same' if digest == first else 'others'} |",
            flush=True,
        )
    return None


def tell_limited(row, limit):
    """Print what a fit within a limit took, beside what was allowed and planned."""
    from graphrep._utils._memory import memory_bytes

    print(row["plan"], row["tasks"], sep="\n")
    print(
        f"{row['cpu_s']:,.0f} CPU s ({row['plan_s']:,.0f} planned for the fit, "
        f"{row['cpu_fit_s']:,.0f} taken), {row['wall_s']:,.0f} s in all, "
        f"{row['read_gb']:.1f} GB read\n"
        f"peak {row['peak_mb']:,.0f} MB, of it {row['base_mb']:,.0f} before the fit; "
        f"{row['plan_mb']:,.0f} MB planned, {memory_bytes(limit) / 1e6:,.0f} MB allowed"
    )


if __name__ == "__main__":
    main()
