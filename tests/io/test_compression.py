from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
from pathlib import Path

import pytest
import zstandard

from graphrep.exceptions import GraphFormatError
from graphrep.io._compression import open_input, open_output, strip_compression

CONTENT = b"".join(b"%d\t%d\n" % (i, i * i) for i in range(20_000))
PACK = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}


@pytest.fixture(params=sorted(PACK))
def suffix(request: pytest.FixtureRequest) -> str:
    return request.param


def _read(path: Path, **options: int) -> bytes:
    with open_input(path, **options) as file:
        return file.read()


def test_open_input_when_the_name_hides_the_compression_then_content_decides(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / "plain.txt"
    path.write_bytes(PACK[suffix](CONTENT))
    assert _read(path) == CONTENT


def test_open_input_when_a_plain_file_is_named_gz_then_it_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "plain.tsv.gz"
    path.write_bytes(CONTENT)
    assert _read(path) == CONTENT


def test_open_input_when_text_begins_like_bzip2_then_it_is_text(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"BZh9 and more text\n")
    assert _read(path) == b"BZh9 and more text\n"


def test_open_input_when_streams_follow_each_other_then_all_are_read(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / "two"
    path.write_bytes(PACK[suffix](CONTENT) + PACK[suffix](b"end"))
    assert _read(path) == CONTENT + b"end"


def test_open_input_when_cut_anywhere_then_an_error(
    tmp_path: Path, suffix: str
) -> None:
    packed = PACK[suffix](CONTENT)
    path = tmp_path / f"cut.tsv{suffix}"
    for size in [1, 2, 3, 5, 9, 12, 20, len(packed) // 2, len(packed) - 1]:
        path.write_bytes(packed[:size])
        with pytest.raises(GraphFormatError, match="cut"):
            _read(path)


def test_open_input_when_the_second_stream_is_cut_then_an_error(
    tmp_path: Path, suffix: str
) -> None:
    packed = PACK[suffix](CONTENT)
    path = tmp_path / "cut"
    path.write_bytes(packed + packed[: len(packed) // 2])
    with pytest.raises(GraphFormatError, match="cut"):
        _read(path)


def test_open_input_when_rubbish_follows_then_an_error(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / "tail"
    path.write_bytes(PACK[suffix](CONTENT) + b"rubbish at the end of it all")
    with pytest.raises(GraphFormatError, match=r"damaged|cut"):
        _read(path)


@pytest.mark.parametrize("suffix_of_crc", [".gz", ".bz2", ".xz"])
def test_open_input_when_a_byte_changed_then_an_error(
    tmp_path: Path, suffix_of_crc: str
) -> None:
    packed = bytearray(PACK[suffix_of_crc](CONTENT))
    packed[len(packed) // 2] ^= 0x10
    path = tmp_path / "bad"
    path.write_bytes(bytes(packed))
    with pytest.raises(GraphFormatError, match="damaged") as caught:
        _read(path)
    assert caught.value.path == str(path)


def test_open_input_when_more_than_allowed_comes_out_then_an_error(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(PACK[suffix](bytes(5_000_000)))
    with pytest.raises(GraphFormatError, match="more than 1,000,000 bytes"):
        _read(path, max_uncompressed_bytes=1_000_000)
    assert len(_read(path, max_uncompressed_bytes=5_000_000)) == 5_000_000


def test_open_input_when_output_is_much_larger_than_input_then_all_comes(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / "zeros"
    path.write_bytes(PACK[suffix](bytes(3_000_001)))
    with open_input(path) as file:
        parts = iter(lambda: file.read(70_001), b"")
        assert sum(map(len, parts)) == 3_000_001


def test_open_input_when_standard_input_is_compressed_then_it_is_read(
    monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    pipe = io.BytesIO(PACK[suffix](CONTENT))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(pipe))
    with open_input("-") as file:
        assert file.read() == CONTENT
    assert not pipe.closed


def test_open_input_when_standard_input_is_plain_then_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CONTENT)))
    with open_input("-") as file:
        assert file.read() == CONTENT


def test_open_input_when_the_file_is_missing_then_the_error_is_pythons(
    tmp_path: Path,
) -> None:
    with pytest.raises(FileNotFoundError):
        open_input(tmp_path / "none.tsv")
    with pytest.raises(IsADirectoryError):
        open_input(tmp_path)


def test_open_output_when_written_twice_then_the_bytes_are_equal(
    tmp_path: Path, suffix: str
) -> None:
    first, second = tmp_path / f"a.tsv{suffix}", tmp_path / f"b.tsv{suffix}"
    for path in (first, second):
        with open_output(path) as file:
            file.write(CONTENT)
    assert first.read_bytes() == second.read_bytes()
    assert len(first.read_bytes()) < len(CONTENT)
    assert _read(first) == CONTENT


def test_open_output_when_the_block_fails_then_the_old_file_stays(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"a.tsv{suffix}"
    path.write_bytes(b"old")

    def fail() -> None:
        with open_output(path) as file:
            file.write(CONTENT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_open_output_when_overwriting_is_not_allowed_then_it_refuses(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"old")
    with (
        pytest.raises(FileExistsError, match="overwrite=True"),
        open_output(path, overwrite=False),
    ):
        pass
    assert path.read_bytes() == b"old"


def test_open_output_when_standard_output_then_plain_bytes(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    with open_output("-") as file:
        file.write(b"a\tb\n")
    assert capsysbinary.readouterr().out == b"a\tb\n"


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.csv.gz", "a.csv"),
        ("a.csv", "a.csv"),
        ("dir.gz/a.TSV.ZST", "dir.gz/a.TSV"),
        ("a", "a"),
    ],
)
def test_strip_compression_when_given_a_name_then_the_inner_name(
    name: str, stem: str
) -> None:
    assert strip_compression(name) == stem
