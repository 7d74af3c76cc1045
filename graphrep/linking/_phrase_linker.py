"""PhraseLinker: phrases to concepts, by letters, words, vectors and the hierarchy."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._numbers import positive_int
from graphrep._utils._progress import Progress
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import (
    THREADS,
    Interval,
    StrOptions,
    fit_context,
)
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Terminology, TextColumn
from graphrep.io._as_terminology import as_terminology
from graphrep.linking import _linker_fit as learning
from graphrep.linking._candidate_list import CandidateList
from graphrep.linking._key_table import KeyTable
from graphrep.linking._linker_backoff import lowest_likely
from graphrep.linking._linker_encode import encode_with
from graphrep.linking._linker_hubs import hub_bias
from graphrep.linking._linker_pool import Depths
from graphrep.linking._linker_progress import FitProgress
from graphrep.linking._linker_search import both_forms, search
from graphrep.linking._linker_state import parameters_of, set_state, state_of
from graphrep.linking._linker_views import (
    Encode,
    NameViews,
    RowTexts,
    id_key,
)
from graphrep.linking._name_encoder import NameEncoder
from graphrep.linking._name_search import NameSearch
from graphrep.linking._queries import read_phrases
from graphrep.linking._type_masks import TypeMasks, by_types
from graphrep.retrieval import ClusterIndex, HubnessCorrector
from graphrep.typing import AnyArray, IntArray

if TYPE_CHECKING:
    from typing import Self

SOURCES = ("exact", "char", "word", "dense", "family")
_MANY = 300_000  # names from which on clusters are searched
_SEEDS = 0xFFFFFFFF  # that scikit-learn takes
_EPOCHS, _PAIRS = 4, 100_000  # of the encoder


class PhraseLinker(NameSearch):
    """Find what concepts phrases mean, with a chance for each candidate.

    Several searches propose concepts: a dictionary of names, runs of letters, words,
    vectors of `NameEncoder` and the relatives of what is best by these. A ranker then
    compares each phrase with each of its candidates. It is learnt from labelled phrases
    where there are any, and else from the terminology itself.

    Parameters
    ----------
    encoder : "names", None or object, default="names"
        What turns texts into vectors: "names" learns a `NameEncoder` from the
        terminology; None does without; any object with ``transform`` or ``encode``
        that gives an array (n_texts, n_components), or a function that does, is taken
        as it is, such as a ``SentenceTransformer``. A `NameEncoder` is cloned and
        learnt.
    ranker : {"auto", "trees", "choice", "sum"}, default="auto"
        How candidates are ranked. "trees": boosted trees on all features, for labelled
        phrases. "choice": a multinomial logit on features that do not depend on where
        phrases come from. "sum": the sum of three cosines, nothing is learnt. "auto":
        trees with 200 labelled phrases or more, else choice.
    aliases : bool, default=True
        Whether labelled phrases become names of their concepts.
    family : bool, default=True
        Whether parents, children and siblings of the best candidates are candidates.
    char_depth, word_depth, dense_depth : int, default=60, 40, 60
        Concepts that each search proposes; 0 leaves it out.
    index : {"auto", "exact", "clusters"}, default="auto"
        How the search by vectors is done: among all names, or among those of the
        nearest clusters (`ClusterIndex`, 99 of 100 of the nearest). "auto": clusters
        with more than 300,000 names.
    hubness : HubnessCorrector or None, default=None
        What takes a bias off the cosines of names that are near to everything, where
        the search by vectors proposes concepts. It is cloned and fitted on 3,000 names
        at most; its method must be one of a bias: csls, is, dualis or sinkhorn.
    threshold : float, default=0.0
        Least chance of a concept for `predict` to name it.
    storage : {"float32", "float16"}, default="float32"
        How vectors of names are kept.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.
    random_state : int, RandomState, Generator or None, default=None
        An int gives the same result every time.

    Attributes
    ----------
    terminology_ : Terminology
        What was fitted.
    node_ids_ : ndarray of shape (n_concepts,)
        Ids of the concepts.
    encoder_ : NameEncoder, object or None
        What gives the vectors. After `graphrep.load` of a linker with an encoder that
        is not ours it is None, and has to be set to that encoder.
    ranker_ : {"trees", "choice", "sum"}
        What ranks.
    n_labels_ : int
        Labelled phrases that were learnt from.
    random_seed_ : int
        The seed that was used.

    See Also
    --------
    NGramIndex : One of the searches alone, faster.
    Text2Node : Phrases to vectors of nodes, as published.

    Notes
    -----
    **Features** of a pair are the cosines of the best name by letters (3-grams), words
    (stems) and vectors; how much of the phrase the best name, all names and the names
    of ancestors hold, by weight of words, be it in another form; numbers that only one
    of the two has; words such as "left" and "chronic" likewise; places and gaps in the
    list; and the share of all candidates' mass that the concept, its parents and
    grandparents have.

    **Without labels** a tenth of the concepts lose all names but one and a tenth of
    other names is left out, and the encoder learns without them. The ranker learns to
    find their concepts, and those of names that are rewritten: words lost, bent,
    exchanged, turned around and taken from ancestors. Either kind has weights of its
    own, and a gate says for each phrase how far to believe which. The encoder sees all
    names once more in the end. **With labels** the ranker learns from these, five folds
    of them, each looked up among names that the other folds made.

    **Chances** are shares of the exponentials of a list, scaled so that the first
    candidate's is how often it is right, by a logistic line on the share and on how
    like the best candidates are; a seventh of the phrases have their concepts taken
    away for this, so that those without a concept get low ones. Without labels a name
    that is the phrase has .9, divided among the concepts that have it.

    A phrase is O(names searched) for vectors and less for the others. About 1.5 kB a
    name of five words.

    References
    ----------
    .. [1] Candidates and then a ranker: M. Sung et al., "Biomedical entity
       representations with synonym marginalization", ACL 2020. Dictionary first: M.
       Basaldella et al., "COMETA", EMNLP 2020.

    Examples
    --------
    >>> animals = {"A1": ["red fox", "vulpes vulpes"], "A2": ["barn owl", "tyto alba"],
    ...            "A3": ["snowy owl", "bubo scandiacus"]}
    >>> linker = PhraseLinker(random_state=0).fit(animals)
    >>> linker.predict(["red foxes", "owl, snowy"]).tolist()
    ['A1', 'A3']
    """

    _progress: Progress | None = None
    _parameter_constraints: dict[str, Any] = {  # noqa: RUF012
        "encoder": "no_validation",
        "ranker": [StrOptions({"auto", "trees", "choice", "sum"})],
        "aliases": ["boolean"],
        "family": ["boolean"],
        "char_depth": [Interval(Integral, 0, None, closed="left")],
        "word_depth": [Interval(Integral, 0, None, closed="left")],
        "dense_depth": [Interval(Integral, 0, None, closed="left")],
        "index": [StrOptions({"auto", "exact", "clusters"})],
        "hubness": [HubnessCorrector, None],
        "threshold": [Interval(Real, 0, 1, closed="both")],
        "storage": [StrOptions({"float32", "float16"})],
        "random_state": ["random_state", np.random.Generator],
        **THREADS,
    }

    def __init__(
        self,
        *,
        encoder: Any = "names",
        ranker: str = "auto",
        aliases: bool = True,
        family: bool = True,
        char_depth: int = 60,
        word_depth: int = 40,
        dense_depth: int = 60,
        index: str = "auto",
        hubness: HubnessCorrector | None = None,
        threshold: float = 0.0,
        storage: str = "float32",
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.encoder = encoder
        self.ranker = ranker
        self.aliases = aliases
        self.family = family
        self.char_depth = char_depth
        self.word_depth = word_depth
        self.dense_depth = dense_depth
        self.index = index
        self.hubness = hubness
        self.threshold = threshold
        self.storage = storage
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, terminology: Any, phrases: Any = None, nodes: Any = None) -> Self:
        """Learn from a terminology and, where there are any, labelled phrases.

        Parameters
        ----------
        terminology : Terminology, or what `graphrep.as_terminology` reads
            Concepts, their names and their hierarchy.
        phrases : sequence of str or None, default=None
            Phrases whose concepts are known.
        nodes : sequence of (id, set or list of ids, or None), or None, default=None
            Concepts of each phrase: any of several is right; None for a phrase without
            a concept.

        Returns
        -------
        self

        Raises
        ------
        GraphTypeError
            If a phrase is no text, or the encoder is nothing that encodes.
        NodeNotFoundError
            If a node is not a concept.
        GraphValueError
            If there are not as many nodes as phrases, and for trees without labelled
            phrases.
        """
        known = as_terminology(terminology)
        labels = learning.read_labels(known, phrases, nodes)
        told = FitProgress(type(self).__name__, self._progress)
        told.begin("indexes of names")
        self.random_seed_ = draw_seed(self.random_state)
        self.ranker_, self.n_labels_ = self._kind(labels), len(labels)
        rows = learning.name_rows(known, labels, self.aliases)
        self._sources, self._learnt = rows.sources, TextColumn(rows.learnt)
        views = NameViews(
            rows.texts, rows.owners, known.n_concepts, rows.preferred,
            rows.sources < 0, self.n_jobs,
        )  # fmt: skip
        self._set(known, views, np.asarray(known.depth, np.int64))
        made = None
        if self.ranker_ == "choice" and len(labels) < learning.MIN_LABELS:
            draw = np.random.default_rng([self.random_seed_, 0])
            up = self._relatives[:2]
            made = learning.made_queries(rows.texts, rows.owners, rows.first, up, draw)
        hidden = rows.sources < 0 if made is None else made.held | (rows.sources < 0)
        told.begin("encoder")
        self._learn_encoder(rows, ~hidden, told)
        self._ranker = learning.learnt_ranker(
            self._comparison(), rows, labels, made, self.ranker_, self.random_seed_,
            told,
        )  # fmt: skip
        told.begin("encoder, all names")
        if hidden.any() and self._learns:
            with told.of(self.encoder_):
                self.encoder_.partial_fit(rows.texts, rows.owners)
            self._encode_names(rows.texts)
        self._cluster_names()
        told.end()
        return self

    def _cluster_names(self) -> None:
        views = self._views
        many = self.index == "auto" and len(views) > _MANY
        if views.vectors is not None and (many or self.index == "clusters"):
            views.clusters = ClusterIndex(
                np.asarray(views.vectors, np.float32), storage=self.storage,
                random_state=self.random_seed_ & _SEEDS, n_jobs=self.n_jobs,
            )  # fmt: skip

    def _kind(self, labels: Any) -> str:
        enough = len(labels) >= learning.MIN_LABELS
        if self.ranker == "trees" and not len(labels):
            raise GraphValueError(
                "Trees are learnt from labelled phrases, and there are none; use "
                "ranker='auto'."
            )
        kind = "trees" if enough else "choice"
        return kind if self.ranker == "auto" else self.ranker

    @property
    def _learns(self) -> bool:
        return isinstance(self.encoder_, NameEncoder) and (
            isinstance(self.encoder, (str, NameEncoder))
        )

    def _learn_encoder(self, rows: Any, seen: AnyArray, told: FitProgress) -> None:
        if self.encoder is None or not self.dense_depth:
            self.encoder_: Any = None
            return
        if isinstance(self.encoder, str):
            if self.encoder != "names":
                raise GraphValueError(
                    f"encoder must be 'names', None or an object with transform or "
                    f"encode; got {self.encoder!r}."
                )
            self.encoder_ = NameEncoder(
                n_epochs=_EPOCHS,
                max_pairs=_PAIRS,
                n_jobs=self.n_jobs,
                random_state=self.random_seed_ & _SEEDS,
            )
        elif isinstance(self.encoder, NameEncoder):
            from sklearn.base import clone

            self.encoder_ = clone(self.encoder)
        else:
            self.encoder_ = self.encoder
        if self._learns:
            texts = [rows.texts[row] for row in np.flatnonzero(seen).tolist()]
            with told.of(self.encoder_):
                self.encoder_.fit(texts, rows.owners[seen])
        self._encode_names(rows.texts)

    def _encode_names(self, texts: list[str]) -> None:
        encode: Any = self._encode()
        vectors = encode(texts)
        self._views.vectors = np.asarray(vectors, self.storage)
        if self.hubness is not None:
            self._views.bias = hub_bias(self.hubness, vectors, self._views.owners)

    def _encode(self) -> Encode | None:
        """Give the function that makes unit vectors of texts."""
        if self.encoder_ is None:
            if self._views.vectors is not None:
                raise GraphTypeError(
                    "The linker was fitted with an encoder that is not ours and so is "
                    "not in its file; set linker.encoder_ to that encoder."
                )
            return None
        return encode_with(self.encoder_)

    def _set(self, known: Terminology, views: NameViews, depth: IntArray) -> None:
        parents, children = (_csr(m) for m in (known.parents, known.children))
        n = known.n_concepts
        empty = (np.zeros(n + 1, np.int64), np.zeros(0, np.int32))
        self._relatives = (*(parents or empty), *(children or empty))
        self._depth = depth
        self._views = views
        self._masks: TypeMasks | None = None
        self._id_table: KeyTable | None = None
        self._texts = RowTexts(known.name_texts, self._learnt, self._sources)
        self.terminology_, self.node_ids_ = known, known.ids

    def _comparison(self) -> learning.Comparison:
        best, most = (3, 40) if self.family else (0, 0)
        depths = Depths(self.char_depth, self.word_depth, self.dense_depth, best, most)
        return learning.Comparison(
            self._views, self._texts, self._relatives, self._depth, depths,
            self._encode(),
        )  # fmt: skip

    # -- asking ------------------------------------------------------------------
    def candidates(
        self, phrases: Sequence[str], k: int = 10, types: Any = None,
        contexts: Any = None,
    ) -> CandidateList:  # fmt: skip
        """Find the k concepts that each phrase most likely means.

        Parameters
        ----------
        phrases : sequence of str
            Phrases.
        k : int, default=10
            Most concepts of each.
        types : str, set of str, list of either or None, default=None
            Types that a concept must have one of. A list holds one text, set or None
            (anything goes) for each phrase.
        contexts : sequence of (str or None), mapping or None, default=None
            The text that each phrase stands in: short forms that it defines are written
            out, and both forms are looked up. A mapping holds long forms of short
            ones, for all phrases.

        Returns
        -------
        CandidateList
            Scores are chances. Sources ``"exact"``, ``"char"``, ``"word"``,
            ``"dense"``, ``"family"``. The matched name is -1 where it was a labelled
            phrase.

        Raises
        ------
        GraphTypeError
            If a phrase is no text, or types are asked of a terminology without any.
        GraphValueError
            If ``k`` is below 1, for types that no concept has, and if there are not as
            many contexts as phrases.
        """
        check_is_fitted(self, "terminology_")
        k, texts = positive_int(k, "k"), read_phrases(phrases)
        asked = both_forms(texts, contexts)
        parts = [
            search(self, asked.take(which), self._mask(wanted), k)
            for wanted, which in by_types(types, len(texts))
        ]
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        queries, concepts, scores, names, bits = columns
        return CandidateList.from_arrays(
            concepts, scores, self.terminology_, queries=queries, n_queries=len(texts),
            names=names, sources=bits, source_names=SOURCES, mentions=texts,
        ).top(k)  # fmt: skip

    def _table_of_ids(self) -> KeyTable:
        if self._id_table is None:
            ids = self.node_ids_.tolist()
            self._id_table = KeyTable.of([id_key(str(one)) for one in ids])
        return self._id_table

    def _mask(self, types: frozenset[str] | None) -> AnyArray:
        if types is None:
            return np.ones(self.terminology_.n_concepts, bool)
        if self._masks is None:
            self._masks = TypeMasks(self.terminology_)
        out: AnyArray = self._masks.mask(types)
        return out

    def predict(
        self, phrases: Sequence[str], contexts: Any = None, *, backoff: bool = False
    ) -> AnyArray:
        """Give the concept of each phrase.

        Parameters
        ----------
        phrases : sequence of str
            Phrases.
        contexts : default=None
            As in `candidates`.
        backoff : bool, default=False
            Whether an ancestor is named where no concept has a chance of ``threshold``:
            the deepest of which the chances of all candidates at or below it, together,
            reach it.

        Returns
        -------
        ndarray of object of shape (n_phrases,)
            Ids; None where the chance is below ``threshold``.

        Raises
        ------
        InvalidParameterError
            If ``threshold`` was set to a number outside 0 to 1.
        """
        self._validate_params()
        found = self.candidates(phrases, 25 if backoff else 1, contexts=contexts)
        out = np.full(len(found), None, object)
        ids = self.terminology_.ids
        for q in range(len(found)):
            a, b = int(found.offsets[q]), int(found.offsets[q + 1])
            if a == b:
                continue
            concept = int(found.concepts[a])
            if found.scores[a] < self.threshold:
                if not backoff:
                    continue
                concept = lowest_likely(
                    found.concepts[a:b], found.scores[a:b], self._relatives,
                    self._depth, self.threshold,
                )  # fmt: skip
                if concept < 0:
                    continue
            out[q] = ids[concept : concept + 1].tolist()[0]
        return out

    # -- keeping -----------------------------------------------------------------
    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_progress", None)
        return dict(state)

    def _parameters_to_save(self) -> dict[str, Any]:
        return parameters_of(self)

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        return state_of(self)

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        set_state(self, arrays, scalars)
        return self


def _csr(matrix: Any) -> tuple[AnyArray, AnyArray] | None:
    if matrix is None:
        return None
    rows = sparse.csr_array(matrix)
    return rows.indptr.astype(np.int64), rows.indices.astype(np.int32)
