"""Candidate pairs: order, sets, and every form they go out in."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.blocking import CandidatePairs, Records
from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.graph import NodeIndex

LEFT = NodeIndex(["a", "b,x", 'c"q', "d"])
RIGHT = NodeIndex([11, 22, 33])


def _drawn(n=9, seed=0, one_table=False, left=LEFT, right=RIGHT):
    rng = np.random.default_rng(seed)
    right = left if one_table else right
    return CandidatePairs(
        rng.integers(0, len(left), n), rng.integers(0, len(right), n),
        rng.integers(0, 4, n) / 4 + 0.1, left_ids=left, right_ids=right,
        one_table=one_table,
    )  # fmt: skip


def _best(left, right, scores, one_table):
    best = {}
    for a, b, s in zip(left, right, scores, strict=True):
        if one_table and a == b:
            continue
        key = (min(a, b), max(a, b)) if one_table else (a, b)
        best[key] = max(s, best.get(key, -np.inf))
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))


@pytest.mark.parametrize("one_table", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_pairs_when_made_then_once_each_and_best_first(seed, one_table):
    rng = np.random.default_rng(seed)
    index = NodeIndex(6)
    rows = rng.integers(0, 6, (2, 40))
    scores = rng.integers(0, 5, 40)
    pairs = CandidatePairs(
        *rows, scores, left_ids=index, right_ids=index, one_table=one_table
    )
    wanted = _best(*rows.tolist(), scores.tolist(), one_table)
    given = zip(pairs.left_rows.tolist(), pairs.right_rows.tolist(), strict=True)
    assert list(given) == [pair for pair, _ in wanted]
    assert pairs.scores.tolist() == [score for _, score in wanted]
    assert (pairs.left_rows.dtype, pairs.scores.dtype) == (np.int32, np.float32)


def test_pairs_when_chosen_then_still_best_first():
    pairs = _drawn(12)
    head = pairs.head(4)
    assert list(head) == list(pairs)[:4]
    assert pairs.take([3, 1, 1]) == pairs.take(np.isin(np.arange(len(pairs)), [1, 3]))
    assert len(pairs.head(99)) == len(pairs)
    with pytest.raises(GraphValueError, match="n must"):
        pairs.head(-1)


def test_pairs_when_joined_then_as_sets():
    one, other = _drawn(8, 1), _drawn(8, 2)
    a, b = ({(x, y): s for x, y, s in pairs} for pairs in (one, other))
    union = {p: max(a.get(p, 0), b.get(p, 0)) for p in a.keys() | b.keys()}
    assert {(x, y): s for x, y, s in one.union(other)} == union
    both = {(x, y): s for x, y, s in one.intersection(other)}
    assert both == {p: a[p] for p in a.keys() & b.keys()}
    rest = {(x, y) for x, y, _ in one.difference(other)}
    assert rest == a.keys() - b.keys()
    with pytest.raises(GraphValueError, match="other tables"):
        one.union(_drawn(3, one_table=True))


@pytest.mark.parametrize(
    ("left", "right", "scores", "words"),
    [
        ([0, 1], [0], None, "one length"),
        ([4], [0], None, "Row 4 is outside the left table of 4"),
        ([0], [-1], None, "Row -1 is outside the right"),
        ([0], [0], [np.nan], "score of pair 0 is NaN"),
        ([[0]], [[0]], None, "one-dimensional"),
    ],
)
def test_pairs_when_wrong_then_refused(left, right, scores, words):
    with pytest.raises(GraphValueError, match=words):
        CandidatePairs(left, right, scores, left_ids=LEFT, right_ids=RIGHT)


def test_sizes_when_asked_then_counted():
    pairs = _drawn(9)
    of_left, of_right = pairs.degrees()
    assert of_left.sum() == of_right.sum() == len(pairs)
    assert (pairs.shape, pairs.n_possible) == ((4, 3), 12)
    one = _drawn(9, one_table=True)
    assert one.degrees()[0].sum() == 2 * len(one)
    assert one.n_possible == 6
    assert "n_pairs=" in repr(one)


def test_csr_and_scipy_when_compared_then_the_same_scores():
    pairs = _drawn(12)
    matrix = pairs.to_scipy().toarray()
    indptr, indices, scores = pairs.to_csr()
    for row in range(4):
        span = slice(indptr[row], indptr[row + 1])
        assert (np.diff(scores[span]) <= 0).all()
        wanted = np.zeros(3)
        wanted[indices[span]] = scores[span]
        assert np.allclose(matrix[row], wanted)


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_frame_when_made_then_columns_of_ids(backend):
    pytest.importorskip(backend)
    pairs = _drawn(9)
    frame = pairs.to_frame(backend)
    columns = [
        frame[name].to_pylist() if backend == "pyarrow" else frame[name].to_list()
        for name in ("left_id", "right_id", "score")
    ]
    assert list(zip(*columns, strict=True)) == list(pairs)
    with pytest.raises(GraphValueError, match="backend"):
        pairs.to_frame("excel")


# -- files -------------------------------------------------------------------------
@pytest.mark.parametrize("one_table", [False, True])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".parquet", ".npz"])
@pytest.mark.parametrize("n", [0, 9])
def test_pairs_when_written_and_read_then_equal(suffix, n, one_table, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    pairs = _drawn(n, one_table=one_table)
    path = tmp_path / f"p{suffix}"
    pairs.write(path)
    left = Records({}, LEFT)
    right = None if one_table else Records({}, RIGHT)
    assert CandidatePairs.read(path, left, right) == pairs
    if suffix == ".npz":
        assert CandidatePairs.read(path) == pairs
    elif suffix != ".parquet":
        with pytest.raises(GraphValueError, match="Pass the tables"):
            CandidatePairs.read(path)


def test_pairs_when_written_twice_then_the_same_bytes(tmp_path):
    pairs = _drawn(9)
    for name in ("p.npz", "p.csv.gz"):
        pairs.write(tmp_path / name)
        first = (tmp_path / name).read_bytes()
        pairs.write(tmp_path / name)
        assert (tmp_path / name).read_bytes() == first


def test_pairs_when_of_a_foreign_table_then_first_columns_count(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("x,y,sim\na,11,0.5\nd,33,0.75\n", "utf-8")
    pairs = CandidatePairs.read(path, Records({}, LEFT), Records({}, RIGHT))
    assert list(pairs) == [("d", 33, 0.75), ("a", 11, 0.5)]
    path.write_text("right_id,left_id\n11,a\n", "utf-8")
    pairs = CandidatePairs.read(path, Records({}, LEFT), Records({}, RIGHT))
    assert list(pairs) == [("a", 11, 1.0)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("left_id,right_id\nzz,11\n", "p.csv: Pair 1 names 'zz'"),
        ("left_id,right_id,score\na,11,high\n", "Pair 1 has 'score' 'high'"),
        ("left_id\na\n", "two columns"),
    ],
)
def test_pairs_when_the_file_is_wrong_then_refused(text, words, tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(GraphFormatError, match=words):
        CandidatePairs.read(path, Records({}, LEFT), Records({}, RIGHT))


def test_pairs_when_the_format_cannot_be_then_refused(tmp_path):
    pairs = _drawn(3)
    with pytest.raises(GraphFormatError, match="suffix tells no format"):
        pairs.write(tmp_path / "p.xlsx")
    with pytest.raises(GraphFormatError, match="suffix tells no format"):
        pairs.write(tmp_path / "p.npz.gz")
    with pytest.raises(GraphValueError, match="format must"):
        pairs.write(tmp_path / "p", format="xlsx")
    tabbed = NodeIndex(["a\tb"])
    odd = CandidatePairs([0], [0], left_ids=tabbed, right_ids=tabbed)
    with pytest.raises(GraphValueError, match="TSV cannot hold"):
        odd.write(tmp_path / "p.tsv")
    tuples = NodeIndex([(1, 2)])
    odd = CandidatePairs([0], [0], left_ids=tuples, right_ids=tuples)
    with pytest.raises(GraphTypeError, match="type tuple"):
        odd.write(tmp_path / "p.csv")
    np.savez(tmp_path / "other.npz", x=np.arange(3))
    with pytest.raises(GraphFormatError, match="no candidate pairs"):
        CandidatePairs.read(tmp_path / "other.npz")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.npz"]


# -- other packages ----------------------------------------------------------------
def test_duckdb_when_given_then_a_table():
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    pairs, connection = _drawn(9), duckdb.connect()
    connection.execute('create schema "my s"')
    for name in ("pairs", "my s.pairs", 'odd"name'):
        pairs.to_duckdb(connection, name)
        quoted = ".".join('"' + p.replace('"', '""') + '"' for p in name.split("."))
        rows = connection.execute(f"select * from {quoted}").fetchall()
        assert rows == list(pairs)
    with pytest.raises(GraphValueError, match="there already"):
        pairs.to_duckdb(connection, "pairs")
    pairs.head(2).to_duckdb(connection, "pairs", overwrite=True)
    assert connection.execute("select count(*) from pairs").fetchone() == (2,)


def test_networkx_when_made_then_bipartite():
    nx = pytest.importorskip("networkx")
    pairs = _drawn(9)
    graph = pairs.to_networkx()
    assert nx.is_bipartite(graph)
    assert (len(graph), graph.number_of_edges()) == (7, len(pairs))
    a, b, score = next(iter(pairs))
    assert graph.edges[("left", a), ("right", b)]["score"] == score
    one = _drawn(9, one_table=True).to_networkx()
    assert set(one) == set(LEFT)


@pytest.mark.parametrize("one_table", [False, True])
def test_recordlinkage_when_it_compares_then_those_pairs(one_table):
    recordlinkage = pytest.importorskip("recordlinkage")
    pandas = pytest.importorskip("pandas")
    pairs = _drawn(9, one_table=one_table)
    left = pandas.DataFrame({"n": ["x", "y", "x", "z"]}, index=list(LEFT))
    right = pandas.DataFrame({"n": ["x", "y", "z"]}, index=list(RIGHT))
    compare = recordlinkage.Compare()
    compare.exact("n", "n", label="same")
    tables = (left,) if one_table else (left, right)
    found = compare.compute(pairs.to_recordlinkage(), *tables)["same"]
    other = left if one_table else right
    for (a, b), same in found.items():
        assert same == (left.n[a] == other.n[b])
    given = {frozenset(pair) for pair in found.index}
    assert given == {frozenset((a, b)) for a, b, _ in pairs}


@pytest.mark.parametrize("names", [("left_table", "right_table"), ("z", "b"), None])
def test_splink_when_it_predicts_then_those_pairs(names):
    splink = pytest.importorskip("splink")
    if int(splink.__version__.split(".")[0]) < 5:
        pytest.skip("pairs from outside need Splink 5")
    import splink.comparison_library as compare

    pandas = pytest.importorskip("pandas")
    one_table = names is None
    left, right = NodeIndex(["a", "b", "c", "d"]), NodeIndex(["k", "a", "m"])
    pairs = _drawn(9, 3, one_table, left, right)
    api = splink.DuckDBAPI()
    tables = [
        api.register(
            pandas.DataFrame({"unique_id": list(index), "n": ["x"] * len(index)}),
            dataset_display_name=name,
        )
        for index, name in zip((left, right), names or ("t",), strict=False)
    ]
    settings = splink.SettingsCreator(
        link_type="dedupe_only" if one_table else "link_only",
        comparisons=[compare.ExactMatch("n")],
        blocking_rules_to_generate_predictions=["l.n = r.n"],
    )
    linker = splink.Linker(tables[0] if one_table else tables, settings)
    linker.table_management.register_blocked_pairs_for_predict(
        api.register(pairs.to_splink(*(names or ())))
    )
    found = linker.inference.predict().as_pandas_dataframe()
    given = {
        frozenset({(getattr(row, "source_dataset_l", ""), row.unique_id_l),
                   (getattr(row, "source_dataset_r", ""), row.unique_id_r)})
        for row in found.itertuples()
    }  # fmt: skip
    first, second = names or ("", "")
    if one_table:
        assert {frozenset(v for _, v in pair) for pair in given} == {
            frozenset((a, b)) for a, b, _ in pairs
        }
        assert (found.unique_id_l < found.unique_id_r).all()
    else:
        assert given == {frozenset({(first, a), (second, b)}) for a, b, _ in pairs}
        with pytest.raises(GraphValueError, match="Name them apart"):
            pairs.to_splink("t", "t")


@pytest.mark.parametrize("one_table", [False, True])
def test_pair_numbers_when_joined_then_those_pairs(one_table):
    pairs = _drawn(9, one_table=one_table)
    left, right = pairs.pair_numbers()
    found = {
        (a, b)
        for a, mine in enumerate(left)
        for b, theirs in enumerate(right)
        if set(mine) & set(theirs) and (not one_table or a < b)
    }
    rows = zip(pairs.left_rows.tolist(), pairs.right_rows.tolist(), strict=True)
    assert found == set(rows)
    assert (len(left), len(right)) == pairs.shape


def test_dedupe_when_it_scores_then_those_pairs():
    dedupe = pytest.importorskip("dedupe")

    class Classifier:
        def predict_proba(self, features):
            return np.full((len(features), 2), 0.75)

    index = NodeIndex(["a", "b", "c", "d"])
    records = Records({"name": ["x", "", "z", "x"]}, index)
    pairs = _drawn(9, left=index, one_table=True)
    first = next(iter(pairs.to_dedupe(records)))
    assert {type(part[1]["name"]) for part in first} <= {str, type(None)}
    model = dedupe.Dedupe(
        [dedupe.variables.String("name", has_missing=True)], num_cores=0
    )
    model.classifier = Classifier()
    scores = model.score(pairs.to_dedupe(records))
    given = {frozenset(pair) for pair in scores["pairs"].tolist()}
    assert given == {frozenset((a, b)) for a, b, _ in pairs}
    del scores


def test_dedupe_when_given_its_data_or_other_tables_then_used_or_refused():
    data = {v: {"name": v} for v in LEFT}, {v: {"name": str(v)} for v in RIGHT}
    pairs = _drawn(9)
    a, b, _ = next(iter(pairs))
    assert next(pairs.to_dedupe(*data)) == ((a, {"name": a}), (b, {"name": str(b)}))
    with pytest.raises(GraphValueError, match="two tables"):
        pairs.to_dedupe(data[0])
    with pytest.raises(GraphValueError, match="no record 11"):
        pairs.to_dedupe(data[0], {22: {"name": "x"}})
    with pytest.raises(GraphValueError, match="other ids"):
        pairs.to_dedupe(data[0], {"name": ["x", "y", "z"]})
