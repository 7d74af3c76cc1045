"""What each hubness correction does to linking phrases of HPO to its concepts.

    python hubness.py --data terminology/hpo --gallery names --encoder svd --seeds 0 1

``--data`` holds nodes.tsv.gz (id), synonyms.tsv.gz (id, scope, text) and edges.tsv.gz
(child, parent, relation), tab-separated. Synonyms are held out ("seen": of concepts at
random; "zero-shot": all synonyms of some concepts) and linked among all concepts.

Galleries: "names" (a row a name, a concept scores as its best), "concepts" (mean of the
vectors of its names), "nodes" (phrases are mapped into the space of an embedding of the
hierarchy by ridge regression). Encoders: "svd" and "sparse" of TF-IDF of character
3-grams, "hashed": signed sums of hashed 3-grams.

The bank is the training names, without pairs of one concept, so no test phrase is seen
before it is asked. "auto" chooses on names that are held out of the bank too.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import Ridge

from graphrep import FastRP, Graph, Node2Vec
from graphrep.evaluation import evaluate_linking, synonym_holdout, zero_shot_concepts
from graphrep.graph import Terminology
from graphrep.linking import CandidateList
from graphrep.retrieval import HubnessCorrector, TextFeatures

KINDS = {"NAME": "preferred", "EXACT": "exact", "NARROW": "narrow", "BROAD": "broad",
         "RELATED": "related"}  # fmt: skip
PROTOCOLS = {"seen": synonym_holdout, "zero-shot": zero_shot_concepts}
FIRST = 100  # concepts that a query lists
HELD = 500  # pairs that "auto" chooses on


def methods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and parameters of all that is compared."""
    yield "none", {"method": "none"}
    yield "center", {"method": "center"}
    yield "csls k=10", {"method": "csls"}
    for beta in (5.0, 20.0, 50.0):
        yield f"is beta={beta:g}", {"method": "is", "beta": beta}
    yield "is beta=20, quarter", {"method": "is", "strength": 0.25}
    yield "is auto", {"method": "is", "beta": "auto", "strength": "auto"}
    yield "csls auto", {"method": "csls", "strength": "auto"}
    yield "dis beta=20", {"method": "dis"}
    yield "dualis w=1", {"method": "dualis", "gallery_weight": 1.0}
    yield "dualis w=.1", {"method": "dualis"}
    yield "dualdis w=.1", {"method": "dualdis"}
    yield "sinkhorn tau=.05", {"method": "sinkhorn", "n_iter": 5}
    yield "dsl k=10", {"method": "dsl"}
    yield "ls k=10", {"method": "ls"}
    yield "nicdm k=10", {"method": "nicdm"}
    yield "mp", {"method": "mp"}
    yield "gc", {"method": "gc"}
    yield "invgc r=.1", {"method": "invgc", "rate": 0.1}


def table(path: Path) -> list[dict[str, str]]:
    """Rows of a gzipped table."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def load_hpo(folder: Path) -> Terminology:
    """HPO with all names and its hierarchy."""
    ids = [row["id"] for row in table(folder / "nodes.tsv.gz")]
    place = {concept: i for i, concept in enumerate(ids)}
    names = [r for r in table(folder / "synonyms.tsv.gz") if r["id"] in place]
    links = [
        (place[r["child"]], place[r["parent"]])
        for r in table(folder / "edges.tsv.gz")
        if r["relation"] == "is_a" and r["child"] in place and r["parent"] in place
    ]
    return Terminology(
        ids, [r["text"] for r in names], [place[r["id"]] for r in names],
        name_kinds=[KINDS.get(r["scope"], "other") for r in names],
        parents=tuple(np.array(links).T),
    )  # fmt: skip


class Encoder:
    """Texts to vectors, learned from the training names."""

    def __init__(self, kind: str, dim: int, texts: list[str], seed: int) -> None:
        self.kind = kind
        if kind == "hashed":
            self.hasher = HashingVectorizer(
                analyzer="char_wb", ngram_range=(3, 3), n_features=dim
            )
            return
        self.features = TextFeatures("char", 3)
        rows = self.features.fit_transform(texts)
        if kind == "svd":
            self.svd = TruncatedSVD(dim, random_state=seed).fit(rows)

    def __call__(self, texts: list[str]) -> Any:
        if self.kind == "hashed":
            return self.hasher.transform(texts).toarray().astype(np.float32)
        rows = self.features.transform(texts)
        return self.svd.transform(rows) if self.kind == "svd" else rows


def galleries(
    args: argparse.Namespace, training: Terminology, encode: Encoder, seed: int
) -> tuple[Any, Any, Any, Any]:
    """Targets, their groups, vectors of all training names, and the query map."""
    rows = encode(list(training.name_texts))
    owners = training.name_concepts
    if args.gallery == "names":
        return rows, owners, rows, encode
    n = training.n_concepts
    if args.gallery == "concepts":
        mean = np.zeros((n, rows.shape[1]))
        np.add.at(mean, owners, rows)
        return mean, np.arange(n), rows, encode
    graph = Graph(training.parents.maximum(training.children))
    embedder = (
        FastRP(n_components=128, random_state=seed) if args.nodes == "fastrp"
        else Node2Vec(n_components=128, num_walks=10, walk_length=20, window=5,
                      random_state=seed)
    )  # fmt: skip
    nodes = embedder.fit(graph).embedding_
    length = np.linalg.norm(nodes, axis=1, keepdims=True)
    nodes = nodes / np.where(length > 0, length, 1)
    ridge = Ridge(1.0).fit(rows, nodes[owners])

    def mapped(texts: list[str]) -> Any:
        return ridge.predict(encode(texts))

    return nodes, np.arange(n), ridge.predict(rows), mapped


def run(
    args: argparse.Namespace, terminology: Terminology, protocol: str, seed: int
) -> Iterator[dict[str, Any]]:
    """Yield a record for each method."""
    split = PROTOCOLS[protocol](terminology, 0.1, random_state=seed)
    training, phrases, gold = split
    rng = np.random.default_rng(seed)
    if args.queries and len(phrases) > args.queries:
        kept = np.sort(rng.choice(len(phrases), args.queries, replace=False))
        phrases, gold = [phrases[i] for i in kept], [gold[i] for i in kept]
    encode = Encoder(args.encoder, args.dim, list(training.name_texts), seed)
    targets, groups, names, query = galleries(args, training, encode, seed)
    owners = training.name_concepts
    # pairs to choose on: synonyms that are neither targets nor in the bank then
    many = np.flatnonzero(np.diff(training.name_offsets) > 1)
    chosen = rng.choice(many, min(HELD, len(many)), replace=False)
    out = training.name_offsets[chosen] + 1
    left = np.ones(training.n_names, bool)
    left[out] = False
    pairs = (names[out], owners[out])
    vectors = query(phrases)
    for label, parameters in methods():
        if args.only and label.split()[0] not in args.only:
            continue
        corrector = HubnessCorrector(
            **parameters, max_bank=args.max_bank, random_state=seed
        )
        start = time.perf_counter()
        everything = {"query_bank": names, "query_groups": owners, "groups": groups}
        given = dict(everything)
        if "auto" in label:
            given |= {"query_bank": names[left], "query_groups": owners[left]}
            given["pairs"] = pairs
            if args.gallery == "names":  # the answer itself must not be there
                kept = HubnessCorrector(
                    **parameters, max_bank=args.max_bank, random_state=seed
                )
                kept.fit(targets[left], **{**given, "groups": groups[left]})
                corrector.set_params(beta=kept.beta_, strength=kept.strength_)
                given = everything
        corrector.fit(targets, **given)
        seconds = time.perf_counter() - start
        rows, scores = corrector.kneighbors(vectors, FIRST, unique_groups=True)
        concepts = np.where(rows >= 0, groups[rows], -1)
        found = CandidateList.from_arrays(concepts, scores, training)
        result = evaluate_linking(found, gold, k=(1, 10, 25), n_bootstrap=0)
        hubs = corrector.score_hubness(vectors, k=10)
        after = hubs["after"]
        yield {
            "method": label, "protocol": protocol, "seed": seed, "n": len(phrases),
            **{m: result.mean(m).value for m in ("acc@1", "acc@25", "mrr")},
            "skew": after["skewness"], "gini": after["gini"],
            "antihubs": after["antihubs"], "hubs": after["hubs"],
            "skew_before": hubs["before"]["skewness"],
            "antihubs_before": hubs["before"]["antihubs"], "fit_seconds": seconds,
            "beta": corrector.beta_, "strength": corrector.strength_,
        }  # fmt: skip


def report(records: list[dict[str, Any]], protocol: str) -> None:
    """Print means over the seeds."""
    print(f"\n{protocol}")
    print(
        f"{'method':20} {'acc@1':>6} {'acc@25':>6} {'MRR':>6} {'skew':>6} {'Gini':>5} "
        f"{'anti':>5} {'hubs':>5} {'fit s':>6}  beta strength"
    )
    for label in dict.fromkeys(r["method"] for r in records):
        rows = [r for r in records if (r["method"], r["protocol"]) == (label, protocol)]
        if not rows:
            continue
        mean = {
            key: float(np.mean([r[key] for r in rows]))
            for key in rows[0]
            if key not in ("method", "protocol", "seed")
        }
        shares = [100 * mean[key] for key in ("acc@1", "acc@25", "mrr")]
        print(
            f"{label:20} {shares[0]:6.1f} {shares[1]:6.1f} {shares[2]:6.1f} "
            f"{mean['skew']:6.2f} {mean['gini']:5.2f} {mean['antihubs']:5.2f} "
            f"{mean['hubs']:5.2f} {mean['fit_seconds']:6.1f}  {mean['beta']:g} "
            f"{mean['strength']:g}"
        )


def main() -> None:
    """Run all methods on all protocols and seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of HPO")
    parser.add_argument(
        "--gallery", choices=["names", "concepts", "nodes"], default="names"
    )
    parser.add_argument("--encoder", choices=["svd", "hashed", "sparse"], default="svd")
    parser.add_argument("--nodes", choices=["fastrp", "node2vec"], default="fastrp")
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--queries", type=int, default=1000, help="0 for all")
    parser.add_argument("--max-bank", type=int, default=5000)
    parser.add_argument("--protocols", nargs="+", default=list(PROTOCOLS))
    parser.add_argument("--only", nargs="+", help="first words of methods to run")
    parser.add_argument("--out", type=Path, help="file for the records, JSON lines")
    args = parser.parse_args()
    if args.encoder == "sparse" and args.gallery != "names":
        parser.error("sparse vectors are for the gallery of names")
    terminology = load_hpo(args.data)
    print(terminology)
    records = []
    for protocol in args.protocols:
        for seed in args.seeds:
            for record in run(args, terminology, protocol, seed):
                records.append(record)
                if args.out:
                    with args.out.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(record) + "\n")
        report(records, protocol)


if __name__ == "__main__":
    main()
