"""Recall of blocking over the budget, methods and peers side by side.

    python blocking.py --data DIR --json results.jsonl
    python blocking.py --data DIR --sets abt_buy --methods tfidf nlsh nlsh-labels
    python blocking.py --data DIR --gold matches --peers

``--data`` names a folder with a folder for each set: ``tableA.csv`` and ``tableB.csv``
with a column ``id`` (or ``table.csv`` for one table), ``matches.csv`` and perhaps
``matches_full.csv`` with two columns of ids, perhaps compressed. Gold: "full" is the
complete standard where there is one; "matches" are the labelled pairs that survived the
blocking of those who made the set, which flatters recall by a point or two.

Recall is given at 1, 2, 5 and 10 times the records of the smaller table, pairs in all,
so that neither direction of asking matters. Methods that give fewer pairs are marked
with how many they give. ``fixed-A`` and ``fixed-B`` are the k nearest of each record of
one table by TF-IDF of character 3-grams, ``raw`` its cosine with one threshold for all,
``csls`` its local scaling. ``nlsh-start`` is the lexical encoder before it has learnt;
``nlsh`` learns without labels, ``nlsh-labels`` from 60 % of the matches, and is scored
on the others, as ``nlsh-held`` (the same without labels) is, means of the seeds.
``nlsh-transformer`` fine-tunes MiniLM and takes many minutes; ``minilm`` and
``wordllama`` learn nothing.

Every run is a process of its own, one thread; CPU seconds include reading of texts but
not of files, after a warm-up of the compiled loops on a toy. Columns that name the
answer (original ids, clusters) are dropped.
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
import time
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
SETS = (
    "abt_buy", "amazon_google", "walmart_amazon", "dblp_acm", "dblp_acm_dirty",
    "dblp_scholar_pairs", "imdb_tmdb", "beer", "fodors_zagats", "febrl4",
    "wdc_block_small", "febrl1", "rldata10000", "musicbrainz20k",
)  # fmt: skip
LEAKS = {"orig_id", "soc_sec_id", "rec_id", "cluster_id", "class", "CID", "TID"}
TIMES = (1, 2, 5, 10)
HELD = {"nlsh-labels", "nlsh-held", "infonce-labels"}
_TEXT = Callable[[Any], list[str]]


def main() -> None:
    """Run what is asked for, one table."""
    options = read_options()
    if options.worker:
        work(options, json.loads(options.worker))
        return
    print(environment())
    heads = " | ".join(f"{t}x" for t in TIMES)
    print(f"\n| data | method | {heads} | CPU s | MiB |\n|{'---|' * (4 + len(TIMES))}")
    known = read_known(options.json)
    names = list(METHODS) if options.methods is None else options.methods
    if options.peers:
        names += list(PEERS)
    for name in options.sets:
        for method in names:
            seeds = options.seeds if method in HELD else 1
            rows = [run(options, known, name, method, s) for s in range(seeds)]
            print(line_of(name, method, rows), flush=True)


def read_options() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    every = [*METHODS, *COPIES, *SLOW, *PEERS]
    parser.add_argument("--methods", nargs="+", choices=every)
    parser.add_argument("--peers", action="store_true", help="those installed, too")
    parser.add_argument("--gold", choices=("full", "matches"), default="full")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--timeout", type=float, help="seconds that a run may take")
    parser.add_argument("--json", type=Path, help="file that gets a line for each run")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def environment() -> str:
    """Versions and machine."""
    packages = (
        "graphrep", "numpy", "scipy", "scikit-learn", "numba", "datasketch",
        "blockingpy", "sparse-dot-topn", "torch", "sentence-transformers", "wordllama",
    )  # fmt: skip
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    python = f"Python {platform.python_version()} on {platform.machine()}"
    return f"{', '.join(found)}; {python}; 1 thread"


# -- runs ------------------------------------------------------------------------------
def run(
    options: argparse.Namespace,
    known: dict[str, Row],
    name: str,
    method: str,
    seed: int,
) -> Row:
    """One run, unless the file has it."""
    asked = {"set": name, "method": method, "seed": seed, "gold": options.gold}
    key = json.dumps(asked, sort_keys=True)
    if key in known:
        return known[key]
    single = {f"{p}_NUM_THREADS": "1" for p in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
    try:
        done = subprocess.run(
            [sys.executable, __file__, "--data", str(options.data), "--worker", key],
            capture_output=True, text=True, timeout=options.timeout,
            env=os.environ | single, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return asked | {"error": f"not done in {options.timeout:g} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return asked | {"error": last[:100]}
    row: Row = asked | json.loads(done.stdout.splitlines()[-1])
    if options.json:
        with options.json.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    return row


def read_known(path: Path | None) -> dict[str, Row]:
    """Runs that a file has."""
    if path is None or not path.exists():
        return {}
    keys = ("gold", "method", "seed", "set")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {json.dumps({k: r[k] for k in keys}, sort_keys=True): r for r in rows}


def line_of(name: str, method: str, rows: list[Row]) -> str:
    """Line of the table."""
    good = [row for row in rows if "error" not in row]
    if not good:
        return f"| {name} | {method} | {rows[0]['error']} |{' |' * (len(TIMES) + 1)}"
    cells = []
    for i in range(len(TIMES)):
        values = [100.0 * row["recall"][i] for row in good]
        cells.append(f"{statistics.mean(values):.2f}")
        if len(values) > 1:
            cells[-1] += f" ± {statistics.stdev(values):.2f}"
        if good[0]["pairs"] < good[0]["budgets"][i]:
            cells[-1] += f" ({good[0]['pairs']:,})"
    cpu = statistics.mean(row["cpu"] for row in good)
    memory = max(row["MiB"] for row in good)
    return f"| {name} | {method} | {' | '.join(cells)} | {cpu:.2f} | {memory:,.0f} |"


def work(options: argparse.Namespace, asked: Row) -> None:
    """Worker: one method on one set, a line of JSON."""
    warnings.simplefilter("ignore")
    A, B, matches = load(options.data / asked["set"], asked["gold"])
    one_table = B is None
    n = len(A) if B is None else min(len(A), len(B))
    train = None
    gold = matches
    if asked["method"] in HELD:
        draw = np.random.default_rng(asked["seed"]).permutation(len(matches.left))
        cut = int(0.6 * len(draw))
        train, gold = (take(matches, np.sort(p)) for p in (draw[:cut], draw[cut:]))
    method = {**METHODS, **COPIES, **SLOW, **PEERS}[asked["method"]]
    toy = load_toy()
    method(*toy, None, 8, 0)
    start = time.process_time()
    left, right = method(A, B, train, max(TIMES) * n, asked["seed"])[:2]
    cpu = time.process_time() - start
    hits = np.isin(keys(left, right, A, B, one_table), keys(*gold, A, B, one_table))
    budgets = [t * n for t in TIMES]
    found = np.cumsum(hits)
    recall = [
        float(found[min(b, len(found)) - 1]) / len(gold.left) if len(found) else 0.0
        for b in budgets
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out = {"recall": recall, "budgets": budgets, "pairs": len(hits), "cpu": cpu}
    print(json.dumps(out | {"MiB": peak}))


def keys(left: Any, right: Any, A: Any, B: Any, one_table: bool) -> Any:
    """One number for each pair."""
    a, b = np.asarray(left, np.int64), np.asarray(right, np.int64)
    if one_table:
        a, b = np.minimum(a, b), np.maximum(a, b)
    return a * np.int64(len(A) if one_table else len(B)) + b


def take(matches: Any, rows: Any) -> Any:
    """Some of the matches."""
    return type(matches)(matches.left[rows], matches.right[rows])


def load(folder: Path, gold: str) -> tuple[Any, Any, Any]:
    """Tables and matches of a set."""
    from graphrep.blocking import as_records
    from graphrep.blocking._matches import as_matches

    def table(stem: str) -> Any:
        records = as_records(next(folder.glob(f"{stem}.csv*")))
        kept = [name for name in records.columns if name not in LEAKS]
        return as_records(records, columns=kept)

    one = not list(folder.glob("tableA.csv*"))
    A = table("table" if one else "tableA")
    B = None if one else table("tableB")
    full = list(folder.glob("matches_full.csv*")) if gold == "full" else []
    path = (full or list(folder.glob("matches.csv*")))[0]
    return A, B, as_matches(path, A, A if B is None else B, one_table=one)


def load_toy() -> tuple[Any, Any]:
    """Two small tables, to compile on."""
    from graphrep.blocking import Records

    names = [
        f"{a} {b} {n}" for n in range(8) for a, b in (("red", "fox"), ("old", "owl"))
    ]
    return Records({"name": names}), Records({"name": [f"{x} new" for x in names]})


# -- methods: left rows, right rows, best first ----------------------------------------
def blocker(make: Callable[[int, int], Any]) -> Callable[..., tuple[Any, Any]]:
    """Run a blocker of graphrep."""

    def method(A: Any, B: Any, train: Any, budget: int, seed: int) -> tuple[Any, Any]:
        pairs = make(budget, seed).fit_candidate_pairs(A, B, train)
        return pairs.left_rows, pairs.right_rows

    return method


def fixed(side: str, copies: bool = True) -> Callable[..., tuple[Any, Any]]:
    """Take the k nearest of each record of one table, or all pairs by one score."""

    def method(A: Any, B: Any, train: Any, budget: int, seed: int) -> tuple[Any, Any]:
        from graphrep.blocking._relative import union_of, without_twins

        of_left, of_right = nearest(A, B)
        if not copies:
            own, other = A.text_groups(A if B is None else B)
            of_left = without_twins(of_left, own, other)
            of_right = without_twins(of_right, other, own)
        if side in ("A", "B"):
            lists = of_left if side == "A" else of_right
            rank = np.tile(np.arange(lists.rows.shape[1]), (len(lists.rows), 1))
            own = np.repeat(np.arange(len(rank)), rank.shape[1]).reshape(rank.shape)
            there = lists.rows >= 0
            order = np.lexsort((-lists.scores[there], rank[there]))
            pairs = own[there][order], lists.rows[there][order]
            if B is None:
                return unique_pairs(*pairs, True)
            return pairs if side == "A" else pairs[::-1]
        left, right, scores = union_of(of_left, of_right)
        if side == "csls":
            scores = 2 * scores - of_left.scores[:, :5].mean(1)[left]
            scores = scores - of_right.scores[:, :5].mean(1)[right]
        order = np.argsort(-scores, kind="stable")
        return unique_pairs(left[order], right[order], B is None)

    return method


def nearest(A: Any, B: Any, k: int = 50) -> tuple[Any, Any]:
    """Neighbours by TF-IDF of character 3-grams, both ways."""
    from graphrep.blocking._lexical_neighbours import lexical_neighbours

    other = A if B is None else B
    return lexical_neighbours(A, other, one_table=B is None, k=k, n_jobs=1)


def unique_pairs(left: Any, right: Any, one_table: bool) -> tuple[Any, Any]:
    """Pairs of one table once."""
    if not one_table:
        return left, right
    low, high = np.minimum(left, right), np.maximum(left, right)
    _, first = np.unique(low * np.int64(2**31) + high, return_index=True)
    first.sort()
    return low[first], high[first]


def tfidf(budget: int, seed: int, **options: Any) -> Any:
    """Character 3-grams, relative scores."""
    from graphrep.blocking import TfidfBlocker

    return TfidfBlocker(budget=budget, n_jobs=1, **options)


def nlsh(budget: int, seed: int, **options: Any) -> Any:
    """Give the default."""
    from graphrep.blocking import NLSHBlocker

    return NLSHBlocker(budget=budget, n_jobs=1, random_state=seed, **options)


def nlsh_start(budget: int, seed: int) -> Any:
    """Give the default before it learns."""
    from graphrep.blocking import LexicalEncoder

    return nlsh(budget, seed, encoder=LexicalEncoder(epochs=0, n_jobs=1))


def unlabelled(*args: Any) -> Any:
    """Give the default, though there are labels."""
    A, B, _, budget, seed = args
    return blocker(nlsh)(A, B, None, budget, seed)


def minhash(budget: int, seed: int) -> Any:
    """MinHash of character 3-grams."""
    from graphrep.blocking import MinHashBlocker

    return MinHashBlocker(threshold=0.2, budget=budget, n_jobs=1, random_state=seed)


def tokens(budget: int, seed: int) -> Any:
    """Blocks of tokens, purged; weights of pairs."""
    from graphrep.blocking import MetaBlocker

    return MetaBlocker(budget=budget)


def dense(encoder: str, learn: bool) -> Callable[..., tuple[Any, Any]]:
    """Vectors of words or of a transformer, relative scores."""

    def method(A: Any, B: Any, train: Any, budget: int, seed: int) -> tuple[Any, Any]:
        from graphrep.blocking._encoder import vector_neighbours
        from graphrep.blocking._relative import assignment_of, scored_pairs
        from graphrep.blocking._static_encoder import StaticEncoder
        from graphrep.blocking._transformer_encoder import TransformerEncoder

        made: Any = StaticEncoder() if encoder == "static" else TransformerEncoder()
        if learn:
            return blocker(lambda b, s: nlsh(b, s, encoder=made))(
                A, B, train, budget, seed
            )
        other = A if B is None else B
        made.fit(A, other, n_jobs=1)
        X = made.transform(A, n_jobs=1)
        Y = X if B is None else made.transform(B, n_jobs=1)
        one = B is None
        lists = vector_neighbours(X, Y, one_table=one, n_jobs=1)
        way = assignment_of("auto", A, other, one)
        found = scored_pairs(*lists, way, one_table=one)
        order = np.argsort(-found.scores, kind="stable")
        return found.left[order], found.right[order]

    return method


METHODS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "fixed-A": fixed("A"),
    "fixed-B": fixed("B"),
    "raw": fixed("raw"),
    "csls": fixed("csls"),
    "tfidf": blocker(tfidf),
    "nlsh-start": blocker(nlsh_start),
    "nlsh": blocker(nlsh),
    "nlsh-infonce": blocker(lambda b, s: nlsh(b, s, loss="infonce")),
    "nlsh-held": unlabelled,
    "nlsh-labels": blocker(nlsh),
    "infonce-labels": blocker(lambda b, s: nlsh(b, s, loss="infonce")),
    "minhash": blocker(minhash),
    "tokens": blocker(tokens),
}
COPIES: dict[str, Callable[..., tuple[Any, Any]]] = {
    "fixed-A-no-copies": fixed("A", copies=False),
    "tfidf-no-copies": blocker(lambda b, s: tfidf(b, s, exclude_identical=True)),
    "nlsh-no-copies": blocker(lambda b, s: nlsh(b, s, exclude_identical=True)),
}
SLOW: dict[str, Callable[..., tuple[Any, Any]]] = {
    "wordllama": dense("static", False),
    "nlsh-wordllama": dense("static", True),
    "minilm": dense("transformer", False),
    "nlsh-transformer": dense("transformer", True),
}


# -- peers -----------------------------------------------------------------------------
def sklearn_tfidf(A: Any, B: Any, *_: Any) -> tuple[Any, Any]:
    """50 nearest of each left record by scikit-learn."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    other = A if B is None else B
    left, right = A.texts(), other.texts()
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(3, 3), sublinear_tf=True)
    vectors.fit(left + right)
    index = NearestNeighbors(metric="cosine", algorithm="brute", n_jobs=1)
    index.fit(vectors.transform(right))
    k = min(50, len(right))
    _, rows = index.kneighbors(vectors.transform(left), k)
    return np.tile(np.arange(len(left)), k), rows.T.ravel()


def sparse_dot(A: Any, B: Any, *_: Any) -> tuple[Any, Any]:
    """50 nearest of each left record by sparse_dot_topn."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sparse_dot_topn import sp_matmul_topn

    other = A if B is None else B
    left, right = A.texts(), other.texts()
    vectors = TfidfVectorizer(
        analyzer="char", ngram_range=(3, 3), sublinear_tf=True, dtype=np.float32
    )
    vectors.fit(left + right)
    X, Y = vectors.transform(left), vectors.transform(right)
    found = sp_matmul_topn(X, Y.T.tocsr(), top_n=50, sort=True, n_threads=1).tocsr()
    sizes = np.diff(found.indptr)
    own = np.repeat(np.arange(len(left)), sizes)
    rank = np.arange(found.nnz) - np.repeat(found.indptr[:-1], sizes)
    order = np.lexsort((-found.data, rank))
    return own[order], found.indices[order]


def datasketch_lsh(A: Any, B: Any, *_: Any) -> tuple[Any, Any]:
    """MinHash LSH of character 3-grams by datasketch, threshold .2, 128 hashes."""
    from datasketch import MinHash, MinHashLSH

    other = A if B is None else B

    def grams(text: str) -> list[bytes]:
        text = f" {text.lower()} "
        return [text[i : i + 3].encode() for i in range(len(text) - 2)] or [b" "]

    index = MinHashLSH(threshold=0.2, num_perm=128)
    hashes = list(MinHash.bulk([grams(t) for t in other.texts()], num_perm=128))
    for i, h in enumerate(hashes):
        index.insert(i, h)
    left, right, scores = [], [], []
    for i, h in enumerate(MinHash.bulk([grams(t) for t in A.texts()], num_perm=128)):
        for j in index.query(h):
            left.append(i)
            right.append(j)
            scores.append(h.jaccard(hashes[j]))
    order = np.argsort(-np.array(scores), kind="stable")
    return np.array(left, int)[order], np.array(right, int)[order]


def blockingpy(A: Any, B: Any, *_: Any) -> tuple[Any, Any]:
    """BlockingPy with its defaults: one neighbour of each record by faiss."""
    import pandas as pd
    from blockingpy import Blocker

    other = A if B is None else B
    y = pd.Series(A.texts())
    x = pd.Series(other.texts())
    done = Blocker().block(x=x, y=y, ann="faiss").result.sort_values("dist")
    return done["y"].to_numpy(), done["x"].to_numpy()


PEERS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "scikit-learn": sklearn_tfidf,
    "sparse_dot_topn": sparse_dot,
    "datasketch": datasketch_lsh,
    "blockingpy": blockingpy,
}

if __name__ == "__main__":
    main()
