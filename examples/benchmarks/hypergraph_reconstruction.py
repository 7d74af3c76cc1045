"""All methods that get hyperedges back from a graph side by side, ours in parts.

    python hypergraph_reconstruction.py --data DIR --seeds 5 --json results.jsonl
    python hypergraph_reconstruction.py --sets enron hosts --ablation
    python hypergraph_reconstruction.py --data DIR --sets enron --protocols preserved

Data: ``--data`` names a folder with NAME/train.txt and NAME/test.txt, or ``.txt.gz``;
without it they are fetched. Protocols:

- ``unweighted``: distinct hyperedges, a graph without weights; the Jaccard index is
  given for hyperedges of one and more nodes and for those of two and more.
- ``reduced``: distinct hyperedges of two and more nodes, weights count them.
- ``preserved``: the same with repeats, from NAME/train_dup.txt and test_dup.txt; sets
  without these files are passed over.

Methods: ``ours`` is `HypergraphReconstructor` as it is, told only the kind of graph and
the smallest size that counts. ``shyre-count`` and ``shyre-motif`` have the budgets of
their authors, ``marioh-published`` what its authors list for each set, ``marioh`` its
defaults; ``mdl``, ``cover`` and ``max_cliques`` learn nothing.
``--ablation`` runs ours and ours with one part changed, see ``ABLATIONS``. How the two
learners within ours do alone is no parameter, and so not here.

Every run is a process of its own. Seconds are CPU seconds after a warm-up on a toy;
memory is the peak of the process, packages and data included. Prints markdown, mean and
standard deviation over seeds; precision and recall are for hyperedges of one and more
nodes where these count. ``--json FILE`` gets each run as a line at once; runs that the
file already has, made with the same version and threads, are not made again: take a new
file after a change to the code.
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
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hypergraph_marioh
import hypergraph_shyre

Row = dict[str, Any]
SETS = list(hypergraph_shyre.BUDGETS)
WEIGHTED = {"unweighted": False, "reduced": True, "preserved": True}
ABLATIONS: dict[str, Row] = {
    "threshold 1/2": {"threshold": 0.5},
    "no competition": {"consistency": "none"},
    "exact": {"consistency": "exact"},
    "no residual cliques": {"peel": False},
    "no common parts": {"intersections": False},
    "budget 1,000": {"budget": 1_000},
    "two folds": {"n_folds": 2},
}
METHODS = {
    "ours": ("unweighted", "reduced", "preserved"),
    "shyre-count": ("unweighted",),
    "shyre-motif": ("unweighted",),
    "marioh": ("reduced", "preserved"),
    "marioh-published": ("reduced", "preserved"),
    "mdl": ("unweighted", "reduced", "preserved"),
    "cover": ("unweighted", "reduced", "preserved"),
    "max_cliques": ("unweighted", "reduced", "preserved"),
}
UNTAUGHT = {
    "mdl": "BayesianMDL",
    "cover": "CliqueCover",
    "max_cliques": "MaximalCliques",
}
FIGURES = {
    "jaccard_1": ("J %, sizes >= 1", 100.0, 2),
    "jaccard_2": ("J %, sizes >= 2", 100.0, 2),
    "multi_jaccard": ("multi-J %", 100.0, 2),
    "precision": ("precision %", 100.0, 1),
    "recall": ("recall %", 100.0, 1),
    "fit": ("fit, CPU s", 1.0, 2),
    "predict": ("predict, CPU s", 1.0, 2),
    "MiB": ("MiB", 1.0, 0),
}


def main() -> None:
    """Run what is asked for, a table for each protocol."""
    options = read_options()
    if options.worker:
        work(options)
        return
    print(environment(options.threads), flush=True)
    known = read_known(options)
    for protocol in options.protocols:
        methods = methods_of(protocol, options)
        names = [n for n in options.sets if has_files(options.data, n, protocol)]
        if not methods or not names:
            continue
        figures = [k for k in FIGURES if shown(k, protocol)]
        heads = ["data", "method", *(FIGURES[k][0] for k in figures)]
        print(f"\n**{protocol}**\n\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
        for name in names:
            for method in methods:
                rows = run_seeds(options, known, protocol, name, method)
                print(line_of(name, method, figures, rows), flush=True)


def read_options() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with a folder for each set")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument(
        "--protocols", nargs="+", default=list(WEIGHTED), choices=WEIGHTED
    )
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--ablation", action="store_true", help="ours, part by part")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--timeout", type=float, help="seconds that a run may take")
    parser.add_argument("--json", type=Path, help="file that gets a line for each run")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def methods_of(protocol: str, options: argparse.Namespace) -> list[str]:
    """Methods of a protocol, in the order of the table."""
    if not options.ablation:
        return [m for m in options.methods if protocol in METHODS[m]]
    skipped = () if WEIGHTED[protocol] else ("no residual cliques",)
    return ["ours", *(a for a in ABLATIONS if a not in skipped)]


def shown(figure: str, protocol: str) -> bool:
    """Whether a table has a column: no size 1 with weights, repeats where there are."""
    unwanted = "jaccard_1" if WEIGHTED[protocol] else "multi_jaccard"
    return figure != unwanted and (figure != "multi_jaccard" or protocol == "preserved")


def has_files(data: Path | None, name: str, protocol: str) -> bool:
    """Whether there are the files of a protocol; repeats are not fetched."""
    if protocol != "preserved":
        return True
    return data is not None and any((data / name).glob("train_dup.txt*"))


# -- runs ------------------------------------------------------------------------------
def run_seeds(
    options: argparse.Namespace, known: dict[str, Row], protocol: str, name: str,
    method: str,
) -> list[Row]:  # fmt: skip
    """Run a method with all seeds, as far as the file does not have them."""
    rows = []
    for seed in range(1 if method == "max_cliques" else options.seeds):
        run = {"protocol": protocol, "set": name, "method": method, "seed": seed}
        run |= settings(options)
        row = known.get(json.dumps(run, sort_keys=True))
        if row is None:
            row = run | in_a_process(options, run)
            if options.json:
                with options.json.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
        rows.append(row)
        if "error" in row:
            break
    return rows


def settings(options: argparse.Namespace) -> Row:
    """What a run must share with one of the file, to stand for it."""
    return {"version": version("graphrep"), "threads": options.threads}


def read_known(options: argparse.Namespace) -> dict[str, Row]:
    """Good runs of the file by what they are; a line cut off is passed over."""
    known: dict[str, Row] = {}
    if options.json and options.json.exists():
        for line in options.json.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                continue
            names = ("protocol", "set", "method", "seed", "version", "threads")
            run = {k: row.get(k) for k in names}
            if "error" not in row:
                known[json.dumps(run, sort_keys=True)] = row
    return known


def in_a_process(options: argparse.Namespace, run: Row) -> Row:
    """Figures of one run, or how it failed."""
    command = [sys.executable, __file__, "--worker", json.dumps(run)]
    command += ["--threads", str(options.threads)]
    if options.data:
        command += ["--data", str(options.data.resolve())]
    few = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(run["threads"])
    )
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=os.environ | few,
            timeout=options.timeout, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": f"stopped after {options.timeout:g} s"}
    if done.returncode:
        said = done.stderr.strip().splitlines()
        return {"error": said[-1] if said else f"ended with {done.returncode}"}
    result: Row = json.loads(done.stdout.splitlines()[-1])
    return result


def work(options: argparse.Namespace) -> None:
    """Measure one run; the last line that is printed is its figures."""
    from graphrep.metrics import hyperedge_scores

    warnings.simplefilter("ignore")
    run = json.loads(options.worker)
    source, truth = halves(run["protocol"], run["set"], options.data)
    weighted = WEIGHTED[run["protocol"]]
    graph = truth.project(weighted)
    warm_up(run)
    model = make(run)
    begin = cpu_seconds()
    model.fit(source)
    middle = cpu_seconds()
    found = model.predict(graph)
    end = cpu_seconds()
    sizes = {k: hyperedge_scores(truth, found, min_size=k) for k in (1, 2)}
    main_one = sizes[2 if weighted else 1]
    result = {f"jaccard_{k}": s.jaccard for k, s in sizes.items()}
    result |= {
        k: getattr(main_one, k) for k in ("multi_jaccard", "precision", "recall")
    }
    result |= {"fit": middle - begin, "predict": end - middle}
    result["MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("\n" + json.dumps(result | {"n_found": main_one.n_found}))


def halves(protocol: str, name: str, data: Path | None) -> tuple[Any, Any]:
    """Hyperedges to learn from and hyperedges to find."""
    if WEIGHTED[protocol]:
        mark = "+" if protocol == "preserved" else ""
        return hypergraph_marioh.halves(name + mark, data)
    if data is None:
        from graphrep.datasets import fetch_hypergraph_benchmark

        bunch = fetch_hypergraph_benchmark(name)
        return bunch.train, bunch.test
    path_of, read = hypergraph_shyre.path_of, hypergraph_shyre.read
    return read(path_of(data, name, "train")), read(path_of(data, name, "test"))


def make(run: Row) -> Any:
    """Estimator of a run."""
    from graphrep import hypergraph as room

    name, weighted = run["method"], WEIGHTED[run["protocol"]]
    sizes: Row = {"min_size": 2 if weighted else 1}
    if name == "marioh-published":
        mark = "+" if run["protocol"] == "preserved" else ""
        model: Any = hypergraph_marioh.PUBLISHED[run["set"] + mark].model(run["seed"])
    elif name.startswith("shyre-"):
        budget, features = hypergraph_shyre.BUDGETS[run["set"]], name[len("shyre-") :]
        model = room.SHyRe(budget=budget, features=features, **sizes)
    elif name == "marioh":
        model = room.MARIOH()
    elif name in UNTAUGHT:
        model = getattr(room, UNTAUGHT[name])(**sizes)
    else:
        changed = ABLATIONS.get(name, {})
        model = room.HypergraphReconstructor(weighted=weighted, **sizes, **changed)
    wanted = {"random_state": run["seed"], "n_jobs": run["threads"]}
    known = model.get_params(deep=False)
    return model.set_params(**{k: v for k, v in wanted.items() if k in known})


def warm_up(run: Row) -> None:
    """Compile and import what the run needs, on a toy of the same kind."""
    import numpy as np

    from graphrep import Hypergraph

    rng = np.random.default_rng(0)
    toy = Hypergraph(
        [rng.choice(30, size, replace=False).tolist() for size in [2, 3, 4] * 20]
    )
    if run["protocol"] != "preserved":
        toy = toy.simple()
    make(run).fit(toy).predict(toy.project(WEIGHTED[run["protocol"]]))


def cpu_seconds() -> float:
    """Seconds of all threads of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# -- tables ----------------------------------------------------------------------------
def line_of(name: str, method: str, figures: list[str], rows: list[Row]) -> str:
    """Row of a table: means over the seeds, and their spread where it is not zero."""
    failed = [row["error"] for row in rows if "error" in row]
    if failed:
        return f"| {name} | {method} | {failed[0]} |{' |' * (len(figures) - 1)}"
    cells = [name, method]
    for key in figures:
        _, factor, digits = FIGURES[key]
        values = [factor * row[key] for row in rows]
        cell = f"{statistics.fmean(values):,.{digits}f}"
        if factor > 1 and len(rows) > 1:
            cell += f" ± {statistics.pstdev(values):.{digits}f}"
        cells.append(cell)
    return f"| {' | '.join(cells)} |"


def environment(threads: int) -> str:
    """What the figures were made with."""
    packages = ("graphrep", "numpy", "scipy", "scikit-learn", "numba")
    made_with = ", ".join(f"{p} {version(p)}" for p in packages)
    python = f"Python {platform.python_version()} on {platform.machine()}"
    return f"{made_with}; {python}; {threads} thread{'s' * (threads != 1)}"


if __name__ == "__main__":
    main()
