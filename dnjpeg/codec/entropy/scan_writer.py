"""What all writers of scans share: where kernels find things, Huffman tables, and the coding of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.best_codes import Coder, Start, begin_coder, code_with_best_tables
from dnjpeg.codec.entropy.bits import PADDING
from dnjpeg.codec.entropy.gathering import Lists, list_memory
from dnjpeg.codec.entropy.scan import start_scan
from dnjpeg.codec.entropy.tokens import BATCH, CODED_BYTES, RAW, RESTART, SYMBOLS, code_all, codes_of
from dnjpeg.codec.format.color import coding_slots
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.headers import Headers, HuffmanTables
from dnjpeg.codec.format.huffman import STANDARD, optimal_tables
from dnjpeg.codec.format.layout import AC_TABLE, DC_TABLE, FIRST, layout_rows, scan_layout
from dnjpeg.codec.format.script import ScriptScan
from dnjpeg.codec.kernels.scratch import scratch

__all__ = [
    "CodedScan",
    "ScanPlan",
    "Tokens",
    "begin_best_scan",
    "best_start",
    "choose_codes",
    "largest_sizes",
    "makes_tables",
    "out_of_range",
    "plan_scan",
    "standard_tables",
    "token_scan",
]

BLOCK_BYTES = 210  # of 8-bit samples at most: 63 AC coefficients of 16 + 10 bits and one DC of 16 + 11


def largest_sizes(precision: int) -> tuple[int, int]:
    """Largest size categories of DC differences and AC coefficients (tables F.1, F.2, F.6, F.7): 11, 10; 15, 14."""
    return precision + 3, precision + 2


def out_of_range(precision: int) -> str:
    """Say what the largest coefficients are."""
    dc, ac = ((1 << size) - 1 for size in largest_sizes(precision))
    return f"coefficient out of range: AC must be -{ac}..{ac}, DC differences -{dc}..{dc}"


@dataclass(frozen=True)
class ScanPlan:
    """Where kernels find what belongs to one scan.

    Parameters
    ----------
    layout : ndarray, int64, (components + 1, COLUMNS)
        `component_layout` of the frame; its Huffman tables are 256 items each: the DC tables of both slots, then the AC
        tables.
    scan : ndarray, int64, (components of the scan, COLUMNS)
        `scan_layout` of that.
    mcu_rows, mcu_cols : int
        Of the scan.
    mcu_blocks : int
        Blocks in an MCU.
    kept_blocks : int
        Blocks whose coefficients are kept at a time.
    slots : tuple of int
        `coding_slots` of the components of the frame.
    wide : bool
        Whether samples have 12 bits: the bits of a large value then need a token of their own.
    """

    layout: npt.NDArray[np.int64]
    scan: npt.NDArray[np.int64]
    mcu_rows: int
    mcu_cols: int
    mcu_blocks: int
    kept_blocks: int
    slots: tuple[int, ...]
    wide: bool

    def slots_of(self, scan: ScriptScan) -> tuple[int, ...]:
        """Huffman table slots that a scan needs."""
        return tuple(sorted({self.slots[index] for index in scan.components}))

    @property
    def row_bytes(self) -> int:
        """Bytes that a row of MCUs needs at most, unstuffed and with room to write past its end."""
        return self.mcu_cols * self.mcu_blocks * BLOCK_BYTES + 2 * PADDING

    @property
    def row_room(self) -> int:
        """Bytes of output for a row of MCUs at most: all of them stuffed, and a restart marker an MCU."""
        return 2 * self.row_bytes + 3 * self.mcu_cols

    def token_room(self, rows: int) -> int:
        """Tokens that rows of MCUs need room for: one a coefficient at most, for runs and ends stand for some.

        With a restart an MCU; and so many are made at once.
        """
        return rows * self.mcu_cols * ((2 if self.wide else 1) * 64 * self.mcu_blocks + 1) + BATCH

    @property
    def token_bytes(self) -> int:
        """Bytes that the tokens of all rows need room for."""
        return 4 * self.token_room(self.mcu_rows)

    def lists(self) -> Lists:
        """Scratch memory in which the blocks of a row of MCUs are gathered."""
        return list_memory(64 * self.mcu_cols * self.mcu_blocks, self.kept_blocks)


@dataclass(frozen=True)
class CodedScan:
    """One scan, coded.

    Parameters
    ----------
    scan : ScriptScan
    plan : ScanPlan
    huffman : dict
        The Huffman tables that it needs; none if coding is arithmetic.
    data : bytes or memoryview
        Entropy-coded data; a view is good until the next scan is coded.
    """

    scan: ScriptScan
    plan: ScanPlan
    huffman: HuffmanTables
    data: bytes | memoryview


@lru_cache(1024)
def plan_scan(frame: Frame, color: str, components: tuple[int, ...], *, kept_rows: int | None = None) -> ScanPlan:
    """Plan the scan of some components; the coefficients of `kept_rows` rows of MCUs are kept (all by default)."""
    layout, kept_blocks, slots = _plan_components(frame, color, kept_rows)
    scan, mcu_rows, mcu_cols = scan_layout(layout, components, frame)
    parts = [frame.components[index] for index in components]
    mcu_blocks = sum(part.horizontal * part.vertical for part in parts) if len(parts) > 1 else 1
    return ScanPlan(layout, scan, mcu_rows, mcu_cols, mcu_blocks, kept_blocks, slots, frame.precision > 8)


@lru_cache(256)
def _plan_components(
    frame: Frame, color: str, kept_rows: int | None
) -> tuple[npt.NDArray[np.int64], int, tuple[int, ...]]:
    """Return `ScanPlan.layout`, `kept_blocks` and `slots`."""
    rows = layout_rows(frame, mcu_rows=kept_rows)
    slots = coding_slots(color, len(frame.components))
    for row, slot in zip(rows[:-1], slots, strict=True):
        row[DC_TABLE], row[AC_TABLE] = slot * SYMBOLS, (2 + slot) * SYMBOLS
    return np.array(rows, np.int64), rows[-1][FIRST] >> 6, slots


@cache
def _impossible(precision: int) -> npt.NDArray[np.int64]:
    """Return 1 for each code that tells of a coefficient out of range, by the index in a token."""
    codes = np.zeros((2, 2, 16, 16), np.int64)
    for sizes, largest in zip(codes, largest_sizes(precision), strict=True):
        sizes[:, :, largest + 1 :] = 1
    return codes.reshape(RAW)


class Tokens(NamedTuple):
    """Tokens of a scan, or of a part of one.

    Parameters
    ----------
    tokens : ndarray, int32
    frequencies : ndarray, int64, (CODES,)
        How often each code is used, from `join_counts`.
    """

    tokens: npt.NDArray[np.int32]
    frequencies: npt.NDArray[np.int64]

    def bits(self, codes: npt.NDArray[np.int64]) -> int:
        """Count the bits that they become with these codes, from `codes_of`."""
        return int(self.frequencies @ (codes & 255))


def _check_codes(frequencies: npt.NDArray[np.int64], codes: npt.NDArray[np.int64]) -> None:
    """Refuse shared Huffman tables that lack codes which this scan needs."""
    lacking = np.flatnonzero((frequencies[:RAW] > 0) & (codes[:RAW] == 0))
    if len(lacking):
        table, symbol = divmod(int(lacking[0]), SYMBOLS)
        name = f"{('DC', 'AC')[table >> 1]} Huffman table {table & 1}"
        raise ValueError(f"the shared {name} has no code for the symbol 0x{symbol:02X}, which this image needs")


KEYS = tuple(product((0, 1), (0, 1)))
"""Class and slot of the tables, in the order of their codes."""


@lru_cache(16)
def standard_tables(slots: tuple[int, ...]) -> tuple[HuffmanTables, npt.NDArray[np.int64]]:
    """Return the standard Huffman tables (K.3) of these slots, and their `codes_of`."""
    tables = {(table_class, slot): STANDARD[table_class, slot] for slot in slots for table_class in (0, 1)}
    return tables, codes_of(tables)


def makes_tables(headers: Headers, plan: ScanPlan, *, optimize: bool) -> bool:
    """Tell whether a scan has tables of its own: if that is wanted, or it has no choice, and the decoder has none."""
    return (optimize or plan.wide) and not headers.known_huffman


def best_start(headers: Headers, scan: ScriptScan, plan: ScanPlan) -> Start:
    """Tell what `code_best` writes before the data of the only scan of a file."""
    slots = dict.fromkeys(plan.slots[index] for index in scan.components)
    order = [KEYS.index((table_class, slot)) for slot in slots for table_class in (0, 1)]
    header = headers.before_scan(scan, plan.slots, {}, headers.restart.interval(plan.mcu_cols) or None)
    return np.array(order), headers.compact, np.frombuffer(header, np.uint8)


def begin_best_scan(headers: Headers, start: Start, room: int) -> Coder:
    """Return what a kernel that makes the tokens of a scan needs to code them too, in so many bytes.

    If `code_best` returns no positive number, `token_scan` codes them, or tells what is wrong with them.
    """
    return begin_coder(start, _impossible(headers.frame.precision), room)


def token_scan(headers: Headers, scan: ScriptScan, plan: ScanPlan, tokens: Tokens, *, optimize: bool) -> CodedScan:
    """Code the tokens of one scan.

    Parameters
    ----------
    headers, scan, plan
    tokens : Tokens
    optimize : bool
        With tables made for them, instead of the standard ones; those that the decoder has go before either.

    Raises
    ------
    ValueError
        If a coefficient is out of range, or a table that the decoder has lacks a code.
    """
    if makes_tables(headers, plan, optimize=optimize):
        coded = code_with_best_tables(*tokens, _impossible(headers.frame.precision))
        if coded is None:
            raise ValueError(out_of_range(headers.frame.precision))
        tables, data = coded
        return CodedScan(scan, plan, {key: table for key, table in zip(KEYS, tables, strict=True) if table}, data)
    huffman, codes = choose_codes(headers, scan, plan, tokens.frequencies, optimize=optimize)
    restarts = int(tokens.frequencies[RESTART])
    unstuffed = (tokens.bits(codes) >> 3) + 1 + restarts
    out = scratch("file", 2 * (unstuffed + restarts + PADDING))
    written = code_all(start_scan(0), tokens.tokens, codes, scratch("coded", CODED_BYTES), out)
    return CodedScan(scan, plan, huffman, out[:written].tobytes())


def choose_codes(
    headers: Headers, scan: ScriptScan, plan: ScanPlan, frequencies: npt.NDArray[np.int64], *, optimize: bool
) -> tuple[HuffmanTables, npt.NDArray[np.int64]]:
    """Return the Huffman tables of a scan whose symbols occur this often, and their `codes_of`; see `token_scan`."""
    if frequencies[:RAW] @ _impossible(headers.frame.precision):
        raise ValueError(out_of_range(headers.frame.precision))
    known = headers.known_huffman
    if optimize or known or plan.wide:  # the standard ones have no codes for 12-bit samples
        made = zip(KEYS, optimal_tables(frequencies[:RAW]), strict=True)
        huffman = {key: known.get(key, table) for key, table in made if table is not None}
        codes = codes_of(huffman)
        if known:
            _check_codes(frequencies, codes)
        return huffman, codes
    return standard_tables(plan.slots_of(scan))
