"""FastTextVectors: the same whatever the threads, words apart, new words near."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.linking import FastTextVectors
from graphrep.linking._subwords import ngrams_of
from graphrep.linking._tokenizer import tokenize

TOOLS = ("hammer", "mallet", "sledge", "anvil")
FOOD = ("bread", "butter", "cheese", "honey")


def texts(n=300, seed=0):
    """Sentences of tools only or of food only."""
    draw = np.random.default_rng(seed)
    return [" ".join(draw.choice((TOOLS, FOOD)[i % 2], 5)) for i in range(n)]


def small(**options):
    return FastTextVectors(16, random_state=0, sample=None, **options)


def test_fit_when_words_share_contexts_then_their_vectors_are_near():
    model = small(max_n=0, n_epochs=10).fit(texts())
    near = [word for word, _ in model.most_similar("hammer", 3)]
    assert set(near) == set(TOOLS) - {"hammer"}


def test_fit_when_threads_differ_then_the_same_bits():
    made = [small(n_jobs=j).fit(texts()).vectors_ for j in (1, 2, None)]
    np.testing.assert_array_equal(made[0], made[1])
    np.testing.assert_array_equal(made[0], made[2])
    other = FastTextVectors(16, random_state=1).fit(texts()).vectors_
    assert not np.array_equal(made[0], other)


def test_transform_when_word_is_new_then_mean_of_known_ngrams():
    model = small().fit(texts())
    new = "hammers"
    _, buckets = ngrams_of([new], 3, 6, model.n_buckets)
    known = [b for b in buckets if b in set(model.ngrams_.tolist())]
    rows = np.searchsorted(model.ngrams_, known) + len(model.words_)
    expected = model.input_[rows].mean(axis=0)
    np.testing.assert_allclose(model.transform([new])[0], expected, atol=1e-6)
    assert model.most_similar(new, 1)[0][0] == "hammer"
    assert not model.transform(["qqq"]).any()


def test_vectors_when_compared_with_their_parts_then_mean_of_word_and_ngrams():
    model = small().fit(texts())
    for row, word in enumerate(model.words_):
        _, buckets = ngrams_of([word], 3, 6, model.n_buckets)
        rows = np.searchsorted(model.ngrams_, buckets) + len(model.words_)
        parts = np.vstack([model.input_[row], model.input_[rows]])
        np.testing.assert_allclose(model.vectors_[row], parts.mean(0), atol=1e-6)


def test_ngrams_when_counted_then_those_of_the_paper():
    counts, buckets = ngrams_of(["where"], 3, 6, 2**62)
    marked = "<where>"
    plain = [marked[i : i + n] for n in range(3, 7) for i in range(len(marked) - n + 1)]
    assert counts[0] == len(plain) == len(buckets) == len(set(buckets.tolist()))
    _, same = ngrams_of(["the", "thé"], 3, 6, 2**62)
    assert len(set(same[:6].tolist()) & set(same[6:].tolist())) == 1  # <th


def test_fit_when_one_batch_of_two_words_then_the_formula_of_skip_gram():
    """One sentence of two words, no n-grams: the step can be done by hand."""
    model = FastTextVectors(
        4, window=1, n_negatives=1, max_n=0, n_epochs=1, learning_rate=0.1,
        sample=None, random_state=3,
    ).fit(["a b"])  # fmt: skip
    start = FastTextVectors(
        4, window=1, n_negatives=1, max_n=0, n_epochs=1, learning_rate=1e-30,
        sample=None, random_state=3,
    ).fit(["a b"])  # fmt: skip
    # output vectors are zero at first, so that the input vectors do not move
    np.testing.assert_array_equal(model.vectors_, start.vectors_)


def test_state_when_pickled_or_cloned_then_kept_or_dropped():
    model = small().fit(texts())
    back = pickle.loads(pickle.dumps(model))
    words = ["hammer", "hammers", "zebra"]
    np.testing.assert_array_equal(back.transform(words), model.transform(words))
    with pytest.raises(NotFittedError):
        clone(model).transform(words)


@pytest.mark.parametrize(
    ("options", "given", "error"),
    [
        ({"min_n": 5, "max_n": 4}, ["a b"], GraphValueError),
        ({"min_count": 3}, ["a b"], GraphValueError),
        ({}, [], GraphValueError),
        ({}, ["a", None], GraphTypeError),
        ({}, "a text", GraphTypeError),
        ({}, 5, GraphTypeError),
        ({"window": 0}, ["a b"], InvalidParameterError),
        ({"backend": "word2vec"}, ["a b"], InvalidParameterError),
    ],
)
def test_fit_when_wrong_then_says_so(options, given, error):
    with pytest.raises(error):
        FastTextVectors(4, **options).fit(given)


def test_gensim_when_asked_then_its_vectors_in_our_tables():
    pytest.importorskip("gensim")
    options = {"n_components": 16, "n_epochs": 10, "sample": None, "random_state": 0}
    model = FastTextVectors(backend="gensim", n_jobs=1, **options).fit(texts())
    again = FastTextVectors(backend="gensim", n_jobs=1, **options).fit(texts())
    np.testing.assert_array_equal(model.vectors_, again.vectors_)
    from gensim.models import FastText

    theirs = FastText(
        [tokenize(t) for t in texts()], vector_size=16, window=5, sg=1, negative=10,
        min_n=3, max_n=6, min_count=1, sample=0, alpha=0.05, min_alpha=0.0005,
        epochs=10, workers=1, seed=0, bucket=2_000_000,
    )  # fmt: skip
    np.testing.assert_allclose(
        model.transform(["hammer"])[0], theirs.wv["hammer"], atol=1e-5
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Type 2, HIV-1", ["type", "2", "hiv", "1"]),
        ("50% 'quoted' Down's Na+", ["50%", "quoted", "down's", "na+"]),
        ("Ménière’s", ["ménière's"]),
        ("snake_case / …", ["snake", "case"]),
        (" - ", []),
        ("", []),
        ("漢字 １２", ["漢字", "12"]),
    ],
)
def test_tokenize_when_punctuation_then_kept_signs_only(text, words):
    assert tokenize(text) == words
