"""Text2Node on the Human Phenotype Ontology: variants, seen and unseen concepts.

Held-out synonyms of concepts with other training phrases ("seen"), and all synonyms of
concepts that have no synonym in training ("zero-shot"; their preferred name is a
training phrase, or in "strict" is not). A test phrase that equals another name is left
out. Candidates are all nodes. ``DIR`` holds ``hpo/nodes.tsv.gz``, ``edges.tsv.gz`` and
``synonyms.tsv.gz``.

    python examples/benchmarks/text2node.py --data DIR --task hpo --seeds 2
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import time
from pathlib import Path

import numpy as np

from graphrep import Node2Vec
from graphrep.graph import Terminology
from graphrep.linking import FastTextVectors, Text2Node

RANKS = (1, 5, 10, 25)
KINDS = {
    "NAME": "preferred",
    "EXACT": "exact",
    "NARROW": "narrow",
    "BROAD": "broad",
    "RELATED": "related",
}
VARIANTS = {
    "mean+mlp cosine graph": {"mapper": "mlp"},
    "bilstm cosine graph": {"mapper": "bilstm"},
    "cnn cosine graph": {"mapper": "cnn"},
    "mean+mlp contrastive graph": {"mapper": "mlp", "loss": "contrastive"},
    "bilstm contrastive graph": {"mapper": "bilstm", "loss": "contrastive"},
    "mean+mlp cosine names+graph": {"mapper": "mlp", "target": "names+graph"},
    "mean+mlp contrastive names": {
        "mapper": "mlp", "loss": "contrastive", "target": "names",
    },
    "mean+mlp contrastive names+graph": {
        "mapper": "mlp", "loss": "contrastive", "target": "names+graph",
    },
    "mean+mlp contrastive gated": {
        "mapper": "mlp", "loss": "contrastive", "target": "gated",
    },
    "mean+mlp contrastive names+graph, full": {
        "mapper": "mlp", "loss": "contrastive", "target": "names+graph",
        "structure_weight": 1.0,
    },
    "mean+mlp contrastive gated, full": {
        "mapper": "mlp", "loss": "contrastive", "target": "gated",
        "structure_weight": 1.0,
    },
    "linear contrastive names+graph": {
        "mapper": "linear", "loss": "contrastive", "target": "names+graph",
    },
    "linear contrastive names+graph, full": {
        "mapper": "linear", "loss": "contrastive", "target": "names+graph",
        "structure_weight": 1.0,
    },
    "linear contrastive gated, full": {
        "mapper": "linear", "loss": "contrastive", "target": "gated",
        "structure_weight": 1.0,
    },
    "linear contrastive names": {
        "mapper": "linear", "loss": "contrastive", "target": "names",
    },
    "linear contrastive gated": {
        "mapper": "linear", "loss": "contrastive", "target": "gated",
    },
    "cnn contrastive gated": {
        "mapper": "cnn", "loss": "contrastive", "target": "gated",
    },
    "bilstm contrastive gated": {
        "mapper": "bilstm", "loss": "contrastive", "target": "gated",
    },
}  # fmt: skip


def rows_of(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


class Split:
    """Training terminology and test phrases of one seed."""

    def __init__(self, folder, seed, n_zero=1048, n_seen=3000):
        nodes = list(rows_of(folder / "nodes.tsv.gz"))
        index = {row["id"]: at for at, row in enumerate(nodes)}
        names = list(rows_of(folder / "synonyms.tsv.gz"))
        concept = np.array([index[row["id"]] for row in names])
        texts = [row["text"] for row in names]
        synonym = np.array([row["scope"] != "NAME" for row in names])
        low = [" ".join(text.lower().split()) for text in texts]
        _, code, count = np.unique(low, return_inverse=True, return_counts=True)
        alone = count[code] == 1
        draw = np.random.default_rng(seed)
        self.zero = draw.choice(np.unique(concept[synonym]), n_zero, replace=False)
        is_zero = np.isin(concept, self.zero)
        seen_pool = np.flatnonzero(synonym & ~is_zero)
        seen = draw.choice(seen_pool, n_seen, replace=False)
        held = synonym & is_zero
        held[seen] = True
        train = np.flatnonzero(~held)
        edges = list(rows_of(folder / "edges.tsv.gz"))
        ends = np.array([[index[e["child"]], index[e["parent"]]] for e in edges]).T
        is_a = np.array([e["relation"] == "is_a" for e in edges])
        self.terminology = Terminology(
            [row["id"] for row in nodes],
            [texts[row] for row in train],
            concept[train],
            name_kinds=[KINDS[names[row]["scope"]] for row in train],
            parents=tuple(ends[:, is_a]),
            relations={"other": tuple(ends[:, ~is_a])} if (~is_a).any() else None,
            definitions=[row["definition"] or None for row in nodes],
        )
        zero_rows = np.flatnonzero(synonym & is_zero & alone)
        seen = np.sort(seen[alone[seen]])
        self.tests = {
            "seen": ([texts[r] for r in seen], concept[seen]),
            "zero": ([texts[r] for r in zero_rows], concept[zero_rows]),
        }


def scores(model, phrases, gold):
    """acc@k and the mean reciprocal rank within the best 1,000, in percent."""
    found = model.candidates(phrases, 1000)
    rank = np.full(len(phrases), np.inf)
    for row in range(len(phrases)):
        got = found.concepts[found.offsets[row] : found.offsets[row + 1]]
        at = np.flatnonzero(got == gold[row])
        if len(at):
            rank[row] = at[0] + 1
    return [*(100 * np.mean(rank <= k) for k in RANKS), 100 * np.mean(1 / rank)]


def training_phrases(split, strict):
    """Arguments of fit beyond the terminology."""
    if not strict:
        return {}
    t = split.terminology
    kept = np.flatnonzero(~np.isin(t.name_concepts, split.zero))
    texts = list(t.name_texts)
    return {
        "phrases": [texts[row] for row in kept],
        "nodes": t.ids[t.name_concepts[kept]].tolist(),
    }


def run(args):
    for seed in range(args.seeds):
        split = Split(args.data / args.task, seed)
        start = time.process_time()
        words = FastTextVectors(random_state=seed, n_jobs=1).fit(split.terminology)
        word_seconds = time.process_time() - start
        start = time.process_time()
        graph = split.terminology.to_graph(directed=False)
        nodes = Node2Vec(
            walk_length=40, walks_per_node=10, window=10, n_jobs=1, random_state=seed
        ).fit_transform(graph)
        node_seconds = time.process_time() - start
        sizes = {name: len(test[0]) for name, test in split.tests.items()}
        print(
            f"seed {seed}: {split.terminology.n_names:,} names, tests {sizes}, words "
            f"{word_seconds:.0f} s, nodes {node_seconds:.0f} s of CPU",
            flush=True,
        )
        sources = [words, args.vectors] if args.vectors else words
        for name in args.variants or VARIANTS:
            for strict in (False, True):
                if strict and not args.strict:
                    continue
                start = time.process_time()
                model = Text2Node(
                    sources, node_embedder=nodes, n_epochs=args.epochs, n_jobs=1,
                    random_state=seed, pooling=args.pooling, **VARIANTS[name],
                ).fit(split.terminology, **training_phrases(split, strict))  # fmt: skip
                seconds = time.process_time() - start
                line = {"variant": name, "strict": strict, "seed": seed}
                for test, (phrases, gold) in split.tests.items():
                    line[test] = [round(s, 1) for s in scores(model, phrases, gold)]
                line["epochs"], line["cpu_s"] = len(model.losses_), round(seconds)
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--task", choices=["hpo"], default="hpo")
    parser.add_argument("--variants", nargs="*", choices=list(VARIANTS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--pooling", default="idf")
    parser.add_argument("--strict", action="store_true", help="also without names")
    parser.add_argument("--vectors", help="file of further word vectors (GloVe text)")
    run(parser.parse_args())
