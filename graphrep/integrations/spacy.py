"""spaCy: a pipeline component that links entities, and knowledge bases for its linker.

Importing this module makes the factory "graphrep_linker" known to spaCy; where graphrep
is installed as a package spaCy finds it by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._optional import require
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Vectors
from graphrep.integrations._asking import (
    ask,
    read_linker,
    terminology_of,
    types_of_labels,
)
from graphrep.io import as_terminology
from graphrep.persistence import load
from graphrep.typing import AnyArray, PathType

FACTORY = "graphrep_linker"
_CONFIG: dict[str, Any] = {
    "path": None, "k": 10, "threshold": 0.0, "top": 5, "abbreviations": True,
    "types": None, "spans_key": None,
}  # fmt: skip
_FOLDER = "linker"


class SpacyLinker:
    """Component that gives entities the ids of the concepts they mean.

    ``nlp.add_pipe("graphrep_linker", config={"path": ...})`` makes one.

    Parameters
    ----------
    name : str, default="graphrep_linker"
        Name in the pipeline.
    path : path-like or None, default=None
        Saved linker, read on first use. None wants `set_linker`, or a pipeline that is
        loaded from disk with its linker.
    k : int, default=10
        Candidates that are looked up for an entity.
    threshold : float, default=0.0
        Least score of a candidate that is kept.
    top : int, default=5
        Most candidates that ``span._.kb_ents`` holds.
    abbreviations : bool, default=True
        Whether ``span._.long_form``, if another component sets it, is looked up
        instead of the text; a linker that takes contexts gets the document.
    types : mapping of str to list of str, or None, default=None
        From labels of entities to the types that a concept may have; entities of other
        labels may have any.
    spans_key : str or None, default=None
        Spans of ``doc.spans[spans_key]`` are linked instead of ``doc.ents``.

    Notes
    -----
    The best candidate's id is ``span.kb_id_``, ``""`` where there is none;
    ``span._.kb_ents`` is a list of (id, score), as scispaCy has it. ``pipe`` looks up
    the entities of a whole batch at once. ``nlp.to_disk`` writes the linker too.
    """

    def __init__(
        self,
        name: str = FACTORY,
        *,
        path: PathType | None = None,
        k: int = 10,
        threshold: float = 0.0,
        top: int = 5,
        abbreviations: bool = True,
        types: Mapping[str, Sequence[str]] | None = None,
        spans_key: str | None = None,
    ) -> None:
        tokens = require("spacy.tokens", extra="spacy", why="The component of spaCy")
        for number, what in ((k, "k"), (top, "top")):
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise GraphValueError(
                    f"{what} must be a positive integer; got {number!r}."
                )
        if not tokens.Span.has_extension("kb_ents"):
            tokens.Span.set_extension("kb_ents", default=[])
        self._span: Any = tokens.Span
        self.name = name
        self.path = path
        self.k = k
        self.threshold = threshold
        self.top = top
        self.abbreviations = abbreviations
        self.types = types
        self.spans_key = spans_key
        self._linker: Any = None

    @property
    def linker(self) -> Any:
        """The linker, read from ``path`` on first use."""
        if self._linker is None:
            if self.path is None:
                raise GraphValueError(
                    f"The component {self.name!r} has no linker: pass path= in its "
                    "config, or call set_linker."
                )
            self._linker = read_linker(load(self.path))
        return self._linker

    def set_linker(self, linker: Any) -> SpacyLinker:
        """Take a fitted linker; returns the component."""
        self._linker = read_linker(linker)
        return self

    def __call__(self, doc: Any) -> Any:
        """Link the entities of a document, in place."""
        self._link([doc])
        return doc

    def pipe(self, stream: Iterable[Any], *, batch_size: int = 128) -> Iterator[Any]:
        """Link documents, the entities of ``batch_size`` documents at a time."""
        documents = iter(stream)
        while batch := list(islice(documents, batch_size)):
            self._link(batch)
            yield from batch

    def _link(self, docs: list[Any]) -> None:
        spans = [span for doc in docs for span in self._spans_of(doc)]
        labels = [span.label_ for span in spans]
        found = ask(
            self.linker,
            [self._text_of(span) for span in spans],
            self.k,
            types_of_labels(labels, self.types),
            [span.doc.text for span in spans] if self.abbreviations else None,
        ).above(self.threshold)
        ids = found.ids(self.top)
        for query, (span, row) in enumerate(zip(spans, ids, strict=True)):
            start = int(found.offsets[query])
            scores = found.scores[start : start + len(row)].tolist()
            texts = [str(concept) for concept in row]
            span._.kb_ents = list(zip(texts, scores, strict=True))
        best = iter([str(row[0]) if row else "" for row in ids])
        for doc in docs:
            self._set_ids(doc, best)

    def _spans_of(self, doc: Any) -> Sequence[Any]:
        if self.spans_key is None:
            return doc.ents  # type: ignore[no-any-return]
        return doc.spans.get(self.spans_key, ())  # type: ignore[no-any-return]

    def _set_ids(self, doc: Any, ids: Iterator[str]) -> None:
        spans = list(self._spans_of(doc))
        if self.spans_key is None:
            for span in spans:
                concept = next(ids)
                for token in span:
                    token.ent_kb_id_ = concept
        elif spans:
            doc.spans[self.spans_key] = [
                self._span(
                    doc, span.start, span.end, label=span.label, kb_id=next(ids),
                    span_id=span.id,
                )
                for span in spans
            ]  # fmt: skip

    def _text_of(self, span: Any) -> str:
        if self.abbreviations and self._span.has_extension("long_form"):
            long_form = span._.long_form
            if long_form is not None:
                return str(getattr(long_form, "text", long_form))
        return str(span.text)

    # -- spaCy's ways to keep a pipeline -----------------------------------------
    def to_disk(self, path: PathType, *, exclude: Iterable[str] = ()) -> None:
        """Write the linker into the folder of the component."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        self.linker.save(folder / _FOLDER)

    def from_disk(self, path: PathType, *, exclude: Iterable[str] = ()) -> SpacyLinker:
        """Read what `to_disk` wrote."""
        return self.set_linker(load(Path(path) / _FOLDER))


def make_linker(
    nlp: Any, name: str, path: str | None, k: int, threshold: float, top: int,
    abbreviations: bool, types: dict[str, list[str]] | None, spans_key: str | None,
) -> SpacyLinker:  # fmt: skip
    """Make the component "graphrep_linker" of its config; see `SpacyLinker`."""
    return SpacyLinker(
        name, path=path, k=k, threshold=threshold, top=top,
        abbreviations=abbreviations, types=types, spans_key=spans_key,
    )  # fmt: skip


def to_spacy_kb(
    vocab: Any,
    terminology: Any,
    vectors: Any = None,
    *,
    frequencies: Any = None,
) -> Any:
    """Fill spaCy's ``InMemoryLookupKB`` with names and vectors of concepts.

    Parameters
    ----------
    vocab : Vocab
        Of the pipeline.
    terminology : Terminology, or what `graphrep.as_terminology` reads
        Concepts and names.
    vectors : Vectors, array of shape (n_concepts, n), or None, default=None
        Vectors of the nodes; rows of an array are in the order of the concepts. A
        concept that a `Vectors` does not hold gets zeros. None gives vectors of one
        zero.
    frequencies : array-like of shape (n_concepts,) or None, default=None
        How often each concept occurs; probabilities of a name of several concepts are
        in this ratio. None takes all as equal.

    Returns
    -------
    InMemoryLookupKB
        It finds names that are equal letter for letter; see `knowledge_base` for
        similar ones.

    Raises
    ------
    GraphValueError
        For vectors or frequencies that do not fit the concepts.
    """
    kb_module = require("spacy.kb", extra="spacy", why="A knowledge base of spaCy")
    known = as_terminology(terminology)
    table = _table(vectors, known)
    counts = _counts(frequencies, known.n_concepts)
    kb = kb_module.InMemoryLookupKB(vocab, entity_vector_length=table.shape[1])
    ids = [str(concept) for concept in known.ids.tolist()]
    kb.set_entities(
        entity_list=ids, freq_list=counts.tolist(), vector_list=table.tolist()
    )
    owners: dict[str, dict[int, None]] = {}
    pairs = zip(known.name_texts, known.name_concepts.tolist(), strict=True)
    for name, concept in pairs:
        if name:
            owners.setdefault(name, {})[concept] = None
    for name, concepts in owners.items():
        rows = list(concepts)
        total = float(counts[rows].sum())
        shares = [float(c) / total if total else 0.0 for c in counts[rows]]
        excess = sum(shares)
        if excess > 1:  # rounding must not exceed 1, which spaCy refuses
            shares = [share / excess * (1 - 1e-9) for share in shares]
        kb.add_alias(
            alias=name, entities=[ids[row] for row in rows], probabilities=shares
        )
    return kb


def knowledge_base(
    vocab: Any,
    linker: Any,
    vectors: Any = None,
    *,
    k: int = 10,
    threshold: float = 0.0,
) -> Any:
    """Knowledge base whose candidates are found by a linker, equal names or not.

    Parameters
    ----------
    vocab : Vocab
        Of the pipeline.
    linker : linker
        With ``candidates(phrases, k)`` and ``terminology_``.
    vectors : Vectors, array of shape (n_concepts, n), or None, default=None
        Vectors of the nodes; see `to_spacy_kb`.
    k : int, default=10
        Most candidates of a mention.
    threshold : float, default=0.0
        Least score of a candidate.

    Returns
    -------
    KnowledgeBase
        A sub-class of spaCy's. Prior probabilities are scores, at least 0, divided by
        their sum, so that they add up to 1.

    Notes
    -----
    spaCy's trainable linker chooses among these candidates after
    ``entity_linker.set_kb(lambda vocab: knowledge_base(vocab, linker))``.
    """
    require("spacy", extra="spacy", why="A knowledge base of spaCy")
    from graphrep.integrations._spacy_kb import LinkerKnowledgeBase

    known = terminology_of(read_linker(linker))
    return LinkerKnowledgeBase(
        vocab, linker, _table(vectors, known), k=k, threshold=threshold
    )


def _table(vectors: Any, known: Any) -> AnyArray:
    """Vectors as rows in the order of the concepts, float32."""
    n = known.n_concepts
    if vectors is None:
        return np.zeros((n, 1), np.float32)
    if isinstance(vectors, Vectors):
        rows = vectors.nodes.find(known.ids)
        out = np.zeros((n, vectors.matrix.shape[1]), np.float32)
        out[rows >= 0] = vectors.matrix[rows[rows >= 0]]
        return out
    table = np.asarray(vectors)
    if table.dtype.kind not in "fiu":
        raise GraphTypeError(f"vectors must be numbers; got dtype {table.dtype}.")
    if table.ndim != 2 or len(table) != n:
        raise GraphValueError(
            f"vectors must have a row for each of {n:,} concepts; got shape "
            f"{table.shape}."
        )
    return table.astype(np.float32)


def _counts(frequencies: Any, n: int) -> AnyArray:
    if frequencies is None:
        return np.ones(n)
    counts = np.asarray(frequencies, np.float64)
    if counts.shape != (n,) or not (np.isfinite(counts).all() and counts.min() >= 0):
        raise GraphValueError(
            f"frequencies must be {n:,} numbers of 0 or more; got shape {counts.shape}."
        )
    return counts


def register() -> None:
    """Make the factory known to spaCy; importing this module does it."""
    language = require("spacy.language", extra="spacy", why="The component of spaCy")
    language.Language.factory(
        FACTORY, assigns=["doc.ents", "token.ent_kb_id", "span._.kb_ents"],
        requires=["doc.ents"], default_config=_CONFIG, func=make_linker,
    )  # fmt: skip


if find_spec("spacy") is not None:
    register()
