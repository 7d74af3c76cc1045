"""Models of triples on Nations, Kinships and UMLS: test figures over seeds.

Where a model has several settings, those that rank the validation triples best under
the first seed are taken. Each model is trained with several seeds, the epoch is chosen
on the validation triples (filtered without the test triples), and the test triples are
ranked, filtered by all known ones, heads and tails, equal scores at their mean place.

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

Settings = dict[str, Any]
DURA = {"regularizer": "dura"}
PLANE: list[Settings] = [
    {"field": "complex", "n_pieces": k, **more}
    for k in (0, 1, 2)
    for more in ({}, {"loss": "kvsall"}, {**DURA, "regularization": 0.1})
]
LINE: list[Settings] = [
    {"n_pieces": k, **more}
    for k in (1, 2, 4)
    for more in (
        {},
        {"loss": "kvsall"},
        {**DURA, "regularization": 0.1},
        {"loss": "ce", **DURA, "regularization": 0.03},
    )
]
MODELS: dict[str, tuple[str, list[Settings]]] = {
    "NFE-1": ("NFE", [{}]),
    "NFE-2": ("NFE", [{"n_pieces": 2}]),
    "NFE-2, as published": ("NFE", [{"n_pieces": 2, "exact": False}]),
    "NFE-3": ("NFE", [{"divergence": "kl"}]),
    "NFE-4": ("NFE", [{"n_pieces": 4}]),
    "NFE, points": ("NFE", [{"n_pieces": 0}]),
    "NFE-1, plane": ("NFE", [{"field": "complex"}]),
    "NFE, plane, points": ("NFE", [{"field": "complex", "n_pieces": 0}]),
    "NFE, chosen": ("NFE", [*LINE, {"n_pieces": 2, "exact": False}, *PLANE]),
    "ComplEx-N3": ("ComplEx", [{"regularization": r} for r in (0.003, 0.01, 0.03)]),
    "RESCAL-DURA": ("RESCAL", [{**DURA, "regularization": r} for r in (0.01, 0.03)]),
    "RotatE": ("RotatE", [{"gamma": g} for g in (4.0, 8.0)]),
    "DistMult": ("DistMult", [{}, {**DURA, "regularization": 0.01}]),
    "TransE": ("TransE", [{}, {"loss": "ce", **DURA, "regularization": 0.1}]),
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
    """Choose settings, train with all seeds and print the line of a model."""
    method, choices = MODELS[model]
    tried = [run(method, settings, parts, options, 0) for settings in choices]
    best = max(range(len(tried)), key=lambda i: tried[i]["valid_mrr"])
    runs = [tried[best]] + [
        run(method, choices[best], parts, options, seed)
        for seed in range(1, options.seeds)
    ]
    if options.out:
        with options.out.open("a") as file:
            for seed, one in enumerate(runs):
                line = {"set": name, "model": model, "seed": seed, **one}
                file.write(json.dumps({**line, "settings": choices[best]}) + "\n")
    means = {k: statistics.fmean(one[k] for one in runs) for k in (*FIGURES, "cpu")}
    spread = statistics.stdev(r["mrr"] for r in runs) if len(runs) > 1 else 0.0
    chosen = f"  {choices[best]}" if len(choices) > 1 else ""
    print(
        f"{model:22s} {means['mrr']:.3f} +- {spread:.3f} {means['hits@1']:6.3f} "
        f"{means['hits@10']:6.3f} {means['cpu']:7.1f}{chosen}",
        flush=True,
    )


def run(
    method: str, settings: Settings, parts: list[Any], options: Any, seed: int
) -> dict[str, float]:
    """Train once; the figures of validation and test triples, and processor time."""
    train, valid, test = parts
    size = options.components if method != "RESCAL" else min(64, options.components)
    estimator = getattr(kge, method)(
        size, random_state=seed, n_jobs=options.threads, **settings
    )
    start = time.process_time()
    estimator.fit(train, validation=valid)
    cpu = time.process_time() - start
    metrics = kge.rank_triples(estimator, test, (train, valid)).metrics()
    return {k: metrics[k] for k in FIGURES} | {
        "valid_mrr": max(h["valid_mrr"] or 0 for h in estimator.history_),
        "cpu": cpu,
        "best_epoch": estimator.best_epoch_,
    }


if __name__ == "__main__":
    main()
