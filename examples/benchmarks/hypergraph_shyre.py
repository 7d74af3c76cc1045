"""SHyRe on the data of its paper: scores over seeds, time beside the authors' program.

    python hypergraph_shyre.py --data ../../../shared/data/hypergraphs --seeds 5
    python hypergraph_shyre.py --data DIR --datasets enron --reference PATH --repeats 3

Data: a folder for each data set with ``train.txt`` and ``test.txt``, a hyperedge a
line, node ids divided by blanks, or ``.txt.gz``. Prints markdown.

``--reference`` is a copy of the authors' program (Wang and Kleinberg, 2024), which is
not part of this project; its motifs need its compiled ``cmotif`` in that folder, and
``dblp`` its ``data/dblp/rho.pkl``. Both programs take turns, each in a process of its
own with one thread; CPU seconds count from the files to the predicted hyperedges,
imports and a warm-up of ours on a toy left out. Its caches are off, its own reports and
baselines too, and names that numpy dropped are given back to it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

BUDGETS = {
    "enron": 1_000,
    "directors": 800,
    "crimes": 1_000,
    "hosts": 6_000,
    "foursquare": 20_000,
    "hschool": 60_000,
    "pschool": 350_000,
    "dblp": 1_000_000,
}
"""The authors' budgets."""
STAGES = ("load", "cliques", "sampler", "features", "train", "infer")


def cpu_seconds() -> float:
    """Of this process and those that it waited for."""
    used = [
        resource.getrusage(who)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return sum(u.ru_utime + u.ru_stime for u in used)


class Stopwatch:
    """CPU seconds of the stages of one run."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = cpu_seconds()
        yield
        self.seconds[name] += cpu_seconds() - start

    def wrap(self, owner: Any, name: str, stage: str) -> None:
        """Count the calls of a function as a stage."""
        inner = getattr(owner, name)

        def timed(*args: Any, **options: Any) -> Any:
            with self.stage(stage):
                return inner(*args, **options)

        setattr(owner, name, timed)


def path_of(data: Path, name: str, half: str) -> Path:
    plain = data / name / f"{half}.txt"
    return plain if plain.exists() else plain.with_suffix(".txt.gz")


def opened(path: Path) -> Any:
    open_it: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    return open_it(path, "rt", encoding="utf-8")


def read(path: Path) -> Any:
    from graphrep import Hypergraph

    with opened(path) as lines:
        return Hypergraph([[int(v) for v in line.split()] for line in lines]).simple()


# -- ours ------------------------------------------------------------------------------
def run_ours(data: Path, name: str, features: str, seed: int) -> dict[str, Any]:
    from graphrep import Hypergraph
    from graphrep.hypergraph import SHyRe, _shyre
    from graphrep.metrics import hyperedge_scores

    def model() -> Any:
        return SHyRe(
            budget=BUDGETS[name], features=features, random_state=seed, n_jobs=1
        )

    toy = Hypergraph([(0, 1, 2), (2, 3), (3, 4), (4, 5, 6), (6, 7), (7,), (8,)])
    model().fit(toy).predict(toy.project())
    watch = Stopwatch()
    watch.wrap(_shyre, "maximal_cliques", "cliques")
    watch.wrap(_shyre, "rho", "sampler")
    watch.wrap(_shyre.CliqueSampler, "fit", "sampler")
    watch.wrap(_shyre.CliqueSampler, "sample", "sampler")
    watch.wrap(_shyre, f"{features}_features", "features")
    watch.wrap(SHyRe, "_train", "train")
    start = cpu_seconds()
    with watch.stage("load"):
        known, true = (read(path_of(data, name, half)) for half in ("train", "test"))
        graphs = known.project(False), true.project(False)
    found = model().fit(known, graphs[0]).predict(graphs[1])
    total = cpu_seconds() - start
    watch.seconds["infer"] = total - sum(watch.seconds.values())
    scores = [hyperedge_scores(true, found, min_size=size).jaccard for size in (1, 2)]
    return _result(watch, total, scores)


def _result(watch: Stopwatch, total: float, scores: list[float]) -> dict[str, Any]:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"stages": watch.seconds, "total": total, "scores": scores, "MiB": most}


# -- theirs ----------------------------------------------------------------------------
def run_theirs(
    data: Path, name: str, features: str, seed: int, program: Path
) -> dict[str, Any]:
    """Call the parts of the authors' program in its own order, in a fresh folder."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "data", name)
        place.mkdir(parents=True)
        for half in ("train", "test"):
            with (place / f"{half}.txt").open("w", encoding="utf-8") as out:
                source = path_of(data, name, half)
                with opened(source) as lines:
                    shutil.copyfileobj(lines, out)
        if (program / "cmotif").exists():
            shutil.copy(program / "cmotif", folder)
        if name == "dblp":
            shutil.copy(program / "data" / "dblp" / "rho.pkl", place)
        os.chdir(folder)
        return _run_theirs(name, features, seed, program)


def _run_theirs(name: str, features: str, seed: int, program: Path) -> dict[str, Any]:
    np.float, np.int = float, int  # noqa: NPY001
    baselines = ModuleType("baselines")
    baselines.ecc = baselines.community = None
    sys.modules["baselines"] = baselines
    sys.path.insert(0, str(program))
    sys.argv = ["main.py"]
    import cliques
    import model
    import train
    import utils

    cliques.print_hits = lambda *_: None
    args, logger = utils.set_up()
    args.dataset, args.beta, args.features = name, BUDGETS[name], features
    args.seed = seed
    utils.set_random_seed(seed)
    watch = Stopwatch()
    start = cpu_seconds()
    with watch.stage("load"):
        graphs = utils.load_graphs(args, logger)
    parts: dict[str, Any] = {}
    with watch.stage("cliques"):
        for half in ("train", "test"):
            graph = graphs[f"G_{half}"]
            found = cliques.detect_max_cliques(graph, half, args, logger)
            parts[f"max_cliques_{half}"] = found
    with watch.stage("sampler"):
        true = graphs["simplicies_train"]
        sampler = cliques.CliqueSampler(
            parts["max_cliques_train"], true, args.beta, logger, args
        )
        for half in ("train", "test"):
            found = sampler.find_children(parts[f"max_cliques_{half}"], None)
            parts[f"children_cliques_{half}"] = found
    with watch.stage("features"):
        loader = train.DataLoader(graphs, parts, args, logger)
    tasks = loader.split_train()
    with watch.stage("train"):
        models = [model.get_model(args, loader) for _ in tasks]
        for fitted, (X, y) in zip(models, tasks, strict=True):
            if len(X):
                fitted.fit(X, y)
    with watch.stage("infer"):
        cut = loader.get_num_max_candidates("test")
        halves = loader.X_test[:cut], loader.X_test[cut:]
        kept = [
            fitted.predict(X) if len(X) else []
            for fitted, X in zip(models, halves, strict=True)
        ]
        names = parts["final_cliques_test"]
        answer = {c for c, p in zip(names, np.hstack(kept), strict=True) if p > 0.5}
    total = cpu_seconds() - start
    scores = [_jaccard(graphs["simplicies_test"], answer, size) for size in (1, 2)]
    return _result(watch, total, scores)


def _jaccard(true: set[Any], found: set[Any], size: int) -> float:
    a, b = ({e for e in s if len(e) >= size} for s in (true, found))
    return len(a & b) / len(a | b)


# -- tables ----------------------------------------------------------------------------
def quality(options: SimpleNamespace) -> None:
    """Jaccard index over seeds, mean and standard deviation."""
    from graphrep.hypergraph import SHyRe
    from graphrep.metrics import hyperedge_scores

    print(
        "| data | features | Jaccard %, sizes >= 1 | sizes >= 2 | candidates hold % |"
    )
    print("|---|---|---|---|---|")
    for name in options.datasets:
        known, true = (
            read(path_of(options.data, name, half)) for half in ("train", "test")
        )
        graphs = known.project(False), true.project(False)
        for features in options.features:
            scores, recalls = [], []
            for seed in range(options.seeds):
                model = SHyRe(
                    budget=BUDGETS[name], features=features, random_state=seed
                ).fit(known, graphs[0])
                all_of_them = model.predict_proba(graphs[1])
                found = all_of_them.take(all_of_them.weights > model.threshold)
                scores.append(
                    [hyperedge_scores(true, found, min_size=s).jaccard for s in (1, 2)]
                )
                recalls.append(hyperedge_scores(true, all_of_them).recall)
            mean, spread = np.mean(scores, 0) * 100, np.std(scores, 0) * 100
            cells = [f"{m:.2f} ± {s:.2f}" for m, s in zip(mean, spread, strict=True)]
            print(f"| {name} | {features} | {' | '.join(cells)} | ", end="")
            print(f"{100 * np.mean(recalls):.1f} |", flush=True)


def speed(options: SimpleNamespace) -> None:
    """Both programs by turns; least total of all turns, its stages and its memory."""
    heads = " | ".join(STAGES)
    print(f"| data | features | program | {heads} | total CPU s | MiB | Jaccard % |")
    print("|---|---|---|" + "---|" * (len(STAGES) + 3))
    for name in options.datasets:
        for features in options.features:
            best: dict[str, dict[str, Any]] = {}
            for _ in range(options.repeats):
                for program in ("graphrep", "authors'"):
                    result = _in_a_process(options, name, features, program)
                    if result["total"] < best.get(program, result)["total"] + 1e-9:
                        best[program] = result
            for program, result in best.items():
                stages = " | ".join(f"{result['stages'][s]:.3f}" for s in STAGES)
                print(f"| {name} | {features} | {program} | {stages} | ", end="")
                print(f"{result['total']:.3f} | {result['MiB']:.0f} | ", end="")
                print(f"{100 * result['scores'][0]:.2f} |")
            ratio = best["authors'"]["total"] / best["graphrep"]["total"]
            print(f"\n{name}, {features}: {ratio:.1f} times\n", flush=True)


def _in_a_process(
    options: SimpleNamespace, name: str, features: str, program: str
) -> dict[str, Any]:
    command = [sys.executable, __file__, "--data", str(options.data), "--worker"]
    command += [json.dumps([program, name, features, options.seed])]
    command += ["--reference", str(options.reference)]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | one, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{program} on {name}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def work(options: SimpleNamespace) -> None:
    program, name, features, seed = json.loads(options.worker)
    warnings.simplefilter("ignore")
    given = options.data.resolve(), name, features, seed
    if program == "graphrep":
        result = run_ours(*given)
    else:
        result = run_theirs(*given, options.reference.resolve())
    print("\n" + json.dumps(result))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--datasets", default=",".join(BUDGETS))
    parser.add_argument("--features", default="count,motif")
    parser.add_argument("--seeds", type=int, default=0, help="of the table of scores")
    parser.add_argument("--seed", type=int, default=123, help="of the measured runs")
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = SimpleNamespace(**vars(parser.parse_args()))
    options.datasets = options.datasets.split(",")
    options.features = options.features.split(",")
    if options.worker:
        work(options)
        return
    if options.seeds:
        warnings.simplefilter("ignore")
        quality(options)
        print()
    if options.reference:
        speed(options)


if __name__ == "__main__":
    main()
