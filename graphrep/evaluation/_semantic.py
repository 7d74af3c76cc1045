"""SemanticEvaluator: whether vectors of words agree with what people say of words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from graphrep._utils._random import draw_seed
from graphrep.evaluation._analogies import AnalogyTest, read_analogies
from graphrep.evaluation._analogy_scores import METHODS, AnalogyScorer
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._pair_distances import (
    Distances,
    MatchedPairs,
    distance_row,
    random_pairs,
)
from graphrep.evaluation._relation_consistency import relation_consistency
from graphrep.evaluation._scores import SCORES, has_score, pair_scorer
from graphrep.evaluation._semantic_result import Record, SemanticResult
from graphrep.evaluation._similarity_tests import (
    Matched,
    SimilarityTest,
    match,
    read_similarity_test,
    similarity_row,
)
from graphrep.evaluation._vocabulary import Normaliser, Vocabulary, normalise_word
from graphrep.exceptions import GraphValueError
from graphrep.graph import Vectors

_OOV, _SENSES = ("skip", "fallback"), ("max", "mean")


class SemanticEvaluator:
    """Word similarity, distances, analogies and relations of vectors of words.

    Parameters
    ----------
    tests : sequence, default=("wordsim353", "simlex999", "men3000", "mturk771")
        Tests of similarity: names that `graphrep.datasets.fetch_semantic_tests`
        knows (the start of a name will do), paths of files with the columns word,
        word, rating, triples of columns ``(words1, words2, scores)``, or a mapping
        from names to any of these.
    analogies : sequence, default=()
        Tests of analogies: "google", "bats", paths, or tables with the columns
        ``section, a, b, c, d`` or ``category, relation, word, answers``.
    relations : (heads, relations, tails) or None, default=None
        Triples of node ids, for the consistency of relations.
    oov : {"skip", "fallback"}, default="skip"
        What becomes of pairs with a word that has no node: they are left out, or get
        the mean score of the others, so that vocabularies can be compared.
    senses : {"max", "mean"}, default="max"
        Which pair of nodes counts where words have several: the closest, or the mean.
    normalise : callable or None, default=None
        Brings words into one form. None: Unicode NFC, lower case, underscores as
        spaces.
    ids : {"text", "conceptnet", "wordnet"}, default="text"
        How an id is read as a word: as it stands; ``/c/en/word/n/…`` as ``word``;
        ``dog.n.01`` as ``dog``.
    lemma : callable or None, default=None
        Turns a word that no node has into one that may be there ("dogs" into "dog").
    score : str, callable or sequence of these, default="cosine"
        How pairs are scored: "native", "dot", "cosine", "euclidean" or a callable, as
        in `ReconstructionEvaluator`. An embedding that has no vectors is scored
        natively.
    sections : {"semantic", "all"} or sequence of str, default="semantic"
        Sections of analogies; "semantic" leaves out Google's grammatical ones and the
        word forms of BATS, which mean nothing in a graph of lemmas.
    methods : sequence of str, default=("3CosAdd", "3CosMul", "LRCos")
        Methods to solve analogies; "LRCos" needs relations given as pairs (BATS).
    n_random : int, default=20,000
        Random pairs of nodes to compare distances with.
    confidence : float, default=0.95
        Level of the interval of a correlation.
    random_state : int, RandomState instance, Generator or None, default=0
        Decides about random pairs.
    n_jobs : int or None, default=None
        Number of threads; the result does not depend on it.

    Raises
    ------
    GraphValueError
        For a parameter of another value, and a test that is not known.

    Notes
    -----
    **Similarity.** Spearman's rho of scores and ratings of the pairs whose words both
    have nodes; interval ``tanh(atanh(rho) -+ q / sqrt(m - 3))``. Self pairs are
    dropped, and of the same two words the first rating is kept.

    **Distance.** ``raw`` is the mean Euclidean distance of the covered pairs, the
    measure of RESTORE; it follows the lengths of vectors and can call any shrunken
    embedding good. So it stands beside ``raw_random``, that of ``n_random`` random
    pairs of nodes, and both of unit vectors; ``ratio`` is test over random (below 1
    is good). ``auc`` is the chance that a pair is closer than a random pair whose
    ends have degrees of the same powers of two (``unit_auc``: at unit length): 0.5 is
    no better than chance. Each pair is compared with ``n_random / n_covered`` of its
    own, so that it costs O(n_random n_components). A vocabulary without a graph has
    no degrees, and any random pairs are taken.

    **Analogies.** a is to b as c is to x, with cosines of all nodes x other than
    those of a, b and c: 3CosAdd takes the highest cos(x, b) - cos(x, a) + cos(x, c),
    which is cos(x, b - a + c) of unit vectors up to a factor of the question; 3CosMul
    the highest cos(x, b) cos(x, c) / (cos(x, a) + 0.001), cosines moved to [0, 1].
    BATS asks all ordered pairs of the pairs of a relation; b is the first listed
    answer that has a node, and any listed answer counts. LRCos multiplies
    cos(x, c) by the chance that x belongs to the answers, from a logistic regression
    of the other pairs' answers (first ones) against all sources and as many random
    nodes, classes balanced, the pair itself left out; only the nodes of c are left
    out. Ranks are exact, among all nodes, and hits and reciprocal ranks are
    expectations over the orders of equal scores. A word with several nodes is asked
    with the mean of their unit vectors, and all its nodes are answers. Questions with
    an unknown word, or with no answer but a, b and c, are not covered.
    ``distance`` is the mean of ``|x_b - x_a + x_c - x_d|`` (d: the first answer),
    ``distance_random`` that of random nodes in place of d.

    For q questions of w distinct words, n nodes and d components it costs
    ``2 w n d + 4 q n`` operations and ``4 n d`` bytes, and no more than some
    100 MB a thread however many questions there are.

    **Relations.** See `relation_consistency`.

    References
    ----------
    .. [1] R. Yip et al. RESTORE: Graph embedding assessment through reconstruction.
       arXiv:2308.14659, 2023.
    .. [2] O. Levy, Y. Goldberg. Linguistic regularities in sparse and explicit word
       representations. CoNLL, 2014.
    .. [3] A. Drozd, A. Gladkova, S. Matsuoka. Word embeddings, analogies, and machine
       learning: beyond king - man + woman = queen. COLING, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from graphrep.evaluation import SemanticEvaluator
    >>> words = ["cat", "dog", "car", "bus"]
    >>> x = np.array([[1.0, 0.0], [0.9, 0.1], [0.1, 0.9], [0.0, 1.0]])
    >>> pairs = (["cat", "car", "cat", "Dog"], ["dog", "bus", "bus", "CAR"],
    ...          [9.0, 8.0, 1.0, 2.0])
    >>> result = SemanticEvaluator([pairs]).evaluate(words, x)
    >>> row = result.similarity[0]
    >>> row["n_covered"], round(row["spearman"], 2)
    (4, 0.95)
    """

    def __init__(
        self,
        tests: Any = ("wordsim353", "simlex999", "men3000", "mturk771"),
        analogies: Any = (),
        relations: tuple[Any, Any, Any] | None = None,
        *,
        oov: str = "skip",
        senses: str = "max",
        normalise: Normaliser | None = None,
        ids: str = "text",
        lemma: Normaliser | None = None,
        score: str | Callable[..., Any] | Sequence[Any] = "cosine",
        sections: str | Sequence[str] = "semantic",
        methods: Sequence[str] = METHODS,
        n_random: int = 20_000,
        confidence: float = 0.95,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.tests = tests
        self.analogies = analogies
        self.relations = relations
        self.oov = oov
        self.senses = senses
        self.normalise = normalise
        self.ids = ids
        self.lemma = lemma
        self.score = score
        self.sections = sections
        self.methods = methods
        self.n_random = n_random
        self.confidence = confidence
        self.random_state = random_state
        self.n_jobs = n_jobs

    def evaluate(
        self,
        vocabulary: Any,
        embedding: Any = None,
        *,
        name: str | None = None,
        names: Mapping[Any, Any] | None = None,
    ) -> SemanticResult:
        """Run all tests on one embedding.

        Parameters
        ----------
        vocabulary : Graph, Vectors, sequence of ids or Vocabulary
            The nodes, and by their ids the words. A `Vocabulary` made before knows
            its names and how to read ids.
        embedding : object or None, default=None
            Anything that `ReconstructionEvaluator.evaluate` takes; None takes the
            vectors that were given as the vocabulary.
        name : str or None, default=None
            Name of the embedding.
        names : mapping or None, default=None
            From an id to its name, or to a list of names; a node without one is
            called by its id.

        Returns
        -------
        SemanticResult
        """
        self._check()
        if not isinstance(vocabulary, Vocabulary):
            vocabulary = Vocabulary(
                vocabulary, names=names, ids=self.ids, normalise=self.normalise,
                lemma=self.lemma,
            )  # fmt: skip
        elif names is not None:
            raise GraphValueError(
                "A Vocabulary has its names; pass names with a graph, vectors or ids."
            )
        if embedding is None:
            embedding = vocabulary.vectors
        if embedding is None:
            raise GraphValueError(
                "There is nothing to evaluate: pass an embedding, or Vectors as the "
                "vocabulary."
            )
        seed = draw_seed(self.random_state)
        found = read_embedding(vocabulary.graph, embedding, name, random_state=seed)
        return self._evaluate(vocabulary, found, seed)

    def with_tests_read(self) -> SemanticEvaluator:
        """Return a copy that holds the tests themselves, found and read once for all.

        Raises
        ------
        GraphValueError
            For a name that no test has.
        """
        self._check()
        read = copy(self)
        read.tests = self._similarity_tests(self.normalise or normalise_word)
        read.analogies = self._analogy_tests()
        return read

    def _evaluate(
        self, vocabulary: Vocabulary, found: Embedding, seed: int
    ) -> SemanticResult:
        tests = self._similarity_tests(vocabulary.normalise)
        matched = [match(test, vocabulary) for test in tests]
        name = {"embedding": found.name}
        out = SemanticResult(found.name, settings=self._settings())
        out.similarity.extend(
            {**name, **row} for row in self._similarity(matched, found)
        )
        if found.source is None:
            return out
        out.distance.extend(
            {**name, **row} for row in self._distance(vocabulary, matched, found, seed)
        )
        analogies = self._analogy_tests()
        if analogies:
            scorer = AnalogyScorer(
                vocabulary, found.source, self.methods, self.n_random, seed, self.n_jobs
            )
            for test in analogies:
                rows = scorer.rows(test, self.sections)
                out.analogy.extend({**name, **row} for row in rows)
        if self.relations is not None:
            vectors = Vectors(found.source, vocabulary.graph.nodes)
            rows = relation_consistency(vectors, *self.relations, random_state=seed)
            out.relations.extend({**name, **row} for row in rows)
        return out

    def _similarity(self, matched: Sequence[Matched], found: Embedding) -> list[Record]:
        out: list[Record] = []
        used = set()
        for score in _listed(self.score):
            scorer = pair_scorer(found, score if has_score(found, score) else "native")
            if scorer.name not in used:
                used.add(scorer.name)
                out.extend(
                    {
                        "score": scorer.name,
                        **similarity_row(
                            part, scorer, oov=self.oov, senses=self.senses,
                            confidence=self.confidence,
                        ),
                    }
                    for part in matched
                )  # fmt: skip
        return out

    def _distance(
        self,
        vocabulary: Vocabulary,
        matched: Sequence[Matched],
        found: Embedding,
        seed: int,
    ) -> list[Record]:
        if found.source is None or not matched:
            return []
        order = vocabulary.canonical_rows()
        distances = Distances(found.source)
        at_random = distances(*random_pairs(order, self.n_random, seed))
        means = tuple(float(x.mean()) if len(x) else math.nan for x in at_random)
        degree = vocabulary.graph.degree(kind="both")
        partners = MatchedPairs(degree, order, seed)
        return [
            distance_row(
                part, distances, (means[0], means[1]), partners, senses=self.senses,
                n_random=self.n_random,
            )
            for part in matched
        ]  # fmt: skip

    def _similarity_tests(self, normalise: Normaliser) -> list[SimilarityTest]:
        out = []
        for name, test in _named(self.tests):
            source = _fetched(test, "similarity") if _is_name(test) else (name, test)
            out.append(read_similarity_test(source[1], source[0], normalise=normalise))
        return out

    def _analogy_tests(self) -> list[AnalogyTest]:
        out = []
        for name, test in _named(self.analogies):
            source = _fetched(test, "analogy") if _is_name(test) else (name, test)
            out.append(read_analogies(source[1], source[0]))
        return out

    def _settings(self) -> Record:
        normalise = self.normalise or normalise_word
        return {
            "tests": [_title(name, test) for name, test in _named(self.tests)],
            "analogies": [_title(name, test) for name, test in _named(self.analogies)],
            "oov": self.oov, "senses": self.senses,
            "normalise": getattr(normalise, "__name__", "callable"),
            "ids": self.ids, "lemma": self.lemma is not None,
            "score": [_score_name(score) for score in _listed(self.score)],
            "sections": self.sections, "methods": list(self.methods),
            "n_random": self.n_random, "confidence": self.confidence,
        }  # fmt: skip

    def _check(self) -> None:
        for key, options in (
            ("oov", ("skip", "fallback")),
            ("senses", ("max", "mean")),
        ):
            if getattr(self, key) not in options:
                raise GraphValueError(
                    f"{key} must be {' or '.join(map(repr, options))}; got "
                    f"{getattr(self, key)!r}."
                )
        choices: list[tuple[Sequence[Any], Sequence[str]]]
        choices = [(self.methods, METHODS), (_listed(self.score), SCORES)]
        for chosen, known in choices:
            for value in chosen:
                if value not in known and not callable(value):
                    raise GraphValueError(
                        f"{value!r} is not one of {', '.join(map(repr, known))}."
                    )
        if self.n_random < 1:
            raise GraphValueError(f"n_random must be positive; got {self.n_random}.")


def _listed(score: Any) -> list[Any]:
    return [score] if isinstance(score, str) or callable(score) else list(score)


def _named(tests: Any) -> list[tuple[str | None, Any]]:
    """Return tests with their names, None where they have none of their own."""
    if isinstance(tests, (str, PathLike)):
        return [(None, tests)]
    if hasattr(tests, "items"):
        return list(tests.items())
    return [(None, test) for test in tests]


def _is_name(test: Any) -> bool:
    """Whether this is the name of a test and not the path of a file."""
    if not isinstance(test, str):
        return False
    return Path(test).suffix == "" and not Path(test).exists()


def _fetched(name: str, kind: str) -> tuple[str, Any]:
    """Fetch a test by name, or by the start of its name."""
    from graphrep.datasets import fetch_semantic_tests

    known = fetch_semantic_tests()[kind]
    full = [key for key in known if key == name] or [
        key for key in known if key.startswith(name)
    ]
    if len(full) != 1:
        raise GraphValueError(
            f"No test of {kind} is called {name!r}, and no file either; known are "
            f"{', '.join(map(repr, known))}."
        )
    return full[0], known[full[0]]


def _title(name: str | None, test: Any) -> str:
    if name is not None:
        return name
    return fspath(test) if isinstance(test, (str, PathLike)) else "given"


def _score_name(score: Any) -> str:
    return score if isinstance(score, str) else getattr(score, "__name__", "callable")
