"""Names of concepts as a linker sees them: letters, words, vectors, keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from graphrep.kernels import _link_features
from graphrep.linking._key_table import KeyTable
from graphrep.linking._linker_words import CUES, Words, is_number
from graphrep.linking._name_keys import id_key, stem
from graphrep.linking._near_words import NearLists, NearWords
from graphrep.retrieval import ClusterIndex, SparseIndex, TextFeatures
from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray, FloatArray, IntArray

Encode = Callable[[Sequence[str]], Any]
LEVELS = {"texts": 1.0, "plain": 0.99, "sorted": 0.97}
PREFERRED = np.float32(0.1)
"""What a preferred name adds to its level: of concepts that share a name, those that
have it as their preferred one come first."""

_KEYS = tuple(LEVELS)
_ARRAYS = ("owners", "preferred", "labelled", "n_words", "cue", "number")


@dataclass
class Phrases:
    """Queries as rows of the same features that names have."""

    words: Words
    char: Any
    word: Any
    vectors: FloatArray | None
    unknown: IntArray
    unknown_numbers: IntArray
    near: NearLists

    def __len__(self) -> int:
        return len(self.words.texts)


class NameViews:
    """Names of a terminology, concept after concept, and what searches among them.

    Parameters
    ----------
    texts : sequence of str
        Names, those of a concept side by side.
    owners : ndarray of int of shape (n_rows,)
        Concept of each, rising.
    n_concepts : int
    preferred, labelled : ndarray of bool of shape (n_rows,)
        Which are preferred names, and which phrases that came with their concept.
    """

    def __init__(
        self, texts: Sequence[str], owners: AnyArray, n_concepts: int,
        preferred: AnyArray, labelled: AnyArray, n_jobs: int | None = None,
    ) -> None:  # fmt: skip
        words = Words.of(texts)
        self._start(owners, n_concepts, preferred, labelled, n_jobs)
        self.char_index = SparseIndex(self.char_features.fit_transform(words.texts))
        self.word_index = SparseIndex(self.word_features.fit_transform(words.stems))
        self.n_words = np.asarray(words.counts, np.int32)
        self.keys = {key: KeyTable.of(getattr(words, key)) for key in _KEYS}
        self.cue, self.number = self._marked(words.stems)
        distinct = sorted({word for text in words.stems for word in text.split()})
        columns = self._columns(distinct)
        known = [w for w, at in zip(distinct, columns.tolist(), strict=True) if at >= 0]
        self.near_words = NearWords(known, columns[columns >= 0], n_jobs)

    def _start(
        self, owners: AnyArray, n_concepts: int, preferred: AnyArray,
        labelled: AnyArray, n_jobs: int | None,
    ) -> None:  # fmt: skip
        self.n_jobs = n_jobs
        self.owners = np.ascontiguousarray(owners, np.int32)
        self.preferred, self.labelled = preferred, labelled
        self.offsets = np.searchsorted(self.owners, np.arange(n_concepts + 1))
        self.char_features = TextFeatures("char", 3, n_jobs=n_jobs)
        self.word_features = TextFeatures("word", n_jobs=n_jobs)
        self.vectors: AnyArray | None = None
        self.bias: FloatArray | None = None  # of each name, against hubs
        self.clusters: ClusterIndex | None = None  # of the vectors

    def _marked(self, stems: Sequence[str]) -> tuple[AnyArray, AnyArray]:
        """Find the columns of cues and of numbers among the features of words."""
        n = len(self.word_features.vocabulary_)
        cue, number = np.full(n, -1, np.int8), np.zeros(n, bool)
        known = [stem(word) for word in CUES]
        for i, column in enumerate(self._columns(known)):
            if column >= 0:
                cue[column] = i
        numbers = sorted({w for text in stems for w in text.split() if is_number(w)})
        columns = self._columns(numbers)
        number[columns[columns >= 0]] = True
        return cue, number

    def _columns(self, words: Sequence[str]) -> IntArray:
        """Column of each single word, -1 for none."""
        rows = self.word_features.transform(list(words))
        out = np.full(len(words), -1, np.int64)
        some = np.flatnonzero(np.diff(rows.indptr))
        out[some] = rows.indices[rows.indptr[some]]
        return out

    # -- keeping -----------------------------------------------------------------
    def state(self) -> dict[str, AnyArray]:
        """Arrays that the views are made of."""
        out = {name: getattr(self, name) for name in _ARRAYS}
        for kind in ("char", "word"):
            features = getattr(self, f"{kind}_features")
            out[f"{kind}_vocabulary"] = features.vocabulary_
            out[f"{kind}_idf"] = features.idf_
            index = getattr(self, f"{kind}_index").to_arrays()
            out |= {f"{kind}_index_{name}": array for name, array in index.items()}
        for key, table in self.keys.items():
            out[f"{key}_hashes"], out[f"{key}_rows"] = table.hashes, table.rows
        out |= {
            f"near_{name}": array for name, array in self.near_words.state().items()
        }
        if self.vectors is not None:
            out["vectors"] = self.vectors
        if self.bias is not None:
            out["bias"] = self.bias
        if self.clusters is not None:
            index = self.clusters.to_arrays()
            out |= {f"clusters_{name}": array for name, array in index.items()}
            out["n_probes"] = np.array([self.clusters.n_probes])
            out["recall"] = np.array([self.clusters.recall_])
        return out

    @classmethod
    def of_state(
        cls, arrays: dict[str, AnyArray], n_concepts: int, n_jobs: int | None
    ) -> NameViews:
        """Undo `state`."""
        out = cls.__new__(cls)
        marks = arrays["preferred"], arrays["labelled"]
        out._start(arrays["owners"], n_concepts, *marks, n_jobs)
        out.n_words, out.cue, out.number = (
            arrays[name] for name in ("n_words", "cue", "number")
        )
        for kind in ("char", "word"):
            features = getattr(out, f"{kind}_features")
            features.vocabulary_ = arrays[f"{kind}_vocabulary"]
            features.idf_ = arrays[f"{kind}_idf"]
            index = part_of(arrays, f"{kind}_index_")
            made = SparseIndex.from_arrays(index, len(features.vocabulary_))
            setattr(out, f"{kind}_index", made)
        out.keys = {
            key: KeyTable(arrays[f"{key}_hashes"], arrays[f"{key}_rows"])
            for key in _KEYS
        }
        out.near_words = NearWords.of_state(part_of(arrays, "near_"), n_jobs)
        out.vectors, out.bias = arrays.get("vectors"), arrays.get("bias")
        index = part_of(arrays, "clusters_")
        if index:
            out.clusters = ClusterIndex.from_arrays(
                index, "cosine", n_probes=int(arrays["n_probes"][0]),
                recall=float(arrays["recall"][0]), n_jobs=n_jobs,
            )  # fmt: skip
        return out

    def __len__(self) -> int:
        return len(self.owners)

    @property
    def n_concepts(self) -> int:
        """Number of concepts."""
        return len(self.offsets) - 1

    @property
    def rarest(self) -> np.float32:
        """Weight of a word that no name has."""
        return np.float32(np.log(1.0 + len(self)) + 1.0)

    def read(self, texts: Sequence[str], encode: Encode | None) -> Phrases:
        """Look at phrases the way names are looked at."""
        words = Words.of(texts)
        char = self.char_features.transform(words.texts)
        word = self.word_features.transform(words.stems)
        word.sort_indices()
        unknown = np.asarray(words.counts, np.int64) - np.diff(word.indptr)
        numbers = [
            {w for w in text.split() if is_number(w)} for text in words.stems
        ]  # fmt: skip
        every = sorted(set().union(*numbers)) if numbers else []
        columns = dict(zip(every, self._columns(every).tolist(), strict=True))
        missing = [sum(columns[w] < 0 for w in found) for found in numbers]
        vectors = None if encode is None else np.asarray(encode(texts), np.float32)
        return Phrases(
            words, _csr(char), _csr(word), vectors, unknown.astype(np.int32),
            np.asarray(missing, np.int32).reshape(-1),
            self.near_words.read(words.stems, self.word_features.idf_, self.rarest),
        )  # fmt: skip

    def equal(
        self, phrases: Phrases, texts: Any, held: AnyArray
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Names that are a phrase: query, concept and level, each pair once."""
        parts = []
        for key in _KEYS:
            wanted = getattr(phrases.words, key)
            places, rows = self.keys[key].find(wanted, self._key_of(key, texts))
            fine = ~held[rows]
            places, rows = places[fine], rows[fine]
            levels = np.where(self.preferred[rows], PREFERRED, np.float32(0.0))
            levels += np.float32(LEVELS[key])
            parts.append((places, self.owners[rows].astype(np.int64), levels))
        queries, concepts, levels = (
            np.concatenate(p) for p in zip(*parts, strict=True)
        )  # fmt: skip
        return once(queries, concepts, levels)

    def _key_of(self, key: str, texts: Any) -> Callable[[int], str]:
        return lambda row: str(getattr(Words.of([texts[row]]), key)[0])


def part_of(arrays: dict[str, AnyArray], prefix: str) -> dict[str, AnyArray]:
    """Arrays whose names begin so, by the rest of their names."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


class RowTexts:
    """Texts of names and of phrases that were learnt, row by row, without a copy.

    Parameters
    ----------
    names, learnt : TextColumn
    sources : ndarray of int64 of shape (n_rows,)
        Row of the names, or -1 less the row of the learnt phrases.
    """

    def __init__(self, names: Any, learnt: Any, sources: IntArray) -> None:
        self._names, self._learnt, self._sources = names, learnt, sources

    def __len__(self) -> int:
        return len(self._sources)

    def __getitem__(self, row: int) -> str:
        at = int(self._sources[row])
        return str(self._names[at] if at >= 0 else self._learnt[-1 - at])


def once(
    queries: IntArray, concepts: IntArray, levels: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Sort pairs by query and concept, each once with its highest level."""
    order = np.lexsort((-levels, concepts, queries))
    queries, concepts, levels = queries[order], concepts[order], levels[order]
    new = np.ones(len(queries), bool)
    new[1:] = (np.diff(queries) != 0) | (np.diff(concepts) != 0)
    return queries[new], concepts[new], levels[new]


def _csr(rows: Any) -> Any:
    out = sparse.csr_array(rows)
    out.indptr = out.indptr.astype(np.int64)
    out.indices = out.indices.astype(np.int32)
    out.data = out.data.astype(np.float32)
    return out


assert len(CUES) == _link_features.CUES
__all__ = [
    "LEVELS",
    "Encode",
    "NameViews",
    "Phrases",
    "RowTexts",
    "id_key",
    "normal_form",
    "once",
    "part_of",
]  # fmt: skip
