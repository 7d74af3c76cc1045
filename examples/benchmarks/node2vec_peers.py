"""Node2Vec beside its peers: trained tokens a CPU second, memory and quality.

Each contender embeds the same graph with the same budget (walks, length, window,
negatives, one epoch) in a process of its own, after a warm-up on a tiny graph that
takes the compiling out of the figures; the contenders take turns, each turn with
another seed. Time is CPU seconds of the process and its children, in three stages:
``prepare`` (building the contender's own graph, left out of the rate), ``walk`` where
walks are made apart, and ``train``. Peers may live in environments of their own:

    python node2vec_peers.py --graph blogcatalog --repeats 3 --score \\
        --peer-python gensim=envs/gensim/bin/python \\
        --peer-python pecanpy=envs/pecanpy/bin/python

``blogcatalog`` is fetched (or read from ``GRAPHREP_DATA_DIR``); ``dcsbm`` is made from
a seed; a path to an ``.npz`` of CSR arrays is read as it is. A contender whose package
is not found is named as missing. Every run is a line of the file ``--out``.

Peers: ``pip install gensim fastnode2vec``, ``pip install pecanpy`` (wants numpy < 2),
``pip install grape``.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SEED = 1
N_NEGATIVES = 5
PACKAGES = (
    "graphrep", "numpy", "scipy", "numba", "torch", "gensim", "fastnode2vec", "pecanpy",
    "grape", "embiggen", "ensmallen",
)  # fmt: skip
OURS = "graphrep_deterministic"
RATIOS_TO = ("fastnode2vec", "gensim", "pecanpy", "grape")


class Job(NamedTuple):
    """A graph and the budget that every contender has."""

    indptr: Any
    indices: Any
    dim: int
    walks: int
    length: int
    window: int
    p: float
    q: float
    threads: int
    seed: int

    @property
    def n_nodes(self) -> int:
        return len(self.indptr) - 1

    def edges(self) -> tuple[Any, Any]:
        """Each edge once."""
        rows = np.repeat(np.arange(self.n_nodes), np.diff(self.indptr))
        upper = rows <= self.indices
        return rows[upper], self.indices[upper]

    def matrix(self) -> Any:
        from scipy import sparse

        ones = np.ones(len(self.indices), np.float32)
        shape = (self.n_nodes, self.n_nodes)
        return sparse.csr_matrix((ones, self.indices, self.indptr), shape=shape)


# -- contenders ------------------------------------------------------------------
def graphrep_deterministic(job: Job) -> Any:
    return _graphrep(job, mode="deterministic")


def graphrep_hogwild(job: Job) -> Any:
    return _graphrep(job, mode="hogwild")


def graphrep_torch_cpu(job: Job) -> Any:
    import torch

    torch.set_num_threads(job.threads)
    return _graphrep(job, device="torch:cpu")


def _graphrep(job: Job, **options: Any) -> Any:
    from graphrep import Node2Vec

    with stage("prepare"):
        graph = _our_graph(job)
    with stage("train"):  # walks are made inside
        model = Node2Vec(
            n_components=job.dim, walk_length=job.length, walks_per_node=job.walks,
            window=job.window, n_negatives=N_NEGATIVES, n_epochs=1, p=job.p, q=job.q,
            n_jobs=job.threads, random_state=job.seed, **options,
        )  # fmt: skip
        return model.fit_transform(graph)


def _our_graph(job: Job) -> Any:
    from graphrep import Graph

    return Graph(job.matrix())


def gensim(job: Job) -> Any:
    """gensim with its own defaults (sample=1e-3), on the walks of graphrep."""
    return _gensim(job)


def gensim_all_tokens(job: Job) -> Any:
    """gensim without sub-sampling, on the walks of graphrep."""
    return _gensim(job, sample=0)


def _gensim(job: Job, **options: Any) -> Any:
    from graphrep import RandomWalks

    names = [str(i) for i in range(job.n_nodes)]
    with stage("prepare"):
        graph = _our_graph(job)
    with stage("walk"):
        walks = RandomWalks(
            walk_length=job.length, walks_per_node=job.walks, p=job.p, q=job.q,
            n_jobs=job.threads, random_state=job.seed,
        ).walks(graph)  # fmt: skip
        texts = [[names[v] for v in walk if v >= 0] for walk in walks]
    return _word2vec(job, texts, **options)


def _word2vec(job: Job, texts: Any, **options: Any) -> Any:
    from gensim.models import Word2Vec

    note["tokens"] = sum(map(len, texts))
    with stage("train"):
        model = Word2Vec(
            texts, vector_size=job.dim, window=job.window, sg=1, min_count=0,
            negative=N_NEGATIVES, workers=job.threads, epochs=1, seed=job.seed,
            **options,
        )  # fmt: skip
    return _in_order(job, model.wv, str)


def _in_order(job: Job, vectors: Any, name: Callable[[int], Any]) -> Any:
    out = np.zeros((job.n_nodes, job.dim), np.float32)
    for i in range(job.n_nodes):
        if name(i) in vectors:
            out[i] = vectors[name(i)]
    return out


def fastnode2vec(job: Job) -> Any:
    """Walks by rejection inside the training threads of gensim.

    Its ``seed`` is not given: with one, every batch repeats the same random numbers.
    """
    from fastnode2vec import Graph, Node2Vec

    with stage("prepare"):
        a, b = job.edges()
        pairs = zip(a.tolist(), b.tolist(), strict=True)
        graph = Graph(pairs, directed=False, weighted=False, verbose=False)
    with stage("train"):
        model = Node2Vec(
            graph, dim=job.dim, walk_length=job.length, window=job.window, p=job.p,
            q=job.q, workers=job.threads, negative=N_NEGATIVES,
        )  # fmt: skip
        model.train(epochs=job.walks, verbose=False)
    return _in_order(job, model.wv, int)


def pecanpy(job: Job) -> Any:
    """PecanPy's SparseOTF, then gensim as its ``embed`` calls it."""
    from pecanpy.pecanpy import SparseOTF

    with stage("prepare"):
        graph = SparseOTF(p=job.p, q=job.q, workers=job.threads, random_state=job.seed)
        graph.indptr = job.indptr.astype(np.uint64)
        graph.indices = job.indices.astype(np.uint32)
        graph.data = np.ones(len(job.indices), np.float32)
        graph.set_node_ids([str(i) for i in range(job.n_nodes)], implicit_ids=False)
    with stage("walk"):  # walk_length counts steps there
        texts = graph.simulate_walks(job.walks, job.length - 1)
    return _word2vec(job, texts)


def grape(job: Job) -> Any:
    """Node2VecSkipGramEnsmallen at its own learning rate (0.01)."""
    return _grape(job)


def grape_lr(job: Job) -> Any:
    """The same with word2vec's learning rate and exact walks."""
    return _grape(job, learning_rate=0.025, max_neighbours=job.n_nodes)


def _grape(job: Job, **options: Any) -> Any:
    from embiggen.embedders import Node2VecSkipGramEnsmallen
    from ensmallen import Graph

    with stage("prepare"), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "edges.csv"
        np.savetxt(path, np.stack(job.edges(), axis=1), fmt="%d")
        graph = Graph.from_csv(
            edge_path=str(path), edge_list_separator=" ", edge_list_header=False,
            sources_column_number=0, destinations_column_number=1, directed=False,
            edge_list_numeric_node_ids=False, verbose=False, name="graph",
        )  # fmt: skip
    with stage("train"):
        model = Node2VecSkipGramEnsmallen(
            embedding_size=job.dim, epochs=1, walk_length=job.length,
            iterations=job.walks, window_size=job.window, return_weight=1 / job.p,
            explore_weight=1 / job.q, number_of_negative_samples=N_NEGATIVES,
            random_state=job.seed, verbose=False, **options,
        )  # fmt: skip
        found = model.fit_transform(graph, return_dataframe=False)
    table = np.asarray(found.get_all_node_embedding()[0])
    out = np.zeros((job.n_nodes, table.shape[1]), np.float32)
    out[np.array([int(name) for name in graph.get_node_names()])] = table
    return out


CONTENDERS: dict[str, Callable[[Job], Any]] = {
    f.__name__: f
    for f in (
        graphrep_deterministic, graphrep_hogwild, graphrep_torch_cpu, gensim,
        gensim_all_tokens, fastnode2vec, pecanpy, grape, grape_lr,
    )
}  # fmt: skip
DEFAULT = (
    "graphrep_deterministic,graphrep_hogwild,gensim,gensim_all_tokens,fastnode2vec,"
    "pecanpy,grape"
)
# Whose environment a contender shares when it was not given one itself.
SHARED_HOME = {"gensim_all_tokens": "gensim", "grape_lr": "grape"}


# -- measuring -------------------------------------------------------------------
spent: dict[str, float] = {}
note: dict[str, Any] = {}


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add the CPU and wall seconds of a block to its stage."""
    cpu, wall = _cpu(), time.perf_counter()
    yield
    for key, value in (("cpu", _cpu() - cpu), ("wall", time.perf_counter() - wall)):
        spent[f"{name}_{key}_s"] = spent.get(f"{name}_{key}_s", 0.0) + value


def _status(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return float("nan")


def run_one(args: argparse.Namespace) -> dict[str, Any]:
    """Measure one contender in this process."""
    rng = np.random.default_rng(0)
    dense = rng.random((100, 100)) < 0.1
    dense |= dense.T
    np.fill_diagonal(dense, 0)
    dense[np.arange(100), np.arange(1, 101) % 100] = True
    dense[np.arange(1, 101) % 100, np.arange(100)] = True
    budget = (args.window, args.p, args.q, args.threads, args.seed)
    tiny_indptr = np.concatenate(([0], np.cumsum(dense.sum(axis=1))))
    tiny = Job(tiny_indptr, np.nonzero(dense)[1].astype(np.int32), args.dim, 1, 20,
               *budget)  # fmt: skip
    contender = CONTENDERS[args.worker]
    contender(tiny)
    spent.clear()
    note.clear()
    z = np.load(args.graph, allow_pickle=False)
    indptr, indices = z["indptr"].astype(np.int64), z["indices"].astype(np.int32)
    job = Job(indptr, indices, args.dim, args.walks, args.length, *budget)
    Path("/proc/self/clear_refs").write_text("5")  # forget the warm-up's peak
    before = _status("VmRSS")
    vectors = np.asarray(contender(job), np.float32)
    if args.save:
        np.save(args.save, vectors)
    used = np.count_nonzero(np.diff(indptr))
    row = {
        "contender": args.worker, "dim": args.dim, "walks": args.walks,
        "length": args.length, "window": args.window, "p": args.p, "q": args.q,
        "threads": args.threads, "seed": args.seed,
        "tokens": int(used) * args.walks * args.length, **note, **spent,
        "peak_mb": _status("VmHWM"), "above_start_mb": _status("VmHWM") - before,
        "finite": bool(np.isfinite(vectors).all()), "load": os.getloadavg()[0],
        "versions": versions(),
    }  # fmt: skip
    cpu = spent.get("walk_cpu_s", 0.0) + spent["train_cpu_s"]
    return row | {"cpu_s": cpu, "tokens_per_cpu_s": row["tokens"] / cpu}


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


# -- comparing -------------------------------------------------------------------
def make_graph(args: argparse.Namespace, folder: Path) -> tuple[Path, Any]:
    """Write the graph as npz; return the path and the labels, if there are any."""
    if args.graph.endswith(".npz"):
        return Path(args.graph), _labels(Path(args.graph))
    from graphrep import datasets

    if args.graph == "blogcatalog":
        bunch = datasets.fetch_blogcatalog()
    else:
        bunch = datasets.make_dcsbm(args.nodes, args.edges, random_state=SEED)
    path = folder / "graph.npz"
    np.savez(path, indptr=bunch.graph.indptr, indices=bunch.graph.indices)
    return path, getattr(bunch, "y", None)


def _labels(path: Path) -> Any:
    from scipy import sparse

    z = np.load(path, allow_pickle=False)
    if "label_indptr" not in z.files:
        return None
    shape = (len(z["indptr"]) - 1, int(z["n_classes"]))
    ones = np.ones(len(z["label_indices"]), np.float32)
    return sparse.csr_array((ones, z["label_indices"], z["label_indptr"]), shape=shape)


def compare(args: argparse.Namespace, folder: Path) -> None:
    """Run all contenders in turn, several times, and print the table."""
    path, labels = make_graph(args, folder)
    homes = dict(pair.split("=", 1) for pair in args.peer_python)
    rows: dict[str, list[dict[str, Any]]] = {n: [] for n in args.contenders.split(",")}
    missing: dict[str, str] = {}
    for repeat in range(args.repeats):
        for name in list(rows):
            save = folder / f"{name}-{repeat}.npy"
            home = homes.get(name) or homes.get(SHARED_HOME.get(name, ""))
            row = _spawn(args, name, path, home or sys.executable, SEED + repeat, save)
            if "error" in row:
                missing[name] = row["error"]
                print(f"{name}: missing ({row['error']})", file=sys.stderr)
                del rows[name]
                continue
            if args.score and labels is not None:
                row["f1"] = score(np.load(save), labels, args.splits)
            rows[name].append(row)
            _append(args.out, row)
    head = {
        "graph": args.graph, "walks": args.walks, "length": args.length,
        "window": args.window, "p": args.p, "q": args.q, "dim": args.dim,
        "negatives": N_NEGATIVES, "threads": args.threads, "repeats": args.repeats,
        "processor": platform.processor(), "cores": os.cpu_count(), "missing": missing,
    }  # fmt: skip
    print(json.dumps(head))
    _append(args.out, head)
    print_table(rows, args)


def _append(path: str, line: dict[str, Any]) -> None:
    with Path(path).open("a") as file:
        file.write(json.dumps(line) + "\n")


def _spawn(
    args: argparse.Namespace, name: str, graph: Path, python: str, seed: int, save: Path
) -> dict[str, Any]:
    options = {
        "worker": name, "graph": graph, "dim": args.dim, "walks": args.walks,
        "length": args.length, "window": args.window, "p": args.p, "q": args.q,
        "threads": args.threads, "seed": seed, "save": save,
    }  # fmt: skip
    command = [python, __file__]
    for key, value in options.items():
        command += [f"--{key}", str(value)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return {"error": str(error)}
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {"error": lines[-1] if lines else f"exit code {done.returncode}"}
    row: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return row


def score(vectors: Any, labels: Any, n_splits: int) -> dict[str, dict[str, float]]:
    """The DeepWalk protocol; the splits are the same for every contender and seed."""
    from graphrep.model_selection import node_classification

    result = node_classification(
        vectors, labels, C=0.1, standardize=True, n_splits=n_splits
    )
    return {str(share): dict(scores) for share, scores in result.items()}


def print_table(
    rows: dict[str, list[dict[str, Any]]], args: argparse.Namespace
) -> None:
    """Print the best time of the repeats, and mean and standard error of the F1."""
    print(
        f"{'contender':24}{'CPU s':>8}{'walk':>7}{'wall s':>8}{'+MB':>6}"
        f"{'k tokens/CPU s':>16}{'ours x':>8}  micro/macro F1 (se) at 10, 50, 90 %"
    )
    ours = _best(rows.get(OURS, []))
    for name, runs in rows.items():
        if not runs:
            continue
        row = max(runs, key=lambda r: r["tokens_per_cpu_s"])
        wall = row["train_wall_s"] + row.get("walk_wall_s", 0.0)
        print(
            f"{name:24}{row['cpu_s']:8.1f}{row.get('walk_cpu_s', 0.0):7.1f}{wall:8.1f}"
            f"{row['above_start_mb']:6.0f}{row['tokens_per_cpu_s'] / 1e3:16.1f}"
            f"{ours / row['tokens_per_cpu_s']:8.2f}  {_f1(runs, args.splits)}"
        )
    hogwild = _best(rows.get("graphrep_hogwild", []))
    for name in RATIOS_TO:
        peer = _best(rows.get(name, []))
        print(
            f"deterministic {ours / peer:.2f} x, hogwild {hogwild / peer:.2f} x {name}"
        )


def _best(runs: list[dict[str, Any]]) -> float:
    return max((r["tokens_per_cpu_s"] for r in runs), default=float("nan"))


def _f1(runs: list[dict[str, Any]], n_splits: int) -> str:
    """Mean over seeds; standard error over seeds, or over splits if one seed only."""
    if "f1" not in runs[0]:
        return ""
    parts = []
    for share in runs[0]["f1"]:
        cell = []
        for kind in ("micro", "macro"):
            values = 100 * np.array([r["f1"][share][kind] for r in runs])
            if len(values) > 1:
                error = values.std(ddof=1) / np.sqrt(len(values))
            else:
                error = 100 * runs[0]["f1"][share][kind + "_sd"] / np.sqrt(n_splits)
            cell.append(f"{values.mean():.1f} ({error:.1f})")
        parts.append("/".join(cell))
    return "  ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graph", default="blogcatalog")
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--walks", type=int, default=10)
    parser.add_argument("--length", type=int, default=80)
    parser.add_argument("--window", type=int, default=10)
    parser.add_argument("--p", type=float, default=1.0)
    parser.add_argument("--q", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--contenders", default=DEFAULT)
    parser.add_argument("--score", action="store_true", help="score by node labels")
    parser.add_argument(
        "--peer-python", action="append", default=[], metavar="NAME=PATH",
        help="interpreter that has a contender's package; repeat for others",
    )  # fmt: skip
    parser.add_argument("--out", default="node2vec_peers.jsonl")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=SEED, help=argparse.SUPPRESS)
    parser.add_argument("--save", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        print(json.dumps(run_one(args)))
        return
    with tempfile.TemporaryDirectory() as name:
        compare(args, Path(name))


if __name__ == "__main__":
    main()
