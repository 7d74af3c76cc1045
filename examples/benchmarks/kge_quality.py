"""Models of triples on Nations, Kinships and UMLS: test figures over seeds.

Each model is trained with several seeds, the epoch is chosen on the validation triples
(filtered without the test triples), and the test triples are ranked, filtered by all
known ones, heads and tails, equal scores at their mean place.

    python kge_quality.py --data kg --sets umls kinships --seeds 5

``--data`` is a folder with a folder for each set, in which train.tsv, valid.tsv and
test.tsv hold head, relation and tail. Options: ``--sets``, ``--models`` (names of the
table below), ``--seeds``, ``--components``, ``--threads``, ``--out`` a file that gets
every run as a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import graphrep
from graphrep import as_knowledge_graph, kge
from graphrep.io import read_triples

MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "NFE-1": ("NFE", {}),
    "NFE-2": ("NFE", {"n_pieces": 2}),
    "NFE-2, as published": ("NFE", {"n_pieces": 2, "exact": False}),
    "NFE-4": ("NFE", {"n_pieces": 4}),
    "NFE-1, kvsall": ("NFE", {"loss": "kvsall", "batching": "queries"}),
    "NFE-3": ("NFE", {"divergence": "kl"}),
    "NFE, points": ("NFE", {"n_pieces": 0}),
    "ComplEx-N3": ("ComplEx", {"n_epochs": 40}),
    "RESCAL": ("RESCAL", {}),
    "RotatE": ("RotatE", {}),
    "DistMult": ("DistMult", {}),
    "TransE": ("TransE", {}),
}
FIGURES = ("mrr", "hits@1", "hits@10")


def main() -> None:
    """Train and print a table for each set."""
    options = read_options()
    print(f"graphrep {graphrep.__version__}, {options.components} components")
    for name in options.sets:
        parts = read_parts(options.data / name)
        print(f"\n{name}: {len(parts[0]):,} training triples")
        print(f"{'model':22s} {'mrr':>13s} {'h@1':>6s} {'h@10':>6s} {'CPU s':>7s}")
        for model in options.models:
            report(name, model, parts, options)


def read_options() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["nations", "kinships", "umls"])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--components", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def read_parts(folder: Path) -> list[Any]:
    """Training, validation and test triples in one numbering."""
    train = read_triples(folder / "train.tsv", header=False)
    return [train] + [
        as_knowledge_graph(
            folder / f"{part}.tsv",
            entities=train.entities,
            relations=train.relations,
            format="triples",
        )
        for part in ("valid", "test")
    ]


def report(name: str, model: str, parts: list[Any], options: Any) -> None:
    """Train a model with all seeds and print its line."""
    runs = [run(model, parts, options, seed) for seed in range(options.seeds)]
    if options.out:
        with options.out.open("a") as file:
            for seed, one in enumerate(runs):
                line = {"set": name, "model": model, "seed": seed, **one}
                file.write(json.dumps(line) + "\n")
    means = {k: statistics.fmean(one[k] for one in runs) for k in (*FIGURES, "cpu")}
    spread = statistics.stdev(r["mrr"] for r in runs) if len(runs) > 1 else 0.0
    print(
        f"{model:22s} {means['mrr']:.3f} +- {spread:.3f} {means['hits@1']:6.3f} "
        f"{means['hits@10']:6.3f} {means['cpu']:7.1f}",
        flush=True,
    )


def run(model: str, parts: list[Any], options: Any, seed: int) -> dict[str, float]:
    """Train once; the figures of the test triples, and the processor time."""
    method, parameters = MODELS[model]
    train, valid, test = parts
    size = options.components if method != "RESCAL" else min(64, options.components)
    estimator = getattr(kge, method)(
        size, random_state=seed, n_jobs=options.threads, **parameters
    )
    start = time.process_time()
    estimator.fit(train, validation=valid)
    cpu = time.process_time() - start
    metrics = kge.rank_triples(estimator, test, (train, valid)).metrics()
    return {k: metrics[k] for k in FIGURES} | {
        "cpu": cpu,
        "best_epoch": estimator.best_epoch_,
    }


if __name__ == "__main__":
    main()
