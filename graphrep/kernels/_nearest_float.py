"""Decimal text to the nearest float64: the method of Eisel and Lemire.

D. Lemire, "Number parsing at a gigabyte per second", 2021; that no case needs a
second look is shown by Mushtak and Lemire, "Fast number parsing without fallback",
2022. The 64 leading bits of the decimal digits are multiplied by a 128-bit
approximation of the power of five; that settles the rounding. What has more than
19 digits, or ends up subnormal or infinite, is left to the caller.
"""

import numpy as np

from graphrep.kernels._jit import njit

DECIMAL_OK, DECIMAL_BAD, DECIMAL_HARD = 0, 1, 2
_LOWEST, _HIGHEST = -342, 308
_MOST_DIGITS = 19
_EXACT_POWER = 22
_MOST_EXPONENT = 100_000
_EXACT_INTEGER = np.uint64(1 << 53)
_LOW = np.uint64(0xFFFFFFFF)
_U0, _U1, _U3 = np.uint64(0), np.uint64(1), np.uint64(3)
_U32, _U63 = np.uint64(32), np.uint64(63)
_HIDDEN = np.uint64(1 << 52)
_NINE_BITS = np.uint64(0x1FF)
_TEN_POWERS = np.array([10.0**k for k in range(_EXACT_POWER + 1)])


def powers_of_five():
    """128 leading bits of 5**q for q = -342 … 308, as pairs of uint64 (high, low).

    Reciprocals of powers up to 27, which fit 64 bits, are rounded up; the rest is
    cut off after 128 bits. The proof of exactness stands on these choices.
    """
    out = np.empty((_HIGHEST - _LOWEST + 1, 2), np.uint64)
    for q in range(_LOWEST, _HIGHEST + 1):
        if q < 0:
            power = 5**-q
            size = (power - 1).bit_length()
            shift = size + 127 if q >= -27 else 2 * size + 128
            bits = (1 << shift) // power + 1
        else:
            bits = 5**q << 128
        bits >>= bits.bit_length() - 128
        out[q - _LOWEST] = bits >> 64, bits & 0xFFFF_FFFF_FFFF_FFFF
    return out


@njit(inline="always")
def _multiply(a, b):
    """Both halves of the 128-bit product of two uint64."""
    a0, a1 = a & _LOW, a >> _U32
    b0, b1 = b & _LOW, b >> _U32
    low = a0 * b0
    middle = a1 * b0 + (low >> _U32)
    other = a0 * b1 + (middle & _LOW)
    high = a1 * b1 + (middle >> _U32) + (other >> _U32)
    return high, (other << _U32) | (low & _LOW)


@njit
def _round(digits, q, powers):
    """Bits of the float64 nearest to ``digits * 10**q``; 0 if it is no normal one."""
    zeros = np.int64(0)
    while digits >> _U63 == _U0:
        digits <<= _U1
        zeros += 1
    high, low = _multiply(digits, powers[q - _LOWEST, 0])
    if high & _NINE_BITS == _NINE_BITS:
        more, _ = _multiply(digits, powers[q - _LOWEST, 1])
        low += more
        if low < more:
            high += _U1
    upper = np.int64(high >> _U63)
    shift = np.uint64(upper + 9)
    mantissa = high >> shift
    exponent = ((217706 * q) >> 16) + 63 + upper - zeros + 1023
    tie = low <= _U1 and -4 <= q <= 23 and mantissa & _U3 == _U1
    if tie and mantissa << shift == high:
        mantissa -= _U1
    mantissa = (mantissa + (mantissa & _U1)) >> _U1
    if mantissa >= _HIDDEN + _HIDDEN:
        mantissa = _HIDDEN
        exponent += 1
    if exponent <= 0 or exponent >= 2047:
        return _U0
    return (mantissa ^ _HIDDEN) | (np.uint64(exponent) << np.uint64(52))


@njit
def parse_decimal(data, start, end, powers, bits):
    """Read ``data[start:end]`` as an unsigned decimal number.

    Returns (status, value); the value counts for DECIMAL_OK only. DECIMAL_HARD is
    well-formed text that needs a slower method. ``bits`` is one uint64 of scratch.
    """
    p = start
    digits, n_digits, q, seen = _U0, 0, np.int64(0), 0
    point = False
    while p < end:
        b = data[p]
        if 48 <= b <= 57:
            seen += 1
            if n_digits or b != 48:
                n_digits += 1
                digits = digits * np.uint64(10) + np.uint64(b - 48)
            if point:
                q -= 1
        elif b == 46 and not point:
            point = True
        else:
            break
        p += 1
    if seen == 0:
        return DECIMAL_BAD, 0.0
    if p < end:
        if data[p] | 32 != 101:  # neither e nor E
            return DECIMAL_BAD, 0.0
        power, p = _exponent(data, p + 1, end)
        if p != end:
            return DECIMAL_BAD, 0.0
        q += power
    if n_digits == 0:
        return DECIMAL_OK, 0.0
    if n_digits > _MOST_DIGITS or q < _LOWEST or q > _HIGHEST:
        return DECIMAL_HARD, 0.0
    if digits <= _EXACT_INTEGER and -_EXACT_POWER <= q <= _EXACT_POWER:
        if q < 0:
            return DECIMAL_OK, np.float64(digits) / _TEN_POWERS[-q]
        return DECIMAL_OK, np.float64(digits) * _TEN_POWERS[q]
    bits[0] = _round(digits, q, powers)
    if bits[0] == _U0:
        return DECIMAL_HARD, 0.0
    return DECIMAL_OK, bits.view(np.float64)[0]


@njit
def _exponent(data, p, end):
    """Return the exponent at ``p`` and where it ends; -1 if there is none."""
    negative = False
    if p < end and (data[p] == 43 or data[p] == 45):
        negative = data[p] == 45
        p += 1
    if p == end:
        return np.int64(0), -1
    power = np.int64(0)
    while p < end and 48 <= data[p] <= 57:
        power = min(power * 10 + np.int64(data[p] - 48), _MOST_EXPONENT)
        p += 1
    return (-power if negative else power), p
