"""Matrices of numbers as decimal text and back, many times faster than one by one.

Writing gives the shortest text, up to 9 digits, that reads back as the same
float32. Reading is exact where one product or quotient of exact float64 numbers is
(Clinger's fast path); rows with anything else are flagged for the caller.
"""

import numpy as np

from graphrep.kernels._jit import njit

MOST_BYTES = 16  # of one number with what parts it from the next: -1.23456789e-38
_DIGITS = 9
_POWERS = np.array([float(f"1e{i}") for i in range(64)])
_EXACT_POWER = 22
_EXACT_MANTISSA = np.uint64(1 << 53)
_MOST_DIGITS = 18  # fit into 64 bits for sure
_MINUS, _PLUS, _POINT, _ZERO, _NINE = 45, 43, 46, 48, 57
_E, _BIG_E, _TAB, _NEWLINE, _RETURN, _BLANK, _QUOTE = 101, 69, 9, 10, 13, 32, 34
_LOG10_2 = 0.30102999566398120


@njit
def _scale(value, power):
    """Multiply with a power of ten, -63 to 63."""
    return value * _POWERS[power] if power >= 0 else value / _POWERS[-power]


@njit
def _decompose(value, bits):
    """Return (digits as an integer, power of ten) of a positive float32.

    ``value`` is the number as float64. The fewest digits that lie within half a
    step of it, with a margin for the rounding of this arithmetic, are taken.
    """
    exponent = (bits >> 23) & 255
    step = np.ldexp(1.0, max(exponent, 1) - 150)
    reach = 0.4999 * step
    if bits & 0x7FFFFF == 0 and exponent > 1:
        reach *= 0.5  # below a power of two the floats lie twice as close
    power = int(np.floor((exponent - 127) * _LOG10_2)) - (_DIGITS - 1)
    if exponent == 0:
        power = int(np.floor(np.log10(value))) - (_DIGITS - 1)
    scaled = _scale(value, -power)
    while scaled >= 999999999.5:
        power += 1
        scaled = _scale(value, -power)
    while scaled < 99999999.5:
        power -= 1
        scaled = _scale(value, -power)
    digits = np.int64(np.rint(scaled))
    for drop in (1000, 100, 10):
        short = np.int64(np.rint(scaled / drop)) * drop
        if abs(_scale(np.float64(short), power) - value) < reach:
            digits = short
            break
    while digits % 10 == 0:
        digits //= 10
        power += 1
    return digits, power


@njit
def _put_digits(digits, count, out, at):
    for i in range(count):
        out[at + count - 1 - i] = _ZERO + digits % 10
        digits //= 10
    return at + count


@njit
def _put_fixed(digits, count, point, out, at):
    """Write digits with the decimal point after ``point`` of them."""
    if point <= 0:
        out[at] = _ZERO
        out[at + 1] = _POINT
        out[at + 2 : at + 2 - point] = _ZERO
        return _put_digits(digits, count, out, at + 2 - point)
    if point >= count:
        at = _put_digits(digits, count, out, at)
        out[at : at + point - count] = _ZERO
        at += point - count
        out[at] = _POINT
        out[at + 1] = _ZERO
        return at + 2
    below = np.int64(_POWERS[count - point])
    at = _put_digits(digits // below, point, out, at)
    out[at] = _POINT
    return _put_digits(digits % below, count - point, out, at + 1)


@njit
def _put_number(value, bits, out, at):
    if bits >> 31:
        out[at] = _MINUS
        at += 1
        value = -value
    if value == 0.0:
        return _put_fixed(np.int64(0), 1, 1, out, at)
    digits, power = _decompose(value, bits & 0x7FFFFFFF)
    count = 1
    while digits >= np.int64(_POWERS[count]):
        count += 1
    point = count + power
    if -4 < point <= _DIGITS:
        return _put_fixed(digits, count, point, out, at)
    if count > 1:
        at = _put_fixed(digits, count, 1, out, at)
    else:
        at = _put_digits(digits, 1, out, at)
    out[at] = _E
    out[at + 1] = _MINUS if point < 1 else _PLUS
    return _put_digits(abs(point - 1), 2, out, at + 2)


@njit
def format_rows(x, bits, separator, out, ends):
    """Write the rows of a float32 matrix as text, one right after another.

    ``bits`` is the same matrix seen as int64 of the bits; ``ends`` receives where
    each row ends in ``out``, which has MOST_BYTES for every number.
    """
    at = 0
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            if k:
                out[at] = separator
                at += 1
            at = _put_number(np.float64(x[i, k]), bits[i, k], out, at)
        ends[i] = at


@njit
def _number(data, at, end, rounded):
    """Read one number; return (value, where it ends), or -1 there if unsure."""
    negative = at < end and data[at] == _MINUS
    if at < end and (negative or data[at] == _PLUS):
        at += 1
    mantissa = np.uint64(0)
    digits = 0
    seen = 0
    power = 0
    after_point = False
    while at < end:
        c = np.int64(data[at])
        if _ZERO <= c <= _NINE:
            seen += 1
            if mantissa or c != _ZERO:
                digits += 1
            if digits > _MOST_DIGITS:
                return 0.0, -1
            mantissa = mantissa * np.uint64(10) + np.uint64(c - _ZERO)
            power -= after_point
        elif c == _POINT and not after_point:
            after_point = True
        else:
            break
        at += 1
    if seen == 0:
        return 0.0, -1
    if at < end and (data[at] == _E or data[at] == _BIG_E):
        at += 1
        down = at < end and data[at] == _MINUS
        if at < end and (down or data[at] == _PLUS):
            at += 1
        start = at
        more = 0
        while at < end and _ZERO <= data[at] <= _NINE and at - start < 4:
            more = more * 10 + np.int64(data[at]) - _ZERO
            at += 1
        if at == start:
            return 0.0, -1
        power += -more if down else more
    exact = mantissa <= _EXACT_MANTISSA and abs(power) <= _EXACT_POWER
    if mantissa and not exact and not (rounded and abs(power) < _POWERS.shape[0]):
        return 0.0, -1
    value = _scale(np.float64(mantissa), power) if mantissa else 0.0
    return -value if negative else value, at


@njit
def _id_end(data, at, end, separator):
    """Find the end of the first field; quotes count under a comma only."""
    if separator == 44 and at < end and data[at] == _QUOTE:
        at += 1
        while at < end:
            if data[at] == _QUOTE:
                if at + 1 < end and data[at + 1] == _QUOTE:
                    at += 1
                else:
                    return at + 1
            at += 1
        return end
    while at < end and data[at] != separator:
        if separator == _BLANK and data[at] == _TAB:
            break
        at += 1
    return at


@njit
def _row(data, at, end, separator, rounded, values):
    """Read the numbers of a line from ``at``; tell whether all went well."""
    for k in range(values.shape[0]):
        if k or separator == _BLANK:
            if at >= end or (data[at] != separator and separator != _BLANK):
                return False
            if separator == _BLANK and data[at] != _BLANK and data[at] != _TAB:
                return False
            at += 1
        while separator == _BLANK and at < end and data[at] == _BLANK:
            at += 1
        values[k], at = _number(data, at, end, rounded)
        if at < 0:
            return False
    while at < end and data[at] == _BLANK:
        at += 1
    return at == end


@njit
def parse_rows(data, separator, has_id, rounded, values, spans, sure):
    """Read lines of an id and numbers; return how many lines are not blank.

    ``data`` (uint8) ends with a newline. ``values`` (float64) and ``spans`` (int64:
    end of the id, start and end of the line, number of the line) have a row for
    every line. Where ``sure`` is set to 0 the numbers are not to be relied on:
    the line is broken, or beyond this reader. ``rounded`` allows an error in the
    last bits of float64, of no weight to float32.
    """
    rows = 0
    start = 0
    line = 0
    for stop in range(data.shape[0]):
        if data[stop] != _NEWLINE:
            continue
        end = stop - 1 if stop > start and data[stop - 1] == _RETURN else stop
        if end > start:
            at = _id_end(data, start, end, separator) if has_id else start
            spans[rows, 0] = at
            spans[rows, 1] = start
            spans[rows, 2] = end
            spans[rows, 3] = line
            fine = not has_id or separator == _BLANK
            if has_id and separator != _BLANK and at < end and data[at] == separator:
                at += 1
                fine = True
            sure[rows] = fine and _row(data, at, end, separator, rounded, values[rows])
            rows += 1
        start = stop + 1
        line += 1
    return rows
