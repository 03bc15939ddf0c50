"""Bits that levels cost with given Huffman tables (T.81 F.1.2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.huffman import HuffmanTable

__all__ = ["DC_RATES", "END_OF_BLOCK", "RUNS", "SIZES", "ac_rates", "code_lengths", "dc_rates", "table_bits"]

RUNS = 64  # zeros before a coefficient: at most 62
SIZES = 16
END_OF_BLOCK = RUNS * SIZES  # where its bits are
SMALLEST = END_OF_BLOCK + 1  # from here on: the least bits of each size category over all runs
AC_RATES = SMALLEST + SIZES
DC_RATES = 18  # size categories that differences of 16-bit values can have

# A symbol that the table has no code for needs one of the longest, and a byte in the table.
UNSEEN = 16 + 8


def code_lengths(table: HuffmanTable | None, *, extensible: bool) -> npt.NDArray[np.float64]:
    """Lengths of the codes of all 256 symbols.

    Parameters
    ----------
    table : HuffmanTable or None
        None: no symbol has a code.
    extensible : bool
        Whether a symbol without a code can get one, or has infinite length.
    """
    lengths = np.full(256, UNSEEN if extensible else np.inf)
    if table is not None:
        each = np.repeat(np.arange(1, 17), np.frombuffer(table.counts, np.uint8))
        lengths[np.frombuffer(table.values, np.uint8)] = each
    return lengths


def table_bits(table: HuffmanTable | None) -> int:
    """Bits that the table itself takes in a DHT segment."""
    return 0 if table is None else 8 * (17 + len(table.values))


def ac_rates(lengths: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Bits of a coefficient by the zeros before it and its size category (F.1.2.2).

    Returns
    -------
    ndarray, float64, (AC_RATES,)
        Bits with those of ZRL and with the bits that follow, at ``run * SIZES + size``; then the end of block; then the
        least over all runs, by size.
    """
    rates = np.full(AC_RATES, np.inf)
    runs, sizes = np.divmod(np.arange(END_OF_BLOCK), SIZES)
    codes = lengths[(runs & 15) << 4 | sizes]
    rates[:END_OF_BLOCK] = codes + sizes
    longer = runs > 15
    rates[:END_OF_BLOCK][longer] += (runs[longer] >> 4) * lengths[0xF0]
    rates[:END_OF_BLOCK][sizes == 0] = np.inf
    rates[END_OF_BLOCK] = lengths[0]
    rates[SMALLEST:] = rates[:END_OF_BLOCK].reshape(RUNS, SIZES)[:63].min(axis=0)
    return rates


def dc_rates(lengths: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Bits of a DC difference by its size category, with those that follow (F.1.2.1): float64, (DC_RATES,)."""
    sizes = np.arange(DC_RATES)
    return lengths[:DC_RATES] + sizes
