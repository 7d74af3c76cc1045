"""A knowledge base of spaCy that asks a linker; needs spaCy when it is imported."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from spacy.kb import Candidate, KnowledgeBase

from graphrep.exceptions import GraphValueError
from graphrep.integrations._asking import ask, read_linker, terminology_of
from graphrep.persistence import load
from graphrep.typing import AnyArray, PathType

_LINKER, _VECTORS = "linker.zip", "vectors.npy"


class LinkerKnowledgeBase(KnowledgeBase):
    """Candidates of spans by a linker; see `graphrep.integrations.spacy`.

    Parameters
    ----------
    vocab : Vocab
        Of the pipeline.
    linker : linker
        With ``candidates(phrases, k)`` and ``terminology_``.
    vectors : ndarray of float32 of shape (n_concepts, n)
        Vectors of the concepts.
    k : int, default=10
        Most candidates of a span.
    threshold : float, default=0.0
        Least score.
    """

    def __init__(
        self, vocab: Any, linker: Any, vectors: AnyArray, *, k: int = 10,
        threshold: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(vocab, vectors.shape[1])
        self.k, self.threshold = k, threshold
        self._set(linker, vectors)

    def _set(self, linker: Any, vectors: AnyArray) -> None:
        self.linker = read_linker(linker)
        self.vectors = vectors
        ids = [str(concept) for concept in terminology_of(linker).ids.tolist()]
        if len(ids) != len(vectors):
            raise GraphValueError(
                f"There are {len(vectors):,} vectors for {len(ids):,} concepts."
            )
        self._places = {concept: at for at, concept in enumerate(ids)}
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    def is_empty(self) -> bool:
        """Whether there is no concept."""
        return not self._ids

    def get_candidates(self, mention: Any) -> Iterable[Any]:
        """Candidates of one span."""
        return self.get_candidates_batch([mention])[0]

    def get_candidates_batch(self, mentions: Iterable[Any]) -> list[list[Any]]:
        """Candidates of several spans, looked up together."""
        texts = [span.text for span in mentions]
        found = ask(self.linker, texts, self.k).above(self.threshold)
        names = found.name_texts()
        strings = self.vocab.strings
        out = []
        for query in range(len(found)):
            first, end = found.offsets[query : query + 2].tolist()
            scores = np.maximum(found.scores[first:end], 0)
            total = float(scores.sum())
            shares = scores / total if total else scores
            out.append(
                [
                    Candidate(
                        self, strings.add(self._ids[concept]), 1.0,
                        self.vectors[concept].tolist(), strings.add(name or ""), share,
                    )
                    for concept, name, share in zip(
                        found.concepts[first:end].tolist(), names[first:end],
                        shares.tolist(), strict=True,
                    )
                ]
            )  # fmt: skip
        return out

    def get_vector(self, entity: str) -> Sequence[float]:
        """Vector of a concept, zeros for one that is not known."""
        at = self._places.get(entity)
        if at is None:
            return [0.0] * self.entity_vector_length
        return self.vectors[at].tolist()  # type: ignore[no-any-return]

    def get_entity_strings(self) -> list[str]:
        """Ids of all concepts."""
        return list(self._ids)

    # -- files -------------------------------------------------------------------
    def to_disk(self, path: PathType, exclude: Iterable[str] = ()) -> None:
        """Write the linker and the vectors into a folder."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        self.linker.save(folder / _LINKER)
        np.save(folder / _VECTORS, self.vectors)

    def from_disk(self, path: PathType, exclude: Iterable[str] = ()) -> None:
        """Read what `to_disk` wrote; vectors must have the length of this one's."""
        folder = Path(path)
        vectors = np.load(folder / _VECTORS, allow_pickle=False)
        length = self.entity_vector_length
        if vectors.ndim != 2 or vectors.shape[1] != length:
            raise GraphValueError(
                f"The saved vectors have shape {vectors.shape}; this knowledge base "
                f"was made for vectors of {length} components. Make it with vectors of "
                "that length, or set it in the config as entity_vector_length."
            )
        self._set(load(folder / _LINKER), vectors)

    def to_bytes(self, **kwargs: Any) -> bytes:
        """Linker and vectors as bytes: the size of the first, both files."""
        with tempfile.TemporaryDirectory() as folder:
            self.to_disk(folder)
            parts = [(Path(folder) / n).read_bytes() for n in (_LINKER, _VECTORS)]
        return len(parts[0]).to_bytes(8, "little") + b"".join(parts)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> Any:
        """Read what `to_bytes` gave."""
        size = int.from_bytes(bytes_data[:8], "little")
        parts = (bytes_data[8 : 8 + size], bytes_data[8 + size :])
        with tempfile.TemporaryDirectory() as folder:
            for name, part in zip((_LINKER, _VECTORS), parts, strict=True):
                (Path(folder) / name).write_bytes(part)
            self.from_disk(folder)
        return self
