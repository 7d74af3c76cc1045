"""Phrases: lists, columns and tables of one column; other tables are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from graphrep.exceptions import GraphTypeError
from graphrep.linking import NameDictionary, NameEncoder, NGramIndex, PhraseLinker
from graphrep.linking._queries import read_phrases

TEXTS = ["red fox", "owl"]
FORMS = {
    "list": TEXTS,
    "tuple": tuple(TEXTS),
    "array": np.array(TEXTS),
    "pandas series": pd.Series(TEXTS, index=["columns", "b"]),
    "pandas index": pd.Index(TEXTS),
    "pandas frame": pd.DataFrame({"p": TEXTS}, index=[7, 7]),
    "polars series": pl.Series("p", TEXTS),
    "polars frame": pl.DataFrame({"p": TEXTS}),
    "polars lazy frame": pl.LazyFrame({"p": TEXTS}),
    "arrow array": pa.array(TEXTS),
    "arrow chunks": pa.chunked_array([TEXTS[:1], TEXTS[1:]]),
    "arrow table": pa.table({"p": TEXTS}),
    "arrow batch": pa.record_batch({"p": TEXTS}),
    "arrow reader": pa.table({"p": TEXTS}).to_reader(),
}


@pytest.mark.parametrize("form", FORMS)
def test_read_phrases_when_forms_differ_then_same_texts(form):
    assert read_phrases(FORMS[form]) == TEXTS


def test_read_phrases_when_a_generator_then_read():
    assert read_phrases(text for text in TEXTS) == TEXTS


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_read_phrases_when_a_table_has_several_columns_then_says_which_to_pass(make):
    table = make({"id": ["1"], "phrase": ["owl"]})
    with pytest.raises(GraphTypeError, match=r"has 2: 'id', 'phrase'.*table\['phrase'"):
        read_phrases(table)


def test_read_phrases_when_not_one_column_of_texts_then_refused():
    with pytest.raises(GraphTypeError, match=r"has 0: none\. Pass"):
        read_phrases(pd.DataFrame())
    with pytest.raises(GraphTypeError, match=r"'a0', .*'a7' and 4 more"):
        read_phrases(pd.DataFrame({f"a{i}": ["x"] for i in range(12)}))
    with pytest.raises(GraphTypeError, match="got a mapping with 1 keys"):
        read_phrases({"p": TEXTS})
    with pytest.raises(GraphTypeError, match="Phrase 1 is 5 of type int"):
        read_phrases(pd.DataFrame({"p": ["owl", 5]}))


@pytest.mark.parametrize("kind", [NameDictionary, NGramIndex, PhraseLinker])
def test_linkers_when_asked_with_a_table_then_as_with_its_column(kind):
    known = {"A1": ["red fox"], "A2": ["barn owl", "owl"], "A3": ["snowy owl"]}
    given = {"encoder": None, "random_state": 0} if kind is PhraseLinker else {}
    linker = kind(**given).fit(known)
    table = pd.DataFrame({"p": TEXTS})
    assert linker.candidates(table) == linker.candidates(TEXTS)
    assert linker.candidates(table).mentions == tuple(TEXTS)
    assert linker.predict(table).tolist() == ["A1", "A2"]
    assert linker.score(pl.DataFrame(table), ["A1", "A3"]) == 0.5
    assert linker.score((text for text in TEXTS), ["A1", "A3"]) == 0.5


def test_name_encoder_when_given_a_table_then_as_its_column():
    names = pd.DataFrame({"name": ["red fox", "fox", "owl", "barn owl"]})
    encoder = NameEncoder(n_components=4, n_buckets=64, n_epochs=1, random_state=0)
    encoder.fit(names, [0, 0, 1, 1])
    np.testing.assert_array_equal(
        encoder.transform(names), encoder.transform(names["name"])
    )
    with pytest.raises(GraphTypeError, match="has 2"):
        encoder.transform(names.assign(other="x"))
