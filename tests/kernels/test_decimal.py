"""Numbers to text and back, against Python's own conversions."""

import numpy as np
import pytest

from graphrep.kernels import _decimal as kernels


def texts_of(values):
    x = np.asarray(values, np.float32).reshape(1, -1)
    bits = x.view(np.uint32).astype(np.int64)
    out = np.zeros(x.size * kernels.MOST_BYTES, np.uint8)
    ends = np.zeros(1, np.int64)
    kernels.format_rows(x, bits, ord(" "), out, ends)
    assert ends[0] <= out.size
    return out[: ends[0]].tobytes().decode().split(" ")


def parse(text, n_columns, separator=" ", has_id=True, rounded=False):
    data = np.frombuffer(text.encode(), np.uint8)
    lines = text.count("\n")
    values = np.zeros((lines, n_columns))
    spans = np.zeros((lines, 4), np.int64)
    sure = np.zeros(lines, np.uint8)
    rows = kernels.parse_rows(
        data, ord(separator), has_id, rounded, values, spans, sure
    )
    return values[:rows], spans[:rows], sure[:rows].tolist()


def test_format_when_values_are_plain_then_reads_well():
    given = [0, -0.0, 1, 0.5, -2.25, 0.1, 1e-3, 123456, 1e9, 1e-5, 3.4e38, 1e-45]
    assert texts_of(given) == [
        "0.0", "-0.0", "1.0", "0.5", "-2.25", "0.1", "0.001", "123456.0", "1e+09",
        "1e-05", "3.4e+38", "1.4013e-45",
    ]  # fmt: skip


def test_format_when_bits_are_any_then_python_reads_the_same_float():
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**32, 200_000, dtype=np.uint32)
    powers = (np.arange(1, 255, dtype=np.uint32) << 23)[:, None]
    near = (powers + np.arange(-2, 3)).astype(np.uint32).ravel()
    small = np.arange(1, 2000, dtype=np.uint32)
    values = np.concatenate([bits, near, small, [0x7F7FFFFF]]).astype(np.uint32)
    values = values.view(np.float32)
    values = values[np.isfinite(values)]
    texts = texts_of(values)
    back = np.array([float(t) for t in texts]).astype(np.float32)
    assert np.array_equal(back.view(np.uint32), values.view(np.uint32))
    digits = [len(t.split("e")[0].strip("-0.").replace(".", "")) for t in texts]
    fewest = [len(np.format_float_scientific(v).split("e")[0]) for v in values[:2000]]
    assert np.mean(digits[:2000]) < np.mean(fewest)  # which count sign and point


def test_parse_when_numbers_are_exact_then_equals_python():
    rng = np.random.default_rng(1)
    numbers = [f"{v:.9g}" for v in rng.normal(size=3000)]
    numbers += ["1e22", "-1E-22", "+.5", "5.", "007", "9007199254740992", "-0", "1e+3"]
    text = "".join(f"id{i} {n}\n" for i, n in enumerate(numbers))
    values, spans, sure = parse(text, 1)
    assert all(sure)
    assert values.ravel().tolist() == [float(n) for n in numbers]
    assert np.signbit(values[-2, 0])
    assert spans[:, 3].tolist() == list(range(len(numbers)))


@pytest.mark.parametrize(
    "line",
    [
        "a 1.23456789012345678 2", "a 1e23 2", "a x 2", "a 1", "a 1 2 3", "a nan 2",
        "a 1e 2", "a 1.2.3 2", "a . 2", "a - 2", "a 1_0 2", "a", "a 1  2x",
    ],
)  # fmt: skip
def test_parse_when_a_line_is_beyond_it_then_flagged(line):
    assert parse(f"a 1 2\n{line}\nb 3 4\n", 2)[2] == [1, 0, 1]


def test_parse_when_rounding_is_allowed_then_float32_is_right():
    text = "a 0.12345678901234567 3.4028234663852886e+38\n"
    values, _, sure = parse(text, 2, rounded=True)
    assert sure == [1]
    expected = np.array([0.12345678901234567, 3.4028234663852886e38], np.float32)
    assert np.array_equal(values[0].astype(np.float32), expected)


def test_parse_when_lines_are_blank_or_end_in_cr_then_skipped_and_counted():
    values, spans, sure = parse("a 1 2 \r\n\n\r\nb\t3 4\n", 2)
    assert values.tolist() == [[1, 2], [3, 4]]
    assert spans[:, 3].tolist() == [0, 3]
    assert sure == [1, 1]


def test_parse_when_comma_separated_then_quotes_guard_the_id():
    text = '"a,""b",1,2\nc,3,4\n"open,5,6\nd,7,\n'
    values, spans, sure = parse(text, 2, ",")
    assert values[:2].tolist() == [[1, 2], [3, 4]]
    assert sure == [1, 1, 0, 0]
    assert text[spans[0, 1] : spans[0, 0]] == '"a,""b"'


def test_parse_when_there_are_no_ids_then_numbers_begin_the_line():
    values, _, sure = parse("1\t2\n3\t4\n", 2, "\t", has_id=False)
    assert values.tolist() == [[1, 2], [3, 4]]
    assert sure == [1, 1]
