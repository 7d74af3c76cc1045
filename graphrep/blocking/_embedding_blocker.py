"""EmbeddingBlocker: nearest records by dense vectors of their texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._tasks import Costs
from graphrep._utils._devices import on_processor
from graphrep._utils._sklearn_compat import THREADS, HasMethods
from graphrep.blocking._block_costs import costs_of_vectors
from graphrep.blocking._block_files import Search, Workplace
from graphrep.blocking._blocker import COMMON, RawPairs
from graphrep.blocking._encoder import vector_neighbours
from graphrep.blocking._hash_search import HASHING, HashSearch
from graphrep.blocking._neighbour_blocker import NEIGHBOURS, NeighbourBlocker
from graphrep.blocking._records import Records, tags_of
from graphrep.blocking._text_model import (
    read_text_model,
    text_model_state,
    write_text_model,
)
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.retrieval import ExactIndex
from graphrep.typing import AnyArray, FloatArray, PathType

if TYPE_CHECKING:
    from typing import Self

_WIDTH = 384  # components of vectors that are not made yet, for the plan


class EmbeddingBlocker(HashSearch, NeighbourBlocker):
    """Pairs of records whose vectors point the same way.

    Parameters
    ----------
    encoder : callable, object with ``encode``, or tuple of arrays
        Texts to vectors: a function of a list of str, or an object whose ``encode`` is
        one, that returns an array of shape (n_texts, n_components). Or the vectors
        themselves, (left, right), or (left,) for one table: a row for each record, in
        the order of the tables.
    style : {"plain", "tagged"} or str, default="plain"
        How a record is written as a text, see `Records.texts`; a text such as
        ``"COL {column} VAL {value}"`` gives the tags.
    search : {"exact", "hash"}, default="exact"
        Whether neighbours are looked up among all records, or by `HashIndex` with
        ``hash_options``.
    hash_options : dict or None, default=None
        Parameters of `HashIndex`, such as ``{"recall": 0.99}``.
    n_neighbors : int, default=50
        Nearest records that are looked at, of each record of either table.
    assignment : {"auto", "one-to-one", "one-to-many", "many-to-one", "many-to-many"}, \
default="auto"
        How many matches a left and a right record have at most, see `TfidfBlocker`.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the hash functions; exact search uses none.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.
    device : str, default="cpu"
        Where neighbours are looked up, with ``search="exact"`` and in memory; see
        `graphrep.retrieval.ExactIndex`. The result does not depend on it.
    memory_limit : str, int or None, default=None
        Memory allowed beyond the tables and what Python and the libraries take: bytes,
        or a text such as "2GiB". What does not fit whole goes through files.
    work_dir : str, path-like or None, default=None
        Folder for these files. Work that was interrupted goes on there.
    executor : str, Executor, Client or None, default=None
        Where blocks of records are looked up: "processes", "dask", the address of a
        Dask scheduler, or an object with ``submit``. None is this process.

    Attributes
    ----------
    assignment_ : str
        What "auto" was decided to be for the fitted tables.
    hash_plans_ : dict of str to HashPlan
        After pairs were chosen by hash codes in memory: functions and tables, and P1
        and P2 that they were chosen by, of the vectors of the table that was searched,
        "right" and "left" ("left" alone for one table).
    n_pairs_ : int
        Most pairs that the fitted tables can give, known before any is made.
    plan_ : TaskPlan
        The way that ``candidate_pairs`` went, and what it was expected to take.
    tasks_ : Summary or None
        After blocking through files: tasks ``run``, ``skipped`` and ``retried``.

    Raises
    ------
    GraphValueError
        If there is not one finite vector for each record, the tables have vectors of
        different widths, or a device is asked for what runs on the CPU only.

    Notes
    -----
    Scores are cosines, made relative to what else is near either record. Records
    without text, with a zero vector, and pairs with a cosine of 0 or less are left out.
    Exact search takes O(n_left n_right n_components) time.

    Examples
    --------
    >>> import numpy as np
    >>> from graphrep.blocking import EmbeddingBlocker
    >>> def counts(texts):
    ...     return np.array([[text.count(c) for c in "abc"] for text in texts])
    >>> A, B = {"name": ["aab", "cc"]}, {"name": ["c", "ab", "aaab"]}
    >>> found = EmbeddingBlocker(counts, budget=2).fit_candidate_pairs(A, B)
    >>> sorted(zip(found.left_rows.tolist(), found.right_rows.tolist()))
    [(0, 2), (1, 0)]
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "encoder": [callable, tuple, HasMethods("encode")],
        "style": [str],
        **HASHING,
        **NEIGHBOURS,
        "random_state": ["random_state"],
        **THREADS,
        "device": [str],
        **COMMON,
    }

    def __init__(
        self,
        encoder: Any,
        *,
        style: str = "plain",
        search: str = "exact",
        hash_options: dict[str, Any] | None = None,
        n_neighbors: int = 50,
        assignment: str = "auto",
        budget: int | float | None = 5.0,
        per_record: int | None = None,
        min_per_record: int = 0,
        columns: list[str] | None = None,
        include: Callable[[Records, Records], Any] | None = None,
        exclude: Callable[[Records, Records], Any] | None = None,
        exclude_identical: bool = False,
        random_state: Any = 0,
        n_jobs: int | None = None,
        device: str = "cpu",
        memory_limit: str | int | None = None,
        work_dir: PathType | None = None,
        executor: Any = None,
    ) -> None:
        self.encoder = encoder
        self.style = style
        self.search = search
        self.hash_options = hash_options
        self.n_neighbors = n_neighbors
        self.assignment = assignment
        self.budget = budget
        self.per_record = per_record
        self.min_per_record = min_per_record
        self.columns = columns
        self.include = include
        self.exclude = exclude
        self.exclude_identical = exclude_identical
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device
        self.memory_limit = memory_limit
        self.work_dir = work_dir
        self.executor = executor

    def _fit(self, A: Records, B: Records, matches: Any, one_table: bool) -> None:
        here = (
            self.search == "exact" and (self.memory_limit, self.executor) == (None,) * 2
        )
        if not here and not on_processor(self.device):
            raise GraphValueError(
                "search='hash', memory_limit and executor are for device='cpu'; got "
                f"device={self.device!r}."
            )
        self._check_search()
        tags_of(self.style)
        self._prepare(A, B, one_table)

    def _pairs(self, A: Records, B: Records, one_table: bool) -> RawPairs:
        if not len(A) or not len(B):
            none = np.zeros(0, np.int64)
            return RawPairs(none, none, np.zeros(0, np.float32))
        X, Y = self._both(A, B, one_table)
        near = vector_neighbours(
            X, Y, one_table=one_table, k=self.n_neighbors, n_jobs=self.n_jobs,
            index=self._indexes(one_table),
        )  # fmt: skip
        found = self._scored(near, A, B, one_table)
        return RawPairs(found.left, found.right, found.scores)

    def _both(
        self, A: Records, B: Records, one_table: bool
    ) -> tuple[FloatArray, FloatArray]:
        """Vectors of both tables, of one width."""
        X = self._vectors(A, 0)
        Y = X if one_table else self._vectors(B, 1)
        if X.shape[1] != Y.shape[1]:
            raise GraphValueError(
                f"The vectors of the tables have {X.shape[1]} and {Y.shape[1]} "
                "components; encode both in one way."
            )
        return X, Y

    def _vectors(self, records: Records, side: int) -> FloatArray:
        """One vector for each record; zero for those without text."""
        texts = records.texts(style=self.style)
        if isinstance(self.encoder, tuple):
            if side >= len(self.encoder):
                raise GraphValueError(
                    "encoder holds the vectors of one table, but two are blocked; give "
                    "(left, right)."
                )
            found = np.asarray(self.encoder[side])
        else:
            encode = getattr(self.encoder, "encode", self.encoder)
            found = np.asarray(encode(texts))
        self._check(found, len(texts), "left" if side == 0 else "right")
        filled = np.array([bool(text) for text in texts], bool)
        if filled.all():
            return found
        vectors: FloatArray = np.where(filled[:, None], found, 0)
        return vectors

    def _check(self, found: AnyArray, n: int, side: str) -> None:
        if found.dtype.kind not in "fiub":
            raise GraphTypeError(
                f"Vectors must be real numbers; those of the {side} table have dtype "
                f"{found.dtype}."
            )
        if found.ndim != 2 or len(found) != n:
            raise GraphValueError(
                f"There must be one vector for each of the {n:,} records of the {side} "
                f"table; got an array of shape {found.shape}."
            )

    def _exact(self, base: FloatArray) -> Any:
        return ExactIndex(base, device=self.device)

    def _hash_seed(self) -> Any:
        return self.random_state

    # -- larger than memory ------------------------------------------------------
    def _costs(self, A: Records, B: Records, one_table: bool) -> Costs:
        width = 4 * _WIDTH
        if isinstance(self.encoder, tuple):
            known = np.asarray(self.encoder[0])
            width = known.itemsize * int(np.prod(known.shape[1:], dtype=np.int64))
        return costs_of_vectors(
            len(A), len(B), width, self._n_tables(), self.n_neighbors, one_table,
            self.wanted_pairs(len(A), len(B), one_table),
        )  # fmt: skip

    def _search(self, place: Workplace) -> Search:
        X, Y = self._both(place.A, place.B, place.one_table)
        vectors = [X] if place.one_table else [X, Y]
        return place.vector_search(vectors, *self._hashing_in_files(place.one_table))

    # -- keeping -----------------------------------------------------------------
    def _parameters_to_save(self) -> dict[str, Any]:
        """Parameters; the encoder is kept beside them."""
        return {**self.get_params(deep=False), "encoder": ()}

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        _, scalars = super()._fitted_state()
        arrays, scalars["model_"] = text_model_state(self.encoder)
        return arrays, scalars

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        rest = dict(scalars)
        self._kept = arrays, rest.pop("model_")
        return super()._set_fitted_state({}, rest)

    def _write_files(self, folder: Path) -> None:
        write_text_model(self.encoder, folder)

    def _read_files(self, folder: Path) -> None:
        self.encoder = read_text_model(folder, *self._kept)
        del self._kept
