"""TextFeatures: counts and weights as scikit-learn's, hashed."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from graphrep.exceptions import GraphValueError
from graphrep.retrieval import TextFeatures
from graphrep.retrieval._text_features import normal_form

TEXTS = [
    "Red fox, red hen", "", "a", "Straße 12-b", "naïve ﬁne café", "red fox",
    "日本語 テキスト", "x" * 40, "  many   blanks\tand\nlines ", "emoji 😀 here",
    "red fox",
]  # fmt: skip


def _reference(analyzer, n, sublinear):
    texts = [normal_form(t) for t in TEXTS]
    if analyzer == "char":
        texts = [f" {t} " if t else "" for t in texts]
        vectors = TfidfVectorizer(
            analyzer=lambda t: (
                [t[i : i + n] for i in range(max(1, len(t) - n + 1))] if t else []
            ),
            sublinear_tf=sublinear,
        )
    else:
        vectors = TfidfVectorizer(token_pattern=r"(?u)[^\W_]+", sublinear_tf=sublinear)
    return vectors.fit_transform(texts)


@pytest.mark.parametrize(
    ("analyzer", "n"), [("char", 1), ("char", 3), ("char", 5), ("word", 1)]
)
@pytest.mark.parametrize("sublinear", [False, True])
def test_rows_when_compared_with_scikit_learn_then_same_products(
    analyzer, n, sublinear
):
    X = TextFeatures(analyzer, n, sublinear=sublinear).fit_transform(TEXTS)
    Y = _reference(analyzer, n, sublinear)
    assert X.shape == Y.shape
    assert X.dtype == np.float32
    np.testing.assert_allclose((X @ X.T).toarray(), (Y @ Y.T).toarray(), atol=1e-6)


def test_transform_when_features_are_unknown_then_left_out():
    model = TextFeatures("word", n_jobs=2).fit(["red fox", "red hen"])
    X = model.transform(["blue fox", "blue whale", ""])
    np.testing.assert_allclose(X.sum(axis=1), [1, 0, 0])


def test_rows_when_threads_or_blocks_differ_then_the_same(monkeypatch):
    from graphrep.retrieval import _text_features

    texts = TEXTS * 7
    whole = TextFeatures(n_jobs=1).fit_transform(texts)
    monkeypatch.setattr(_text_features, "_SPAN", 5)
    parts = TextFeatures(n_jobs=2).fit_transform(texts)
    assert (whole != parts).nnz == 0


def test_fit_when_there_is_no_text_then_no_features():
    for texts in ([], ["", " "]):
        X = TextFeatures().fit_transform(texts)
        assert X.shape == (len(texts), 0)


@pytest.mark.parametrize(
    ("options", "said"), [({"analyzer": "line"}, "analyzer"), ({"n": 0}, "positive")]
)
def test_init_when_parameter_is_wrong_then_refused(options, said):
    with pytest.raises(GraphValueError, match=said):
        TextFeatures(**options)
