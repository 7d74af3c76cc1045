"""Text2Node: phrases mapped into the space of a taxonomy's nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._devices import on_processor
from graphrep._utils._numbers import positive_int
from graphrep._utils._parallel import numba_threads
from graphrep._utils._progress import Progress, silent
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions, fit_context
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.linking._candidate_list import CandidateList
from graphrep.linking._mapper_losses import LOSSES, unit
from graphrep.linking._node_targets import TARGETS
from graphrep.linking._phrase_encoder import POOLINGS, Phrases
from graphrep.linking._queries import read_phrases
from graphrep.linking._text2node_fit import build, one_thread, read_pairs
from graphrep.linking._text2node_gold import gold_sets, share_found
from graphrep.linking._text2node_search import fit_corrector, search
from graphrep.linking._text2node_state import restore_state, state_of
from graphrep.linking._tokenizer import Tokenizer, split_all
from graphrep.typing import AnyArray, FloatArray, PathType

if TYPE_CHECKING:
    from typing import Self

_MAPPERS = ("bilstm", "cnn", "mlp", "linear")


class Text2Node(BaseEstimator):
    """Map phrases to the nodes of a taxonomy, also phrases that were never seen.

    Words get vectors, nodes get vectors, and a map from the words of a phrase to the
    vector of its node is learnt from phrases whose node is known. A new phrase goes to
    the nodes nearest to where it is mapped, by cosine.

    The defaults are the method as published. What finds far more right nodes is
    ``loss="contrastive", target="gated"``: see Notes.

    Parameters
    ----------
    word_vectors : "fasttext", FastTextVectors, mapping, KeyedVectors, (words, array), \
path, or list of these, default="fasttext"
        "fasttext" learns them from the names and definitions of the taxonomy
        (`FastTextVectors`). A list puts several side by side. A FastTextVectors that is
        fitted is used as it is, another one is fitted.
    node_embedder : estimator, Vectors, array of shape (n_concepts, n), or None, \
default=None
        Structural vectors of the nodes, or what learns them from the undirected graph
        of parents and other relations. None takes `Node2Vec` with 10 walks of 40 steps.
    mapper : {"bilstm", "cnn", "mlp", "linear"}, default="bilstm"
        "bilstm" and "cnn" read words in order and need torch. "mlp" and "linear" read
        their mean and need numpy alone.
    loss : {"cosine", "mse", "contrastive"}, default="cosine"
        1 - cos, squared error of standardised targets, or softmax over the nodes of a
        batch and ``n_random`` other ones.
    target : {"graph", "names", "names+graph", "gated"}, default="graph"
        What a node's vector is: its structural vector, the mean of its names' vectors,
        both side by side, or both with a gate on the structural part.
    pooling : {"mean", "idf", "sif"}, default="idf"
        Weights of words in means: equal, by inverse frequency among phrases, or smooth
        inverse frequency without the common direction.
    structure_weight : float, default=0.5
        Length of the structural part, that of the names being 1. Of a gate, the start.
    gate_drop : float, default=0.3
        Share of the phrases of a step whose structural half is left out, where the
        target is "gated", so that the half of the text can stand alone.
    kind_weights : mapping of str to float, or None, default=None
        Weight of a name in training by its kind in the terminology, such as
        ``{"related": 0.5}``; 1 for kinds that are not named. A kind of weight 0 is
        left out.
    tokenizer : callable or None, default=None
        Turns a phrase into a list of words; None takes runs of letters and digits in
        small letters.
    max_length : int, default=20
        Words of a phrase that are read.
    n_hidden : int, default=512
        Units of the layer before the last; "linear" has none.
    n_recurrent : int, default=200
        Units of "bilstm" in each direction.
    filter_widths : tuple of int, default=(1, 2, 3, 5)
        Words that filters of "cnn" cover.
    n_filters : int, default=150
        Filters of each width.
    dropout : float, default=0.1
        In training, before the last layers.
    n_epochs : int, default=12
        Most passes over the pairs.
    batch_size : int, default=256
        Pairs of a step.
    learning_rate : float, default=1e-3
        Of Adam at the beginning; it falls along a cosine.
    tau : float, default=0.05
        Temperature of "contrastive".
    n_random : int, default=1024
        Random nodes, among those with a phrase, of a batch of "contrastive".
    held_out : float, default=0.05
        Share of the phrases, 1,000 at most, whose mean reciprocal rank decides which
        epoch is kept. Only phrases of nodes with another phrase are taken.
    patience : int, default=3
        Epochs without a better rank after which training ends.
    hubness : HubnessCorrector or None, default=None
        Corrects scores of nodes that are near to everything; a copy is fitted to the
        nodes, with 5,000 training phrases at most as its query bank.
    device : str, default="cpu"
        Device of torch for "bilstm" and "cnn": "cpu", "auto" (CUDA where there is
        one), "cuda", "cuda:1". One that is named also searches for nodes.
    n_jobs : int or None, default=None
        Threads; the result on a CPU does not depend on them.
    random_state : int, RandomState, Generator or None, default=None
        An int gives the same result every time.

    Attributes
    ----------
    node_ids_ : ndarray of shape (n_concepts,)
        Ids of the nodes.
    terminology_ : Terminology
        What was fitted; of a graph the ids are the names.
    node_vectors_ : ndarray of float32 of shape (n_concepts, n_components)
        What phrases are compared with: rows of length 1, or 0 for a node of which
        nothing is known, which is never found.
    gate_ : ndarray of float32 of shape (n_concepts,) or None
        Length of the structural part of each node; None unless ``target="gated"``.
    losses_, held_out_mrr_ : list of float
        By epoch.
    best_epoch_ : int
        The one that was kept, from 1 on.
    random_seed_ : int
        The seed that was used.

    See Also
    --------
    FastTextVectors : Vectors of words and of parts of words.

    Notes
    -----
    After Soltani and Tomberg [1]_; sizes are ours, not the paper's. Deviations and
    additions: node vectors are centred; empty padding is never read (maximum over
    words, windows that lie within the phrase); "names", both concatenations, the gate,
    the contrastive loss and early stopping are not in the paper.

    Neighbours in the graph have nearly the same structural vector, so a phrase mapped
    there cannot tell siblings apart: text in the target ("names") repairs that. Where
    nodes have phrases in training, structure beside text helps; of a node without any
    the structural half has to be guessed, and where that fails it does harm. "gated"
    trains as "names+graph" does, then learns from held-out phrases how long the
    structural part of each node is: logistic in the logarithms of its degree and of its
    number of phrases, and in whether it has none. Where some nodes have none, all
    phrases of 2 % of the others, 300 nodes at most, are held out for that, and count as
    much as those of the other nodes. The loss of phrase p with right nodes P is
    ``-log(sum_{v in P} exp(cos(f(p), y_v) / tau) / sum_v exp(cos(f(p), y_v) / tau))``.

    O(pairs · epochs · (weights + n_random · components)) time;
    O(nodes · components + words · components) memory.

    References
    ----------
    .. [1] R. Soltani, A. Tomberg. Text2Node: a Cross-Domain System for Mapping
       Arbitrary Phrases to a Taxonomy. 2019. https://arxiv.org/abs/1905.01958

    Examples
    --------
    >>> from graphrep.graph import Terminology
    >>> tools = Terminology(
    ...     ["tool", "hammer", "claw", "sledge", "saw", "hacksaw"],
    ...     ["tool", "hammer", "claw hammer", "nail hammer", "sledge hammer",
    ...      "big hammer", "saw", "hacksaw", "metal saw"],
    ...     [0, 1, 2, 2, 3, 3, 4, 5, 5],
    ...     parents=([1, 2, 3, 4, 5], [0, 1, 1, 0, 4]),
    ... )
    >>> model = Text2Node(
    ...     mapper="mlp", loss="contrastive", target="names", n_epochs=40,
    ...     random_state=0,
    ... ).fit(tools)
    >>> model.predict(["a hammer for nails", "saws for metal", "..."]).tolist()
    ['claw', 'hacksaw', None]
    """

    _progress: Progress | None = None

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "word_vectors": [object],
        "node_embedder": [object],
        "mapper": [StrOptions(set(_MAPPERS))],
        "loss": [StrOptions(set(LOSSES))],
        "target": [StrOptions(set(TARGETS))],
        "pooling": [StrOptions(set(POOLINGS))],
        "structure_weight": [Interval(Real, 0, None, closed="neither")],
        "gate_drop": [Interval(Real, 0, 1, closed="left")],
        "kind_weights": [Mapping, None],
        "tokenizer": [callable, None],
        "max_length": [Interval(Integral, 1, None, closed="left")],
        "n_hidden": [Interval(Integral, 0, None, closed="left")],
        "n_recurrent": [Interval(Integral, 1, None, closed="left")],
        "filter_widths": [tuple, list],
        "n_filters": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "n_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "tau": [Interval(Real, 0, None, closed="neither")],
        "n_random": [Interval(Integral, 0, None, closed="left")],
        "held_out": [Interval(Real, 0, 1, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "hubness": [object],
        "device": [str],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self, word_vectors: Any = "fasttext", *, node_embedder: Any = None,
        mapper: str = "bilstm", loss: str = "cosine", target: str = "graph",
        pooling: str = "idf", structure_weight: float = 0.5, gate_drop: float = 0.3,
        kind_weights: Mapping[str, float] | None = None,
        tokenizer: Tokenizer | None = None, max_length: int = 20, n_hidden: int = 512,
        n_recurrent: int = 200, filter_widths: Sequence[int] = (1, 2, 3, 5),
        n_filters: int = 150, dropout: float = 0.1, n_epochs: int = 12,
        batch_size: int = 256, learning_rate: float = 1e-3, tau: float = 0.05,
        n_random: int = 1024, held_out: float = 0.05, patience: int = 3,
        hubness: Any = None, device: str = "cpu", n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:  # fmt: skip
        self.word_vectors = word_vectors
        self.node_embedder = node_embedder
        self.mapper = mapper
        self.loss = loss
        self.target = target
        self.pooling = pooling
        self.structure_weight = structure_weight
        self.gate_drop = gate_drop
        self.kind_weights = kind_weights
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.n_hidden = n_hidden
        self.n_recurrent = n_recurrent
        self.filter_widths = filter_widths
        self.n_filters = n_filters
        self.dropout = dropout
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.tau = tau
        self.n_random = n_random
        self.held_out = held_out
        self.patience = patience
        self.hubness = hubness
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state

    # -- learning ----------------------------------------------------------------
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, taxonomy: Any, phrases: Any = None, nodes: Any = None) -> Self:
        """Learn the map from phrases whose nodes are known.

        Parameters
        ----------
        taxonomy : Terminology or graph-like
            Of a graph the ids of the nodes are their names.
        phrases : sequence of str or None, default=None
            Phrases to learn from; None takes all names of the taxonomy.
        nodes : sequence of id, or of sets or lists of ids, or None, default=None
            Node, or nodes, of each phrase.

        Returns
        -------
        object
            The estimator itself.

        Raises
        ------
        NodeNotFoundError
            If a node is not in the taxonomy.
        GraphValueError
            If phrases and nodes do not fit each other, nothing can be learnt, or
            parameters contradict each other.
        """
        self._forget()
        self._check_parameters()
        seed = draw_seed(self.random_state)
        pairs = read_pairs(self, taxonomy, phrases, nodes)
        with numba_threads(self.n_jobs), one_thread(self.mapper, self.device):
            parts = build(self, pairs, seed, self._progress or silent)
        self._encoder, self._mapper = parts.encoder, parts.mapper
        self._hubness = None
        if self.hubness is not None:
            bank = self._map(parts.bank[0])
            self._hubness = fit_corrector(
                self.hubness, parts.node_vectors, bank, parts.bank[1]
            )
        self.terminology_ = pairs.taxonomy.terminology
        self.gate_ = parts.gate
        self.losses_, self.held_out_mrr_, self.best_epoch_ = parts.history
        self.random_seed_ = seed
        self.node_ids_ = pairs.taxonomy.index.ids
        self.node_vectors_ = parts.node_vectors  # last: it tells that the fit is done
        return self

    def _check_parameters(self) -> None:
        if self.target == "gated" and self.loss != "contrastive":
            raise GraphValueError(
                f"target='gated' is learnt with loss='contrastive' only; got "
                f"loss={self.loss!r}. Other losses would shut the gate, which makes "
                "targets easier to reach. Use target='names+graph'."
            )
        if self.mapper in ("mlp", "linear") and not on_processor(self.device):
            raise GraphValueError(
                f"mapper={self.mapper!r} runs on the CPU; got device={self.device!r}. "
                "Use mapper='bilstm' or 'cnn' for a GPU."
            )
        widths = list(self.filter_widths)
        if not widths or any(not isinstance(w, Integral) or w < 1 for w in widths):
            raise GraphValueError(
                f"filter_widths must be positive integers; got {self.filter_widths!r}."
            )

    # -- use ---------------------------------------------------------------------
    def transform(self, phrases: Sequence[str]) -> FloatArray:
        """Map phrases into the space of the nodes.

        Parameters
        ----------
        phrases : sequence of str
            Phrases.

        Returns
        -------
        ndarray of float32 of shape (n_phrases, n_components)
            Rows of length 1; zeros for a phrase without known words.
        """
        check_is_fitted(self)
        return self._map(self._encode(phrases))

    def candidates(self, phrases: Sequence[str], k: int = 10) -> CandidateList:
        """Nodes nearest to phrases.

        Parameters
        ----------
        phrases : sequence of str
            Phrases.
        k : int, default=10
            Most nodes of each.

        Returns
        -------
        CandidateList
            Scores are cosines, corrected if ``hubness`` is set; ties by the order of
            the nodes. A phrase without known words has no candidates.

        Raises
        ------
        GraphValueError
            If ``k`` is below 1.
        """
        check_is_fitted(self)
        k = positive_int(k, "k")
        texts = read_phrases(phrases)
        found = self._encode(texts)
        queries = self._map(found)
        filled = np.flatnonzero(queries.any(axis=1))
        offsets, concepts, scores = search(self, queries, filled, k)
        return CandidateList(
            offsets, concepts, scores, self.terminology_,
            source_names=("text2node",), mentions=texts,
        )  # fmt: skip

    def predict(self, phrases: Sequence[str]) -> AnyArray:
        """Nearest node of each phrase.

        Parameters
        ----------
        phrases : sequence of str
            Phrases.

        Returns
        -------
        ndarray of shape (n_phrases,)
            Ids; with None in it, of dtype object, where a phrase has no known words.
        """
        found = self.candidates(phrases, 1)
        sizes = np.diff(found.offsets)
        ids: AnyArray = self.node_ids_[found.concepts]
        if sizes.all():
            return ids
        out = np.full(len(sizes), None, object)
        out[sizes > 0] = ids.tolist()
        return out

    def score(self, phrases: Sequence[str], gold: Any, k: int = 1) -> float:
        """Share of phrases with a right node among their k nearest.

        Parameters
        ----------
        phrases : sequence of str
            Phrases.
        gold : sequence of id, or of sets or lists of ids
            Right node, or nodes, of each phrase.
        k : int, default=1
            Nodes that are looked at.

        Returns
        -------
        float
            Between 0 and 1.

        Raises
        ------
        NodeNotFoundError
            If a right node is not in the taxonomy.
        GraphValueError
            If there are not as many right nodes as phrases, or none.
        """
        check_is_fitted(self)
        texts = read_phrases(phrases)
        right = gold_sets(self.terminology_, gold, len(texts))
        return share_found(self.candidates(texts, k), right)

    def _encode(self, phrases: Sequence[str]) -> Phrases:
        return self._encoder.encode(split_all(phrases, self.tokenizer))

    def _map(self, phrases: Phrases) -> FloatArray:
        with one_thread(self.mapper, self.device):
            out = unit(self._mapper.predict(phrases))
        out[phrases.sizes == 0] = 0
        return out

    # -- keeping -----------------------------------------------------------------
    def save(self, path: PathType, *, overwrite: bool = True) -> None:
        """Write the fitted estimator to a directory (or ``.zip``) without pickle.

        Word vectors and node vectors are in it; ``word_vectors`` and ``node_embedder``
        come back as their defaults. Read it with `graphrep.load`.
        """
        from graphrep.persistence import save

        check_is_fitted(self)
        save(self, path, overwrite=overwrite)

    def _parameters_to_save(self) -> dict[str, Any]:
        """Parameters, without what only a fit reads."""
        parameters: dict[str, Any] = self.get_params(deep=False)
        if self.hubness is not None:
            raise GraphTypeError(
                "A Text2Node with hubness cannot be saved without pickle; fit it with "
                "hubness=None, or pickle it."
            )
        parameters |= {"word_vectors": "fasttext", "node_embedder": None}
        if self.kind_weights is not None:
            parameters["kind_weights"] = dict(self.kind_weights)
        return parameters

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        return state_of(self)

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        restore_state(self, arrays, scalars)
        return self

    def _forget(self) -> None:
        for name in [n for n in vars(self) if n.endswith("_")]:
            delattr(self, name)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "node_vectors_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


__all__ = ["Text2Node"]
