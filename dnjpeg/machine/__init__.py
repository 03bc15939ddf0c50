"""JPEG files for machine eyes without asking a network: what a person takes who does not know which one will look.

Tables whose steps weigh errors as networks do (`ladder`), scaled for each image by how much it holds (`activity`),
chroma that is right after the decoder has interpolated it (`chroma`), in the smallest file that holds the coefficients
(`coefficients`), at a quality, a number of bytes or of bits a pixel (`encoding`).
"""

from __future__ import annotations

from dnjpeg.machine.activity import activity
from dnjpeg.machine.encoding import EFFORTS, encode_for_machines
from dnjpeg.machine.ladder import TableLadder, shipped_ladder, step_of_quality

__all__ = ["EFFORTS", "TableLadder", "activity", "encode_for_machines", "shipped_ladder", "step_of_quality"]
