from __future__ import annotations

import gzip
import io
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrep.embedding import DegreeVectors
from graphrep.exceptions import (
    GraphFormatError,
    GraphTypeError,
    GraphValueError,
    GraphWarning,
)
from graphrep.graph import Graph, NodeIndex
from graphrep.io import read_edgelist
from graphrep.kernels._nearest_float import (
    DECIMAL_BAD,
    DECIMAL_HARD,
    parse_decimal,
    powers_of_five,
)

POWERS = powers_of_five()


@pytest.fixture
def read(tmp_path: Path):
    def read(content: bytes | str, name: str = "edges.tsv", **options) -> Graph:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_edgelist(path, **options)

    return read


def ids(graph: Graph) -> list:
    return list(graph.nodes)


def edges(graph: Graph) -> set:
    rows, columns, weights = graph.edges()
    weights = np.ones(len(rows)) if weights is None else weights
    nodes = graph.nodes
    return {
        (nodes[int(r)], nodes[int(c)], float(w))
        for r, c, w in zip(rows, columns, weights, strict=True)
    }


# -- ids -----------------------------------------------------------------------
def test_read_when_nodes_appear_then_rows_follow_first_appearance(read) -> None:
    with pytest.warns(GraphWarning, match="single column"):
        graph = read("z\tb\nb\ta\nsolo\nz\ta\n")
    assert ids(graph) == ["z", "b", "a", "solo"]
    assert edges(graph) == {("z", "b", 1), ("b", "a", 1), ("z", "a", 1)}
    assert graph.degree().tolist() == [2, 2, 2, 0]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1\t2", [1, 2]),
        ("0\t9223372036854775807", [0, 2**63 - 1]),
        ("0\t9223372036854775808", ["0", "9223372036854775808"]),
        ("1\t02", ["1", "02"]),
        ("1\t-2", ["1", "-2"]),
        ("1\t+2", ["1", "+2"]),
        ("1\t2 ", ["1", "2 "]),
        ("1\t12345678901234567890", ["1", "12345678901234567890"]),
        ("NA\tnull", ["NA", "null"]),
        ("nan\tNone", ["nan", "None"]),
        ("1e5\tTRUE", ["1e5", "TRUE"]),
        ("0012\t2020-01-02", ["0012", "2020-01-02"]),
    ],
)
@pytest.mark.filterwarnings("ignore:.*begin or end with a space")
def test_read_when_ids_look_like_values_then_only_canonical_integers_change(
    read, line: str, expected: list
) -> None:
    graph = read(line + "\n")
    assert ids(graph) == expected
    assert [type(i) for i in graph.nodes] == [type(i) for i in expected]


def test_read_when_one_id_of_both_columns_is_text_then_all_are(read) -> None:
    assert ids(read("1\t2\n3\tx\n")) == ["1", "2", "3", "x"]


def test_read_when_id_dtype_is_given_then_it_decides(read) -> None:
    assert ids(read("1\t2\n", id_dtype="str")) == ["1", "2"]
    assert ids(read("7\t007\n007\t-3\n", id_dtype=np.int64)) == [7, -3]
    low = "0\t-9223372036854775808\n"
    assert ids(read(low, id_dtype=int)) == [0, -(2**63)]
    with pytest.raises(GraphFormatError, match=r"edges.tsv:2: .*no integer"):
        read("1\t2\n3\tx\n", id_dtype=int)
    with pytest.raises(GraphValueError, match="does not fit int64"):
        read("1\t9223372036854775808\n", id_dtype=int)
    with pytest.raises(GraphValueError, match="id_dtype"):
        read("1\t2\n", id_dtype="float32")


def test_read_when_ids_differ_in_normal_form_or_case_then_they_stay_distinct(
    read,
) -> None:
    graph = read("\u00e9\te\u0301\nA\ta\n")
    assert graph.n_nodes == 4


def test_read_when_ids_end_with_a_space_then_a_warning_counts_them(read) -> None:
    with pytest.warns(GraphWarning, match="1 node ids begin or end with a space"):
        graph = read("a, b\n", "edges.csv")
    assert ids(graph) == ["a", " b"]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 60).map(lambda i: f"{'long-id-' * (i % 4)}{i}"),
            st.integers(0, 60).map(lambda i: f"{'long-id-' * (i % 3)}{i}"),
        ),
        min_size=1,
        max_size=300,
    ),
    st.sampled_from([1, None]),
)
@settings(max_examples=25, deadline=None)
def test_read_when_compared_with_a_dictionary_then_codes_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, pairs: list, n_jobs: int | None
) -> None:
    path = tmp_path_factory.mktemp("edges") / "e.tsv"
    path.write_text("".join(f"{a}\t{b}\n" for a, b in pairs))
    graph = read_edgelist(path, directed=True, duplicates="max", n_jobs=n_jobs)
    table = dict.fromkeys(x for pair in pairs for x in pair)
    numbers = all(x.isdigit() for x in table)
    assert ids(graph) == [int(x) if numbers else x for x in table]
    assert {(str(a), str(b)) for a, b, _ in edges(graph)} == set(pairs)


def test_read_when_there_are_many_blocks_then_nothing_is_lost(read) -> None:
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 10**12, (2, 150_000))
    text = "".join(f"{x}\t{y}\n" for x, y in zip(a.tolist(), b.tolist(), strict=True))
    assert len(text) > 3 << 20
    for n_jobs in (1, None):
        graph = read(text, directed=True, n_jobs=n_jobs)
        assert graph.n_edges == 150_000
        rows, columns, _ = graph.edges()
        keys = graph.node_ids
        assert sorted(zip(keys[rows], keys[columns], strict=True)) == sorted(
            zip(a, b, strict=True)
        )
        assert ids(graph)[:2] == [a[0], b[0]]


# -- shape of the text ---------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("a\tb\t2\nb\tc\t3\n", "e.tsv"),
        ("a,b,2\nb,c,3\n", "e.csv"),
        ("a;b;2\nb;c;3\n", "e.csv"),
        ("a b 2\nb c 3\n", "e.txt"),
        ("a|b|2\nb|c|3\n", "e.edges"),
        ("  a \t b  2 \n\nb  c\t3", "e.ssv"),
        ("a\tb\t2\r\n\r\nb\tc\t3\r\n", "e.tsv"),
        ("a\tb\t2\nb\tc\t3", "e.tsv"),
        ("\ufeffa\tb\t2\nb\tc\t3\n", "e.tsv"),
        ("# c\n% c\na\tb\t2\n#x\ty\tz\nb\tc\t3\n   \n", "e.tsv"),
        ("source\ttarget\tweight\na\tb\t2\nb\tc\t3\n", "e.tsv"),
        ("Weight,To,From\n2,b,a\n3,c,b\n", "e.csv"),
        ("left\tright\tsize\na\tb\t2\nb\tc\t3\n", "e.tsv"),
        ('"a","b","2"\n"b","c",3\n', "e.csv"),
        ("a\tb\t 2\nb\tc\t+3e0 \n", "e.tsv"),
    ],
)
def test_read_when_the_dialect_varies_then_the_graph_is_the_same(
    read, content: str, name: str
) -> None:
    graph = read(content, name)
    assert ids(graph) == ["a", "b", "c"]
    assert edges(graph) == {("a", "b", 2.0), ("b", "c", 3.0)}


def test_read_when_names_stand_over_integers_then_they_are_a_header(read) -> None:
    graph = read("id_1,other\n1,2\n3,4\n5,6\n", "e.csv")
    assert ids(graph) == [1, 2, 3, 4, 5, 6]
    zeros = read("user,friend\n007,012\n012,100\n003,007\n", "e.csv")
    assert ids(zeros) == ["007", "012", "100", "003"]
    kept = read("id_1,other\n1,2\n3,4\n5,6\n", "e.csv", header=False)
    assert ids(kept)[:2] == ["id_1", "other"]
    assert ids(read("a\tb\nc\td\n", header=True)) == ["c", "d"]


def test_read_when_labels_hold_other_delimiters_then_the_tab_wins(read) -> None:
    content = 'type 2, mild\t5" tube\ntype 2, mild\ta;b|c\nlone label\n'
    assert ids(read(content)) == ["type 2, mild", '5" tube', "a;b|c", "lone label"]


def test_read_when_csv_fields_are_quoted_then_rfc_4180_holds(read) -> None:
    content = '"a,1","say ""hi"""\r\n"say ""hi""",\u00e9\r\n'
    assert ids(read(content, "e.csv")) == ["a,1", 'say "hi"', "\u00e9"]
    assert ids(read('"a\tb\n')) == ['"a', "b"]


def test_read_when_columns_are_chosen_then_by_number_or_name(read) -> None:
    content = "when,src,kind,dst,w\n1,a,x,b,5\n2,b,x,c,6\n"
    by_name = read(content, "e.csv", columns=("src", "dst", "w"))
    by_number = read(content, "e.csv", columns=(1, 3, 4), header=True)
    assert by_name == by_number
    assert edges(by_name) == {("a", "b", 5.0), ("b", "c", 6.0)}
    assert not read(content, "e.csv", columns=["src", "dst"]).weighted
    with pytest.raises(GraphFormatError, match=r"5 columns.*'src'.*columns="):
        read(content, "e.csv", header=True)
    with pytest.raises(GraphValueError, match="'from' is not there"):
        read(content, "e.csv", columns=("from", "dst"))
    with pytest.raises(GraphValueError, match="Column 9 is not there"):
        read(content, "e.csv", columns=(1, 9))
    with pytest.raises(GraphValueError, match="two or three"):
        read(content, "e.csv", columns=(1, 1))
    with pytest.raises(GraphTypeError, match="names or numbers"):
        read(content, "e.csv", columns=(1, 2.5))


def test_read_when_the_encoding_is_given_then_it_is_used(read) -> None:
    text = "K\u00f6ln\tM\u00fcnchen\n"
    for encoding in ("latin-1", "utf-16", "cp1252", "utf-8-sig"):
        assert ids(read(text.encode(encoding), encoding=encoding)) == [
            "K\u00f6ln",
            "M\u00fcnchen",
        ]
    with pytest.raises(GraphFormatError, match="utf-16"):
        read(b"abc", encoding="utf-16")
    with pytest.raises(GraphValueError, match="not known"):
        read(text, encoding="klingon")


def test_read_when_standard_input_is_compressed_then_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = io.BytesIO(gzip.compress(b"a b\nb c\n"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    assert ids(read_edgelist("-")) == ["a", "b", "c"]


# -- edges ---------------------------------------------------------------------
def test_read_when_edges_repeat_then_the_rule_decides(read) -> None:
    content = "a\tb\t1\nb\ta\t4\n"
    with pytest.warns(GraphWarning, match="repeat"):
        assert edges(read(content)) == {("a", "b", 5.0)}
    assert edges(read(content, duplicates="max")) == {("a", "b", 4.0)}
    assert edges(read(content, duplicates="first")) == {("a", "b", 1.0)}
    assert read(content, directed=True).n_edges == 2
    with pytest.raises(GraphValueError, match="repeat"):
        read(content, duplicates="error")


def test_read_when_nodes_are_given_then_their_order_and_no_other_holds(
    read, tmp_path: Path
) -> None:
    content = "a\tb\nb\tc\n"
    order = ["c", "lone", "b", "a"]
    (tmp_path / "nodes.txt").write_text("# all\n" + "\n".join(order) + "\n")
    for nodes in (order, NodeIndex(order), tmp_path / "nodes.txt"):
        graph = read(content, nodes=nodes)
        assert ids(graph) == order
        assert edges(graph) == {("b", "a", 1.0), ("c", "b", 1.0)}
    with pytest.raises(GraphFormatError, match=r"edges.tsv:2: Node 'c' is not among"):
        read(content, nodes=["a", "b"])
    assert read(content, nodes=["a", "b"], on_bad_line="skip").n_edges == 1
    assert ids(read("2\t1\n", nodes=[1, 2, 3])) == [1, 2, 3]
    with pytest.raises(GraphFormatError, match="'02'"):
        read("02\t1\n", nodes=[1, 2, 3])
    with pytest.raises(GraphTypeError, match="texts or integers"):
        read(content, nodes=[("a", 1)])


def test_read_when_there_are_no_edges_then_an_error_unless_allowed(read) -> None:
    for content in ("", "# only\n%c\n", "source\ttarget\n", "\n\n", "solo\n"):
        with pytest.raises(GraphFormatError, match=r"edges.tsv: No edges found"):
            read(content)
        graph = read(content, allow_empty=True)
        assert graph.n_edges == 0
        assert ids(graph) == (["solo"] if content == "solo\n" else [])


def test_read_when_the_file_is_missing_then_the_error_is_pythons(
    tmp_path: Path,
) -> None:
    with pytest.raises(FileNotFoundError):
        read_edgelist(tmp_path / "none.tsv")
    with pytest.raises(IsADirectoryError):
        read_edgelist(tmp_path)


# -- weights -------------------------------------------------------------------
@given(
    st.one_of(
        st.floats(0, allow_nan=False, allow_infinity=False).map(repr),
        st.decimals(0, 10**9, places=12).map(str),
        st.tuples(st.integers(0, 10**20), st.integers(-345, 310)).map(
            lambda t: f"{t[0]}e{t[1]}"
        ),
        st.integers(2**52, 2**56).map(lambda i: str(2 * i + 1)),
        st.integers(0, 10**18).map(lambda i: f"0.{i:030d}"),
    )
)
@settings(max_examples=300, deadline=None)
def test_parse_decimal_when_compared_with_python_then_bits_are_equal(
    text: str,
) -> None:
    data = np.frombuffer(text.encode() + b"\n", np.uint8)
    bits = np.zeros(1, np.uint64)
    status, value = parse_decimal(data, 0, len(text), POWERS, bits)
    assert status != DECIMAL_BAD
    if status != DECIMAL_HARD:
        assert value == float(text)


def test_read_when_weights_are_hard_then_they_are_still_exact(read) -> None:
    texts = ["5e-324", "2.2250738585072011e-308", "0.1" + "0" * 30 + "1", "1" * 25]
    content = "".join(f"a\tn{i}\t{text}\n" for i, text in enumerate(texts))
    found = {b: w for _, b, w in edges(read(content))}
    assert found == {f"n{i}": float(text) for i, text in enumerate(texts)}


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        ("1,5", "no number"),
        ("abc", "no number"),
        ("1_0", "no number"),
        ("0x10", "no number"),
        ("", "is empty"),
        ("nan", "is NaN"),
        ("inf", "not finite"),
        ("1e999", "not finite"),
        ("1" * 400, "not finite"),
        ("-1", "is negative"),
    ],
)
def test_read_when_a_weight_is_bad_then_the_error_has_its_line(
    read, weight: str, words: str
) -> None:
    content = f"# c\na\tb\t1\nb\tc\t{weight}\nc\td\t1\n"
    with pytest.raises(GraphFormatError, match=rf"edges.tsv:3: .*{words}") as caught:
        read(content, header=False)
    assert caught.value.line == 3
    assert read(content, header=False, on_bad_line="skip").n_edges == 2


# -- bad lines -----------------------------------------------------------------
BAD_LINES = [
    ("a\tb\nb\tc\td\n", 2, "Expected 2 columns"),
    ("a\tb\t1\nb\tc\n", 2, "Expected 3 columns"),
    ("a\tb\n\tc\n", 2, "empty"),
    ("a\tb\nc\t\n", 2, "empty"),
    ("a\tb\nb\x00\tc\n", 2, "control character"),
    ("a\tb\nb\x7f\tc\n", 2, "control character"),
    ("a\tb\nb\tc\u0085\n", 2, "control character"),
    ("a\tb\rc\td\n", 1, "control character"),
    ("\n\na\tb\n\n" + "x" * 3000 + "\tb\n", 5, "longer than 2,000 bytes"),
]


@pytest.mark.parametrize(("content", "line", "words"), BAD_LINES)
def test_read_when_a_line_is_bad_then_the_error_says_where(
    read, content: str, line: int, words: str
) -> None:
    with pytest.raises(GraphFormatError, match=words) as caught:
        read(content, max_line_bytes=2000)
    assert caught.value.line == line
    assert f"edges.tsv:{line}: " in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('a,b\n"c,d\n', "quote"),
        ('a,b\n"c"x,d\n', "quote"),
        ("a,b\nc;d\n", "delimiter is ','"),
        ('a,b\n"c\x01",d\n', "control"),
    ],
)
def test_read_when_a_csv_line_is_bad_then_the_error_says_where(
    read, content: str, words: str
) -> None:
    with pytest.raises(GraphFormatError, match=words) as caught:
        read(content, "e.csv")
    assert caught.value.line == 2


def test_read_when_bad_lines_are_skipped_then_they_are_counted(read) -> None:
    content = "a\tb\nx\ty\tz\nb\tc\n\tq\n"
    with pytest.warns(GraphWarning, match=r"2 bad lines.*edges.tsv:2: Expected"):
        graph = read(content, on_bad_line="warn")
    assert ids(graph) == ["a", "b", "c"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(content, on_bad_line="skip") == graph
    with pytest.raises(GraphValueError, match="on_bad_line"):
        read(content, on_bad_line="drop")


def test_read_when_a_lone_id_holds_a_delimiter_then_a_warning(read) -> None:
    with pytest.warns(GraphWarning, match=r"edges.tsv:2: 1 lines have one column"):
        read("a\tb\nc;d\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read("a\tb\nc;d\n", delimiter="\t")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\tb\n\nb\na\tc\nd\n", r"edges.tsv:3: 1 line has .* read as a node "),
        ("# x\nx\ny\na\tb\nz\nb\tc\n", r"edges.tsv:2: 3 lines have .* as nodes "),
    ],
)
def test_read_when_a_line_lost_its_other_end_then_a_warning(
    read, content, message, tmp_path
) -> None:
    with pytest.warns(GraphWarning, match=message) as told:
        read(content)
    with pytest.warns(GraphWarning, match=message) as by_estimator:
        DegreeVectors().fit(tmp_path / "edges.tsv")
    assert {one.filename for one in [*told, *by_estimator]} == {__file__}


def test_read_when_a_lone_id_lies_far_before_an_edge_then_its_line(read) -> None:
    edges = "aaaaaaaa\tbbbbbbbb\n"  # several blocks
    with pytest.warns(GraphWarning, match=r":90001: 200,000 lines have"):
        read(edges * 90_000 + "b\n" * 200_000 + edges, duplicates="max")


def test_read_when_lone_ids_end_the_file_then_no_warning(read) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        graph = read("aaaaaaaa\tbbbbbbbb\n" + "c\n" * 900_000)
    assert ids(graph) == ["aaaaaaaa", "bbbbbbbb", "c"]


def test_read_when_bytes_are_not_utf8_then_offset_and_line_are_told(read) -> None:
    good = "a\tb\n" * 3 + "\u00e9\tc\n"
    with pytest.raises(GraphFormatError, match=r"Byte 19 .*0xff") as caught:
        read(good.encode() + b"c\t\xff\n", duplicates="max")
    assert caught.value.line == 5


def test_read_when_an_error_lies_in_a_later_block_then_its_line_is_right(read) -> None:
    content = "aaaaaaaa\tbbbbbbbb\n" * 200_000 + "a\tb\tc\n"
    for n_jobs in (1, None):
        with pytest.raises(GraphFormatError) as caught:
            read(content, n_jobs=n_jobs)
        assert caught.value.line == 200_001


def test_read_when_a_compressed_file_is_cut_then_an_error_and_no_thread_stays(
    read,
) -> None:
    text = "".join(f"n{i * i}\tn{i}\n" for i in range(200_000)).encode()
    packed = gzip.compress(text, compresslevel=1)
    assert read(packed, duplicates="max").n_edges > 199_000
    before = threading.active_count()
    for n_jobs in (1, None):
        with pytest.raises(GraphFormatError, match=r"edges.tsv: .*cut off"):
            read(packed[: len(packed) * 3 // 4], duplicates="max", n_jobs=n_jobs)
    assert threading.active_count() <= before


def test_read_when_a_line_never_ends_then_reading_stops(read) -> None:
    with pytest.raises(GraphFormatError, match=r"edges.tsv:2: .*longer"):
        read("a\tb\n" + "x" * (3 << 20))


def test_read_when_the_delimiter_is_impossible_then_an_error(read) -> None:
    for delimiter in ("", "ab", "\n", '"', "\u00e9"):
        with pytest.raises(GraphValueError, match="delimiter"):
            read("a\tb\n", delimiter=delimiter)


@given(st.binary(max_size=200), st.sampled_from(["e.tsv", "e.csv", "e.txt"]))
@settings(max_examples=200, deadline=None)
@pytest.mark.filterwarnings("ignore::graphrep.exceptions.GraphWarning")
def test_read_when_bytes_are_random_then_a_graph_or_our_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    try:
        graph = read_edgelist(path, allow_empty=True, n_jobs=1)
    except (GraphFormatError, GraphValueError):
        return
    assert all(isinstance(i, (str, int)) for i in graph.nodes)


@pytest.mark.slow
def test_read_when_the_text_is_large_then_memory_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "big.tsv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for start in range(0, 3_000_000, 100_000):
            file.write(b"".join(
                b"# %0100d\nn%d\tn%d\n" % (i, i % 1000, i % 997)
                for i in range(start, start + 100_000)
            ))  # fmt: skip
    code = (
        "import resource, sys\n"
        "from graphrep.io import read_edgelist\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "read_edgelist(sys.argv[2], duplicates='max'); before = peak()\n"
        "graph = read_edgelist(sys.argv[1], duplicates='max')\n"
        "print(graph.n_nodes, (peak() - before) // 1024)"
    )
    small = tmp_path / "small.tsv"
    small.write_text("n1\tn2\n")
    command = [sys.executable, "-c", code, str(path), str(small)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    nodes, mebibytes = map(int, done.stdout.split())
    assert nodes == 1000
    assert mebibytes < 250  # the text is 360 MB, the edges and their CSR 150 MB
