"""CandidateList: for each query the concepts that it may mean, best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, overload

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.linking import _candidate_formats as formats
from graphrep.linking._candidate_columns import (
    Columns,
    check_positions,
    concepts_of_names,
    flat,
    read_columns,
    whole_numbers,
)
from graphrep.linking._candidate_merge import merged
from graphrep.linking._ragged import (
    cut,
    first_out_of_order,
    has_repeats,
    offsets_of,
    queries_of,
    ranked,
)
from graphrep.typing import AnyArray, IntArray, PathType


class Candidate(NamedTuple):
    """One candidate of one query.

    Attributes
    ----------
    concept_id : hashable
        Id of the concept, of the terminology's own type.
    score : float
        Higher is better.
    name : str or None
        Name that matched, or the preferred one where it is not known which did.
    sources : tuple of str
        Stages that found it.
    """

    concept_id: Any
    score: float
    name: str | None
    sources: tuple[str, ...]


class CandidateList:
    """For each query the concepts that it may mean, best first, in flat arrays.

    Parameters
    ----------
    offsets : array-like of int of shape (n_queries + 1,)
        Candidates of query q are the entries ``offsets[q]:offsets[q + 1]``.
    concepts : array-like of int of shape (n_candidates,)
        Positions of concepts in the terminology; a query lists each once.
    scores : array-like of float of shape (n_candidates,)
        Falling within a query, ties by the lower position. Kept as float32.
    terminology : Terminology or None, default=None
        Where ids and names come from. It is held, not copied.
    names : array-like of int of shape (n_candidates,) or None, default=None
        Row of the name that matched, -1 where there is none.
    sources : array-like of int of shape (n_candidates,) or None, default=None
        Bit i says that ``source_names[i]`` found the candidate; None sets all bits.
    source_names : sequence of str, default=()
        Names of the stages, 16 at most.
    mentions : sequence of str or None, default=None
        Texts of the queries, for people to read.

    Attributes
    ----------
    offsets, concepts, names : ndarray of int64
    scores : ndarray of float32
    sources : ndarray of uint8, or of uint16 with more than 8 sources
    source_names : tuple of str
    mentions : tuple of str or None
    terminology : Terminology or None

    Raises
    ------
    GraphValueError
        For arrays of different lengths, positions that are not in the terminology,
        NaN scores, a concept that a query lists twice, and entries out of order.

    Notes
    -----
    21 bytes a candidate and 8 a query. Arrays are read-only.
    `CandidateList.from_arrays` takes entries in any order.

    Examples
    --------
    >>> found = CandidateList([0, 2, 2], [4, 1], [0.9, 0.5])
    >>> len(found), found.counts.tolist()
    (2, [2, 0])
    >>> found.top(1).concepts.tolist()
    [4]
    """

    def __init__(
        self, offsets: Any, concepts: Any, scores: Any, terminology: Any = None, *,
        names: Any = None, sources: Any = None, source_names: Sequence[str] = (),
        mentions: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        starts = whole_numbers(offsets, "offsets")
        columns = read_columns(concepts, scores, names, sources, source_names)
        n = len(columns.concepts)
        if (
            not len(starts)
            or starts[0]
            or starts[-1] != n
            or (np.diff(starts) < 0).any()
        ):
            raise GraphValueError(
                f"offsets must rise from 0 to the number of candidates, {n:,}; got "
                f"{len(starts):,} numbers."
            )
        check_positions(columns, terminology)
        at = first_out_of_order(starts, columns)
        if at >= 0 or has_repeats(starts, columns.concepts):
            raise GraphValueError(
                "Candidates of a query must fall in score, ties by the lower position, "
                f"with no concept twice{f'; entry {at} does not' if at >= 0 else ''}. "
                "Use CandidateList.from_arrays to have them sorted."
            )
        self._set(starts, columns, terminology, tuple(source_names), mentions)

    def _set(
        self, offsets: IntArray, columns: Columns, terminology: Any,
        source_names: tuple[str, ...], mentions: Sequence[str] | None,
    ) -> None:  # fmt: skip
        if mentions is not None and len(mentions) != len(offsets) - 1:
            raise GraphValueError(
                f"There are {len(mentions):,} mentions for {len(offsets) - 1:,} "
                "queries."
            )
        self.offsets = offsets
        self.concepts, self.scores, self.names, self.sources = columns
        self.source_names = source_names
        self.mentions = None if mentions is None else tuple(mentions)
        self.terminology = terminology
        for array in (offsets, *columns):
            array.setflags(write=False)

    @classmethod
    def _of(
        cls, offsets: IntArray, columns: Columns, terminology: Any,
        source_names: tuple[str, ...], mentions: Sequence[str] | None,
    ) -> CandidateList:  # fmt: skip
        """Make a list of columns that are known to be in order."""
        out = cls.__new__(cls)
        out._set(offsets, columns, terminology, source_names, mentions)
        return out

    @classmethod
    def from_arrays(
        cls, concepts: Any, scores: Any, terminology: Any = None, *,
        queries: Any = None, n_queries: int | None = None, names: Any = None,
        sources: Any = None, source_names: Sequence[str] = (),
        mentions: Sequence[str] | None = None,
    ) -> CandidateList:  # fmt: skip
        """Make a list of entries in any order, with concepts found more than once.

        Parameters
        ----------
        concepts : array-like of int or None
            Positions: of shape (n_queries, k), -1 where a query has no more, or flat
            with ``queries``. None looks up the concepts of ``names``.
        scores : array-like of float
            Same shape. Of several entries of a concept the best counts.
        terminology : Terminology or None, default=None
            Where ids and names come from.
        queries : array-like of int or None, default=None
            Query of each entry, where the arrays are flat.
        n_queries : int or None, default=None
            Number of queries, where the last ones may have no entry.
        names : array-like of int or None, default=None
            Row of the matched name, same shape; -1 for none.
        sources : array-like of int or None, default=None
            Bits of the stages; those of all entries of a concept are joined.
        source_names : sequence of str, default=()
        mentions : sequence of str or None, default=None

        Returns
        -------
        CandidateList

        Examples
        --------
        >>> found = CandidateList.from_arrays([[3, 3, 0], [1, -1, -1]],
        ...                                   [[0.2, 0.7, 0.4], [0.5, 0.0, 0.0]])
        >>> found.concepts.tolist(), found.offsets.tolist()
        ([3, 0, 1], [0, 2, 3])
        """
        if concepts is None:
            concepts = concepts_of_names(names, terminology)
        table = np.asarray(concepts)
        if table.ndim == 2:
            if queries is None:
                queries = np.repeat(np.arange(table.shape[0]), table.shape[1])
            n_queries = table.shape[0] if n_queries is None else n_queries
            concepts, scores, names, sources = (
                None if part is None else flat(part, table.shape)
                for part in (table, scores, names, sources)
            )
        if queries is None:
            raise GraphValueError(
                "Flat arrays need queries, the query of each entry; or pass tables of "
                "shape (n_queries, k)."
            )
        where = whole_numbers(queries, "queries")
        columns = read_columns(concepts, scores, names, sources, source_names, -1)
        if len(where) != len(columns.concepts):
            raise GraphValueError(
                f"There are {len(where):,} queries for {len(columns.concepts):,} "
                "entries."
            )
        there = columns.concepts >= 0
        where, columns = where[there], columns.take(there)
        check_positions(columns, terminology)
        last = int(where.max(initial=-1)) + 1
        n = max(last, len(mentions or ())) if n_queries is None else n_queries
        if last > n:
            raise GraphValueError(f"queries holds {last - 1}, but n_queries is {n}.")
        where, columns = ranked(where, columns)
        return cls._of(
            offsets_of(where, n), columns, terminology, tuple(source_names), mentions
        )

    # -- reading -----------------------------------------------------------------
    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def n_candidates(self) -> int:
        """Number of entries of all queries."""
        return len(self.concepts)

    @property
    def counts(self) -> IntArray:
        """Number of candidates of each query: int64 (n_queries,)."""
        return np.diff(self.offsets)

    @property
    def queries(self) -> IntArray:
        """Query of each entry: int64 (n_candidates,)."""
        return queries_of(self.offsets)

    def __iter__(self) -> Iterator[list[Candidate]]:
        return (self[q] for q in range(len(self)))

    @overload
    def __getitem__(self, query: int) -> list[Candidate]: ...
    @overload
    def __getitem__(self, query: slice | AnyArray) -> CandidateList: ...
    def __getitem__(self, query: Any) -> list[Candidate] | CandidateList:
        if isinstance(query, (int, np.integer)) and not isinstance(query, bool):
            if not -len(self) <= query < len(self):
                raise IndexError(f"Query {query} is not one of {len(self):,}.")
            q = int(query) % len(self)
            entries = range(int(self.offsets[q]), int(self.offsets[q + 1]))
            return [self._candidate(entry) for entry in entries]
        chosen = np.arange(len(self))[query]
        sizes = self.counts[chosen]
        new = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        rows = np.arange(new[-1]) + np.repeat(self.offsets[chosen] - new[:-1], sizes)
        texts = self.mentions and [self.mentions[q] for q in chosen.tolist()]
        return self._like(new, self._columns().take(rows), mentions=texts)

    def ids(self, k: int | None = None) -> list[list[Any]]:
        """Concept ids of each query, best first; the first k, or all."""
        every = self._known_ids()
        flat = self.concepts.tolist()
        offsets = self.offsets.tolist()
        out = []
        for first, end in pairwise(offsets):
            last = end if k is None else min(end, first + k)
            out.append([_plain(every[c]) for c in flat[first:last]])
        return out

    def name_texts(self) -> list[str | None]:
        """Give the matched name of every entry; the preferred one if unknown."""
        terminology = self._need_terminology("names")
        texts, preferred = terminology.name_texts, terminology.preferred_names
        pairs = zip(self.names.tolist(), self.concepts.tolist(), strict=True)
        return [texts[n] if n >= 0 else preferred[c] for n, c in pairs]

    # -- making others -----------------------------------------------------------
    def top(self, k: int) -> CandidateList:
        """Keep the first k candidates of each query."""
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 0:
            raise GraphValueError(f"k must be an integer of 0 or more; got {k!r}.")
        offsets, rows = cut(self.offsets, int(k))
        return self._like(offsets, self._columns().take(rows))

    def above(self, threshold: float) -> CandidateList:
        """Keep the candidates with at least this score."""
        return self._keep(self.scores >= np.float32(threshold))

    def restrict(self, types: Any = None, *, mask: Any = None) -> CandidateList:
        """Keep the candidates of some types or of some concepts.

        Parameters
        ----------
        types : str, set of str, list of either or None, default=None
            Types that a concept must have one of. A list holds one str, set or None
            (anything goes) for each query.
        mask : array-like of bool of shape (n_concepts,) or None, default=None
            Which concepts may stay.
        """
        keep = np.ones(self.n_candidates, bool)
        if mask is not None:
            allowed = np.asarray(mask)
            if allowed.dtype != bool or allowed.ndim != 1 or (
                len(allowed) <= self.concepts.max(initial=-1)
            ):  # fmt: skip
                raise GraphValueError(
                    "mask must hold one bool for each concept; got shape "
                    f"{allowed.shape} of {allowed.dtype}."
                )
            keep &= allowed[self.concepts]
        if types is not None:
            keep &= formats.with_types(self, types)
        return self._keep(keep)

    def merge(
        self, *others: CandidateList, weights: Sequence[float] | None = None
    ) -> CandidateList:
        """Join with the candidates of other stages for the same queries.

        A concept gets the highest of its scores, each times the weight of its list,
        so the scores must live on one scale.

        Parameters
        ----------
        *others : CandidateList
            Lists over the same terminology, with as many queries.
        weights : sequence of float or None, default=None
            One positive number for this list and each other one; None weighs alike.
        """
        offsets, columns, known = merged((self, *others), weights)
        texts = next((one.mentions for one in (self, *others) if one.mentions), None)
        return CandidateList._of(offsets, columns, self.terminology, known, texts)

    # -- other forms -------------------------------------------------------------
    def to_records(self, k: int | None = None) -> list[dict[str, Any]]:
        """Give flat records: query, rank (from 1), concept_id, name, score, sources.

        ``mention`` comes second where mentions are known.
        """
        return formats.records(self if k is None else self.top(k))

    def to_frame(self, k: int | None = None, backend: str = "pandas") -> Any:
        """`to_records` as a table; ``backend`` is "pandas" or "polars"."""
        return formats.frame(self if k is None else self.top(k), backend)

    def to_bigbio(
        self, entities: Sequence[Any], db_name: str, k: int | None = None
    ) -> list[dict[str, Any]]:
        """Fill ``normalized`` of entities in the BigBIO schema, as xMEN reads it.

        Parameters
        ----------
        entities : sequence of mappings
            One for each query. They are copied, not changed.
        db_name : str
            Name of the terminology, such as "UMLS".
        k : int or None, default=None
            Most candidates of each.

        Returns
        -------
        list of dict
            With ``normalized``: mappings of db_id (text), db_name, score and
            predicted_by (names of the stages).
        """
        return formats.bigbio(self if k is None else self.top(k), entities, db_name)

    def to_scispacy(self, k: int | None = None) -> list[list[Any]]:
        """Give named tuples (concept_id, aliases, similarities) as scispaCy does."""
        return formats.scispacy(self if k is None else self.top(k))

    def to_clinlinker(
        self, k: int | None = None
    ) -> tuple[list[list[str | None]], list[list[str]], list[list[float]]]:
        """Give lists (candidates, codes, similarities): names, ids as texts, scores."""
        return formats.clinlinker(self if k is None else self.top(k))

    def save(self, path: PathType) -> None:
        """Write an ``.npz`` file without pickle; the terminology is not in it.

        With a terminology the ids of the listed concepts are kept, so that `load`
        can tell whether it was given the same one.
        """
        formats.save(self, path)

    @classmethod
    def load(cls, path: PathType, terminology: Any = None) -> CandidateList:
        """Read what `save` wrote.

        Raises
        ------
        GraphFormatError
            If the file is damaged.
        GraphValueError
            If ``terminology`` has other ids at the positions of the file.
        """
        return formats.load(cls, path, terminology)

    # -- Python ------------------------------------------------------------------
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CandidateList):
            return NotImplemented
        mine, theirs = (
            (x.offsets, *x._columns(), np.array(x.source_names)) for x in (self, other)
        )
        return all(map(np.array_equal, mine, theirs))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        sources = f", sources={self.source_names}" if self.source_names else ""
        return (
            f"CandidateList(n_queries={len(self):,}, n_candidates="
            f"{self.n_candidates:,}{sources})"
        )

    def _repr_html_(self) -> str:
        return formats.html_table(self)

    # -- private -----------------------------------------------------------------
    def _columns(self) -> Columns:
        return Columns(self.concepts, self.scores, self.names, self.sources)

    def _like(
        self, offsets: IntArray, columns: Columns, mentions: Any = False
    ) -> CandidateList:
        texts = self.mentions if mentions is False else mentions
        return CandidateList._of(
            offsets, columns, self.terminology, self.source_names, texts
        )

    def _keep(self, keep: AnyArray) -> CandidateList:
        offsets = offsets_of(self.queries[keep], len(self))
        return self._like(offsets, self._columns().take(keep))

    def _candidate(self, entry: int) -> Candidate:
        concept, name = int(self.concepts[entry]), int(self.names[entry])
        known = self.terminology
        text = None
        if known is not None:
            text = (
                known.name_texts[name] if name >= 0 else known.preferred_names[concept]
            )
        return Candidate(
            concept if known is None else _plain(known.ids[concept]),
            float(self.scores[entry]),
            text,
            formats.names_of_bits(int(self.sources[entry]), self.source_names),
        )

    def _known_ids(self) -> Any:
        return self._need_terminology("ids").ids

    def _need_terminology(self, what: str) -> Any:
        if self.terminology is None:
            raise GraphTypeError(
                f"This list has no terminology to take {what} from; pass one where it "
                "is made or loaded."
            )
        return self.terminology


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
