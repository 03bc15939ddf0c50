"""Passes over an image: Huffman tables for its levels, then the best levels for these tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.scan_writer import choose_codes
from dnjpeg.codec.entropy.sequential_writer import scan_tokens
from dnjpeg.codec.format.color import coding_slots
from dnjpeg.codec.format.headers import Headers, HuffmanTables
from dnjpeg.codec.format.layout import FIRST, component_layout
from dnjpeg.codec.format.script import sequential_script
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.trellis.blocks import choose_blocks, weighted_error
from dnjpeg.codec.trellis.choice import RateDistortion, Weights
from dnjpeg.codec.trellis.differences import choose_dc, coding_order
from dnjpeg.codec.trellis.rates import ac_rates, code_lengths, dc_rates, table_bits

__all__ = ["choose_levels"]

Levels = npt.NDArray[np.int16]


def choose_levels(
    headers: Headers, source: npt.NDArray[np.integer], unit: int, rounded: Levels, choice: RateDistortion, *, made: bool
) -> Levels:
    """Choose levels of the least error plus bits for a whole image.

    Parameters
    ----------
    headers : Headers
        Of the file that they are for. Whatever its process, rates are those of one sequential Huffman scan.
    source : ndarray, integers
        Coefficients of all components, as `component_layout` has them.
    unit : int
        How often they are those of the orthonormal DCT.
    rounded : ndarray, int16
        The levels nearest to them.
    choice : RateDistortion
    made : bool
        Whether Huffman tables are made for the image, or those are standard that the decoder does not have.

    Returns
    -------
    ndarray, int16
        Each between zero and the rounded one, DC at most one away; never of a larger sum than `rounded`.

    Raises
    ------
    ValueError
        If a coefficient is out of range.
    """
    search = _Search(headers, source, unit, rounded, choice, made)
    best, tables, cost = rounded, *search.weighed(rounded)
    for _ in range(choice.passes if search.adaptive else 1):
        levels = search.chosen_by(tables)
        tables, reached = search.weighed(levels)
        if reached >= cost:
            break
        best, cost = levels, reached
    return best


class _Search:
    """One image, and what does not change from pass to pass."""

    def __init__(
        self,
        headers: Headers,
        source: npt.NDArray[np.integer],
        unit: int,
        rounded: Levels,
        choice: RateDistortion,
        made: bool,
    ) -> None:
        self.headers, self.source, self.rounded = headers, source, rounded
        frame = headers.frame
        (self.scan,) = sequential_script(len(frame.components))
        self.made = made or frame.precision > 8
        self.bounds = list(pairwise(component_layout(frame)[:, FIRST].tolist()))
        self.steps = [unit * table.astype(np.float64).reshape(64) for table in headers.tables]
        self.weights: Sequence[Weights] = [w.reshape(64) / unit**2 for w in choice.resolved(headers.tables)]
        self.slots = coding_slots(headers.color, len(frame.components))
        known = headers.known_huffman
        self.adaptive = self.made and not all((kind, slot) in known for slot in set(self.slots) for kind in (0, 1))

    def weighed(self, levels: Levels) -> tuple[HuffmanTables, float]:
        """Give the Huffman tables for some levels, and their error and bits together."""
        plan, tokens = scan_tokens(self.headers, levels, self.scan)
        tables, codes = choose_codes(self.headers, self.scan, plan, tokens.frequencies, optimize=self.made)
        cost = float(tokens.bits(codes))
        cost += sum(table_bits(table) for key, table in tables.items() if self._extensible(*key))
        for (first, last), steps, weights in zip(self.bounds, self.steps, self.weights, strict=True):
            cost += weighted_error(self.source, levels, first, last, steps, weights)
        return tables, cost

    def chosen_by(self, tables: HuffmanTables) -> Levels:
        """Choose the levels that cost least by some Huffman tables."""
        levels = self.rounded.copy()
        frame = self.headers.frame
        parts = zip(self.bounds, self.steps, self.weights, self.slots, strict=True)
        for index, ((first, last), steps, weights, slot) in enumerate(parts):
            dc, ac = (code_lengths(tables.get((k, slot)), extensible=self._extensible(k, slot)) for k in (0, 1))
            choose_blocks(self.source, self.rounded, first, last, steps, weights, ac_rates(ac), levels)
            order, starts = coding_order(frame, index, self.headers.restart.interval(frame.mcu_cols))
            back = scratch("dc origins", 3 * len(order), np.uint8)
            choose_dc(
                self.source,
                self.rounded,
                first,
                order,
                starts,
                steps[0],
                weights[0],
                dc_rates(dc),
                levels,
                back,
            )
        return levels

    def _extensible(self, table_class: int, slot: int) -> bool:
        """Whether a table is made for the image, so that it can have any code."""
        return self.made and (table_class, slot) not in self.headers.known_huffman
