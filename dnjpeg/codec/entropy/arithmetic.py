"""The adaptive binary arithmetic coder (T.81 Annex D): one decision at a time, each with a statistics bin.

A bin is one byte: twice the index of its probability estimate in table D.3, plus the symbol that is more probable.

Of the scan's state, `SIZE` is the standard's register A and `WORD` its register C. Decoding, C has `FILLED` bits more
than the 16 that are compared with A. Encoding, `FILLED` is the standard's CT, the shifts until C holds another byte
(its layout is that of D.1.3), and `POSITION` is where bytes are written.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.scan import END, FILLED, POSITION, STATE, WORD, start_scan
from dnjpeg.codec.format.layout import AC_TABLE, DC_TABLE
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import bit_length, clear, load_big_endian, span

__all__ = [
    "BINS",
    "FIXED_BIN",
    "begin_decoding",
    "begin_encoding",
    "classify_difference",
    "conditioning",
    "decode_decision",
    "encode_decision",
    "end_encoding",
    "start_arithmetic_scan",
    "with_bins",
]

# Entries of a scan's state behind those of `scan`.
SIZE = STATE  # A, the size of the interval, 2**16 at first; decoding: 0 when nothing more can be decoded
CONTEXTS = STATE + 1  # how the DC difference before is classified, one a component of the scan (F.1.4.4.1.2)
BYTE = STATE + 5  # encoding: last byte before the `STACKED` ones, to which a carry may be added; -1 if there is none
STACKED = STATE + 6  # encoding: bytes 0xFF through which a carry would run
ZEROS = STATE + 7  # encoding: zero bytes that are written only if another byte follows
ARITHMETIC_STATE = STATE + 8

# Table D.3 by index: Qe, next index after the less probable symbol, the same after the more probable one, and whether
# the less probable symbol becomes the more probable one. The last one is the estimate that stays at 1/2 (F.1.4.4.2).
# fmt: off
_TABLE_D3 = (
    (0x5A1D,   1,   1, 1), (0x2586,  14,   2, 0), (0x1114,  16,   3, 0), (0x080B,  18,   4, 0), (0x03D8,  20,   5, 0),
    (0x01DA,  23,   6, 0), (0x00E5,  25,   7, 0), (0x006F,  28,   8, 0), (0x0036,  30,   9, 0), (0x001A,  33,  10, 0),
    (0x000D,  35,  11, 0), (0x0006,   9,  12, 0), (0x0003,  10,  13, 0), (0x0001,  12,  13, 0), (0x5A7F,  15,  15, 1),
    (0x3F25,  36,  16, 0), (0x2CF2,  38,  17, 0), (0x207C,  39,  18, 0), (0x17B9,  40,  19, 0), (0x1182,  42,  20, 0),
    (0x0CEF,  43,  21, 0), (0x09A1,  45,  22, 0), (0x072F,  46,  23, 0), (0x055C,  48,  24, 0), (0x0406,  49,  25, 0),
    (0x0303,  51,  26, 0), (0x0240,  52,  27, 0), (0x01B1,  54,  28, 0), (0x0144,  56,  29, 0), (0x00F5,  57,  30, 0),
    (0x00B7,  59,  31, 0), (0x008A,  60,  32, 0), (0x0068,  62,  33, 0), (0x004E,  63,  34, 0), (0x003B,  32,  35, 0),
    (0x002C,  33,   9, 0), (0x5AE1,  37,  37, 1), (0x484C,  64,  38, 0), (0x3A0D,  65,  39, 0), (0x2EF1,  67,  40, 0),
    (0x261F,  68,  41, 0), (0x1F33,  69,  42, 0), (0x19A8,  70,  43, 0), (0x1518,  72,  44, 0), (0x1177,  73,  45, 0),
    (0x0E74,  74,  46, 0), (0x0BFB,  75,  47, 0), (0x09F8,  77,  48, 0), (0x0861,  78,  49, 0), (0x0706,  79,  50, 0),
    (0x05CD,  48,  51, 0), (0x04DE,  50,  52, 0), (0x040F,  50,  53, 0), (0x0363,  51,  54, 0), (0x02D4,  52,  55, 0),
    (0x025C,  53,  56, 0), (0x01F8,  54,  57, 0), (0x01A4,  55,  58, 0), (0x0160,  56,  59, 0), (0x0125,  57,  60, 0),
    (0x00F6,  58,  61, 0), (0x00CB,  59,  62, 0), (0x00AB,  61,  63, 0), (0x008F,  61,  32, 0), (0x5B12,  65,  65, 1),
    (0x4D04,  80,  66, 0), (0x412C,  81,  67, 0), (0x37D8,  82,  68, 0), (0x2FE8,  83,  69, 0), (0x293C,  84,  70, 0),
    (0x2379,  86,  71, 0), (0x1EDF,  87,  72, 0), (0x1AA9,  87,  73, 0), (0x174E,  72,  74, 0), (0x1424,  72,  75, 0),
    (0x119C,  74,  76, 0), (0x0F6B,  74,  77, 0), (0x0D51,  75,  78, 0), (0x0BB6,  77,  79, 0), (0x0A40,  77,  48, 0),
    (0x5832,  80,  81, 1), (0x4D1C,  88,  82, 0), (0x438E,  89,  83, 0), (0x3BDD,  90,  84, 0), (0x34EE,  91,  85, 0),
    (0x2EAE,  92,  86, 0), (0x299A,  93,  87, 0), (0x2516,  86,  71, 0), (0x5570,  88,  89, 1), (0x4CA9,  95,  90, 0),
    (0x44D9,  96,  91, 0), (0x3E22,  97,  92, 0), (0x3824,  99,  93, 0), (0x32B4,  99,  94, 0), (0x2E17,  93,  86, 0),
    (0x56A8,  95,  96, 1), (0x4F46, 101,  97, 0), (0x47E5, 102,  98, 0), (0x41CF, 103,  99, 0), (0x3C3D, 104, 100, 0),
    (0x375E,  99,  93, 0), (0x5231, 105, 102, 0), (0x4C0F, 106, 103, 0), (0x4639, 107, 104, 0), (0x415E, 103,  99, 0),
    (0x5627, 105, 106, 1), (0x50E7, 108, 107, 0), (0x4B85, 109, 103, 0), (0x5597, 110, 109, 0), (0x504F, 111, 107, 0),
    (0x5A10, 110, 111, 1), (0x5522, 112, 109, 0), (0x59EB, 112, 111, 1), (0x5A1D, 113, 113, 0),
)
# fmt: on
_FIXED = 2 * (len(_TABLE_D3) - 1)

# By the value of a bin: Qe << 16 | the bin after the less probable symbol << 8 | the bin after the more probable one.
ESTIMATES = np.array(
    [
        qe << 16 | (2 * after_less + (more ^ switch)) << 8 | (2 * after_more + more)
        for qe, after_less, after_more, switch in _TABLE_D3
        for more in (0, 1)
    ],
    np.int32,
)

# Statistics areas: 49 bins a DC table (table F.4), 245 an AC table (table F.5), and the one that does not adapt. There
# are four slots; a scan header has room for 16, and libjpeg takes them.
SLOTS = 16
DC_BINS, AC_BINS = 64, 256
FIXED_BIN = SLOTS * (DC_BINS + AC_BINS)
BINS = FIXED_BIN + 1
DC_MAGNITUDE = 20  # X1
AC_MAGNITUDE_LOW, AC_MAGNITUDE_HIGH = 189, 217  # X2, for coefficients up to Kx and beyond
MAGNITUDE_BITS = 14  # from the bin of a magnitude category to that of its bits: M2 is X2 + 14

# Columns of the conditioning of a component's tables.
ZERO_BELOW = 0  # a DC difference counts as zero if its magnitude minus 1 is below, ...
LARGE_FROM = 1  # ... as large if it is this or more (F.1.4.4.1.2)
KX = 2  # last coefficient of the low band (F.1.4.4.2)


def start_arithmetic_scan(interval: int, source: int = 0, *, strict: bool = False) -> npt.NDArray[np.int64]:
    """State at the beginning of a scan, as of `start_scan`."""
    return np.append(start_scan(interval, source, strict=strict), np.zeros(ARITHMETIC_STATE - STATE, np.int64))


def with_bins(scan: npt.NDArray[np.int64], slots: Iterable[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Return the layout of a scan; `DC_TABLE` and `AC_TABLE` are the first bins of the components' two tables."""
    scan = scan.copy()
    for row, (dc, ac) in zip(scan, slots, strict=True):
        row[DC_TABLE], row[AC_TABLE] = dc * DC_BINS, SLOTS * DC_BINS + ac * AC_BINS
    return scan


def conditioning(values: Iterable[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Conditioning as kernels take it, from what DAC segments say of each component's DC and AC tables (B.2.4.3).

    Returns
    -------
    ndarray, int64, (components, 3)
    """
    rows = [((1 << (dc & 15)) >> 1, 1 << (dc >> 4), ac) for dc, ac in values]
    return np.array(rows, np.int64)


@inlined
def _reset_statistics(state, bins):
    """Begin an interval: estimates of 1/2 everywhere, and no DC difference before (F.1.4.4.1.5)."""
    clear(bins, 0, FIXED_BIN)
    bins[FIXED_BIN] = _FIXED
    clear(state, CONTEXTS, 4)
    state[SIZE] = 0x10000


@inlined
def begin_decoding(state, coded, bins):
    """Initialise the decoder for an interval whose unstuffed bytes are in `coded` (D.2.7)."""
    _reset_statistics(state, bins)
    state[WORD] = coded[0] << 8 | coded[1]
    state[FILLED] = 0
    state[POSITION] = 2


@inlined
def decode_decision(state, coded, bins, at):
    """Decode a decision with bin `at` (D.2.4 to D.2.6); beyond the end of the data there are zeros.

    `POSITION` may then be any number of bytes beyond `END`.
    """
    old = bins[at]
    estimate = span(ESTIMATES)[old]
    qe = estimate >> 16
    size = state[SIZE] - qe
    word, filled = state[WORD], state[FILLED]
    less = word >= size << filled
    if not less and size >= 0x8000:
        state[SIZE] = size
        return old & 1
    exchange = size < qe  # the larger part is always the more probable symbol's (D.2.5)
    if less:
        word -= size << filled
        size = qe
    new = estimate >> 8 if less != exchange else estimate
    bins[at] = new & 255
    shift = 16 - bit_length(np.uint64(size))
    if filled < shift:
        following = load_big_endian(coded, min(state[POSITION], state[END]))
        word = word << 32 | np.int64(following >> np.uint64(32))
        state[POSITION] += 4
        filled += 32
    state[SIZE], state[WORD], state[FILLED] = size << shift, word, filled - shift
    return (old & 1) ^ (less != exchange)


@inlined
def classify_difference(state, c, limits, negative, rest):
    """Note what the next DC difference depends on: sign and size of a difference of magnitude `rest` + 1."""
    if rest < limits[c, ZERO_BELOW]:
        state[CONTEXTS + c] = 0
    elif rest < limits[c, LARGE_FROM]:
        state[CONTEXTS + c] = 4 + 4 * negative
    else:
        state[CONTEXTS + c] = 12 + 4 * negative


@inlined
def begin_encoding(state, bins):
    """Initialise the encoder for an interval (D.1.7)."""
    _reset_statistics(state, bins)
    state[WORD] = 0
    state[FILLED] = 11
    state[BYTE] = -1
    state[STACKED] = 0
    state[ZEROS] = 0


@inlined
def encode_decision(state, out, bins, at, decision):
    """Encode a decision with bin `at` (D.1.4 to D.1.6)."""
    old = bins[at]
    estimate = span(ESTIMATES)[old]
    qe = estimate >> 16
    size = state[SIZE] - qe
    less = decision != old & 1
    if not less and size >= 0x8000:
        state[SIZE] = size
        return
    exchange = size < qe
    word = state[WORD]
    if less != exchange:  # the upper part of the interval
        word += size
        size = qe
    bins[at] = (estimate >> 8 if less else estimate) & 255
    shift = 16 - bit_length(np.uint64(size))
    state[SIZE] = size << shift
    while shift >= state[FILLED]:
        word <<= state[FILLED]
        shift -= state[FILLED]
        _take_byte(state, out, word >> 19)
        word &= 0x7FFFF
        state[FILLED] = 8
    state[WORD] = word << shift
    state[FILLED] -= shift


@inlined
def _take_byte(state, out, value):
    """Take eight bits, and a carry above them, out of the code register (Byte_out of D.1.6)."""
    if value == 0xFF:
        state[STACKED] += 1
        return
    _settle(state, out, value >> 8)
    state[BYTE] = value & 255


@inlined
def _settle(state, out, carry):
    """Add the carry to the bytes that waited for it, and write them."""
    if state[BYTE] >= 0:
        _write_byte(state, out, state[BYTE] + carry)
    if carry != 0:
        state[ZEROS] += state[STACKED]
    else:
        for _ in range(state[STACKED]):
            _write_byte(state, out, 0xFF)
    state[STACKED] = 0


@inlined
def _write_byte(state, out, byte):
    """Write a byte, stuffed; zeros wait, for at the end of an interval they are left out (D.1.8)."""
    if byte == 0:
        state[ZEROS] += 1
        return
    position = state[POSITION] + state[ZEROS]
    clear(out, state[POSITION], state[ZEROS])
    state[ZEROS] = 0
    out[position] = byte
    position += 1
    if byte == 0xFF:
        out[position] = 0
        position += 1
    state[POSITION] = position


@inlined
def end_encoding(state, out):
    """Write what is left of an interval, as few bytes as can tell it (Flush of D.1.8)."""
    word = (state[WORD] + state[SIZE] - 1) & ~0xFFFF  # the number in the interval with the most zeros at its end
    if word < state[WORD]:
        word += 0x8000
    word <<= state[FILLED]
    _take_byte(state, out, word >> 19)
    _take_byte(state, out, (word >> 11) & 255)
    _settle(state, out, 0)
    state[BYTE] = -1
    state[ZEROS] = 0
