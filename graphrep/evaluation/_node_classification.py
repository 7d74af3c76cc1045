"""NodeClassificationEvaluator: how well labels are learnt from vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._random import draw_seed
from graphrep.base import read_graph
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._node_labels import Labels, read_labels
from graphrep.evaluation._repeats import RepeatedRecords, means
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.model_selection import node_classification
from graphrep.typing import FloatArray, GraphLike, IntArray

Record = dict[str, Any]
_KEYS = ("embedding", "labels", "train_fraction")
_METRICS = ("micro", "macro")


class NodeClassificationEvaluator(BaseEstimator):
    """Classify nodes by logistic regression on their vectors: the DeepWalk protocol.

    Parameters
    ----------
    train_fractions : sequence of float, default=(0.1, 0.5, 0.9)
        Shares of the labelled nodes to train on.
    n_splits : int, default=10
        Random splits for each share, the same ones for every embedding.
    C : float, default=1.0
        Inverse strength of the penalty of the logistic regression.
    standardize : bool, default=True
        Bring columns to mean 0 and variance 1 first. Embeddings differ in scale by
        orders of magnitude, and under one C the small ones would be punished for it;
        papers mostly leave vectors as they are (False).
    penalize_intercept : bool, default=False
        Penalise the intercept too, as liblinear does; True reproduces older papers.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the splits, and of estimators that are fitted here.

    Notes
    -----
    One logistic regression a label on the vectors of the training nodes; each test
    node gets as many of the best-scored labels as it truly has. "micro" and "macro"
    are the F1 of `graphrep.metrics.top_k_f1`: where every node has one label, "micro"
    is the accuracy. Nodes without a label are left out of training and test, but
    were embedded with the rest: labels are hidden, nodes are not.

    Each row states C and whether columns were standardised, for these matter as much
    as the method. "_sd" is the standard deviation over splits (n - 1), which overlap:
    use `RepeatedRecords.compare` for a test. Splits are drawn from the nodes in the
    order of their ids, so that the order of rows changes nothing.

    The time is that of ``n_splits`` regressions a share, O(n d n_labels) for each of
    some dozens of steps.

    References
    ----------
    Perozzi, Al-Rfou, Skiena. DeepWalk. KDD 2014, section 6.1.

    Examples
    --------
    >>> from graphrep import FastRP
    >>> from graphrep.datasets import load_karate
    >>> bunch = load_karate()
    >>> evaluator = NodeClassificationEvaluator((0.5,), n_splits=3)
    >>> found = evaluator.evaluate(bunch.graph, FastRP(8, random_state=0), bunch.y)
    >>> found.rows()[0]["micro"] > 0.7
    True
    """

    def __init__(
        self,
        train_fractions: Sequence[float] = (0.1, 0.5, 0.9),
        n_splits: int = 10,
        *,
        C: float = 1.0,
        standardize: bool = True,
        penalize_intercept: bool = False,
        random_state: Any = 0,
    ) -> None:
        self.train_fractions = train_fractions
        self.n_splits = n_splits
        self.C = C
        self.standardize = standardize
        self.penalize_intercept = penalize_intercept
        self.random_state = random_state

    def evaluate(
        self, graph: GraphLike, embedding: Any, labels: Any, *, name: str | None = None
    ) -> RepeatedRecords:
        """Evaluate one embedding, or several by name.

        Parameters
        ----------
        graph : graph in any form
            Whose nodes were embedded.
        embedding : object, or mapping from names to objects
            Anything with vectors: see `ReconstructionEvaluator.evaluate`. A mapping
            with a text for each key and something else than one vector for each value
            holds several.
        labels : mapping from node ids, sequence in row order, or 0/1 matrix
            A class or several for nodes; None where a node has none.
        name : str or None, default=None
            What to call a single one.

        Returns
        -------
        RepeatedRecords
            A row for each embedding and share.

        Raises
        ------
        GraphValueError
            If an embedding has no vectors, there are fewer than two labels, or a
            share leaves nothing to train or test on.
        """
        if self.n_splits < 1:
            raise GraphValueError(f"n_splits must be 1 or more; got {self.n_splits}.")
        nodes = read_graph(graph)
        read = read_labels(nodes, labels)
        seed = draw_seed(self.random_state)
        given = _read(nodes, embedding, name, seed)
        order = nodes.nodes.rank()
        repeats: list[Record] = []
        for item in given:
            vectors = _vectors_of(item)
            with single_blas_thread():
                found = self._scored(vectors, read, order, seed)
            head = {"embedding": item.name, "labels": _described(read)}
            repeats.extend(head | row for row in found)
        averages = means(repeats, _KEYS, _METRICS)
        known = {
            "n_labels": len(read.names), "n_labelled": read.n_labelled,
            "n_splits": self.n_splits, "C": self.C, "standardize": self.standardize,
            "penalize_intercept": self.penalize_intercept,
        }  # fmt: skip
        shown = (*_KEYS, "micro", "micro_sd", "macro", "macro_sd", "C", "standardize")
        ratios = {f: (1 - f) / f for f in self.train_fractions}
        return RepeatedRecords(
            given[0].name, [row | known for row in averages], shown, repeats, ratios,
            "train_fraction",
        )  # fmt: skip

    def _scored(
        self, vectors: FloatArray, labels: Labels, order: IntArray | None, seed: int
    ) -> list[Record]:
        """F1 of each split and share."""
        matrix = labels.matrix
        if order is not None:  # what is drawn depends on ids, not on rows
            vectors, matrix = vectors[order], matrix[order]
        seeds = np.random.SeedSequence(seed).generate_state(self.n_splits)
        out = []
        for repeat, own in enumerate(seeds.tolist()):
            found = node_classification(
                vectors, matrix, train_fractions=self.train_fractions, C=self.C,
                n_splits=1, standardize=self.standardize,
                penalize_intercept=self.penalize_intercept, random_state=own,
            )  # fmt: skip
            for fraction, scores in found.items():
                record = {"train_fraction": fraction, "repeat": repeat}
                out.append(record | {key: scores[key] for key in _METRICS})
        return out


def _read(graph: Graph, embedding: Any, name: str | None, seed: int) -> list[Embedding]:
    if isinstance(embedding, Mapping) and _names_several(embedding):
        return [
            read_embedding(graph, value, str(key), random_state=seed)
            for key, value in embedding.items()
        ]
    return [read_embedding(graph, embedding, name, random_state=seed)]


def _names_several(given: Mapping[Any, Any]) -> bool:
    """Whether a mapping leads from names to embeddings, not from ids to vectors."""
    return bool(given) and all(
        isinstance(key, str) and not _is_vector(value) for key, value in given.items()
    )


def _is_vector(value: Any) -> bool:
    return isinstance(value, (list, np.ndarray)) and np.ndim(value) == 1


def _vectors_of(embedding: Embedding) -> FloatArray:
    if embedding.source is None:
        raise GraphValueError(
            f"{embedding.name!r} has no vectors to learn from; it is a score of pairs."
        )
    return embedding.source


def _described(labels: Labels) -> str:
    each = "several a node" if labels.multi else "one a node"
    return f"{len(labels.names)} labels, {each}"


__all__ = ["NodeClassificationEvaluator"]
