"""Hypergraphs beside other libraries: building one, and its weighted projection.

Every contender gets the same list of hyperedges (lists of integers) and gives the pairs
of nodes with the number of hyperedges that hold both; what it gives is compared. Each
run is a process of its own, after a warm-up on ten hyperedges; the contenders take
turns, and the best of the repeats is shown with all of them in the file. A contender
whose package is missing is left out, by name; one that needs more than the time allowed
is told as such. Times are CPU seconds (all of it runs on one thread); what takes less
than half a second is done again, on new objects, and the mean is taken. Memory is the
peak of the resident set above that before building; the list is not in it.

    python hypergraph_build.py enron dblp --repeats 5 --out figures.json
    python hypergraph_build.py my_hyperedges.txt

A name is fetched by ``graphrep.datasets.fetch_hypergraph_benchmark`` (its test half);
anything else is a path for ``graphrep.read_hypergraph``. Peers: ``pip install xgi
hypernetx hypergraphx networkx``.
"""

from __future__ import annotations

import argparse
import importlib.metadata as metadata
import json
import platform
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

PACKAGES = (
    "graphrep", "numpy", "scipy", "numba", "networkx", "xgi", "hypernetx",
    "hypergraphx", "pandas",
)  # fmt: skip
_ENOUGH = 0.5
WARM_UP = [[i, i + 1, i + 2] for i in range(10)]


# -- contenders: build, project, (pairs, sum of weights) of the projection -----------
class Graphrep:
    """This package."""

    def build(self, edges: list[list[int]]) -> Any:
        from graphrep import Hypergraph

        return Hypergraph(edges)

    def project(self, built: Any) -> Any:
        return built.project()

    def told(self, graph: Any) -> tuple[int, float]:
        weights = graph.weights
        n = graph.n_edges
        return n, float(n if weights is None else weights.sum() / 2)


class Scipy:
    """An incidence matrix and its product with itself."""

    def build(self, edges: list[list[int]]) -> Any:
        sizes = np.fromiter(map(len, edges), np.int64, len(edges))
        flat = np.fromiter((v for e in edges for v in e), np.int64, sizes.sum())
        ids, members = np.unique(flat, return_inverse=True)
        pointers = np.concatenate([[0], np.cumsum(sizes)])
        shape = (len(edges), len(ids))
        return sparse.csr_array((np.ones(len(flat)), members, pointers), shape=shape)

    def project(self, built: Any) -> Any:
        return _without_diagonal(built.T @ built)

    def told(self, matrix: Any) -> tuple[int, float]:
        return matrix.nnz // 2, float(matrix.sum() / 2)


class XGI(Scipy):
    """XGI: sets in dictionaries, a sparse adjacency."""

    def build(self, edges: list[list[int]]) -> Any:
        import xgi

        return xgi.Hypergraph(edges)

    def project(self, built: Any) -> Any:
        import xgi

        return xgi.adjacency_matrix(built, weighted=True, sparse=True)


class HyperNetX(Scipy):
    """HyperNetX: tables of pandas; its adjacency has no weights, so its incidence."""

    def build(self, edges: list[list[int]]) -> Any:
        import hypernetx

        return hypernetx.Hypergraph(dict(enumerate(edges)))

    def project(self, built: Any) -> Any:
        incidence = built.incidence_matrix()
        return _without_diagonal(incidence @ incidence.T)


class Hypergraphx(Scipy):
    """Hypergraphx: tuples in dictionaries, a sparse adjacency."""

    def build(self, edges: list[list[int]]) -> Any:
        import hypergraphx

        return hypergraphx.Hypergraph([tuple(e) for e in edges], weighted=False)

    def project(self, built: Any) -> Any:
        from hypergraphx.linalg import adjacency_matrix

        matrix = sparse.csr_array(adjacency_matrix(built))
        matrix.eliminate_zeros()
        return matrix


class Networkx:
    """A bipartite graph of networkx."""

    def build(self, edges: list[list[int]]) -> Any:
        import networkx as nx

        graph = nx.Graph()
        for number, edge in enumerate(edges):
            graph.add_edges_from((("edge", number), v) for v in edge)
        return graph

    def project(self, built: Any) -> Any:
        from networkx.algorithms import bipartite

        nodes = [v for v in built if not isinstance(v, tuple)]
        return bipartite.weighted_projected_graph(built, nodes)

    def told(self, graph: Any) -> tuple[int, float]:
        return graph.number_of_edges(), float(graph.size(weight="weight"))


CONTENDERS = {
    "graphrep": Graphrep,
    "scipy": Scipy,
    "xgi": XGI,
    "hypernetx": HyperNetX,
    "hypergraphx": Hypergraphx,
    "networkx": Networkx,
}


def _without_diagonal(matrix: Any) -> Any:
    matrix = sparse.csr_array(matrix)
    matrix.setdiag(0)
    matrix.eliminate_zeros()
    return matrix


# -- measuring -----------------------------------------------------------------------
def read_edges(what: str) -> list[list[int]]:
    """Hyperedges as lists of row numbers, each set once."""
    import graphrep

    if Path(what).exists():
        hypergraph = graphrep.read_hypergraph(what).simple()
    else:
        hypergraph = graphrep.datasets.fetch_hypergraph_benchmark(what).test
    bounds, flat = hypergraph.indptr.tolist(), hypergraph.indices.tolist()
    rows = [flat[bounds[i] : bounds[i + 1]] for i in range(len(hypergraph))]
    return [row for row in rows if row]


def run_one(name: str, what: str) -> dict[str, Any]:
    """Measure one contender in this process."""
    warnings.simplefilter("ignore")
    contender = CONTENDERS[name]()
    contender.told(contender.project(contender.build(WARM_UP)))
    edges = read_edges(what)
    before = _memory("VmRSS")
    _forget_peak()
    start = time.process_time()
    projected = contender.project(contender.build(edges))
    estimate, peak = time.process_time() - start, _memory("VmHWM")
    times = _times(contender, edges, estimate)
    pairs, total = contender.told(projected)
    return {
        "contender": name, "hypergraph": what, "peak_mb": peak - before,
        "pairs": pairs, "sum_of_weights": total, **times,
    }  # fmt: skip


def _times(contender: Any, edges: list[list[int]], estimate: float) -> dict[str, float]:
    """CPU seconds of building and of projecting: a coarse clock sees many at once."""
    many = max(1, min(200, int(_ENOUGH / max(estimate, 1e-4))))
    start = time.process_time()
    built = [contender.build(edges) for _ in range(many)]
    middle = time.process_time()
    for each in built:
        contender.project(each)
    end = time.process_time()
    return {
        "build_s": (middle - start) / many, "project_s": (end - middle) / many,
        "times": many,
    }  # fmt: skip


def _memory(field: str) -> float:
    """Figure of this process in MB, NaN where the system does not tell."""
    try:
        text = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return float("nan")
    line = next(x for x in text.splitlines() if x.startswith(field + ":"))
    return int(line.split()[1]) / 1024


def _forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def run_in_process(name: str, what: str, limit: int) -> dict[str, Any]:
    """Measure one contender in a new process that may use so much CPU time."""

    def allow() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))

    done = subprocess.run(
        [sys.executable, __file__, what, "--one", name],
        capture_output=True, text=True, check=False, preexec_fn=allow,
    )  # fmt: skip
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    last = done.stderr.strip().splitlines()[-1:] or [f"not done in {limit} CPU s"]
    return {"contender": name, "hypergraph": what, "failed": last[0]}


def show(what: str, rows: list[dict[str, Any]]) -> None:
    """Print the best of the repeats of each contender."""
    print(f"\n{what}\n\n| library | build, CPU s | project, CPU s | peak MB | pairs |")
    print("| --- | --- | --- | --- | --- |")
    sums = set()
    for name in CONTENDERS:
        mine = [r for r in rows if r["contender"] == name and r["hypergraph"] == what]
        good = [r for r in mine if "failed" not in r]
        if mine and not good:
            print(f"| {name} | {mine[0]['failed']} | | | |")
        if good:
            build, project = (min(r[k] for r in good) for k in ("build_s", "project_s"))
            peak = min(r["peak_mb"] for r in good)
            sums.add((good[0]["pairs"], good[0]["sum_of_weights"]))
            cells = f"{build:.2g} | {project:.2g} | {peak:.1f} | {good[0]['pairs']:,}"
            print(f"| {name} | {cells} |")
    print("all the same pairs and weights" if len(sums) == 1 else f"DIFFERENT: {sums}")


def versions() -> dict[str, str]:
    """Versions of what is compared."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("hypergraphs", nargs="+", help="names or paths")
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=int, default=600, help="CPU s of one run")
    parser.add_argument("--out", type=Path, help="JSON file of all figures")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(run_one(args.one, args.hypergraphs[0])))
        return
    print(json.dumps(versions()))
    rows: list[dict[str, Any]] = []
    names = args.contenders.split(",")
    for what in args.hypergraphs:
        for _ in range(args.repeats):
            for name in names:
                if not any(_is_hopeless(r, name, what) for r in rows):
                    rows.append(run_in_process(name, what, args.limit))
        show(what, rows)
    if args.out:
        record = {"versions": versions(), "rows": rows}
        args.out.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _is_hopeless(row: dict[str, Any], name: str, what: str) -> bool:
    return "failed" in row and (row["contender"], row["hypergraph"]) == (name, what)


if __name__ == "__main__":
    main()
