"""ClinLinker: the interface of its encoders, without an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphrep.exceptions import GraphValueError
from graphrep.integrations._asking import ask
from graphrep.io import as_terminology
from graphrep.linking import NGramIndex


class CandidateEncoder:
    """What a ``FaissEncoder`` of ClinLinker does, by a linker of graphrep.

    Parameters
    ----------
    vocab : DataFrame with columns term and code, or None, default=None
        Names, one a row. None where the linker is fitted already.
    linker : linker or None, default=None
        With ``candidates(phrases, k)``; with ``vocab`` it is fitted to it by
        `fit_faiss`. None takes `NGramIndex`.

    Notes
    -----
    Unlike there k different codes come back for each text if there are as many, and
    what comes back for a text does not depend on the other texts of its batch.

    Examples
    --------
    >>> from graphrep.linking import NameDictionary
    >>> linker = NameDictionary().fit({"I10": ["hipertensión arterial", "HTA"]})
    >>> CandidateEncoder(linker=linker).get_candidates(["hta"], k=1)
    ([['HTA']], [['I10']], [[1.0]])
    """

    def __init__(self, vocab: Any = None, linker: Any = None) -> None:
        if vocab is None and linker is None:
            raise GraphValueError("Pass vocab, a table of names, or a fitted linker.")
        self.vocab = vocab
        self.linker = NGramIndex() if linker is None else linker
        self._fitted = vocab is None

    def fit_faiss(self, batch_size: int | None = None) -> None:
        """Fit the linker to the vocabulary; ``batch_size`` is not needed."""
        if self.vocab is not None:
            self.linker.fit(as_terminology(self.vocab, term="term", code="code"))
        self._fitted = True

    def get_candidates(
        self, texts: Sequence[str], k: int = 200, batch_size: int | None = None
    ) -> tuple[list[list[str | None]], list[list[str]], list[list[float]]]:
        """Candidates of texts.

        Parameters
        ----------
        texts : sequence of str
            Mentions.
        k : int, default=200
            Most codes of each.
        batch_size : int or None, default=None
            Not needed.

        Returns
        -------
        candidates, codes, similarities : list of list
            Name that matched, id as text, and score.
        """
        if not self._fitted:
            self.fit_faiss()
        return ask(self.linker, texts, k).to_clinlinker()

    getCandidates = get_candidates  # the name in earlier versions
