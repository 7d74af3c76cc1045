"""Candidates of phrases by character n-grams beside other ways, in one process.

    python linking_speed.py --data DIR/icd10cm --phrases DIR/icd9cm/phrases.tsv.gz
    python linking_speed.py --made 1000000 --queries 1000 --skip hnsw

Contenders, text to concepts, one thread, best of ``--repeats`` taken in turn:
``graphrep``, `NGramIndex`, exact; ``graphrep, bounded``, the same with
``max_postings=20,000``; ``brute``, scikit-learn's TF-IDF and all products, argpartition
of 4 k names; ``hnsw``, what scispaCy does: scikit-learn's TF-IDF of 3-grams within
words and a graph of small worlds over the sparse rows by nmslib (M 100, 2,000
neighbours in building, 200 in the search), asked for k names and for 4 k.

``recall`` is the share of the k places for which a contender gave a concept that is as
near as the k-th best concept by its own vectors, all products looked at.
"""

from __future__ import annotations

import argparse
import gzip
import os

for _name in ("OMP", "MKL", "OPENBLAS"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")

import platform
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

WIDER = 4  # times k names that are asked for where concepts are wanted
BLOCK = 128
EPS = 1e-4


def main() -> None:
    """Compare the contenders on one set of names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with nodes and synonyms")
    parser.add_argument("--phrases", type=Path, help="table of phrases, gzipped")
    parser.add_argument("--column", default="long", help="its column of phrases")
    parser.add_argument("--made", type=int, default=0, help="number of made-up names")
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--checked", type=int, default=200)
    parser.add_argument("--k", type=int, default=25)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="threads of all")
    parser.add_argument("--linker", action="store_true", help="PhraseLinker as well")
    parser.add_argument("--skip", nargs="*", default=[])
    options = parser.parse_args()
    print(environment(), f"{options.jobs} thread(s)")
    known, phrases = made(options.made) if options.made else real(options)
    phrases = phrases[: options.queries]
    print(f"{known}; {len(phrases):,} phrases; {options.k} concepts of each")
    compare(known, phrases, options)


def environment() -> str:
    """Versions."""
    found = []
    for package in ("graphrep", "numpy", "scipy", "scikit-learn", "numba", "nmslib"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"{', '.join(found)}; Python {platform.python_version()};"


def real(options: Any) -> tuple[Any, list[str]]:
    """Read a terminology and phrases of another one."""
    import graphrep

    known = graphrep.read_terminology(options.data)
    with gzip.open(options.phrases, "rt", encoding="utf-8") as file:
        header = file.readline().rstrip("\n").split("\t")
        at = header.index(options.column)
        phrases = [line.rstrip("\n").split("\t")[at] for line in file]
    np.random.default_rng(0).shuffle(phrases)
    return known, phrases


def made(n: int) -> tuple[Any, list[str]]:
    """Make names of two to five made-up words, two names a concept."""
    from graphrep.graph import Terminology

    draw = np.random.default_rng(0)
    parts = ["".join(p) for p in draw.choice(list("aeioubcdfglmnprst"), (400, 3))]
    words = np.array(
        ["".join(draw.choice(parts, size)) for size in draw.integers(2, 5, 40_000)]
    )
    sizes = draw.integers(2, 6, n)
    ranks = (len(words) ** draw.random(int(sizes.sum()))).astype(int) - 1  # Zipf
    texts = [" ".join(row) for row in np.split(words[ranks], np.cumsum(sizes)[:-1])]
    known = Terminology(range((n + 1) // 2), texts, np.arange(n) // 2)
    asked = [texts[row] for row in draw.integers(0, n, 5000)]
    cuts = draw.random(len(asked))
    gone = [int(c * len(t)) for c, t in zip(cuts, asked, strict=True)]
    return known, [t[:at] + t[at + 1 :] for at, t in zip(gone, asked, strict=True)]


def compare(known: Any, phrases: list[str], options: Any) -> None:
    """Build all contenders, then ask them in turn."""
    k = options.k
    makers: dict[str, Callable[[], dict[str, Callable[[list[str]], Any]]]] = {
        "graphrep": lambda: ours(known, k, options.jobs),
        "linker": lambda: linker(known, k, options.jobs),
        "brute": lambda: brute(known, k),
        "hnsw": lambda: small_worlds(known, k, options.jobs),
    }
    asked: dict[str, Callable[[list[str]], Any]] = {}
    for name, make in makers.items():
        if name in options.skip or (name == "linker" and not options.linker):
            continue
        start = time.perf_counter()
        try:
            asked |= make()
        except ModuleNotFoundError as error:
            print(f"  {name}: left out, {error}")
            continue
        print(f"  {name}: built in {time.perf_counter() - start:.1f} s", flush=True)
    best = dict.fromkeys(asked, float("inf"))
    found = {}
    for _ in range(options.repeats):
        for name, work in asked.items():
            start = time.perf_counter()
            found[name] = work(phrases)
            best[name] = min(best[name], time.perf_counter() - start)
    first = best[next(iter(best))]
    for name, seconds in best.items():
        if name.startswith("linker"):
            print(f"  {name}: {len(phrases) / seconds:,.0f} phrases/s", flush=True)
            continue
        share = recall(known, phrases[: options.checked], found[name], k, name)
        print(
            f"  {name}: {len(phrases) / seconds:,.0f} phrases/s "
            f"({seconds / first:.1f}x the time of the first), recall {share:.4f}",
            flush=True,
        )


# -- contenders: phrases to a list of arrays of concept positions ----------------
def ours(known: Any, k: int, jobs: int) -> dict[str, Any]:
    """Give NGramIndex, exact and bounded."""
    from graphrep.linking import NGramIndex

    index = NGramIndex(n_jobs=jobs).fit(known)
    index.candidates(["a phrase to compile with"], k)
    bounded = NGramIndex(max_postings=20_000, n_jobs=jobs)
    bounded.__dict__ |= {n: v for n, v in vars(index).items() if n != "max_postings"}

    def rows(model: Any, phrases: list[str]) -> list[Any]:
        found = model.candidates(phrases, k)
        return np.split(found.concepts, found.offsets[1:-1])

    return {
        "graphrep": lambda phrases: rows(index, phrases),
        "graphrep, bounded": lambda phrases: rows(bounded, phrases),
    }


def linker(known: Any, k: int, jobs: int) -> dict[str, Any]:
    """Give PhraseLinker, saved and loaded, and say what that takes."""
    import resource
    import tempfile

    import graphrep
    from graphrep.linking import PhraseLinker

    start = time.process_time()
    made = PhraseLinker(n_jobs=jobs, random_state=0).fit(known)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"  linker: {time.process_time() - start:.0f} CPU s, peak {peak:.1f} GiB")
    folder = Path(tempfile.mkdtemp()) / "linker"
    made.save(folder)
    size = sum(file.stat().st_size for file in folder.iterdir()) / 2**20
    start = time.perf_counter()
    model = graphrep.load(folder)
    loaded = time.perf_counter() - start
    model.candidates(["a phrase to begin with"], k)
    first = time.perf_counter() - start
    print(f"  linker: {size:.0f} MiB, loaded in {loaded:.2f} s, first at {first:.2f} s")
    model.candidates(["a phrase to compile with"] * 100, k)
    return {"linker": lambda phrases: model.candidates(phrases, k)}


def brute(known: Any, k: int) -> dict[str, Any]:
    """Give all products of scikit-learn's TF-IDF, and a part of them sorted."""
    model, X = vectors(known, "char")
    columns, owners = X.T.tocsr(), np.asarray(known.name_concepts)

    def work(phrases: list[str]) -> list[Any]:
        out = []
        for at in range(0, len(phrases), BLOCK):
            scores = (model.transform(phrases[at : at + BLOCK]) @ columns).toarray()
            near = np.argpartition(-scores, WIDER * k, axis=1)[:, : WIDER * k]
            for row, own in zip(near, scores, strict=True):
                row = row[np.argsort(-own[row], kind="stable")]
                row = row[own[row] > 0]
                out.append(np.array([*dict.fromkeys(owners[row].tolist())][:k], int))
        return out

    return {"brute": work}


def small_worlds(known: Any, k: int, jobs: int) -> dict[str, Any]:
    """Give scispaCy's search."""
    import nmslib

    model, X = vectors(known, "char_wb", min_df=10)
    owners = np.asarray(known.name_concepts)
    filled = np.flatnonzero(np.diff(X.indptr))
    index = nmslib.init(
        method="hnsw", space="cosinesimil_sparse",
        data_type=nmslib.DataType.SPARSE_VECTOR,
    )  # fmt: skip
    index.addDataPointBatch(X[filled])
    index.createIndex(
        {"M": 100, "indexThreadQty": jobs, "efConstruction": 2000, "post": 0}
    )
    index.setQueryTimeParams({"efSearch": 200})

    def work(phrases: list[str], n_names: int) -> list[Any]:
        rows = model.transform(phrases)
        some = np.flatnonzero(np.diff(rows.indptr))
        out = [np.empty(0, int)] * len(phrases)
        near = index.knnQueryBatch(rows[some], k=n_names, num_threads=jobs)
        for at, (found, _) in zip(some.tolist(), near, strict=True):
            own = owners[filled[found]].tolist()
            out[at] = np.array([*dict.fromkeys(own)][:k], int)
        return out

    return {
        "hnsw, k names": lambda phrases: work(phrases, k),
        f"hnsw, {WIDER} k names": lambda phrases: work(phrases, WIDER * k),
    }


def vectors(known: Any, analyzer: str, min_df: int = 1) -> tuple[Any, Any]:
    """TF-IDF of 3-grams by scikit-learn, as scispaCy sets it."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    model = TfidfVectorizer(
        analyzer=analyzer, ngram_range=(3, 3), min_df=min_df, dtype=np.float32
    )
    return model, model.fit_transform(known.name_texts.tolist())


def recall(
    known: Any, phrases: list[str], found: list[Any], k: int, name: str
) -> float:
    """Share of places filled as well as by a look at all products."""
    if name.startswith("graphrep"):
        from graphrep.retrieval import TextFeatures

        model: Any = TextFeatures(n_jobs=1)
        X = model.fit_transform(known.name_texts.tolist())
    else:
        model, X = vectors(known, *(["char"] if name == "brute" else ["char_wb", 10]))
    columns, starts = X.T.tocsr(), np.asarray(known.name_offsets)
    named = np.flatnonzero(np.diff(starts))
    hits = places = 0
    for phrase, concepts in zip(phrases, found, strict=False):
        scores = (model.transform([phrase]) @ columns).toarray()[0]
        best = np.zeros(known.n_concepts)
        best[named] = np.maximum.reduceat(scores, starts[named])
        bar = max(np.partition(best, -k)[-k], EPS)
        hits += int(np.count_nonzero(best[concepts] >= bar - EPS))
        places += min(k, int(np.count_nonzero(best > 0)))
    return hits / max(places, 1)


if __name__ == "__main__":
    main()
