"""ReconstructionEvaluator beside GEM's evaluation (nxt-gem) and scikit-learn.

Part ``small``: the 1,000 and the 2,000 nodes of highest degree of a word graph (its
largest component each: 966 and 1,983 nodes), and the vectors of HOPE (64 dimensions,
Katz at half the radius) made here with numpy. The contenders evaluate the same vectors
in turn, each in a process of its own and with one thread:

- ``graphrep``: all nodes, 1 hop, all metrics with all cut-offs, native score;
- ``graphrep_curve``: the same, and the precision of the K best of all pairs, which is
  everything that GEM computes;
- ``sklearn``: a loop over ``average_precision_score`` on the same products in float64;
- ``gem_default`` and ``gem_directed``: ``evaluateStaticGraphReconstruction`` of
  nxt-gem with ``is_undirected`` true (its default) and false.

Then come the checks: graphrep against scikit-learn node by node, on vectors (products
in float32) and on the very scores that scikit-learn gets; and all contenders on the
same graph with its nodes in four orders. GEM's figures differ from the mean average
precision for three reasons. By default it lists the pairs i < j only, so that a node
is ranked against nodes with higher numbers; it drops pairs whose score is not
positive; and it divides by the true neighbours that are left instead of all. The first
makes its result depend on how nodes are numbered.

Part ``large``: the largest component of the whole graph (197,539 nodes), vectors of
``graphrep.HOPE`` (128 dimensions, fitted beforehand and kept in ``--cache``): CPU time
and memory of 2,000 queries at 1 hop and at 1 to 3 hops with all truths, and with
``--all-queries`` of every node at 1 hop. GEM would need a matrix of 312 GB there.

    python reconstruction_peers.py --data cskg_mini/edges.tsv.gz \\
        --peer-python gem=envs/gem/bin/python --repeats 3
    python reconstruction_peers.py --part large --all-queries --threads 2

Options: ``--data`` a table of triples (head, relation, tail; a header line) or None to
fetch the data set; ``--part`` small, large or both; ``--repeats`` turns of every
contender (the quickest is shown); ``--contenders`` a list by comma; ``--peer-python``
the interpreter of a contender that lives elsewhere (``gem`` means both of GEM's);
``--queries`` of the large part; ``--threads`` of the large part; ``--cache`` a folder
for graphs and vectors; ``--out`` a file that gets every run as a line of JSON.

Times are CPU seconds of the process, after a warm-up on a tiny graph that takes the
compiling out. "above start" is the peak of physical memory during the evaluation less
what the process held before.

Peers: ``pip install --no-deps nxt-gem``, and networkx, scikit-learn.
"""

from __future__ import annotations

import argparse
import importlib.metadata as metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

SEED = 1
SIZES = (1000, 2000)
HALF = 32
PLACES = (2, 10, 100, 200, 300, 500, 1000)
LARGE_DIM = 128
PACKAGES = (
    "graphrep",
    "nxt-gem",
    "numpy",
    "scipy",
    "numba",
    "scikit-learn",
    "networkx",
)
OURS = "graphrep"
OWN = ("graphrep", "graphrep_curve")


# -- contenders: (graph as arrays, source, target, options) -> dict of figures ---------
def graphrep(job: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    from graphrep import Graph
    from graphrep.evaluation import ReconstructionEvaluator

    graph = Graph.from_csr(job["indptr"], job["indices"], directed=False)
    evaluator = ReconstructionEvaluator(
        hops=job["hops"],
        scores=("native",),
        n_queries=job["queries"],
        n_jobs=job["threads"],
    )

    def run() -> dict[str, Any]:
        result = evaluator.evaluate(graph, (job["source"], job["target"]))
        found = {
            truth: [result.mean(truth, "ap").value, result.mean(truth, "ap").se]
            for truth in result.truths
        }
        return {"map": found["hop1"][0], "means": found, "nodes": result.per_node()}

    return run


def graphrep_curve(job: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    from graphrep import Graph
    from graphrep.evaluation import EdgeCurveEvaluator

    rank = graphrep(job)
    graph = Graph.from_csr(job["indptr"], job["indices"], directed=False)
    evaluator = EdgeCurveEvaluator(scores=("native",), n_jobs=job["threads"])

    def run() -> dict[str, Any]:
        found = rank()
        curve = evaluator.evaluate(graph, (job["source"], job["target"]))
        precision = dict(
            zip(curve.k.tolist(), curve.precision[0].tolist(), strict=True)
        )
        return {**found, "curve": [float(precision.get(k, np.nan)) for k in PLACES]}

    return run


def sklearn(job: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    from sklearn.metrics import average_precision_score

    n = len(job["indptr"]) - 1
    source, target = (job[side].astype(np.float64) for side in ("source", "target"))

    def run() -> dict[str, Any]:
        nodes = np.full(n, np.nan)
        for i in range(n):
            edge = np.zeros(n, bool)
            edge[job["indices"][job["indptr"][i] : job["indptr"][i + 1]]] = True
            scores = target @ source[i]
            others = np.arange(n) != i
            if edge[others].any():
                nodes[i] = average_precision_score(edge[others], scores[others])
        return {"map": float(np.nanmean(nodes)), "nodes": nodes}

    return run


def gem(job: dict[str, Any], is_undirected: bool) -> Callable[[], dict[str, Any]]:
    import networkx as nx
    from gem.embedding.hope import HOPE
    from gem.evaluation.evaluate_graph_reconstruction import (
        evaluateStaticGraphReconstruction,
    )

    n = len(job["indptr"]) - 1
    rows = np.repeat(np.arange(n), np.diff(job["indptr"]))
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(zip(rows.tolist(), job["indices"].tolist(), strict=True))
    model = HOPE(d=2 * job["source"].shape[1], beta=0.01)
    vectors = np.concatenate([job["source"], job["target"]], axis=1).astype(np.float64)

    def run() -> dict[str, Any]:
        with redirect_stdout(StringIO()):
            found = evaluateStaticGraphReconstruction(
                graph, model, vectors, None, is_undirected=is_undirected
            )
        curve = [found[1][k - 1] for k in PLACES if k <= len(found[1])]
        return {"map": float(found[0]), "curve": curve}

    return run


def gem_default(job: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    return gem(job, True)


def gem_directed(job: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    return gem(job, False)


CONTENDERS = {
    f.__name__: f
    for f in (graphrep, graphrep_curve, sklearn, gem_default, gem_directed)
}


# -- one measurement, in a process of its own -----------------------------------------
def run_one(args: argparse.Namespace) -> dict[str, Any]:
    """Measure one contender on the job in a file; write the values of the nodes."""
    job = load_job(Path(args.job), args)
    warm = {
        **tiny_job(),
        "hops": job["hops"],
        "threads": job["threads"],
        "queries": None,
    }
    CONTENDERS[args.worker](warm)()
    run = CONTENDERS[args.worker](job)
    before = memory("VmRSS")
    with suppress(OSError):  # the peak starts anew; needs Linux
        Path("/proc/self/clear_refs").write_text("5")
    seconds = []
    for _ in range(args.inner):
        cpu, wall = time.process_time(), time.perf_counter()
        found = run()
        seconds.append((time.process_time() - cpu, time.perf_counter() - wall))
    peak = memory("VmHWM")
    nodes = found.pop("nodes", None)
    if nodes is not None and args.save:
        np.save(args.save, nodes)
    return {
        "contender": args.worker, **found, "cpu_s": min(s[0] for s in seconds),
        "wall_s": min(s[1] for s in seconds), "peak_mb": peak / 1e6,
        "above_start_mb": (peak - before) / 1e6, "versions": versions(),
    }  # fmt: skip


def memory(what: str) -> float:
    """Bytes from a line of /proc/self/status; NaN where there is none."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(what):
                return 1024 * float(line.split()[1])
    return float("nan")


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def load_job(path: Path, args: argparse.Namespace) -> dict[str, Any]:
    with np.load(path) as file:
        job: dict[str, Any] = dict(file)
    hops = tuple(int(hop) for hop in args.hops.split(","))
    return {
        **job,
        "hops": hops,
        "threads": args.threads,
        "queries": args.queries or None,
    }


def tiny_job() -> dict[str, Any]:
    """Cycle of 60 nodes."""
    n = 60
    around = np.arange(n)
    indices = np.sort(np.stack([(around - 1) % n, (around + 1) % n], axis=1), axis=1)
    vectors = np.random.default_rng(0).normal(size=(2, n, HALF)).astype(np.float32)
    return {
        "indptr": np.arange(0, 2 * n + 1, 2),
        "indices": indices.ravel().astype(np.int32),
        "source": vectors[0],
        "target": vectors[1],
    }


# -- graphs and vectors ---------------------------------------------------------------
def read_graph(args: argparse.Namespace) -> Any:
    """Largest component of the word graph, undirected, without loops and weights."""
    import gzip

    from graphrep import Graph

    if args.data is None:
        from graphrep.datasets import fetch_cskg_mini

        graph = fetch_cskg_mini().graph
    else:
        opener = gzip.open if args.data.endswith(".gz") else open
        with opener(args.data, "rt", encoding="utf-8") as file:
            next(file)
            triples = [line.rstrip("\n").split("\t") for line in file]
        heads, tails = ([triple[at] for triple in triples] for at in (0, -1))
        graph = Graph.from_edges(heads, tails, duplicates="first")
    return graph.symmetrize().unweighted().remove_self_loops().largest_component()


def core(graph: Any, size: int) -> Any:
    """Largest component of the nodes of highest degree, of equal ones by name."""
    first = np.sort(np.lexsort((graph.node_ids.astype(str), -graph.degree()))[:size])
    return graph.subgraph(graph.node_ids[first]).largest_component()


def katz_vectors(graph: Any) -> tuple[Any, Any]:
    """Source and target vectors of HOPE by dense algebra: for small graphs."""
    from scipy.sparse import linalg

    A = graph.to_scipy().toarray().astype(np.float64)
    n = len(A)
    beta = 0.5 / np.abs(linalg.eigsh(A, k=1, v0=np.ones(n))[0][0])
    katz = np.linalg.solve(np.eye(n) - beta * A, beta * A)
    u, s, vt = linalg.svds(katz, k=HALF, v0=np.ones(n))
    return (u * np.sqrt(s)).astype(np.float32), (vt.T * np.sqrt(s)).astype(np.float32)


def write_job(path: Path, graph: Any, source: Any, target: Any) -> Path:
    np.savez(
        path, indptr=graph.indptr, indices=graph.indices, source=source, target=target
    )
    return path


# -- running --------------------------------------------------------------------------
class Runner:
    """Starts workers and keeps what they say."""

    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self.args = args
        self.folder = folder
        pairs = dict(pair.split("=", 1) for pair in args.peer_python)
        self.python = {
            name: pairs.get(name, pairs.get(name.split("_")[0], sys.executable))
            for name in CONTENDERS
        }
        self.missing: set[str] = set()

    def run(self, name: str, job: Path, label: str, **options: Any) -> Any:
        """One line of figures, or None where the contender is not there."""
        if name in self.missing:
            return None
        threads = str(options.get("threads", 1))
        save = self.folder / f"{name}-{job.stem}.npy"
        settings = {"job": job, "save": save, **options}
        flags = [part for key in settings for part in (f"--{key}", str(settings[key]))]
        limits = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
        done = subprocess.run(
            [self.python[name], __file__, "--worker", name, *flags],
            capture_output=True, text=True, check=False,
            env={**os.environ, **dict.fromkeys(limits, threads)},
        )  # fmt: skip
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no message"]
            print(f"{name}: left out ({lines[-1]})", file=sys.stderr)
            self.missing.add(name)
            return None
        row = {"case": label, **json.loads(done.stdout.strip().splitlines()[-1])}
        with Path(self.args.out).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        return {**row, "save": save}


def small(runner: Runner, graph: Any) -> None:
    """Time all contenders in turn, then check their figures."""
    names = runner.args.contenders.split(",")
    for size in SIZES:
        part = core(graph, size)
        source, target = katz_vectors(part)
        job = write_job(runner.folder / f"core{size}.npz", part, source, target)
        label = f"{part.n_nodes:,} nodes, {part.n_edges:,} edges"
        best: dict[str, dict[str, Any]] = {}
        for _ in range(runner.args.repeats):
            for name in names:
                inner = 5 if name.startswith(OURS) else 1
                row = runner.run(name, job, label, inner=inner, queries=0)
                if row and (name not in best or row["cpu_s"] < best[name]["cpu_s"]):
                    best[name] = row
        print(f"\n{label}, HOPE with {2 * HALF} dimensions, 1 hop, one thread")
        print(f"{'contender':16}{'CPU s':>9}{'ratio to':>18}{'+MB':>8}{'mAP':>10}")
        print(f"{'':25}{'graphrep':>9}{'_curve':>9}")
        for name, row in best.items():
            ratios = [row["cpu_s"] / best[own]["cpu_s"] for own in OWN if own in best]
            print(
                f"{name:16}{row['cpu_s']:9.4f}" + "".join(f"{r:9.1f}" for r in ratios)
                + f"{row['above_start_mb']:8.0f}{row['map']:10.6f}"
            )  # fmt: skip
        print("precision of the first " + ", ".join(map(str, PLACES)) + " of all pairs")
        for name, row in best.items():
            if "curve" in row:
                print(f"{name:16}" + "".join(f"{p:9.5f}" for p in row["curve"]))
        check_values(part, source, target)
        check_orders(runner, names, part, source, target)


def check_values(graph: Any, source: Any, target: Any) -> None:
    """Compare graphrep with scikit-learn on the same scores, node by node.

    Of a group of equal scores scikit-learn takes the precision at its end for all its
    members and graphrep the mean over the orders of the group, so that nodes with
    such groups around a neighbour (twins have equal vectors) are counted apart.
    """
    from sklearn.metrics import average_precision_score

    from graphrep.evaluation import ReconstructionEvaluator

    n = graph.n_nodes
    scores = source.astype(np.float64) @ target.astype(np.float64).T
    reference, clear = np.empty(n), np.empty(n, bool)
    for i in range(n):
        edge = np.zeros(n, bool)
        edge[graph.indices[graph.indptr[i] : graph.indptr[i + 1]]] = True
        edge, row = np.delete(edge, i), np.delete(scores[i], i)
        _, inverse, count = np.unique(row, return_inverse=True, return_counts=True)
        clear[i] = (count[inverse[edge]] == 1).all()
        reference[i] = average_precision_score(edge, row)
    evaluator = ReconstructionEvaluator(hops=(1,), scores=("native",), n_jobs=1)
    for what, value in (
        ("the same scores in float64", lambda rows: scores[rows]),
        ("vectors, products in float32", (source, target)),
    ):
        off = np.abs(evaluator.evaluate(graph, value).per_node() - reference)
        print(
            f"graphrep - scikit-learn, {what}: at most {off[clear].max():.1e} at the "
            f"{clear.sum():,} nodes without equal scores, {off.max():.1e} at all"
        )


def check_orders(
    runner: Runner, names: list[str], graph: Any, source: Any, target: Any
) -> None:
    """Mean average precision of the same graph and vectors in four orders of nodes."""
    degree = graph.degree()
    orders = {
        "as it is": np.arange(graph.n_nodes),
        "hubs first": np.argsort(-degree, kind="stable"),
        "hubs last": np.argsort(degree, kind="stable"),
        "shuffled": np.random.default_rng(SEED).permutation(graph.n_nodes),
    }
    print(f"{'mAP by order of nodes':24}" + "".join(f"{o:>13}" for o in orders))
    found: dict[str, list[str]] = {n: [] for n in names if n != "graphrep_curve"}
    for label, order in orders.items():
        turned = graph.subgraph(graph.node_ids[order])
        path = runner.folder / f"order-{label.replace(' ', '-')}.npz"
        job = write_job(path, turned, source[order], target[order])
        for name in found:
            row = runner.run(name, job, f"{graph.n_nodes} nodes, {label}", queries=0)
            found[name].append("" if row is None else f"{row['map']:.6f}")
    for name, values in found.items():
        if name not in runner.missing:
            print(f"{name:24}" + "".join(f"{value:>13}" for value in values))


def large(runner: Runner, graph: Any) -> None:
    """Evaluate the whole graph: a sample of queries, then all if asked for."""
    args = runner.args
    job = large_job(args, graph)
    cases = [
        (f"1 hop, {args.queries:,} queries", "1", args.queries),
        (f"1 to 3 hops, {args.queries:,} queries", "1,2,3", args.queries),
    ]
    if args.all_queries:
        cases.append(("1 hop, all queries", "1", 0))
    print(
        f"\n{graph.n_nodes:,} nodes, {graph.n_edges:,} edges, HOPE with {LARGE_DIM} "
        f"dimensions, {args.threads} thread(s)"
    )
    for label, hops, queries in cases:
        rows = [
            runner.run(
                OURS, job, label, hops=hops, queries=queries, threads=args.threads
            )
            for _ in range(args.repeats if queries else 1)
        ]
        row = min(filter(None, rows), key=lambda r: r["cpu_s"], default=None)
        if row is None:
            return
        print(
            f"{label}: {row['cpu_s']:.2f} CPU s, {row['wall_s']:.2f} s, peak "
            f"{row['peak_mb']:,.0f} MB, {row['above_start_mb']:,.0f} MB above start"
        )
        for truth, (mean, error) in row["means"].items():
            print(f"    {truth:18}{mean:9.5f} ± {error:.5f} (standard error)")


def large_job(args: argparse.Namespace, graph: Any) -> Path:
    """Graph and vectors in a file, fitted if they are not there yet."""
    path = Path(args.cache) / f"reconstruction-{graph.n_nodes}-{LARGE_DIM}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        from graphrep.embedding import HOPE

        cpu = time.process_time()
        model = HOPE(LARGE_DIM, random_state=SEED).fit(graph)
        print(f"HOPE fitted in {time.process_time() - cpu:.0f} CPU s")
        write_job(path, graph, model.source_, model.target_)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data")
    parser.add_argument("--part", choices=("small", "large", "both"), default="both")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--peer-python", action="append", default=[])
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--all-queries", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", default=tempfile.gettempdir())
    parser.add_argument("--out", default="reconstruction_peers.jsonl")
    for hidden in ("--worker", "--job", "--save"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--hops", default="1", help=argparse.SUPPRESS)
    parser.add_argument("--inner", type=int, default=1, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        print(json.dumps(run_one(args)))
        return
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(args, Path(folder))
        graph = read_graph(args)
        if args.part != "large":
            small(runner, graph)
        if args.part != "small":
            large(runner, graph)


if __name__ == "__main__":
    main()
