"""Our safetensors reader and writer, with the package safetensors as referee."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.io._safetensors import read_safetensors, write_safetensors

referee = pytest.importorskip("safetensors.numpy")

KINDS = ["?", "u1", "i1", "u2", "i2", "f2", "u4", "i4", "f4", "u8", "i8", "f8"]
ARRAYS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
        lambda name: name != "__metadata__"
    ),
    st.sampled_from(KINDS).flatmap(
        lambda kind: hnp.arrays(
            np.dtype(kind), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)
        )
    ),
    max_size=5,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("safetensors")


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@settings(max_examples=40, deadline=None)
@given(
    ARRAYS, st.dictionaries(st.text("abc é", max_size=4), st.text("xy\n", max_size=4))
)
def test_file_when_written_by_us_then_the_referee_and_we_read_it(
    folder, arrays, metadata
):
    path = folder / "a.safetensors"
    write_safetensors(path, arrays, metadata)
    for found in (
        referee.load_file(path),
        read_safetensors(path)[0],
        read_safetensors(path, mmap=False)[0],
    ):
        assert found.keys() == arrays.keys()
        assert all(same(found[name], arrays[name]) for name in arrays)
    assert read_safetensors(path)[1] == metadata


@settings(max_examples=20, deadline=None)
@given(ARRAYS)
def test_file_when_written_by_the_referee_then_we_read_it(folder, arrays):
    path = folder / "b.safetensors"
    referee.save_file(arrays, path, {"k": "v"})
    found, metadata = read_safetensors(path)
    assert metadata == {"k": "v"}
    assert all(same(found[name], np.asarray(arrays[name])) for name in arrays)


def test_file_when_arrays_are_oddly_laid_out_then_values_are_kept(tmp_path):
    path = tmp_path / "a.safetensors"
    base = np.arange(24.0).reshape(4, 6)
    arrays = {
        "fortran": np.asfortranarray(base),
        "strided": base[::2, ::-3],
        "big": base.astype(">f4"),
        "scalar": np.float32(3),
    }
    write_safetensors(path, {k: np.asarray(v) for k, v in arrays.items()})
    found, _ = read_safetensors(path)
    for name, array in arrays.items():
        assert np.array_equal(found[name], array)
        assert found[name].flags.c_contiguous
    assert np.array_equal(referee.load_file(path)["fortran"], base)


def test_file_when_read_then_mapped_read_only_and_aligned(tmp_path):
    path = tmp_path / "a.safetensors"
    write_safetensors(path, {"b": np.ones(3, np.uint8), "a": np.ones(2)})
    arrays, _ = read_safetensors(path)
    assert isinstance(arrays["a"], np.memmap)
    assert arrays["a"].flags.aligned
    assert not arrays["a"].flags.writeable


def test_file_when_written_twice_then_same_bytes(tmp_path):
    one, two = tmp_path / "1.safetensors", tmp_path / "2.safetensors"
    a, b = np.ones(3), np.zeros(2, np.int8)
    write_safetensors(one, {"a": a, "b": b}, {"x": "1", "y": "2"})
    write_safetensors(two, {"b": b, "a": a}, {"y": "2", "x": "1"})
    assert one.read_bytes() == two.read_bytes()
    with pytest.raises(FileExistsError):
        write_safetensors(one, {}, overwrite=False)


@pytest.mark.parametrize(
    ("arrays", "metadata", "error"),
    [
        ({"a": np.array(["x"])}, None, GraphTypeError),
        ({"a": np.array([1j])}, None, GraphTypeError),
        ({"a": np.array([{}], object)}, None, GraphTypeError),
        ({"a": np.ones(1)}, {"k": 1}, GraphTypeError),
        ({"__metadata__": np.ones(1)}, None, GraphValueError),
    ],
)
def test_write_when_something_does_not_fit_then_error(
    tmp_path, arrays, metadata, error
):
    with pytest.raises(error):
        write_safetensors(tmp_path / "a.safetensors", arrays, metadata)
    assert list(tmp_path.iterdir()) == []


def entry(shape, begin, end, dtype="U8"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def forge(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


BROKEN = {
    "empty": (b"", "is empty"),
    "short": (b"\1\0\0", "too few"),
    "long header": (struct.pack("<Q", 10**9) + b"{}", "was cut off"),
    "huge header": (struct.pack("<Q", 2**64 - 1), "was cut off"),
    "not json": (forge(b"{]"), "damaged"),
    "not utf8": (forge(b'{"\xff": 1}'), "damaged"),
    "deep": (forge(b"[" * 200_000), "damaged"),
    "not a dict": (forge([1]), "no JSON object"),
    "twice": (
        forge(b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":1}'),
        "stands twice",
    ),
    "truncated": (forge({"a": entry([4], 0, 4)}, b"abc"), "cut off"),
    "trailing": (forge({"a": entry([2], 0, 2)}, b"abc"), "cut off"),
    "overlap": (
        forge({"a": entry([2], 0, 2), "b": entry([2], 1, 3)}, b"abc"),
        "overlaps",
    ),
    "hole": (forge({"a": entry([1], 0, 1), "b": entry([1], 2, 3)}, b"abc"), "hole"),
    "reversed": (forge({"a": entry([1], 3, 2)}, b"abc"), "range"),
    "overflow": (forge({"a": entry([2**32, 2**32], 0, 0)}), "range"),
    "negative": (forge({"a": entry([-1], 0, 1)}, b"a"), "whole numbers"),
    "float shape": (forge({"a": entry([1.0], 0, 1)}, b"a"), "whole numbers"),
    "bool shape": (forge({"a": entry([True], 0, 1)}, b"a"), "whole numbers"),
    "dtype": (forge({"a": entry([1], 0, 2, "BF16")}, b"ab"), "known are BOOL"),
    "dtype list": (forge({"a": entry([1], 0, 2, ["U8"])}, b"ab"), "known are"),
    "extra key": (forge({"a": {**entry([0], 0, 0), "x": 1}}), "not described"),
    "metadata": (forge({"__metadata__": {"a": 1}}), "no texts"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_read_when_the_file_is_broken_then_refused(tmp_path, case):
    content, text = BROKEN[case]
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    with pytest.raises(GraphFormatError, match=text) as caught:
        read_safetensors(path)
    assert caught.value.path == str(path)


def test_read_when_values_are_unaligned_then_still_right(tmp_path):
    path = tmp_path / "odd.safetensors"
    body = np.array([1.5, -2], "<f4").tobytes()
    path.write_bytes(
        forge(json.dumps({"a": entry([2], 0, 8, "F32")}).encode() + b" ", body)
    )
    array = read_safetensors(path)[0]["a"]
    assert array.tolist() == [1.5, -2]
    assert array.flags.aligned
