"""Files of vectors: round trips in every format."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graphrep.exceptions import (
    GraphFormatError,
    GraphTypeError,
    GraphValueError,
    GraphWarning,
)
from graphrep.graph import Vectors
from graphrep.io import read_vectors, write_vectors
from graphrep.io._vectors import VECTOR_FORMATS, sniff_vectors

SUFFIXES = {
    "npy": ".npy",
    "npz": ".npz",
    "parquet": ".parquet",
    "arrow": ".arrow",
    "csv": ".csv",
    "tsv": ".tsv",
    "word2vec": ".txt",
    "word2vec-bin": ".bin",
    "safetensors": ".safetensors",
    "store": ".store",
    "projector": "",
}
LOSSLESS = ("npy", "npz", "parquet", "arrow", "safetensors", "store")
DIRECTORIES = ("projector", "store")
TEXTUAL = ("csv", "tsv", "word2vec", "projector")
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n\t")
TEXT_IDS = st.text(CHARACTERS, min_size=1, max_size=6)
INT_IDS = st.integers(-(2**63), 2**63 - 1)
NATURAL_IDS = st.integers(0, 2**63 - 1)
DTYPES = st.sampled_from(["f2", "f4", "f8"])


@st.composite
def vectors_of(draw, ids, dtypes=DTYPES):
    names = draw(st.lists(ids, min_size=1, max_size=6, unique=True))
    dtype = np.dtype(draw(dtypes))
    width = draw(st.integers(1, 4))
    floats = st.floats(width=dtype.itemsize * 8, allow_nan=False, allow_infinity=False)
    matrix = draw(hnp.arrays(dtype, (len(names), width), elements=floats))
    return Vectors(matrix, names)


def same(a, b):
    return (
        a.nodes == b.nodes
        and a.nodes.is_integer == b.nodes.is_integer
        and a.dtype == b.dtype
        and a.matrix.tobytes() == b.matrix.tobytes()
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("vectors")


@pytest.fixture
def vectors():
    matrix = np.array([[0.1, -2], [3, 4e-30], [5, 0]], np.float32)
    return Vectors(matrix, ["type 2 diabetes", "é", "=1+1"])


@pytest.mark.parametrize("name", LOSSLESS)
@settings(max_examples=30, deadline=None)
@given(st.one_of(vectors_of(TEXT_IDS), vectors_of(INT_IDS)))
def test_lossless_format_when_read_back_then_equal_in_every_bit(folder, name, vectors):
    path = folder / f"a{SUFFIXES[name]}"
    write_vectors(vectors, path)
    assert same(read_vectors(path), vectors)
    assert same(read_vectors(path, mmap=False, format=name), vectors)


@pytest.mark.parametrize("name", TEXTUAL)
@settings(max_examples=40, deadline=None)
@given(st.one_of(vectors_of(TEXT_IDS), vectors_of(NATURAL_IDS)))
def test_text_format_when_read_back_with_its_type_then_equal(folder, name, vectors):
    path = folder / f"t{SUFFIXES[name]}"
    id_dtype = None if vectors.nodes.is_integer else "str"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphWarning)
        try:
            write_vectors(vectors, path, format=name)
        except GraphValueError as error:
            assert "blanks are replaced" in str(error)  # noqa: PT017
            return
    found = read_vectors(path, format=name, dtype=vectors.dtype, id_dtype=id_dtype)
    assert same(found, vectors)


@settings(max_examples=30, deadline=None)
@given(
    st.one_of(
        vectors_of(TEXT_IDS, st.just("f4")), vectors_of(NATURAL_IDS, st.just("f4"))
    )
)
def test_word2vec_binary_when_read_back_then_equal(folder, vectors):
    path = folder / "v.bin"
    id_dtype = None if vectors.nodes.is_integer else "str"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphWarning)
        try:
            write_vectors(vectors, path)
        except GraphValueError as error:
            assert "blanks are replaced" in str(error)  # noqa: PT017
            return
    assert same(read_vectors(path, id_dtype=id_dtype), vectors)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("name", ["csv", "tsv", "word2vec", "word2vec-bin"])
def test_text_when_compressed_then_read_back(tmp_path, name, suffix):
    vectors = Vectors(np.ones((20, 3), np.float32), [f"n{i}" for i in range(20)])
    path = tmp_path / f"v{SUFFIXES[name]}{suffix}"
    write_vectors(vectors, path)
    assert same(read_vectors(path), vectors)
    plain = tmp_path / "plain"
    write_vectors(vectors, plain, format=name)
    assert path.read_bytes()[:20] != plain.read_bytes()[:20]


@pytest.mark.parametrize("name", VECTOR_FORMATS)
def test_write_when_repeated_then_same_bytes_and_no_leftovers(tmp_path, name, vectors):
    plain = Vectors(vectors.matrix, ["a", "b", "c"])
    one, two = tmp_path / "one", tmp_path / "two"
    for place in (one, two):
        place.mkdir()
        write_vectors(plain, place / f"v{SUFFIXES[name]}", format=name)
        write_vectors(plain, place / f"v{SUFFIXES[name]}", format=name)
    files = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
    assert files
    assert all((one / f).read_bytes() == (two / f).read_bytes() for f in files)
    assert not [f for f in files if f.name.startswith(".")]
    with pytest.raises(FileExistsError):
        write_vectors(plain, one / f"v{SUFFIXES[name]}", format=name, overwrite=False)


@pytest.mark.parametrize("name", ["parquet", "arrow"])
def test_table_when_wide_then_read_back(tmp_path, name, vectors):
    path = tmp_path / f"v{SUFFIXES[name]}"
    write_vectors(vectors, path, wide=True)
    assert same(read_vectors(path), vectors)


def test_parquet_when_written_by_others_then_read(tmp_path, vectors):
    pl = pytest.importorskip("polars")
    path = tmp_path / "v.parquet"
    frame = pl.DataFrame({"name": ["a", "b"], "v": [[1.0, 2.0], [3.0, 4.0]]})
    frame.write_parquet(path)
    assert read_vectors(path)[["b"]].tolist() == [[3, 4]]
    vectors.to_frame().to_parquet(path)
    assert same(read_vectors(path), vectors)
    frame.with_columns(v=pl.Series([[1.0, 2.0], [3.0]])).write_parquet(path)
    with pytest.raises(GraphFormatError, match="Vector 1 has 1 components"):
        read_vectors(path)
    frame.with_columns(id=pl.Series(["a", None])).write_parquet(path)
    with pytest.raises(GraphFormatError, match="missing"):
        read_vectors(path)
    frame.select("name").write_parquet(path)
    with pytest.raises(GraphFormatError, match="only ids"):
        read_vectors(path)
    frame.with_columns(v=pl.Series([[1.0, None], [3.0, 2.0]])).write_parquet(path)
    with pytest.raises(GraphFormatError, match="missing"):
        read_vectors(path)


@pytest.mark.parametrize("name", [n for n in LOSSLESS if n not in DIRECTORIES])
def test_read_when_cut_off_then_error_names_the_file(tmp_path, name):
    path = tmp_path / f"v{SUFFIXES[name]}"
    write_vectors(Vectors(np.ones((50, 8))), path)
    content = path.read_bytes()
    for size in (0, 5, 60, len(content) // 2, len(content) - 3):
        path.write_bytes(content[:size])
        with pytest.raises(GraphFormatError) as caught:
            read_vectors(path, format=name)
        assert str(path) in str(caught.value)


def _mutate(content, rng):
    out = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        at = rng.integers(len(out))
        kind = rng.integers(3)
        if kind == 0:
            out[at] = rng.integers(256)
        elif kind == 1 and len(out) > 9:
            del out[at : at + rng.integers(1, 6)]
        else:
            out[at:at] = rng.bytes(rng.integers(1, 5))
    return bytes(out)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [n for n in VECTOR_FORMATS if n not in DIRECTORIES])
def test_read_when_bytes_were_changed_then_reads_or_refuses(tmp_path, name):
    rng = np.random.default_rng(0)
    path = tmp_path / f"v{SUFFIXES[name]}"
    matrix = rng.normal(size=(6, 3)).astype(np.float32)
    write_vectors(Vectors(matrix, ["a", "b c", "d", "e,f", "g", "h"]), path)
    content = path.read_bytes()
    for i in range(60):
        changed = tmp_path / f"{i}{SUFFIXES[name]}"
        changed.write_bytes(_mutate(content, rng))
        try:
            assert isinstance(read_vectors(changed, format=name), Vectors)
        except GraphFormatError as error:
            assert str(changed) in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (((((2, }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -2), }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (9**9, 2), }",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (2, 1), }",
        b"{'descr': 7}",
    ],
)
def test_npy_when_the_header_is_forged_then_refused(tmp_path, header):
    path = tmp_path / "v.npy"
    header += b" " * (117 - len(header)) + b"\n"
    size = len(header).to_bytes(2, "little")
    path.write_bytes(b"\x93NUMPY\x01\x00" + size + header + bytes(16))
    with pytest.raises(GraphFormatError):
        read_vectors(path)


@pytest.mark.parametrize("name", ["npy", "safetensors"])
def test_read_when_mapped_then_values_stay_on_disk(tmp_path, name, vectors):
    path = tmp_path / f"v{SUFFIXES[name]}"
    write_vectors(vectors, path)
    assert isinstance(read_vectors(path).matrix, np.memmap)
    assert not isinstance(read_vectors(path, mmap=False).matrix, np.memmap)


def test_npy_when_ids_look_like_integers_then_kept_as_texts(tmp_path):
    path = tmp_path / "v.npy"
    texts = Vectors(np.eye(2), ["1", "2"])
    write_vectors(texts, path)
    assert (tmp_path / "v.ids.npy").exists()
    assert same(read_vectors(path), texts)
    numbers = Vectors(np.eye(2), [1, 2])
    write_vectors(numbers, path)
    assert not (tmp_path / "v.ids.npy").exists()
    assert (tmp_path / "v.ids.txt").read_text() == "1\n2\n"
    assert same(read_vectors(path), numbers)
    (tmp_path / "v.ids.txt").unlink()
    assert read_vectors(path).node_ids.tolist() == [0, 1]
    (tmp_path / "v.ids.txt").write_text("a\n")
    with pytest.raises(GraphFormatError, match="1 node ids were given for 2"):
        read_vectors(path)


def test_npy_when_it_holds_objects_then_refused(tmp_path):
    np.save(tmp_path / "v.npy", np.array([[{}]], object), allow_pickle=True)
    with pytest.raises(GraphFormatError, match="objects"):
        read_vectors(tmp_path / "v.npy")
    np.save(tmp_path / "v.npy", np.ones((2, 2), int))
    with pytest.raises(GraphFormatError, match="vectors are floats"):
        read_vectors(tmp_path / "v.npy")


def test_read_when_a_type_is_given_then_cast(tmp_path):
    for name in ("npy", "npz", "parquet", "safetensors", "csv"):
        path = tmp_path / f"v{SUFFIXES[name]}"
        write_vectors(Vectors(np.array([[1.5, 1e300]])), path)
        with pytest.raises(GraphFormatError):
            read_vectors(path, dtype="float32")
        assert read_vectors(path, dtype="float64").matrix.tolist() == [[1.5, 1e300]]
    with pytest.raises(GraphTypeError, match="dtype must be"):
        read_vectors(path, dtype="int64")
    with pytest.raises(GraphValueError, match="id_dtype must be"):
        read_vectors(path, id_dtype="uuid")


def test_csv_when_ids_are_odd_then_quoted_and_formulas_guarded_on_wish(tmp_path):
    path = tmp_path / "v.csv"
    ids = ["a,b", 'say "x"', " left", "", "=1+1", "-x", "plain"]
    vectors = Vectors(np.ones((7, 1), np.float32), ids)
    write_vectors(vectors, path)
    assert same(read_vectors(path), vectors)
    pd = pytest.importorskip("pandas")
    frame = pd.read_csv(path, keep_default_na=False)
    assert frame["id"].tolist() == ids
    write_vectors(vectors, path, escape_formulas=True)
    assert read_vectors(path).node_ids.tolist()[4:] == ["'=1+1", "'-x", "plain"]


def test_csv_when_it_has_no_header_or_windows_ends_then_read(tmp_path):
    path = tmp_path / "v.csv"
    path.write_bytes(b"\xef\xbb\xbfa,1,2\r\nb,3,4\r\n\r\n")
    found = read_vectors(path)
    assert found.node_ids.tolist() == ["a", "b"]
    assert found.matrix.tolist() == [[1, 2], [3, 4]]
    path.write_bytes(b'"id","d1"\n007,1\n')
    assert read_vectors(path).node_ids.tolist() == ["007"]
    assert read_vectors(path, id_dtype="int64").node_ids.tolist() == [7]


@pytest.mark.parametrize("name", ["csv", "tsv", "word2vec", "projector"])
def test_text_when_an_id_holds_a_line_end_then_refused(tmp_path, name):
    for bad in ("a\nb", "a\0b", "a\rb"):
        vectors = Vectors(np.ones((1, 1)), [bad])
        with pytest.raises(GraphValueError, match="cannot"):
            write_vectors(vectors, tmp_path / "v", format=name)
    with pytest.raises(GraphValueError, match="Unicode"):
        write_vectors(Vectors(np.ones((1, 1)), ["\ud800"]), tmp_path / "v.csv")
    assert not (tmp_path / "v").exists()


@pytest.mark.parametrize("name", VECTOR_FORMATS)
def test_write_when_ids_are_neither_texts_nor_integers_then_refused(tmp_path, name):
    for ids in ([("a", 1), ("b", 2)], ["a", 1]):
        with pytest.raises(GraphTypeError, match="all integers or all texts"):
            write_vectors(Vectors(np.eye(2), ids), tmp_path / "v", format=name)


TEXT_ERRORS = {
    "short line": ("v.csv", b"id,x0,x1\na,1,2\nb,3\n", 3, "found 1 numbers"),
    "long line": ("v.tsv", b"id\tx0\na\t1\t2\n", 2, "found 2 numbers"),
    "no number": ("v.csv", b"id,x0\na,1\nb,abc\n", 3, "'abc' is no number"),
    "nan": ("v.csv", b"id,x0\na,nan\n", 2, "nan does not fit"),
    "infinite": ("v.csv", b"id,x0\na,1\nb,inf\n", 3, "must be finite"),
    "too large": ("v.csv", b"id,x0\na,1e300\n", 2, "dtype='float64'"),
    "not utf8": ("v.csv", b"id,x0\na,1\n\xff\xfe,2\n", 3, "not UTF-8"),
    "twice": ("v.csv", b"id,x0\na,1\n\nb,2\na,3\n", 5, "first in line 2"),
    "no columns": ("v.csv", b"id\na\n", 1, "at least one number"),
    "w2v blank": ("v.txt", b"2 2\na 1 2\nb c 3 4\n", 3, "blank in the id"),
    "w2v fewer": ("v.txt", b"3 1\na 1\nb 2\n", None, "3 vectors, but 2 follow"),
    "w2v more": ("v.txt", b"1 1\na 1\nb 2\n", None, "1 vectors, but 2 follow"),
    "w2v width": ("v.txt", b"1 3\na 1 2\n", 2, "Expected an id and 3 numbers"),
    "w2v forged": ("v.txt", b"1 9999999\na 1 2\n", 2, "Expected an id"),
    "w2v monster": ("v.txt", b"1 99999999999\na 1 2\n", None, "cannot be read"),
    "w2v empty": ("v.txt", b"\n", None, "empty"),
    "bin cut": ("v.bin", b"2 1\na \0\0\0\0\nb \0\0", None, "2 vectors, but 1"),
    "bin more": ("v.bin", b"1 1\na \0\0\0\0\nb", None, "more follow"),
    "bin header": ("v.bin", b"hello\n", None, "first line"),
    "bin nan": ("v.bin", b"1 1\na \0\0\xc0\x7f", None, "NaN"),
    "bin utf8": ("v.bin", b"1 1\n\xff \0\0\0\0", None, "not UTF-8"),
    "bin forged": ("v.bin", b"999999999999 9999999\na \0", None, "but 0 follow"),
}


@pytest.mark.parametrize("case", TEXT_ERRORS)
def test_text_when_broken_then_the_line_is_named(tmp_path, case):
    name, content, line, text = TEXT_ERRORS[case]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GraphFormatError, match=text) as caught:
        read_vectors(tmp_path / name)
    assert caught.value.line == line
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize("suffix", [".txt", ".bin", ".txt.gz"])
def test_word2vec_when_ids_hold_blanks_then_mapped_with_one_warning(
    tmp_path, vectors, suffix
):
    path = tmp_path / f"v{suffix}"
    with pytest.warns(GraphWarning, match="1 ids hold blanks") as caught:
        write_vectors(vectors, path)
    assert len(caught) == 1
    beside = tmp_path / f"v{suffix}.ids.tsv"
    assert beside.read_text() == "type_2_diabetes\ttype 2 diabetes\n"
    assert same(read_vectors(path), vectors)
    write_vectors(Vectors(vectors.matrix, ["a", "b", "c"]), path)
    assert not beside.exists()
    beside.write_text("other\tmore\n")
    with pytest.raises(GraphFormatError, match="'other' is not in"):
        read_vectors(path)
    beside.write_text("other\n")
    with pytest.raises(GraphFormatError, match="a tab and another id"):
        read_vectors(path)


def test_word2vec_when_blanks_cannot_be_replaced_then_error(tmp_path, vectors):
    path = tmp_path / "v.txt"
    clash = Vectors(np.eye(2), ["a b", "a_b"])
    with pytest.raises(GraphValueError, match="both 'a_b'"):
        write_vectors(clash, path)
    with pytest.warns(GraphWarning):
        write_vectors(clash, path, replace_blanks="-")
    assert read_vectors(path, dtype="float64").nodes == clash.nodes
    with pytest.raises(GraphValueError, match="holds a blank"):
        write_vectors(vectors, path, replace_blanks=None)
    with pytest.raises(GraphValueError, match="no blank itself"):
        write_vectors(vectors, path, replace_blanks=" ")
    with pytest.raises(GraphValueError, match="empty"):
        write_vectors(Vectors([[1.0]], [""]), path)


def test_word2vec_when_written_by_others_then_read(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"the 0.1 -2e-1 3\nof 4 5 6 \n")  # GloVe has no header
    found = read_vectors(path)
    assert found.node_ids.tolist() == ["the", "of"]
    assert found["of"].tolist() == [4, 5, 6]
    path.write_bytes(b"2 2 \nthe 0.12345678901234567 1e-300 \nof 1 2 \n")
    assert read_vectors(path, dtype="float64")["the"].tolist() == [
        0.12345678901234567,
        1e-300,
    ]
    binary = tmp_path / "v.bin"  # without line ends, as gensim writes
    binary.write_bytes(
        b"2 2\na " + np.array([1, 2], "<f4").tobytes() + b"b " + b" \n  \0\0\0 "
    )
    assert read_vectors(binary)["a"].tolist() == [1, 2]
    assert len(read_vectors(binary)) == 2


def test_word2vec_binary_when_a_value_is_too_large_then_error(tmp_path):
    with pytest.raises(GraphValueError, match="too large for the float32"):
        write_vectors(Vectors([[1e300]]), tmp_path / "v.bin")


def test_text_when_larger_than_a_block_then_all_rows_arrive(tmp_path, monkeypatch):
    from graphrep.io import _vector_text, _word2vec

    monkeypatch.setattr(_vector_text, "_BLOCK_BYTES", 100)
    monkeypatch.setattr(_vector_text, "_NUMBERS", 7)
    monkeypatch.setattr(_word2vec, "_ROWS", 4)
    matrix = np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    vectors = Vectors(matrix, [f"node{i}" for i in range(50)])
    for name in ("v.csv", "v.txt", "v.bin"):
        write_vectors(vectors, tmp_path / name)
        assert same(read_vectors(tmp_path / name), vectors)


def test_projector_when_written_then_laid_out_as_tensorboard_wants(tmp_path):
    vectors = Vectors(np.array([[1, 2.5], [3, 4]], np.float32), ["a b", "c"])
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "mine.txt").write_text("keep")
    write_vectors(vectors, tmp_path / "log")
    assert (tmp_path / "log" / "vectors.tsv").read_text() == "1.0\t2.5\n3.0\t4.0\n"
    assert (tmp_path / "log" / "metadata.tsv").read_text() == "a b\nc\n"
    assert (
        'metadata_path: "metadata.tsv"'
        in (tmp_path / "log" / "projector_config.pbtxt").read_text()
    )
    assert (tmp_path / "log" / "mine.txt").read_text() == "keep"
    assert same(read_vectors(tmp_path / "log"), vectors)
    (tmp_path / "log" / "metadata.tsv").write_text("label\tkind\na\tx\nb\ty\n")
    assert read_vectors(tmp_path / "log").node_ids.tolist() == ["a", "b"]
    (tmp_path / "log" / "metadata.tsv").write_text("a\n")
    with pytest.raises(GraphFormatError, match="1 labels for 2 vectors"):
        read_vectors(tmp_path / "log")
    write_vectors(vectors, tmp_path / "run1_", format="projector")
    assert (tmp_path / "run1_vectors.tsv").exists()
    assert same(read_vectors(tmp_path / "run1_"), vectors)


@pytest.mark.parametrize("name", [n for n in VECTOR_FORMATS if n != "projector"])
def test_sniff_when_the_suffix_is_unknown_then_content_tells(tmp_path, name):
    rng = np.random.default_rng(0)
    vectors = Vectors(rng.normal(size=(9, 3)).astype(np.float32), list("abcdefghi"))
    written = tmp_path / f"v{SUFFIXES[name]}"
    write_vectors(vectors, written)
    assert sniff_vectors(written) == name
    unknown = tmp_path / "unknown.dat"
    written.rename(unknown)
    assert sniff_vectors(unknown) == name


def test_format_when_unknown_then_error_lists_them(tmp_path, vectors):
    with pytest.raises(GraphFormatError, match="suffix does not tell"):
        write_vectors(vectors, tmp_path / "v.xyz")
    with pytest.raises(GraphFormatError, match="choose one of npy"):
        write_vectors(vectors, tmp_path / "v", format="hdf5")
    with pytest.raises(GraphFormatError, match="not compressed"):
        write_vectors(vectors, tmp_path / "v.npy.gz")
    (tmp_path / "v.xyz").write_bytes(b"\0\1\2")
    with pytest.raises(GraphFormatError, match="format="):
        read_vectors(tmp_path / "v.xyz")
    with pytest.raises(FileNotFoundError):
        read_vectors(tmp_path / "nothing.parquet")


def test_npz_when_the_embedding_is_missing_then_error_lists_arrays(tmp_path):
    np.savez(tmp_path / "v.npz", other=np.eye(2))
    with pytest.raises(GraphFormatError, match="the file has other"):
        read_vectors(tmp_path / "v.npz")
    np.savez(tmp_path / "v.npz", embedding=np.eye(2), ids=np.array(["a", "a"]))
    with pytest.raises(GraphFormatError, match="stands twice"):
        read_vectors(tmp_path / "v.npz")


def test_write_when_given_a_matrix_then_rows_are_numbered(tmp_path):
    write_vectors(np.eye(3, dtype=np.float32), tmp_path / "v.txt")
    assert read_vectors(tmp_path / "v.txt") == Vectors(np.eye(3, dtype=np.float32))


@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.txt.gz"])
def test_word2vec_when_gensim_is_there_then_both_read_each_other(tmp_path, name):
    models = pytest.importorskip("gensim.models")
    matrix = np.random.default_rng(0).normal(size=(30, 7)).astype(np.float32)
    vectors = Vectors(matrix, [f"é{i}" for i in range(30)])
    write_vectors(vectors, tmp_path / name)
    binary = name == "v.bin"
    theirs = models.KeyedVectors.load_word2vec_format(
        str(tmp_path / name), binary=binary
    )
    assert theirs.index_to_key == vectors.node_ids.tolist()
    assert np.array_equal(theirs.vectors, matrix)
    theirs.save_word2vec_format(str(tmp_path / name), binary=binary)
    assert same(read_vectors(tmp_path / name), vectors)
