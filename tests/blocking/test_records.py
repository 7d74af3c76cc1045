"""Records of every form of table."""

from __future__ import annotations

import datetime
import gzip
import pickle
from decimal import Decimal

import numpy as np
import pytest

from graphrep.blocking import Records, TfidfBlocker, as_records
from graphrep.exceptions import (
    GraphFormatError,
    GraphTypeError,
    GraphValueError,
    GraphWarning,
)

COLUMNS = {
    "id": [7, 3, 5],
    "name": ["Zoë Straße", None, "東京 タワー"],
    "price": [45.0, 12.5, None],
    "year": [1999, 2000, 2001],
    "used": [True, False, True],
}
WANTED = {
    "name": ["Zoë Straße", "", "東京 タワー"],
    "price": ["45", "12.5", ""],
    "year": ["1999", "2000", "2001"],
    "used": ["true", "false", "true"],
}


def _plain(records):
    return {name: values.tolist() for name, values in records.columns.items()}


def _forms():
    def pandas():
        return pytest.importorskip("pandas").DataFrame(COLUMNS)

    def polars():
        return pytest.importorskip("polars").DataFrame(COLUMNS)

    def lazy():
        return polars().lazy()

    def arrow():
        return pytest.importorskip("pyarrow").table(COLUMNS)

    def duckdb():
        duck = pytest.importorskip("duckdb")
        table = arrow()
        return duck.connect().from_arrow(table)

    def rows():
        return [
            dict(zip(COLUMNS, r, strict=True))
            for r in zip(*COLUMNS.values(), strict=True)
        ]

    def series():
        return {k: pytest.importorskip("pandas").Series(v) for k, v in COLUMNS.items()}

    return [pandas, polars, lazy, arrow, duckdb, rows, series, lambda: COLUMNS]


@pytest.mark.parametrize("form", _forms())
def test_records_when_of_any_form_then_the_same(form):
    records = as_records(form())
    assert records.ids.tolist() == [7, 3, 5]
    assert _plain(records) == WANTED
    assert as_records(records) is records


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".parquet"])
def test_records_when_written_and_read_then_the_same(suffix, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({**COLUMNS, "used": WANTED["used"]})
    path = tmp_path / f"t{suffix}"
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if "tsv" in suffix else ",")
    records = as_records(path)
    assert records.ids.dtype == np.int64
    assert _plain(records) == WANTED


def test_ids_when_of_a_text_file_then_integers_only_if_all_are_canonical(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,x\n1,a\n02,b\n", "utf-8")
    assert as_records(path).ids.tolist() == ["1", "02"]
    path.write_text("id,x\n1,a\n2,b\n", "utf-8")
    assert as_records(path).ids.tolist() == [1, 2]


def test_ids_when_named_or_not_then_found():
    table = {"sku": ["a", "b"], "name": ["x", "y"]}
    assert as_records(table, id="sku").ids.tolist() == ["a", "b"]
    assert list(as_records(table, id="sku").columns) == ["name"]
    assert as_records(table).ids.tolist() == [0, 1]
    both = as_records(table, id="sku", columns=["sku"])
    assert both["sku"].tolist() == ["a", "b"]
    floats = as_records({"id": [4.0, 2.0], "x": ["a", "b"]})
    assert floats.ids.tolist() == [4, 2]


def test_ids_when_pandas_has_an_index_then_taken():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": ["a", "b"]}, index=["p", "q"])
    assert as_records(frame).ids.tolist() == ["p", "q"]
    repeated = pandas.DataFrame({"x": ["a", "b"]}, index=["p", "p"])
    with pytest.warns(GraphWarning, match="holds 'p' more than once") as told:
        assert as_records(repeated).ids.tolist() == [0, 1]
    with pytest.warns(GraphWarning, match="holds 'p' more than once") as by_blocker:
        TfidfBlocker().fit(repeated)
    assert {one.filename for one in [*told, *by_blocker]} == {__file__}
    assert as_records(repeated, id="x").ids.tolist() == ["a", "b"]  # and no word
    joined = pandas.DataFrame({"x": ["a", "b"]}, index=[0, 0])  # of two tables
    assert as_records(joined).ids.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["a", "b", "a"], "Column 'id' of ids: Records 0 and 2 .* same id 'a'"),
        ([1, 2, 2], r"Records 1 and 2 .* same id 2\."),
        (np.array([1, 2, 2]), r"Records 1 and 2 .* same id 2\."),
        (["a", None, "b"], "Record 1 .* no id"),
        (["a", "", "b"], "Record 1 .* no id: ''"),
        (["a", 1, "1"], "Record id"),
    ],
)
def test_ids_when_unusable_then_refused_by_row(ids, words):
    with pytest.raises(GraphValueError, match=words):
        as_records({"id": ids, "x": ["p", "q", "r"]})


def test_ids_when_a_file_repeats_them_then_file_and_row_are_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,x\n1,a\n1,b\n", "utf-8")
    with pytest.raises(
        GraphFormatError, match=r"t\.csv: Column 'id' .*Records 0 and 1"
    ):
        as_records(path)


def test_values_when_of_odd_types_then_texts():
    day = datetime.datetime(2020, 5, 1)
    values = [
        day, day.replace(hour=3), Decimal("4.50"), Decimal("1E+3"), ["a", None, 2.0],
        {"b", "a"}, float("nan"), np.float32(4.1), 1e300, b"xy", {"k": "v"},
        np.array([1, 2]), -3.0, float("inf"),
    ]  # fmt: skip
    assert Records({"x": values})["x"].tolist() == [
        "2020-05-01", "2020-05-01T03:00:00", "4.5", "1000", "a 2", "a b", "", "4.1",
        "1e+300", "xy", "v", "1 2", "-3", "inf",
    ]  # fmt: skip
    narrow = np.array([4.1, 2.0, np.nan], np.float32)
    assert Records({"x": narrow})["x"].tolist() == ["4.1", "2", ""]


def test_values_when_pandas_types_then_texts():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "when": pandas.to_datetime(["2020-05-01", None]),
            "whole": pandas.array([4, None], "Int64"),
            "kind": pandas.Categorical(["a", None]),
            "text": pandas.array(["x", None], "string"),
        }
    )
    assert _plain(as_records(frame)) == {
        "when": ["2020-05-01", ""], "whole": ["4", ""], "kind": ["a", ""],
        "text": ["x", ""],
    }  # fmt: skip


def test_file_when_decimals_only_then_whole_ones_lose_their_zero(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1.0,1.0\n2.5,x\n,\n", "utf-8")
    assert _plain(as_records(path)) == {"a": ["1", "2.5", ""], "b": ["1.0", "x", ""]}


def test_texts_when_joined_then_without_the_missing():
    records = as_records(COLUMNS)
    assert records.texts() == [
        "Zoë Straße 45 1999 true", "12.5 2000 false", "東京 タワー 2001 true",
    ]  # fmt: skip
    assert records.texts(["year", "name"])[0] == "1999 Zoë Straße"
    assert records.texts(["name"], "tagged") == [
        "[COL] name [VAL] Zoë Straße", "", "[COL] name [VAL] 東京 タワー",
    ]  # fmt: skip
    assert records.texts(["year", "name"], "COL {column} VAL {value};")[1:] == [
        "COL year VAL 2000;", "COL year VAL 2001; COL name VAL 東京 タワー;",
    ]  # fmt: skip
    odd = as_records({"{value}": ["{column}"]})
    assert odd.texts(style="<{column}>{value}</{column}>") == [
        "<{value}>{column}</{value}>"
    ]
    assert records.texts([]) == ["", "", ""]
    with pytest.raises(GraphValueError, match=r"a text with \{value\} such as"):
        records.texts(style="json")
    with pytest.raises(GraphValueError, match=r"no column 'colour'.*'name'"):
        records.texts(["colour"])


def test_records_when_taken_then_ids_go_along():
    records = as_records(COLUMNS)
    assert records.take(np.array([2, 0])).ids.tolist() == [5, 7]
    assert records.take(np.array([2, 0]))["year"].tolist() == ["2001", "1999"]
    assert records.repeat(np.array([1, 1])).ids.tolist() == [0, 1]
    assert list(records.select(["year"]).columns) == ["year"]
    assert records == pickle.loads(pickle.dumps(records))
    assert records != records.select(["year"])
    with pytest.raises(GraphValueError, match="same id"):
        records.take(np.array([1, 1]))


def test_numbers_when_read_then_nan_for_other_texts():
    records = Records({"y": ["1999", "c. 1950", "", "2e3"]})
    assert np.array_equal(
        records.numbers("y"), [1999, np.nan, np.nan, 2000], equal_nan=True
    )


def test_records_when_empty_then_still_records(tmp_path):
    assert len(as_records({})) == 0
    assert len(as_records([])) == 0
    assert len(as_records({"id": [], "x": []})) == 0
    path = tmp_path / "t.csv"
    path.write_text("id,x\n", "utf-8")
    assert list(as_records(path).columns) == ["x"]
    assert len(as_records(path)) == 0
    ids_only = as_records({"id": ["a", "b"]})
    assert (len(ids_only), ids_only.texts()) == (2, ["", ""])


@pytest.mark.parametrize(
    ("table", "error", "words"),
    [
        (3, GraphTypeError, "got int"),
        ([1, 2], GraphTypeError, "got list"),
        ({"x": "abc"}, GraphTypeError, "sequence of values"),
        ({"x": [1], "y": [1, 2]}, GraphValueError, "one length; got 'x': 1, 'y': 2"),
    ],
)
def test_table_when_it_is_none_then_refused(table, error, words):
    with pytest.raises(error, match=words):
        as_records(table)


def test_arguments_when_wrong_then_refused():
    table = {"x": ["a"], "y": ["b"]}
    with pytest.raises(GraphValueError, match="list of names"):
        as_records(table, columns="x")
    with pytest.raises(GraphValueError, match="no column 'z'"):
        as_records(table, columns=["z"])
    with pytest.raises(GraphValueError, match="no column 'k'"):
        as_records(table, id="k")
    with pytest.raises(GraphValueError, match="no effect"):
        as_records(as_records(table), id="x")
    with pytest.raises(GraphValueError, match="2 ids for 1 records"):
        Records(table, ["a", "b"])
    with pytest.raises(GraphTypeError, match="unordered"):
        Records(table, {"a"})


def test_columns_when_named_twice_then_refused(tmp_path):
    pandas = pytest.importorskip("pandas")
    with pytest.raises(GraphValueError, match="'x' stands twice"):
        as_records(pandas.DataFrame([[1, 2]], columns=["x", "x"]))
    path = tmp_path / "t.csv"
    path.write_text("x,x\n1,2\n", "utf-8")
    with pytest.raises(GraphFormatError, match="'x' stands twice"):
        as_records(path)


# -- files -------------------------------------------------------------------------
def _file(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_csv_when_quoted_with_bom_and_blank_lines_then_read(tmp_path):
    path = _file(tmp_path, b'\xef\xbb\xbfid,x\r\n1,"a, ""b""\nc"\r\n\r\n2,d\r\n')
    assert _plain(as_records(path)) == {"x": ['a, "b"\nc', "d"]}


def test_csv_when_separated_otherwise_then_found_out(tmp_path):
    path = _file(tmp_path, b"id;x\n1;a, b\n")
    assert _plain(as_records(path)) == {"x": ["a, b"]}


def test_tsv_when_it_has_quotes_then_they_are_letters(tmp_path):
    path = _file(tmp_path, b'id\tx\n1\t5" tube\n', "t.tsv")
    assert _plain(as_records(path)) == {"x": ['5" tube']}


def test_csv_when_of_one_column_then_a_blank_line_is_a_record(tmp_path):
    path = _file(tmp_path, b"x\na\n\nb\n")
    assert _plain(as_records(path)) == {"x": ["a", "", "b"]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "t.csv:1: The file has no header"),
        (b"id,x\n1,a\n\n2\n", "t.csv:4: There are 1 field but 2 columns"),
        (b'id,x\n1,"a\nb"\n2,c,d\n', "t.csv:4: There are 3 fields"),
        (b"id,x\n1,\xff\n", "0xff is not UTF-8"),
        (b'id,x\n1,"a\n', "cannot be read as CSV"),
    ],
)
def test_csv_when_broken_then_refused_with_its_line(content, words, tmp_path):
    with pytest.raises(GraphFormatError, match=words):
        as_records(_file(tmp_path, content))


def test_csv_when_a_late_line_is_broken_then_its_line(tmp_path):
    lines = [f"{i},x" for i in range(9000)]
    lines[8999] = "8999"
    path = _file(tmp_path, ("id,x\n" + "\n".join(lines) + "\n").encode())
    with pytest.raises(GraphFormatError, match=r"t\.csv:9001: "):
        as_records(path)


def test_file_when_of_another_kind_or_cut_off_then_refused(tmp_path):
    with pytest.raises(GraphFormatError, match=r"suffix \.xlsx"):
        as_records(_file(tmp_path, b"x", "t.xlsx"))
    with pytest.raises(FileNotFoundError):
        as_records(tmp_path / "none.csv")
    whole = gzip.compress(b"id,x\n" + b"1,abcdefgh\n" * 5000)
    with pytest.raises(GraphFormatError):
        as_records(_file(tmp_path, whole[: len(whole) // 2], "t.csv.gz"))


def test_parquet_when_broken_then_refused(tmp_path):
    pytest.importorskip("pyarrow")
    with pytest.raises(GraphFormatError, match="no complete Parquet"):
        as_records(_file(tmp_path, b"PAR1 nonsense", "t.parquet"))
    with pytest.raises(FileNotFoundError):
        as_records(tmp_path / "none.parquet")
