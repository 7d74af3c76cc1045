"""Maximal cliques beside other libraries: time, memory and what cannot be gone below.

Every contender lists all maximal cliques of the same graph, given in its own form, as
the lists, tuples or arrays that it makes of them; their number and a hash of all of
them are compared. Each run is a process of its own, after a warm-up on a small graph;
the contenders take turns, and the best of the repeats is shown with all of them in the
file. A contender whose package is missing is left out, by name; one that needs more
than the time allowed is told as such. Times are CPU seconds of one thread; what takes
less than half a second is done again and the mean is taken. ``graphrep_threads`` uses
two threads, and its wall time is told beside: believe it on an idle machine only.
Memory is the peak of the resident set above that before the search.

The floor: the cliques are that many bytes, which take that long to copy; and the search
looks at that many words of 64 bits (rows read at the roots and excluded sets in steps).

    python maximal_cliques_peers.py enron dblp --repeats 5 --out figures.json
    python maximal_cliques_peers.py my_hyperedges.txt graph.npz gnp:200:0.5:1

A name is fetched by ``graphrep.datasets.fetch_hypergraph_benchmark`` (the projection of
its test half); ``gnp:N:P:SEED`` is a random graph; an ``.npz`` holds indptr and indices
of a symmetric CSR; another path is one for ``graphrep.read_hypergraph``. Peers:
``pip install networkx igraph networkit``.
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
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = ("graphrep", "numpy", "numba", "networkx", "igraph", "networkit")
_ENOUGH = 0.5  # seconds


# -- contenders: make the library's graph, list its cliques --------------------------
class Graphrep:
    """This package on one thread."""

    n_jobs = 1

    def take(self, graph: Any) -> Any:
        return graph

    def cliques(self, graph: Any) -> Iterable[tuple[int, ...]]:
        from graphrep.hypergraph import maximal_cliques

        return maximal_cliques(graph, max_cliques=None, n_jobs=self.n_jobs)


class GraphrepThreads(Graphrep):
    """This package on two threads."""

    n_jobs = 2


class Networkx:
    """networkx: sets in dictionaries."""

    def take(self, graph: Any) -> Any:
        return graph.to_networkx()

    def cliques(self, graph: Any) -> Iterable[Any]:
        import networkx as nx

        return list(nx.find_cliques(graph))


class Igraph:
    """igraph: C, tuples out."""

    def take(self, graph: Any) -> Any:
        import igraph

        rows, columns, _ = graph.edges()
        return igraph.Graph(n=graph.n_nodes, edges=np.stack([rows, columns], axis=1))

    def cliques(self, graph: Any) -> Iterable[Any]:
        return graph.maximal_cliques()


class Networkit:
    """networkit: C++, lists out."""

    def take(self, graph: Any) -> Any:
        import networkit

        networkit.setNumberOfThreads(1)
        made = networkit.Graph(graph.n_nodes)
        for u, v in zip(*(x.tolist() for x in graph.edges()[:2]), strict=True):
            made.addEdge(u, v)
        return made

    def cliques(self, graph: Any) -> Iterable[Any]:
        from networkit.clique import MaximalCliques

        return MaximalCliques(graph).run().getCliques()


CONTENDERS: dict[str, Any] = {
    "graphrep": Graphrep,
    "graphrep_threads": GraphrepThreads,
    "networkx": Networkx,
    "igraph": Igraph,
    "networkit": Networkit,
}


# -- measuring -----------------------------------------------------------------------
def read_graph(what: str) -> Any:
    """Unweighted graph on row numbers."""
    import graphrep

    if what.startswith("gnp:"):
        n, p, seed = (float(x) for x in what.split(":")[1:])
        rng = np.random.default_rng(int(seed))
        upper = np.triu(rng.random((int(n), int(n))) < p, 1)
        graph = graphrep.Graph((upper | upper.T).astype(float))
    elif what.endswith(".npz"):
        arrays = np.load(what)
        graph = graphrep.Graph.from_csr(arrays["indptr"], arrays["indices"])
    elif Path(what).exists():
        graph = graphrep.read_hypergraph(what).project()
    else:
        fetched = graphrep.datasets.fetch_hypergraph_benchmark(what)
        graph = fetched.test.project()
    graph = graph.unweighted().with_nodes(range(graph.n_nodes))
    return graph.remove_self_loops()


def run_one(name: str, what: str) -> dict[str, Any]:
    """Measure one contender in this process."""
    warnings.simplefilter("ignore")
    contender = CONTENDERS[name]()
    list(contender.cliques(contender.take(read_graph("gnp:150:0.5:0"))))
    graph = read_graph(what)
    given = contender.take(graph)
    before = _memory("VmRSS")
    _forget_peak()
    start = time.process_time()
    found = contender.cliques(given)
    estimate, peak = time.process_time() - start, _memory("VmHWM")
    record = {
        "contender": name, "graph": what, "n_nodes": graph.n_nodes,
        "n_edges": graph.n_edges, "peak_mb": peak - before,
        **_told(found), **_times(lambda: contender.cliques(given), estimate),
    }  # fmt: skip
    return record | (_floor(graph, found) if name == "graphrep" else {})


def _told(cliques: Iterable[Any]) -> dict[str, int]:
    """Number of cliques and of members, and a hash that the order does not change."""
    n = members = total = 0
    for clique in cliques:
        n += 1
        members += len(clique)
        total += hash(tuple(sorted(clique)))
    return {"n_cliques": n, "n_members": members, "hash": total % 2**61}


def _times(search: Callable[[], Any], estimate: float) -> dict[str, float]:
    """CPU and wall seconds; a coarse clock sees many runs at once."""
    many = max(1, min(20_000, int(_ENOUGH / max(estimate, 1e-6))))
    wall, start = time.perf_counter(), time.process_time()
    for _ in range(many):
        search()
    return {
        "cpu_s": (time.process_time() - start) / many,
        "wall_s": (time.perf_counter() - wall) / many, "times": many,
    }  # fmt: skip


def _floor(graph: Any, found: Any) -> dict[str, float]:
    """Bytes of the cliques, seconds to copy them, words the search looks at."""
    from graphrep.hypergraph._clique_search import CliqueSearch, _Worker
    from graphrep.kernels import _clique_state as kept

    arrays = (found.indptr, found.indices)
    start = time.perf_counter()
    copies = [a.copy() for a in arrays]
    copy = _times(lambda: [a.copy() for a in copies], time.perf_counter() - start)
    search = CliqueSearch(graph.indptr, graph.indices)
    worker = _Worker(search, len(found) + 1, len(found.indices))
    steps = 1 << 60
    assert worker.go_on(search.n_roots, steps) == kept.DONE
    return {
        "output_bytes": sum(a.nbytes for a in arrays), "copy_s": copy["cpu_s"],
        "words": steps - int(worker.state[kept.FUEL]),
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
    return {"contender": name, "graph": what, "failed": last[0]}


# -- showing -------------------------------------------------------------------------
def show(what: str, rows: list[dict[str, Any]]) -> None:
    """Print the best of the repeats of each contender, and the floor."""
    good = [r for r in rows if r["graph"] == what and "failed" not in r]
    first = next((r for r in good if "output_bytes" in r), None)
    if first is None:
        print(f"\n{what}: graphrep did not end")
        return
    own = min(r["cpu_s"] for r in good if r["contender"] == "graphrep")
    print(
        f"\n{what}: {first['n_nodes']:,} nodes, {first['n_edges']:,} edges, "
        f"{first['n_cliques']:,} maximal cliques of {first['n_members']:,} members\n\n"
        "| library | CPU ms | times graphrep | wall ms | peak MB |\n"
        "| --- | --- | --- | --- | --- |"
    )
    for name in CONTENDERS:
        mine = [r for r in good if r["contender"] == name]
        if mine:
            cpu, wall = (min(r[k] for r in mine) for k in ("cpu_s", "wall_s"))
            peak = min(r["peak_mb"] for r in mine)
            cells = f"{1e3 * cpu:.3g} | {cpu / own:.1f} | {1e3 * wall:.3g} | {peak:.1f}"
            print(f"| {name} | {cells} |")
        failed = [r for r in rows if (r["graph"], r["contender"]) == (what, name)]
        if failed and not mine:
            print(f"| {name} | {failed[0]['failed']} | | | |")
    copy = min(r["copy_s"] for r in good if "copy_s" in r)
    print(
        f"\nfloor: {first['output_bytes']:,} bytes of cliques, copied in "
        f"{1e3 * copy:.3g} ms; {first['words']:,} words looked at, "
        f"{1e9 * own / first['words']:.2g} ns each with all else"
    )
    sums = {(r["n_cliques"], r["hash"]) for r in good}
    print("all the same cliques" if len(sums) == 1 else f"DIFFERENT: {sums}")


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
    parser.add_argument("graphs", nargs="+", help="names, paths or gnp:N:P:SEED")
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=int, default=600, help="CPU s of one run")
    parser.add_argument("--out", type=Path, help="JSON file of all figures")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(run_one(args.one, args.graphs[0])))
        return
    print(json.dumps(versions()))
    rows: list[dict[str, Any]] = []
    names = args.contenders.split(",")
    for what in args.graphs:
        for _ in range(args.repeats):
            for name in names:
                if not any(_is_hopeless(r, name, what) for r in rows):
                    rows.append(run_in_process(name, what, args.limit))
        show(what, rows)
    if args.out:
        record = {"versions": versions(), "rows": rows}
        args.out.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _is_hopeless(row: dict[str, Any], name: str, what: str) -> bool:
    return "failed" in row and (row["contender"], row["graph"]) == (name, what)


if __name__ == "__main__":
    main()
