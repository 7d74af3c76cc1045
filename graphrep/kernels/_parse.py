"""Lines of delimited text into tokens: where each id lies, its key, the weights.

A block of bytes holds whole lines and ends with a newline. Every byte has a class
in a table of 256, so one look-up decides whether a field goes on. Ids are not made
into objects: a token is (key, start, length), and the key is exact for ids of up to
8 bytes (the bytes themselves) and for longer canonical integers (their value); for
all others it is a hash. What is wrong with a line is returned as a code.
"""

import numpy as np

from graphrep.kernels._jit import njit
from graphrep.kernels._nearest_float import DECIMAL_HARD, DECIMAL_OK, parse_decimal

PLAIN, DELIMITER, NEWLINE, RETURN, CONTROL, LEAD = 0, 1, 2, 3, 4, 5
"""Classes of bytes; LEAD (0xC2) may begin one of the control characters C1."""

(
    LINE_OK,
    BAD_COLUMNS,
    EMPTY_ID,
    CONTROL_CHARACTER,
    BAD_QUOTE,
    BAD_WEIGHT,
    LONG_LINE,
    NOT_INTEGER,
    MIXED_DELIMITERS,
) = range(9)

(
    N_COLUMNS,
    SOURCE,
    TARGET,
    WEIGHT,
    BLANKS,
    QUOTES,
    INTEGERS,
    MOST_BYTES,
    SKIP_BAD,
    LONE_IDS,
    WATCH_MIXED,
) = range(11)
"""Places in the layout, an int64 array that tells the shape of a line."""

(
    N_RECORDS,
    N_LINES,
    POSITION,
    FIRST_BAD,
    BAD_START,
    BAD_LINE,
    N_BAD,
    N_HARD,
    N_MIXED,
    MIXED_LINE,
    N_LONE,
) = range(11)
"""Places in the state, an int64 array that tells what was found."""

SHORT = 8
_LONGEST_INTEGER = 18
_QUOTE, _SPACE, _MINUS, _PLUS = 34, 32, 45, 43
_FOLD = np.uint64(0x9FB21C651E98DF25)
_EIGHT = np.uint64(8)


@njit(inline="always")
def _pack(data, start, end):
    """Up to 8 bytes as one number."""
    word = np.uint64(0)
    for p in range(end - 1, start - 1, -1):
        word = (word << _EIGHT) | np.uint64(data[p])
    return word


@njit
def token_key(data, start, end):
    """Key of an id and its length, the length negative where the key is a hash."""
    size = end - start
    if size <= SHORT:
        return _pack(data, start, end), size
    if size <= _LONGEST_INTEGER and data[start] != 48:
        value = np.uint64(0)
        p = start
        while p < end and 48 <= data[p] <= 57:
            value = value * np.uint64(10) + np.uint64(data[p] - 48)
            p += 1
        if p == end:
            return value, size
    h = np.uint64(size)
    p = start
    while p < end:
        h = (h ^ _pack(data, p, min(p + SHORT, end))) * _FOLD
        h ^= h >> np.uint64(29)
        p += SHORT
    return h, -size


@njit
def _plain_field(data, p, classes):
    """Return (end, clean) of the field that begins at ``p``."""
    clean = True
    while True:
        kind = classes[data[p]]
        if kind != PLAIN:
            if kind in (DELIMITER, NEWLINE):
                return p, clean
            if kind == RETURN and classes[data[p + 1]] == NEWLINE:
                return p, clean
            if kind != LEAD or data[p + 1] < 0xA0:
                clean = False
        p += 1


@njit
def _quoted_field(data, p, classes):
    """Return (start, end, next, clean) of a quoted field; next is -1 if it is bad.

    Doubled quotes are folded in place: the field shrinks, nothing else moves.
    """
    p += 1
    start, end, clean = p, p, True
    while classes[data[p]] != NEWLINE:
        b = data[p]
        if b == _QUOTE:
            p += 1
            if data[p] != _QUOTE:
                kind = classes[data[p]]
                closed = kind in (DELIMITER, NEWLINE)
                if kind == RETURN and classes[data[p + 1]] == NEWLINE:
                    closed = True
                return start, end, p if closed else -1, clean
        elif b < _SPACE or b == 127 or (b == 0xC2 and data[p + 1] < 0xA0):
            clean = False
        if end != p:
            data[end] = b
        end += 1
        p += 1
    return start, end, -1, clean


@njit
def _skip_line(data, p, classes):
    while classes[data[p]] != NEWLINE:
        p += 1
    return p + 1


@njit
def _is_blank(data, p, classes):
    """Tell whether nothing but spaces stands before the end of the line."""
    while data[p] == _SPACE:
        p += 1
    if classes[data[p]] == RETURN:
        p += 1
    return classes[data[p]] == NEWLINE


@njit
def _is_integer(data, p, end):
    """Tell whether a field is a decimal integer, perhaps with a sign."""
    if end - p > 1 and (data[p] == _MINUS or data[p] == _PLUS):
        p += 1
    while p < end and 48 <= data[p] <= 57:
        p += 1
    return p == end


@njit
def _line(data, p, classes, layout, fields):
    """Cut one line into fields; return (code, number of fields, end of the line).

    ``fields`` receives start and end of source, target and weight. A lone id is
    remembered as source; whether that is allowed is for the caller to say.
    """
    code, column = LINE_OK, 0
    while True:
        start = p
        if layout[QUOTES] and data[p] == _QUOTE:
            start, end, p, clean = _quoted_field(data, p, classes)
            if p < 0:
                return BAD_QUOTE, column + 1, end
        else:
            p, clean = _plain_field(data, p, classes)
            end = p
        is_id = column == layout[SOURCE] or column == layout[TARGET]
        if is_id or column == layout[WEIGHT]:
            place = 4
            if is_id:
                place = 0 if column == layout[SOURCE] else 2
                if end == start:
                    code = EMPTY_ID
                elif not clean:
                    code = CONTROL_CHARACTER
                elif layout[INTEGERS] and not _is_integer(data, start, end):
                    code = NOT_INTEGER
            fields[place] = start
            fields[place + 1] = end
        if classes[data[p]] != DELIMITER:
            return code, column + 1, p
        p += 1
        if layout[BLANKS]:
            while classes[data[p]] == DELIMITER:
                p += 1
            if classes[data[p]] != PLAIN and _is_blank(data, p, classes):
                return code, column + 1, p
        column += 1


@njit
def _weight(data, start, end, powers, bits):
    """Return (status, weight) of a field; spaces around it and a plus are allowed."""
    while start < end and data[start] == _SPACE:
        start += 1
    while end > start and data[end - 1] == _SPACE:
        end -= 1
    if start < end and data[start] == _PLUS:
        start += 1
    return parse_decimal(data, start, end, powers, bits)


@njit
def _other_delimiter(data, p, end):
    while p < end:
        if data[p] == 44 or data[p] == 59 or data[p] == 124:  # , ; |
            return True
        p += 1
    return False


@njit(nogil=True)
def tokenise(
    data, size, classes, comments, layout, powers, tokens, weights, hard, state
):
    """Cut lines into records until the block ends or a bad line is met.

    ``tokens`` is (keys, starts, lengths), two entries a record, the second of
    length 0 for a lone id. ``hard`` receives (record, start, end) of the weights
    that need a slower method. ``state`` goes on from POSITION.
    """
    keys, starts, lengths = tokens
    fields = np.zeros(6, np.int64)
    bits = np.zeros(1, np.uint64)
    p = state[POSITION]
    r = state[N_RECORDS]
    while p < size:
        begin = p
        state[N_LINES] += 1
        if layout[BLANKS]:
            while classes[data[p]] == DELIMITER:
                p += 1
        if comments[data[p]]:
            p = _skip_line(data, p, classes)
            continue
        if _is_blank(data, p, classes):
            p = _skip_line(data, p, classes)
            continue
        quoted = data[p] == _QUOTE
        code, n_fields, p = _line(data, p, classes, layout, fields)
        p = _skip_line(data, p, classes)
        lone = n_fields == 1 and layout[LONE_IDS] and layout[SOURCE] == 0
        if code != BAD_QUOTE and n_fields != layout[N_COLUMNS] and not lone:
            code = BAD_COLUMNS
        if p - begin > layout[MOST_BYTES]:
            code = LONG_LINE
        watched = code == LINE_OK and lone and layout[WATCH_MIXED] and not quoted
        if watched and _other_delimiter(data, fields[0], fields[1]):
            if layout[QUOTES]:
                code = MIXED_DELIMITERS
            else:
                if state[N_MIXED] == 0:
                    state[MIXED_LINE] = state[N_LINES]
                state[N_MIXED] += 1
        if code == LINE_OK and layout[WEIGHT] >= 0:
            status, value = DECIMAL_OK, 1.0
            if not lone:
                status, value = _weight(data, fields[4], fields[5], powers, bits)
            if status == DECIMAL_HARD:
                hard[state[N_HARD], 0] = r
                hard[state[N_HARD], 1] = fields[4]
                hard[state[N_HARD], 2] = fields[5]
                state[N_HARD] += 1
            elif status != DECIMAL_OK:
                code = BAD_WEIGHT
            weights[r] = value
        if code != LINE_OK:
            state[N_BAD] += 1
            if state[N_BAD] == 1:
                state[FIRST_BAD], state[BAD_START] = code, begin
                state[BAD_LINE] = state[N_LINES]
            if layout[SKIP_BAD]:
                continue
            break
        keys[2 * r], lengths[2 * r] = token_key(data, fields[0], fields[1])
        starts[2 * r] = fields[0]
        lengths[2 * r + 1] = 0
        if lone:
            state[N_LONE] += 1
        else:
            keys[2 * r + 1], lengths[2 * r + 1] = token_key(data, fields[2], fields[3])
            starts[2 * r + 1] = fields[2]
        r += 1
    state[POSITION] = p
    state[N_RECORDS] = r
