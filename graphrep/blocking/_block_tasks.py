"""Tasks of blocking by files: features, indexes, near records, scored pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np
from scipy import sparse

from graphrep._tasks import pure_task
from graphrep._utils._array_file import map_arrays, write_arrays
from graphrep.blocking._encoder import nearest_of, no_neighbours
from graphrep.blocking._hash_codes import HashIndex
from graphrep.blocking._record_texts import split_text
from graphrep.blocking._relative import (
    Levels,
    Neighbours,
    Scored,
    levels_of,
    pairs_of,
    relative_scores,
    without_twins,
)
from graphrep.retrieval import ExactIndex, SparseIndex, TextFeatures
from graphrep.typing import AnyArray, FloatArray, IntArray

FORWARD, REVERSE = "forward", "reverse"
_SIDES = ("here", "there")


@pure_task(version=1)
def count_features(out: Path, *, texts: Path, analyzer: str, n: int) -> None:
    """Count the features of some texts."""
    features = TextFeatures(analyzer, n, n_jobs=numba.get_num_threads())
    sizes, hashes, times = features._count(split_text(map_arrays(texts)))
    write_arrays(out, {"sizes": sizes, "hashes": hashes, "times": times})


@pure_task(version=1)
def merge_vocabulary(out: Path, **counts: Path) -> None:
    """Put the features of all texts together, and how many texts have each."""
    vocabulary, holders = np.empty(0, np.uint64), np.empty(0, np.int64)
    n_texts = 0
    for name in sorted(counts):
        part = map_arrays(counts[name])
        n_texts += len(part["sizes"])
        own, times = np.unique(part["hashes"], return_counts=True)
        both = np.concatenate([holders, times])
        vocabulary, at = np.unique(
            np.concatenate([vocabulary, own]), return_inverse=True
        )
        holders = np.zeros(len(vocabulary), np.int64)
        np.add.at(holders, at.ravel(), both)
    idf = (np.log((1.0 + n_texts) / (1.0 + holders)) + 1.0).astype("f4")
    write_arrays(out, {"vocabulary": vocabulary, "idf": idf})


@pure_task(version=2)
def index_texts(
    out: Path, *, vocabulary: Path, analyzer: str, n: int, common: bool, **counts: Path
) -> None:
    """Make the index of one table from the counts of its texts.

    With ``common`` for searches that read all that can matter.
    """
    features, known = TextFeatures(analyzer, n), map_arrays(vocabulary)
    features.vocabulary_, features.idf_ = known["vocabulary"], known["idf"]
    parts = [map_arrays(counts[name]) for name in sorted(counts)]
    rows = [features._rows(p["sizes"], p["hashes"], p["times"]) for p in parts]
    whole = sparse.vstack(rows, format="csr")
    write_arrays(out, SparseIndex(whole).to_arrays(common=common))


@pure_task(version=1)
def index_codes(
    out: Path, *, base: Path, options: dict[str, Any], near: Path | None = None
) -> None:
    """Hash the vectors of one table into tables."""
    vectors = map_arrays(base)["vectors"]
    arrays: dict[str, AnyArray] = {}
    if len(vectors):
        pairs: Any = None if near is None else tuple(map_arrays(near).values())
        index = HashIndex(
            vectors, near=pairs, n_jobs=numba.get_num_threads(), **options
        )
        arrays = index.to_arrays()
    write_arrays(out, arrays)


@pure_task(version=1)
def search_block(
    out: Path,
    *,
    queries: Path,
    base: Path,
    first: int,
    end: int,
    k: int,
    one_table: bool,
    roles: list[str],
    bounds: list[int],
    max_postings: int | None = None,
    codes: Path | None = None,
    own_groups: Path | None = None,
    other_groups: Path | None = None,
) -> None:
    """Find what is near some records of one table.

    The file holds how near what lies around them, and the pairs, as (left, right) for
    each role, in the order of the blocks of left records that begin at ``bounds``.
    """
    own, other = map_arrays(queries), map_arrays(base)
    if "vectors" in own:
        lists = _near_vectors(own, other, first, end, k, one_table, codes)
    else:
        lists = _near_rows(own, other, first, end, k, one_table, max_postings)
    if own_groups is not None and other_groups is not None:
        twins = map_arrays(own_groups)["groups"], map_arrays(other_groups)["groups"]
        lists = without_twins(lists, twins[0][first:end], twins[1])
    arrays: dict[str, AnyArray] = dict(levels_of(lists.scores)._asdict())
    rows, near, scores = pairs_of(lists)
    rows = rows + first
    for role in roles:
        left, right = (rows, near) if role == FORWARD else (near, rows)
        blocks = np.searchsorted(bounds, left, "right") - 1
        order = np.argsort(blocks, kind="stable")
        arrays[f"{role}_starts"] = np.searchsorted(
            blocks[order], np.arange(len(bounds) + 1)
        )
        arrays[f"{role}_left"] = left[order].astype(np.int32)
        arrays[f"{role}_right"] = right[order].astype(np.int32)
        arrays[f"{role}_scores"] = scores[order]
    write_arrays(out, arrays)


@pure_task(version=1)
def score_block(
    out: Path,
    *,
    block: int,
    first: int,
    n_right: int,
    assignment: str,
    one_table: bool,
    details: bool,
    own: Path,
    **others: Path,
) -> None:
    """Score the pairs of one block of left records relative to what else is near.

    ``own`` holds what is near the left records, the ``others`` what is near all right
    ones, in their order. With ``details`` the file also has similarities and levels.
    """
    forward = map_arrays(own)
    reverse = [map_arrays(others[name]) for name in sorted(others)]
    parts = [_of_block(forward, FORWARD, block)]
    parts += [_of_block(part, REVERSE, block) for part in reverse]
    left, right, similarities = (np.concatenate(p) for p in zip(*parts, strict=True))
    _, once = np.unique(left * np.int64(n_right) + right, return_index=True)
    if one_table:
        once = once[left[once] < right[once]]
    left, right, similarities = left[once], right[once], similarities[once]
    here = Levels(*(forward[name] for name in Levels._fields)).take(left - first)
    around = (
        np.concatenate([part[name] for part in reverse]) for name in Levels._fields
    )
    there = Levels(*around).take(right)
    scores = relative_scores(similarities, here, there, assignment).astype(np.float32)
    arrays: dict[str, AnyArray] = {
        "left": left.astype(np.int32), "right": right.astype(np.int32),
        "scores": scores,
    }  # fmt: skip
    if details:
        arrays["similarities"] = similarities
        for side, levels in zip(_SIDES, (here, there), strict=True):
            arrays |= {f"{side}_{k}": part for k, part in levels._asdict().items()}
    write_arrays(out, arrays)


def read_scored(path: Path) -> Scored:
    """Pairs of a file of `score_block`; without details these are empty."""
    arrays = map_arrays(path)
    nothing: FloatArray = np.zeros(0, np.float32)
    levels = [
        Levels(*(arrays.get(f"{side}_{name}", nothing) for name in Levels._fields))
        for side in _SIDES
    ]
    return Scored(
        arrays["left"].astype(np.int64), arrays["right"].astype(np.int64),
        arrays.get("similarities", nothing), levels[0], levels[1], arrays["scores"],
    )  # fmt: skip


def _of_block(
    arrays: dict[str, AnyArray], role: str, block: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of one block of left records."""
    low, high = arrays[f"{role}_starts"][block : block + 2].tolist()
    left, right, scores = (
        arrays[f"{role}_{name}"][low:high] for name in ("left", "right", "scores")
    )
    return left.astype(np.int64), right.astype(np.int64), scores


def _near_rows(
    own: dict[str, AnyArray], other: dict[str, AnyArray], first: int, end: int, k: int,
    one_table: bool, max_postings: int | None,
) -> Neighbours:  # fmt: skip
    """Nearest rows of a sparse index of some rows of another."""
    low, high = own["indptr"][[first, end]].tolist()
    n_features = len(other["largest"])
    queries = sparse.csr_array(
        (own["data"][low:high], own["indices"][low:high],
         own["indptr"][first : end + 1] - low),
        shape=(end - first, n_features),
    )  # fmt: skip
    exclude = np.arange(first, end) if one_table else None
    found = SparseIndex.from_arrays(other, n_features).query(
        queries, k, exclude=exclude, max_postings=max_postings,
        n_jobs=numba.get_num_threads(),
    )  # fmt: skip
    return Neighbours(*found)


def _near_vectors(
    own: dict[str, AnyArray], other: dict[str, AnyArray], first: int, end: int, k: int,
    one_table: bool, codes: Path | None,
) -> Neighbours:  # fmt: skip
    """Nearest vectors of one table of some vectors of another."""
    low, high = np.searchsorted(own["full"], [first, end]).tolist()
    base, n_base = other["vectors"], int(other["n"][0])
    if len(base) <= one_table or low == high:
        return no_neighbours(end - first, min(k, n_base))
    index: Any = (
        ExactIndex(base)
        if codes is None
        else HashIndex.from_arrays(base, map_arrays(codes))
    )
    return nearest_of(
        index, own["vectors"][low:high], own["full"][low:high] - first, end - first,
        other["full"], n_base, k, np.arange(low, high) if one_table else None,
        numba.get_num_threads(),
    )  # fmt: skip
