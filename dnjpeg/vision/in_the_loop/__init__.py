"""Encoding with networks in the loop: coefficients are rounded so that what the networks say changes least.

`offsets` finds the rounding, `scale` how coarse each image may be, `encoding` writes the files.
"""

from __future__ import annotations

from dnjpeg.vision.in_the_loop.encoding import encode_for_networks
from dnjpeg.vision.in_the_loop.offsets import Search, rounded_for

__all__ = ["Search", "encode_for_networks", "rounded_for"]
