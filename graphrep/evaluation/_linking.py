"""evaluate_linking: how well candidates name the right concepts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from graphrep.evaluation._linking_result import LinkingResult
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.linking._queries import read_phrases
from graphrep.metrics import hierarchy_values, linking_values, read_gold
from graphrep.metrics._gold_ids import terminology_of_gold
from graphrep.metrics._linking import Gold, strict_parts, top_concepts
from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray

_LABELS = np.array(["unseen", "seen"], object)


def evaluate_linking(
    candidates: Any, gold: Any, *, k: Sequence[int] = (1, 5, 10, 25),
    threshold: float | None = None, parents: Any = "terminology", within: int = 2,
    mentions: Sequence[str] | None = None, training: Any = None,
    groups: Mapping[str, Any] | None = None, name: str = "linker",
    confidence: float = 0.95, n_bootstrap: int = 1000, random_state: int = 0,
    gold_kind: str = "positions",
) -> LinkingResult:  # fmt: skip
    """Score candidates of phrases, all together and by kinds of phrases.

    Parameters
    ----------
    candidates : CandidateList
        Candidates of each phrase; all concepts of the terminology must have had a
        chance to be found.
    gold : array-like of int, or sequence of (int or sequence of int)
        Positions of the right concepts; none (or -1) for NIL. Ids with
        ``gold_kind="ids"``. See `graphrep.metrics.read_gold`.
    k : sequence of int, default=(1, 5, 10, 25)
        Lengths of the list for accuracy and recall.
    threshold : float or None, default=None
        Lowest score that makes a link, for precision, recall and F1.
    parents : "terminology", sparse matrix or None, default="terminology"
        Hierarchy for distances: that of the candidates' terminology, another one, or
        none.
    within : int, default=2
        Steps above the right concept that count as an ancestor.
    mentions : sequence of str or None, default=None
        Texts of the phrases; None takes those of the candidates.
    training : Terminology, (phrases, gold), or None, default=None
        What the linker knew. With it, results are given for phrases that equal a known
        name and those that do not (``refined``), but for case and blanks, and for
        concepts with known phrases and without; the preferred name of a terminology's
        concept is no phrase.
    groups : mapping of str to array-like of length n_queries, or None, default=None
        Further labels of the phrases, or bools, to break results down by.
    name : str, default="linker"
        What this is, for tables.
    confidence : float, default=0.95
        Of the intervals.
    n_bootstrap : int, default=1000
        Draws of queries; 0 for no intervals.
    random_state : int, default=0
    gold_kind : {"positions", "ids"}, default="positions"
        What gold, and that of training, holds. Ids are those of the candidates'
        terminology, as linkers are fitted with; one that was replaced stands for its
        successors.

    Returns
    -------
    LinkingResult

    Raises
    ------
    GraphTypeError
        If gold holds ids where positions are asked for, and if the candidates have no
        terminology to look ids up in.
    NodeNotFoundError
        For an id that is no concept and was not replaced by one.
    GraphValueError
        If there are not as many right concepts or mentions as queries.

    Examples
    --------
    >>> from graphrep.linking import CandidateList
    >>> found = CandidateList.from_arrays([[3, 1], [2, 0]], [[0.9, 0.5], [0.8, 0.7]])
    >>> result = evaluate_linking(found, [3, 0], k=(1, 2))
    >>> result.mean("acc@1").value, result.mean("acc@2").value
    (0.5, 1.0)
    """
    n = len(candidates.offsets) - 1
    known = terminology_of_gold(candidates, gold_kind)
    right = read_gold(gold, n, terminology=known)
    values = linking_values(candidates, right, k)
    matrix = _hierarchy(candidates, parents)
    if matrix is not None:
        top = top_concepts(candidates)
        values |= hierarchy_values(top, right, matrix, within)
    texts = candidates.mentions if mentions is None else read_phrases(mentions)
    if texts is not None and len(texts) != n:
        raise GraphValueError(f"There are {len(texts):,} mentions for {n:,} queries.")
    labels = {} if training is None else _seen(texts, right, training, known)
    for key, column in (groups or {}).items():
        labels[key] = _label_column(key, column, n)
    return LinkingResult(
        name, values, strict_parts(candidates, right, threshold), labels,
        {
            "k": [int(one) for one in k], "threshold": threshold, "within": within,
            "confidence": confidence, "n_bootstrap": n_bootstrap,
            "random_state": random_state,
        },
    )  # fmt: skip


def _hierarchy(candidates: Any, parents: Any) -> Any:
    if not isinstance(parents, str):
        return parents
    if parents != "terminology":
        raise GraphValueError(
            f"parents must be 'terminology', a sparse matrix or None; got {parents!r}."
        )
    matrix = getattr(candidates.terminology, "parents", None)
    return matrix if matrix is not None and matrix.nnz else None


def _seen(
    texts: Sequence[str] | None, gold: Gold, training: Any, terminology: Any
) -> dict[str, AnyArray]:
    """Labels of mentions and of concepts that the training knew."""
    known_texts, known_concepts = _known(training, terminology)
    out = {}
    if texts is not None:
        known = {normal_form(text) for text in known_texts}
        flags = np.array([normal_form(text) in known for text in texts], bool)
        out["mention"] = _LABELS[flags.astype(int)]
        refined = np.where(flags, None, "refined")  # type: ignore[call-overload]
        out["subset"] = refined.astype(object)
    hits = np.isin(gold.concepts, known_concepts)
    sums = np.concatenate([[0], np.cumsum(hits)])
    any_known = sums[gold.offsets[1:]] > sums[gold.offsets[:-1]]
    labels = _LABELS[any_known.astype(int)]
    labels[gold.counts == 0] = None
    out["concept"] = labels
    return out


def _known(training: Any, terminology: Any) -> tuple[Iterable[str], AnyArray]:
    if hasattr(training, "name_offsets"):
        counts = np.diff(training.name_offsets)
        return training.name_texts, np.flatnonzero(counts > 1)
    if isinstance(training, (tuple, list)) and len(training) == 2:
        right = read_gold(training[1], terminology=terminology)
        return read_phrases(training[0]), np.unique(right.concepts)
    raise GraphTypeError(
        "training must be a Terminology or (phrases, gold); got "
        f"{type(training).__name__}."
    )


def _label_column(name: str, column: Any, n: int) -> AnyArray:
    values = column.tolist() if hasattr(column, "tolist") else list(column)
    if len(values) != n:
        raise GraphValueError(
            f"groups[{name!r}] has {len(values):,} labels for {n:,} queries."
        )
    out = np.empty(n, object)
    out[:] = values
    return out
