"""Files of hypergraphs: lists, tables and npz; found by suffix and content."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import sparse

from graphrep import Hypergraph, read_hypergraph, write_hypergraph
from graphrep.exceptions import (
    GraphFormatError,
    GraphTypeError,
    GraphValueError,
    GraphWarning,
)
from graphrep.io import hypergraph_formats
from graphrep.io._npz_arrays import read_npz_arrays, write_npz_arrays

PLAIN = [("b", "a", "c"), ("b",), ("a", "c"), ("b",)]


def rich(texts=True):
    ids = ["z", "a", "bé"] if texts else [9, 2, 5]
    return Hypergraph(
        [ids[1:], [], ids[:1]], nodes=ids, edge_ids=["x", "y", "w"],
        weights=[0.1, 1, 1e300], multiplicities=[1, 3, 1],
        node_labels={ids[2]: "B", ids[0]: ""}, edge_labels={"y": "Ÿ"},
    )  # fmt: skip


def text(tmp_path, content, name="h.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# -- lists of hyperedges -------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("3 1 2\n2 3\n\n# note\n% note\n4\n", [(1, 2, 3), (2, 3), (4,)]),
        ("1,2, 3\r\n2 ,3\r\n", [(1, 2, 3), (2, 3)]),
        ("5\n1\t2\n", [(5,), (1, 2)]),
        ("1;2\n3", [(1, 2), (3,)]),
        ("b a\na 1\n", [("b", "a"), ("a", "1")]),
        ("07 7\n", [("07", "7")]),
        ("Ann Lee\tBo\nBo\n", [("Ann Lee", "Bo"), ("Bo",)]),
        ("1  2 \t 3\n".replace("\t", " "), [(1, 2, 3)]),
        (b"\xef\xbb\xbf1 2\n", [(1, 2)]),
        ("1 2\n1 2\n", [(1, 2), (1, 2)]),
        (f"{2**63 - 1} 0\n", [(0, 2**63 - 1)]),
        (f"{2**63} 0\n", [(str(2**63), "0")]),
        ("1 2\t3\n4\n", [("1 2", "3"), ("4",)]),
        ("٣ 4\n", [("٣", "4")]),
    ],
)
def test_list_when_read_then_members_and_ids_by_the_rule(tmp_path, content, wanted):
    assert list(read_hypergraph(text(tmp_path, content))) == wanted


def test_list_when_options_are_given_then_followed(tmp_path):
    path = text(tmp_path, "!x\n1,2 3\n")
    h = read_hypergraph(path, delimiter=" ", comments="!", id_dtype="str")
    assert list(h) == [("1,2", "3")]
    assert list(read_hypergraph(text(tmp_path, "007 8\n"), id_dtype="int64")) == [
        (7, 8)
    ]
    assert read_hypergraph(text(tmp_path, "# no\n"), allow_empty=True).n_nodes == 0
    latin = text(tmp_path, "é\n".encode("latin-1"))
    assert list(read_hypergraph(latin, encoding="latin-1")) == [("é",)]


def test_list_when_a_line_repeats_a_node_then_told(tmp_path):
    with pytest.warns(GraphWarning, match="1 hyperedges name a node more than once"):
        h = read_hypergraph(text(tmp_path, "1 2\n3 3 4\n"))
    assert list(h) == [(1, 2), (3, 4)]


@pytest.mark.parametrize(
    ("content", "says", "line"),
    [
        ("", "No hyperedges", None),
        ("# only\n\n", "No hyperedges", None),
        ("1,2\n3,,4\n", "member is empty in '3,,4'", 2),
        ("1\t2\n3\t\n", "member is empty", 2),
        ("1 2\n\x003\n", "Control character", 2),
        (b"1 2\n\xff\n", "is not utf-8", 2),
    ],
)
def test_list_when_broken_then_says_the_line(tmp_path, content, says, line):
    with pytest.raises(GraphFormatError, match=says) as caught:
        read_hypergraph(text(tmp_path, content))
    assert caught.value.line == line


@pytest.mark.parametrize("name", ["h.txt", "h.hyperedges", "h.txt.gz", "h.edges.bz2"])
@pytest.mark.parametrize("delimiter", [" ", "\t", ",", ";", "|"])
def test_list_when_written_and_read_then_the_same_and_the_same_bytes(
    tmp_path, name, delimiter
):
    h = Hypergraph(PLAIN)
    path = tmp_path / name
    write_hypergraph(h, path, delimiter=delimiter)
    back = read_hypergraph(path)
    assert back == h
    first = path.read_bytes()
    write_hypergraph(back, path, delimiter=delimiter)
    assert path.read_bytes() == first
    ints = Hypergraph([(3, 5), (1,)])
    write_hypergraph(ints, path)
    assert read_hypergraph(path) == ints


def test_list_when_hyperedges_are_many_then_so_many_lines(tmp_path):
    h = Hypergraph([(1, 2), (3,)], multiplicities=[3, 1])
    write_hypergraph(h, tmp_path / "h.txt")
    assert (tmp_path / "h.txt").read_text() == "1 2\n1 2\n1 2\n3\n"
    assert read_hypergraph(tmp_path / "h.txt").distinct().counts.tolist() == [3, 1]
    long = Hypergraph([(i, i + 1) for i in range(40_000)])
    write_hypergraph(long, tmp_path / "h.txt")
    assert read_hypergraph(tmp_path / "h.txt") == long


def test_list_when_something_has_no_place_then_told(tmp_path):
    h = Hypergraph([["a"]], nodes=["a", "z"], edge_ids=["x"], weights=[2],
                   node_labels={"a": "A"})  # fmt: skip
    lost = "for weights, ids of hyperedges, 1 nodes in no hyperedge, labels"
    with pytest.warns(GraphWarning, match=lost):
        write_hypergraph(h, tmp_path / "h.txt")


@pytest.mark.parametrize(
    ("h", "options", "says"),
    [
        (Hypergraph([[1], []]), {}, "hyperedge 1 is one"),
        (Hypergraph([["a b"]]), {}, "'a b' does not fit"),
        (Hypergraph([[""]]), {}, "is empty"),
        (Hypergraph([["#a"]]), {}, "'#a' does not fit"),
        (Hypergraph([["a\n"]]), {"delimiter": "\t"}, "does not fit"),
        (Hypergraph([["a,b", "c"]]), {}, "would be read with the delimiter ','"),
        (Hypergraph([["a b"], ["c"]]), {"delimiter": ","}, "the delimiter ' '"),
        (Hypergraph([[1, 2]]), {"delimiter": "--"}, "one ASCII character"),
    ],
)
def test_list_when_it_cannot_hold_the_hypergraph_then_no_file(
    tmp_path, h, options, says
):
    with pytest.raises(GraphValueError, match=says):
        write_hypergraph(h, tmp_path / "h.txt", **options)
    assert not list(tmp_path.iterdir())
    mixed = Hypergraph([["a", 1]])
    with pytest.raises(GraphTypeError, match="all integers or all texts"):
        write_hypergraph(mixed, tmp_path / "h.txt")


# -- tables --------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["h.csv", "h.tsv", "h.tsv.gz", "h.parquet"])
@pytest.mark.parametrize("texts", [False, True])
def test_table_when_written_and_read_then_the_same_and_the_same_bytes(
    tmp_path, name, texts
):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    ids = ["a, b", 'q"', "é é"] if texts else [9, 2, 5]
    h = Hypergraph(
        [ids[1:], ids[:1]], edge_ids=["x", "w"], weights=[0.1, 1e300],
        multiplicities=[1, 3],
    )  # fmt: skip
    path = tmp_path / name
    write_hypergraph(h, path)
    back = read_hypergraph(path)
    assert back == h
    first = path.read_bytes()
    write_hypergraph(back, path)
    assert path.read_bytes() == first


def test_table_when_columns_are_named_then_read(tmp_path):
    path = text(tmp_path, "who;paper;w;x\n1;p;2;a\n2;q;1;\n\n2;p;2;b\n", "h.csv")
    h = read_hypergraph(path, edge="paper", node="who", weight="w")
    assert list(h) == [(1, 2), (2,)]
    assert (list(h.edge_ids), h.weights.tolist()) == (["p", "q"], [2, 1])
    one = text(tmp_path, "edge|node\n1|2\n", "h.tsv")
    assert list(read_hypergraph(one, delimiter="|")) == [(2,)]
    no = text(tmp_path, "edge\tnode\n", "h.tsv")
    assert len(read_hypergraph(no, allow_empty=True)) == 0


@pytest.mark.parametrize(
    ("content", "says", "line"),
    [
        ("edge,nod\n1,2\n", "Column 'node' is missing; .*'edge', 'nod'", 1),
        ("edge,node,edge\n1,2,3\n", "'edge' stands twice", 1),
        ("1 2\n3 4\n", "format='hyperedges'", 1),
        ("", "must name the columns", 1),
        ("edge,node\n", "No incidences", None),
        ("edge,node\n1,2\n3\n", "1 fields instead of 2", 3),
        ("edge,node\n1,\n", "id in column 'node' is empty", 2),
        ("edge,node,weight\n1,2,x\n", "weight is no number", 2),
        ("edge,node,weight\n1,2,1\n1,3,2\n", "Hyperedge 1 has the weights", None),
        ("edge,node,weight\n1,2,nan\n", "must be finite", None),
        ("edge,node,multiplicity\n1,2,0.5\n", "multiplicity 0.5", None),
    ],
)
def test_table_when_broken_then_says_where(tmp_path, content, says, line):
    with pytest.raises(GraphFormatError, match=says) as caught:
        read_hypergraph(text(tmp_path, content, "h.csv"))
    assert caught.value.line == line


@pytest.mark.parametrize("name", ["h.csv", "h.parquet"])
def test_table_when_something_has_no_place_then_told(tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    with pytest.warns(GraphWarning, match="1 empty hyperedges, labels"):
        write_hypergraph(rich(), tmp_path / name)


def test_parquet_when_damaged_or_of_other_columns_then_says_so(tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = text(tmp_path, b"PAR1 nothing", "h.parquet")
    with pytest.raises(GraphFormatError, match="pyarrow cannot read"):
        read_hypergraph(path)
    parquet.write_table(pa.table({"edge": [1], "nodes": [2]}), path)
    path.write_bytes(path.read_bytes().replace(b"nodes", b"nod\xff\xff"))
    with pytest.raises(GraphFormatError, match="pyarrow cannot read"):
        read_hypergraph(path)
    parquet.write_table(pa.table({"edge": [1], "who": [2]}), path)
    with pytest.raises(GraphFormatError, match="no column 'node'"):
        read_hypergraph(path)
    assert list(read_hypergraph(path, node="who")) == [(2,)]


# -- npz -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "h",
    [
        rich(), rich(texts=False), Hypergraph([]), Hypergraph(PLAIN),
        Hypergraph([(0, 1), (1,)], nodes=4, weights=[1, 2]),
    ],
    ids=["rich", "integers", "empty", "texts", "range"],
)  # fmt: skip
def test_npz_when_written_and_read_then_the_same_and_the_same_bytes(tmp_path, h):
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    write_hypergraph(h, one)
    back = read_hypergraph(one)
    assert back == h
    assert back.nodes.is_range == h.nodes.is_range
    write_hypergraph(back, two)
    assert one.read_bytes() == two.read_bytes()
    write_hypergraph(h, two, compress=False)
    assert read_hypergraph(two) == h


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
def test_npz_when_scipy_wrote_it_then_incidence(tmp_path, kind):
    h = Hypergraph([(0, 1, 2), (), (1, 3)], nodes=5)
    path = tmp_path / "h.npz"
    sparse.save_npz(path, h.incidence().asformat(kind))
    assert read_hypergraph(path) == h
    np.savez(path, hyperedge_index=np.array([[0, 1, 1], [0, 0, 2]]))
    assert list(read_hypergraph(path)) == [(0, 1), (), (1,)]


def _tampered(tmp_path, **changes):
    path = tmp_path / "h.npz"
    write_hypergraph(rich(), path)
    arrays = read_npz_arrays(path) | changes
    write_npz_arrays({k: v for k, v in arrays.items() if v is not None}, path)
    return path


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"graphrep_hypergraph": np.array(2)}, "format version 2.*Update graphrep"),
        ({"graphrep_hypergraph": None}, "are no hypergraph; expected"),
        ({"indptr": None}, "Array 'indptr' is missing"),
        ({"indptr": np.array([0, 2, 1, 3])}, "never descend"),
        ({"indices": np.array([0, 1, 7], np.int32)}, "outside the 3 nodes"),
        ({"n_nodes": np.array(4)}, "n_nodes is 4 but there are 3 node_ids"),
        ({"n_nodes": np.array([1, 2])}, "one value"),
        ({"weights": np.array([1.0])}, "weights has shape"),
        ({"multiplicities": np.array([1, 0, 1])}, "multiplicity 0"),
        ({"node_ids_ends": np.array([1, 9, 4])}, "node_ids_ends does not cut"),
        ({"node_labels_rows": np.array([0, 5])}, "does not fit the labels"),
        ({"node_labels_utf8": None}, "Array 'node_labels_utf8' is missing"),
        ({"edge_ids_ends": np.array([1, 2])}, "edge_ids_ends does not cut"),
    ],
)
def test_npz_when_tampered_with_then_says_so(tmp_path, changes, says):
    with pytest.raises(GraphFormatError, match=says):
        read_hypergraph(_tampered(tmp_path, **changes))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": np.array("bsr")}, "format 'bsr'"),
        ({"shape": np.array([3, 2, 1])}, "of shape"),
        ({"indptr": np.array([0, 2])}, "indptr must have 3 entries"),
        ({"indices": np.array([0, 9, 1])}, "row is outside a matrix"),
        ({"indices": np.array([0, 1])}, "3 entries but 2 rows"),
        ({"data": None}, "Array 'data' is missing"),
        ({"shape": np.array([2**40, 2])}, "at most"),
    ],
)
def test_npz_of_scipy_when_tampered_with_then_says_so(tmp_path, changes, says):
    path = tmp_path / "h.npz"
    arrays = {
        "format": np.array("csc"), "shape": np.array([3, 2]), "data": np.ones(3),
        "indptr": np.array([0, 2, 3]), "indices": np.array([0, 1, 2]),
    } | changes  # fmt: skip
    write_npz_arrays({k: v for k, v in arrays.items() if v is not None}, path)
    with pytest.raises(GraphFormatError, match=says):
        read_hypergraph(path)


def test_npz_when_a_label_is_for_no_id_then_not_written(tmp_path):
    h = Hypergraph([["a"]], node_labels={"q": "Q"})
    with pytest.raises(GraphTypeError, match="label for 'q'"):
        write_hypergraph(h, tmp_path / "h.npz")


# -- formats -------------------------------------------------------------------------
@pytest.mark.parametrize("entry", hypergraph_formats(), ids=lambda e: e.name)
def test_format_when_listed_then_its_functions_are_there(entry):
    from graphrep.io._formats import resolve

    assert resolve(entry.reader).__doc__
    assert entry.writer is None or resolve(entry.writer).__doc__
    assert entry.description


def test_format_when_the_suffix_says_nothing_then_content_decides(tmp_path):
    h = Hypergraph(PLAIN)
    for name, suffix in (("hif", ".json"), ("npz", ".npz"), ("hyperedges", ".txt")):
        write_hypergraph(h, tmp_path / "h.dat", format=name)
        assert read_hypergraph(tmp_path / "h.dat") == h, suffix
    write_hypergraph(h, tmp_path / "h.dat.gz", format="hif")
    assert read_hypergraph(tmp_path / "h.dat.gz") == h
    for content in (b"", b"\x00\x01"):
        with pytest.raises(GraphFormatError, match="Neither the suffix nor"):
            read_hypergraph(text(tmp_path, content, "h.bin"))


def test_format_when_unknown_then_lists_those_there_are(tmp_path):
    path = text(tmp_path, "1 2\n")
    with pytest.raises(GraphFormatError, match="'xml' is not known; choose one of hif"):
        read_hypergraph(path, format="xml")
    with pytest.raises(GraphFormatError, match="can be read but not written"):
        write_hypergraph(Hypergraph([[1]]), path, format="scholp")
    with pytest.raises(GraphFormatError, match="suffix does not tell"):
        write_hypergraph(Hypergraph([[1]]), tmp_path / "h.xml")
    with pytest.raises(GraphTypeError, match="Unknown option 'sep' for reading"):
        read_hypergraph(path, sep=",")
    with pytest.raises(GraphTypeError, match="Unknown option 'sep' for writing"):
        write_hypergraph(Hypergraph([[1]]), path, sep=",")
    with pytest.raises(FileNotFoundError):
        read_hypergraph(tmp_path / "none.txt")
    with pytest.raises(FileNotFoundError):
        read_hypergraph(tmp_path / "none")


def test_file_when_there_then_replaced_only_if_allowed(tmp_path):
    path = text(tmp_path, "1 2\n")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_hypergraph(Hypergraph([[7]]), path, overwrite=False)
    assert path.read_text() == "1 2\n"
    write_hypergraph(Hypergraph([[7]]), path)
    assert path.read_text() == "7\n"


@pytest.mark.shared
@pytest.mark.parametrize("name", ["enron", "foursquare"])
def test_real_lists_when_read_then_as_a_plain_reader_has_them(shared_data, name):
    path = shared_data / f"hypergraphs/{name}/test.txt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphWarning)
        h = read_hypergraph(path)
    lines = path.read_text().splitlines()
    assert [set(e) for e in h] == [set(map(int, line.split())) for line in lines]
    assert len(h) == len(lines)
