"""Parquet and Arrow: our tables without loss, others' tables, and damaged ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrep import Graph
from graphrep.exceptions import GraphFormatError
from graphrep.io._parquet import read_arrow, read_parquet, write_arrow, write_parquet

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

WAYS = {"parquet": (write_parquet, read_parquet), "arrow": (write_arrow, read_arrow)}
both = pytest.mark.parametrize("way", list(WAYS))


def _save(table, path, way):
    if way == "parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)


@both
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_round_trip_of_any_graph_loses_nothing(
    way, data, graphs, any_character, there_and_back
):
    graph = data.draw(graphs(alphabet=any_character))
    back = there_and_back(graph, *WAYS[way], f"g.{way}")
    assert back == graph
    assert back.dtype == graph.dtype
    assert back.nodes.is_integer == graph.nodes.is_integer


@both
def test_same_graph_written_twice_gives_the_same_bytes(tmp_path, way):
    graph = Graph.from_edges(["a", "b"], ["b", "c"], [1.0, 2.0])
    for name in "xy":
        WAYS[way][0](graph, tmp_path / name)
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()


@both
def test_written_table_is_readable_by_others(tmp_path, way):
    graph = Graph.from_edges(["a"], ["b"], [2.5], nodes=["a", "b", "lone"])
    path = tmp_path / f"g.{way}"
    WAYS[way][0](graph, path)
    frame = (
        pq.read_table(path) if way == "parquet" else pa.ipc.open_file(path).read_all()
    )
    assert frame.column("source").to_pylist() == ["a", "b", "lone", "a"]
    assert frame.column("target").to_pylist() == [None, None, None, "b"]
    assert frame.column("weight").to_pylist() == [None, None, None, 2.5]


@both
@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())]
)
def test_texts_are_numbered_by_first_appearance_in_any_type(tmp_path, way, kind):
    table = pa.table(
        {
            "source": pa.array(["é", "b", "é"]).cast(kind),
            "target": pa.array(["c", "é", "d"]).cast(kind),
        }
    )
    path = tmp_path / "t"
    _save(table, path, way)
    read = WAYS[way][1]
    assert read(path) == Graph.from_edges(["é", "b", "é"], ["c", "é", "d"])


@both
def test_texts_that_look_like_numbers_or_nothing_stay_texts(tmp_path, way):
    ids = ["0012", "12", "NA", "null", "", "1e5"]
    _save(pa.table({"source": ids[:-1], "target": ids[1:]}), tmp_path / "t", way)
    graph = WAYS[way][1](tmp_path / "t")
    assert graph.node_ids.tolist() == ids


@both
@pytest.mark.parametrize("kind", ["int8", "uint32", "int64"])
def test_integers_stay_integers_and_column_names_can_be_chosen(tmp_path, way, kind):
    a, b = np.array([7, 3], kind), np.array([3, 9], kind)
    table = pa.table({"u": a, "v": b, "w": [1.5, 2.0], "more": ["x", "y"]})
    _save(table, tmp_path / "t", way)
    read = WAYS[way][1]
    graph = read(tmp_path / "t", source="u", target="v", weight="w", directed=True)
    assert graph == Graph.from_edges([7, 3], [3, 9], [1.5, 2.0], directed=True)
    assert not read(tmp_path / "t", source="u", target="v").weighted


def test_dictionaries_that_differ_between_row_groups_are_joined(tmp_path):
    kind = pa.dictionary(pa.int32(), pa.string())
    parts = [
        pa.table({"source": pa.array(s).cast(kind), "target": pa.array(t).cast(kind)})
        for s, t in ((["a", "b"], ["b", "c"]), (["c", "d"], ["d", "a"]))
    ]
    pq.write_table(pa.concat_tables(parts), tmp_path / "t", row_group_size=2)
    expected = Graph.from_edges(list("abcd"), list("bcda"))
    assert read_parquet(tmp_path / "t") == expected
    with pa.ipc.new_stream(tmp_path / "s", parts[0].schema) as writer:
        for part in parts:
            writer.write_table(part)
    assert read_arrow(tmp_path / "s") == expected


@pytest.mark.parametrize("kind", [pa.string(), pa.int64()])
def test_batches_of_plain_ids_are_joined(tmp_path, kind):
    ids = [str(i * i) for i in range(40)]
    column = pa.array(ids[:-1]).cast(kind), pa.array(ids[1:]).cast(kind)
    table = pa.table({"source": column[0], "target": column[1]})
    with pa.ipc.new_stream(tmp_path / "s", table.schema) as writer:
        writer.write_table(table, max_chunksize=3)
    pq.write_table(table, tmp_path / "p", row_group_size=7, use_dictionary=False)
    named = ids if kind == pa.string() else [int(i) for i in ids]
    expected = Graph.from_edges(named[:-1], named[1:])
    assert read_arrow(tmp_path / "s") == expected
    assert read_parquet(tmp_path / "p") == expected


def test_large_files_are_read_batch_by_batch_to_the_same_graph(tmp_path, monkeypatch):
    path = tmp_path / "t"
    for table in (_edges(), _edges(source=[1, 2], target=[2, 3])):
        pq.write_table(table, path, row_group_size=1)
        expected = read_parquet(path)
        with monkeypatch.context() as patch:
            patch.setattr("graphrep.io._parquet._PLAIN_BYTES", 0)
            assert read_parquet(path) == expected


@both
def test_nested_columns_are_passed_over_or_refused(tmp_path, way):
    nested = [{"source": 1}, {"source": 2}]
    table = pa.table({"extra": nested, "source": ["a", "b"], "target": ["b", "c"]})
    _save(table, tmp_path / "t", way)
    assert WAYS[way][1](tmp_path / "t").n_edges == 2
    _save(_edges(source=[["a"], ["b"]]), tmp_path / "t", way)
    with pytest.raises(GraphFormatError, match="have type list"):
        WAYS[way][1](tmp_path / "t")


def test_dictionary_values_that_no_edge_uses_are_no_nodes(tmp_path):
    values = pa.array(["unused", "a", "b"])
    column = pa.DictionaryArray.from_arrays(pa.array([1]), values)
    other = pa.DictionaryArray.from_arrays(pa.array([2]), values)
    _save(pa.table({"source": column, "target": other}), tmp_path / "t", "arrow")
    assert read_arrow(tmp_path / "t").node_ids.tolist() == ["a", "b"]


# -- bad input -----------------------------------------------------------------------
def _edges(**changes):
    columns = {"source": ["a", "b"], "target": ["b", "c"], "weight": [1.0, 2.0]}
    columns |= changes
    return pa.table({k: v for k, v in columns.items() if v is not None})


@both
@pytest.mark.parametrize(
    ("table", "message"),
    [
        (_edges(target=None), "'target' is missing; the file has 'source', 'weight'"),
        (_edges(target=["b", None]), "target in row 1 is missing"),
        (_edges(source=[None, "b"]), "source in row 0 is missing"),
        (_edges(weight=[1.0, None]), "weight in row 1 is missing"),
        (_edges(weight=[1.0, float("nan")]), "NaN"),
        (_edges(weight=[1.0, -2.0]), "Negative values"),
        (_edges(weight=["1,5", "x"]), "weights have type string"),
        (_edges(source=[1.0, 2.0], target=[2.0, 3.0]), "have type double"),
        (_edges(source=[1, 2]), "differ in type: int64 and "),
        (
            _edges(
                source=pa.array([2**63, 1], pa.uint64()),
                target=pa.array([1, 2], pa.uint64()),
            ),
            "does not fit int64",
        ),
        (_edges().slice(0, 0), "No edges found"),
    ],
)
def test_bad_table_is_refused_with_the_file_named(tmp_path, way, table, message):
    path = tmp_path / "bad"
    _save(table, path, way)
    with pytest.raises(GraphFormatError, match=message) as caught:
        WAYS[way][1](path)
    assert str(path) in str(caught.value)


@both
def test_missing_weight_is_an_error_only_if_it_was_asked_for(tmp_path, way):
    _save(_edges(weight=None), tmp_path / "t", way)
    read = WAYS[way][1]
    assert not read(tmp_path / "t").weighted
    with pytest.raises(GraphFormatError, match="Pass weight= with"):
        read(tmp_path / "t", weight="w")
    with pytest.raises(GraphFormatError, match="must differ"):
        read(tmp_path / "t", target="source")


@both
def test_extension_types_are_refused(tmp_path, way):
    column = pa.ExtensionArray.from_storage(
        pa.uuid(), pa.array([b"x" * 16, b"y" * 16], pa.binary(16))
    )
    table = _edges().append_column("extra", column)
    _save(table, tmp_path / "t", way)
    with pytest.raises(GraphFormatError, match="'extra' has the extension type"):
        WAYS[way][1](tmp_path / "t")


def test_codes_outside_their_dictionary_are_refused(tmp_path):
    codes, values = pa.array([0, 900_000_000], pa.int32()), pa.array(["a", "b"])
    column = pa.DictionaryArray.from_arrays(codes, values, safe=False)
    _save(pa.table({"source": column, "target": column}), tmp_path / "t", "arrow")
    with pytest.raises(GraphFormatError, match="dictionary column is damaged"):
        read_arrow(tmp_path / "t")


def test_missing_value_inside_a_dictionary_counts_only_if_it_is_used(tmp_path):
    values = pa.array(["a", None, "b"])
    target = pa.DictionaryArray.from_arrays(pa.array([2, 2]), values)
    for codes, fine in (([0, 2], True), ([0, 1], False)):
        source = pa.DictionaryArray.from_arrays(pa.array(codes), values)
        _save(pa.table({"source": source, "target": target}), tmp_path / "t", "arrow")
        if fine:
            assert read_arrow(tmp_path / "t").node_ids.tolist() == ["a", "b"]
        else:
            with pytest.raises(GraphFormatError, match="dictionary column is missing"):
                read_arrow(tmp_path / "t")


@both
def test_cut_file_is_refused(tmp_path, way):
    path = tmp_path / "g"
    WAYS[way][0](Graph.from_edges([1, 2], [2, 3]), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(GraphFormatError, match="pyarrow cannot read"):
        WAYS[way][1](path)


@both
@pytest.mark.parametrize(
    "said", [b"{}", b"[1]", b"\xff", b'{"version": 9}', b'{"version": true}']
)
def test_damaged_metadata_is_refused(tmp_path, way, said):
    table = _edges().replace_schema_metadata({b"graphrep": said})
    _save(table, tmp_path / "t", way)
    with pytest.raises(GraphFormatError, match="metadata"):
        WAYS[way][1](tmp_path / "t")


def test_text_files_are_no_tables(tmp_path):
    (tmp_path / "t").write_text("a\tb\n")
    for _, read in WAYS.values():
        with pytest.raises(GraphFormatError, match="pyarrow cannot read"):
            read(tmp_path / "t")
