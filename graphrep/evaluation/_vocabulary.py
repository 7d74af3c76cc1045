"""Vocabulary: which nodes a word stands for."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph, NodeIndex, Vectors
from graphrep.typing import AnyArray, IntArray, NodeIds

Normaliser = Callable[[str], str]
Words = tuple[IntArray, IntArray]

_ID_STYLES = ("text", "conceptnet", "wordnet")
_SYNSET_PARTS = 3  # lemma, part of speech, number
_NOWHERE = np.empty(0, np.int64)


def normalise_word(word: str) -> str:
    """Bring a word into the form in which words are compared.

    Unicode NFC, lower case, underscores as spaces, runs of white space as one space.

    Examples
    --------
    >>> normalise_word("  New_York ")
    'new york'
    """
    text = unicodedata.normalize("NFC", word).lower().replace("_", " ")
    return " ".join(text.split())


class Vocabulary:
    """The words of a graph's nodes, and the nodes of each word.

    Parameters
    ----------
    nodes : Graph, Vectors, NodeIndex or sequence of hashable
        The nodes in row order.
    names : mapping or None, default=None
        From an id to its name, or to a list of names (the lemmas of a synset, the
        synonyms of a concept). A node that it does not hold, and every node without
        it, is called by its id.
    ids : {"text", "conceptnet", "wordnet"}, default="text"
        How an id is read as a word: as it stands; ``/c/en/word/n/…`` as ``word``
        (ids of other languages name nothing); ``dog.n.01`` as ``dog``.
    language : str, default="en"
        Language of the ids in the style of ConceptNet.
    normalise : callable or None, default=None
        Brings names and asked words into one form; None takes `normalise_word`.
    lemma : callable or None, default=None
        Turns a normalised word that is not there into one that may be ("dogs" into
        "dog").

    Attributes
    ----------
    graph : Graph
        The graph, or one without edges where there is none.
    has_graph : bool
        Whether there is one, and so degrees.
    vectors : Vectors or None
        The vectors, where it was made from some.

    Raises
    ------
    GraphValueError
        For another style of ids.
    GraphTypeError
        For nodes of no known kind.

    Notes
    -----
    A word that several nodes share (its senses) has several rows. O(total length of
    the names) to make, O(1) for each word.

    Examples
    --------
    >>> words = Vocabulary(["/c/en/bank/n", "/c/en/bank/v", "/c/fr/banque"],
    ...                    ids="conceptnet")
    >>> words.rows("Bank").tolist(), "banque" in words, len(words)
    ([0, 1], False, 1)
    """

    def __init__(
        self,
        nodes: Graph | Vectors | NodeIndex | NodeIds,
        *,
        names: Mapping[Any, Any] | None = None,
        ids: str = "text",
        language: str = "en",
        normalise: Normaliser | None = None,
        lemma: Normaliser | None = None,
    ) -> None:
        if ids not in _ID_STYLES:
            raise GraphValueError(
                f"ids must be one of {', '.join(map(repr, _ID_STYLES))}; got {ids!r}."
            )
        self.has_graph = isinstance(nodes, Graph)
        self.vectors = nodes if isinstance(nodes, Vectors) else None
        self.graph = nodes if isinstance(nodes, Graph) else _edgeless(nodes)
        self.normalise = normalise or normalise_word
        self._lemma = lemma
        self._table: dict[str, list[int]] = {}
        for row, node in enumerate(self.graph.nodes):
            named = names.get(node) if names is not None else None
            called = _names_of_id(node, ids, language) if named is None else named
            for name in [called] if isinstance(called, str) else called:
                senses = self._table.setdefault(self.normalise(str(name)), [])
                if not senses or senses[-1] != row:
                    senses.append(row)
        self._table.pop("", None)

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and len(self.rows(word)) > 0

    def __repr__(self) -> str:
        return f"Vocabulary({len(self):,} words of {self.n_nodes:,} nodes)"

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return self.graph.n_nodes

    def rows(self, word: str) -> IntArray:
        """Rows of the nodes of a word, ascending; empty where there are none."""
        key = self.normalise(word)
        found = self._table.get(key)
        if found is None and self._lemma is not None:
            found = self._table.get(self.normalise(self._lemma(key)))
        return _NOWHERE if found is None else np.array(found, np.int64)

    def lookup(self, words: Iterable[str]) -> Words:
        """Rows of many words.

        Returns
        -------
        starts : ndarray of int64 of shape (n_words + 1,)
            The rows of word i stand at ``starts[i]:starts[i + 1]``.
        rows : ndarray of int64
        """
        found = [self.rows(word) for word in words]
        starts = np.zeros(len(found) + 1, np.int64)
        np.cumsum([len(rows) for rows in found], out=starts[1:])
        return starts, np.concatenate([_NOWHERE, *found])

    def canonical_rows(self) -> IntArray:
        """Rows in an order that does not depend on how the nodes are numbered."""
        order = self.graph.nodes.rank()
        return np.arange(self.n_nodes) if order is None else np.asarray(order, np.int64)


def sense_pairs(first: Words, second: Words) -> tuple[IntArray, IntArray, IntArray]:
    """All pairs of a node of one word and a node of the other, for pairs of words.

    Returns
    -------
    starts : ndarray of int64 of shape (n_pairs + 1,)
        The pairs of nodes of pair i of words stand at ``starts[i]:starts[i + 1]``.
    a, b : ndarray of int64
        Rows of the nodes.
    """
    m, n = np.diff(first[0]), np.diff(second[0])
    starts = np.zeros(len(m) + 1, np.int64)
    np.cumsum(m * n, out=starts[1:])
    pair = np.repeat(np.arange(len(m)), m * n)
    place = np.arange(starts[-1]) - starts[pair]
    a = first[1][first[0][pair] + place // np.maximum(n[pair], 1)]
    b = second[1][second[0][pair] + place % np.maximum(n[pair], 1)]
    return starts, a, b


def reduce_senses(values: AnyArray, starts: IntArray, how: str) -> AnyArray:
    """Reduce the values of sense pairs: "max", "min" or "mean"; none may be empty."""
    if len(starts) == 1:
        return np.empty(0, np.float64)
    if how == "mean":
        return np.asarray(np.add.reduceat(values, starts[:-1]) / np.diff(starts))
    ufunc = np.maximum if how == "max" else np.minimum
    return np.asarray(ufunc.reduceat(values, starts[:-1]))


def _edgeless(nodes: Any) -> Graph:
    """Return the nodes as a graph, so that vectors can be brought into their order."""
    index = nodes.nodes if isinstance(nodes, Vectors) else nodes
    if isinstance(index, (str, bytes)) or not hasattr(index, "__len__"):
        raise GraphTypeError(
            "A vocabulary is made of a Graph, Vectors or a list of node ids; got "
            f"{type(nodes).__name__}."
        )
    return Graph.from_edges([], [], nodes=index)


def _names_of_id(node: object, ids: str, language: str) -> list[str]:
    text = str(node)
    if ids == "conceptnet":
        parts = text.split("/")  # "", "c", language, word, …
        fits = len(parts) > 3 and parts[1] == "c" and parts[2] == language
        return [parts[3]] if fits else []
    if ids == "wordnet":
        parts = text.rsplit(".", _SYNSET_PARTS - 1)
        return [parts[0]] if len(parts) == _SYNSET_PARTS else [text]
    return [text]
