"""Searches that blocking stands on beside other packages, alternated in one process.

    python blocking_speed.py --data DIR --sets amazon_google walmart_amazon
    python blocking_speed.py --data DIR --parts million --records 1000000

Parts: ``sparse``, the 50 nearest of each left record by TF-IDF of character 3-grams,
the same matrix for all; ``dense``, the 10 nearest of random unit vectors by cosine;
``minhash``, candidates of 128 hashes at threshold .5 of the same sets of 3-grams;
``million``, duplicates among made-up records, text to pairs. CPU seconds, best of
``--repeats``; one thread. ``equal`` is the share of scores that agree to 1e-5.
"""

from __future__ import annotations

import argparse
import os

for _name in ("OMP", "MKL", "OPENBLAS", "NUMBA"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")

import platform
import resource
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

Contender = tuple[str, Callable[[], Any]]


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", nargs="+", default=["amazon_google"])
    every = ["sparse", "dense", "minhash", "million"]
    parser.add_argument("--parts", nargs="+", default=every[:3], choices=every)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--vectors", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(environment())
    if "dense" in options.parts:
        dense(options.vectors, options.repeats)
    for name in options.sets if options.data else ():
        left, right = texts(options.data / name)
        if "sparse" in options.parts:
            sparse_rows(name, left, right, options.repeats)
        if "minhash" in options.parts:
            minhash(name, left, right, options.repeats)
    if "million" in options.parts:
        million(options.records)


def environment() -> str:
    """Versions."""
    found = []
    for package in ("graphrep", "numpy", "scipy", "scikit-learn", "numba",
                    "sparse-dot-topn", "datasketch"):  # fmt: skip
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"{', '.join(found)}; Python {platform.python_version()}; 1 thread"


def texts(folder: Path) -> tuple[list[str], list[str]]:
    """Texts of both tables."""
    from graphrep.blocking import as_records

    paths = [next(folder.glob(f"{stem}.csv*")) for stem in ("tableA", "tableB")]
    left, right = (as_records(path).texts() for path in paths)
    return left, right


def alternate(title: str, contenders: list[Contender], repeats: int) -> dict[str, Any]:
    """Time contenders in turn; print the best of each, the first one is ours."""
    best = dict.fromkeys((name for name, _ in contenders), float("inf"))
    results = {}
    for _ in range(repeats):
        for name, work in contenders:
            start = time.process_time()
            results[name] = work()
            best[name] = min(best[name], time.process_time() - start)
    ours = best[contenders[0][0]]
    shown = [f"{k} {v:.3f} s ({v / ours:.1f}x)" for k, v in best.items()]
    print(f"{title}: {', '.join(shown)}", flush=True)
    return results


def sparse_rows(name: str, left: list[str], right: list[str], repeats: int) -> None:
    """Nearest records by sparse vectors."""
    from scipy import sparse
    from sklearn.neighbors import NearestNeighbors

    from graphrep.retrieval import SparseIndex, TextFeatures

    model = TextFeatures(n_jobs=1).fit(left + right)
    X, Y = model.transform(left), model.transform(right)
    k = min(50, len(right))

    def ours() -> Any:
        return SparseIndex(Y).query(X, k, n_jobs=1)[1]

    def sklearn() -> Any:
        index = NearestNeighbors(metric="cosine", algorithm="brute", n_jobs=1).fit(Y)
        return 1.0 - index.kneighbors(X, k)[0]

    contenders: list[Contender] = [("graphrep", ours), ("scikit-learn", sklearn)]
    try:
        from sparse_dot_topn import sp_matmul_topn
    except ModuleNotFoundError:
        pass
    else:
        rows, columns = sparse.csr_matrix(X), sparse.csr_matrix(Y.T.tocsr())

        def topn() -> Any:
            found = sp_matmul_topn(
                rows, columns, top_n=k, sort=True, n_threads=1
            ).tocsr()
            out = np.zeros((len(left), k), np.float32)
            for i in range(len(left)):
                row = np.sort(found.data[found.indptr[i] : found.indptr[i + 1]])[::-1]
                out[i, : len(row)] = row
            return out

        contenders.append(("sparse_dot_topn", topn))
    SparseIndex(Y[:9]).query(X[:9], 3, n_jobs=1)
    entries = np.diff(Y.tocsc().indptr)[X.indices].sum()
    size = f"{len(left):,} x {len(right):,}"
    title = f"sparse, {name}, {size}, {entries / 1e6:.0f} M products"
    found = alternate(title, contenders, repeats)
    for other, scores in found.items():
        equal = np.isclose(scores, found["graphrep"], atol=1e-5).mean()
        print(f"  {other}: equal {equal:.4f}")


def dense(n: int, repeats: int) -> None:
    """Nearest vectors by cosine."""
    from sklearn.neighbors import NearestNeighbors

    from graphrep.retrieval import ExactIndex

    draw = np.random.default_rng(0)
    X = draw.standard_normal((n, 256)).astype(np.float32)
    queries = X[: min(n, 2000)]

    def ours() -> Any:
        return ExactIndex(X).query(queries, 10, n_jobs=1)[1]

    def sklearn() -> Any:
        index = NearestNeighbors(metric="cosine", algorithm="brute", n_jobs=1).fit(X)
        return 1.0 - index.kneighbors(queries, 10)[0]

    ExactIndex(X[:99]).query(X[:9], 3, n_jobs=1)
    title = f"dense, {len(queries):,} x {n:,}, 256 components"
    found = alternate(title, [("graphrep", ours), ("scikit-learn", sklearn)], repeats)
    equal = np.isclose(found["graphrep"], found["scikit-learn"], atol=1e-5).mean()
    print(f"  equal {equal:.4f}")


def minhash(name: str, left: list[str], right: list[str], repeats: int) -> None:
    """Candidates by min-wise hashes."""
    from graphrep.blocking import MinHashBlocker, Records

    A, B = Records({"text": left}), Records({"text": right})

    def ours() -> Any:
        made = MinHashBlocker(threshold=0.5, budget=None, n_jobs=1, random_state=0)
        return len(made.fit_candidate_pairs(A, B))

    contenders: list[Contender] = [("graphrep", ours)]
    try:
        from datasketch import MinHash, MinHashLSH
    except ModuleNotFoundError:
        return

    def grams(text: str) -> list[bytes]:
        text = f" {text.lower()} "
        return [text[i : i + 3].encode() for i in range(len(text) - 2)] or [b" "]

    def theirs() -> Any:
        index = MinHashLSH(threshold=0.5, num_perm=128)
        for i, h in enumerate(MinHash.bulk(map(grams, right), num_perm=128)):
            index.insert(i, h)
        asked = MinHash.bulk(map(grams, left), num_perm=128)
        return sum(len(index.query(h)) for h in asked)

    contenders.append(("datasketch", theirs))
    ours()
    found = alternate(f"minhash, {name}", contenders, repeats)
    print(f"  pairs {found}")


def million(n: int) -> None:
    """Duplicates among made-up records: from texts to pairs, and how many are found."""
    from graphrep.blocking import NLSHBlocker, TfidfBlocker, as_records
    from graphrep.blocking._matches import as_matches
    from graphrep.datasets import make_records

    made = make_records(int(n / 1.6), kind="persons", one_table=True, random_state=0)
    records = as_records(made.left)
    matches = as_matches(made.matches, records, records, one_table=True)
    width = np.int64(len(records))
    true = np.unique(np.minimum(*matches) * width + np.maximum(*matches))
    options = {"n_neighbors": 10, "budget": 1.0, "n_jobs": 1}
    for blocker in (
        TfidfBlocker(n=6, max_postings=2_000, **options),
        NLSHBlocker(max_postings=2_000, random_state=0, **options),
    )[: 1 if n > 200_000 else 2]:
        start, wall = time.process_time(), time.perf_counter()
        pairs = blocker.fit_candidate_pairs(records)
        cpu, wall = time.process_time() - start, time.perf_counter() - wall
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        found = pairs.left_rows.astype(np.int64) * width + pairs.right_rows
        recall = np.isin(true, found).mean()
        print(
            f"{type(blocker).__name__}, {len(records):,} records: {len(pairs):,} "
            f"pairs, recall {recall:.4f} of {len(true):,}, {cpu:.0f} CPU s, "
            f"{wall:.0f} s, peak {peak:.1f} GiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
