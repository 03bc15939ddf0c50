"""Turning, mirroring and cropping in the coefficient domain: nothing is decoded, nothing is lost.

A mirrored block has the same coefficients, the odd ones of the mirrored direction negated; a transposed block is a
transposed matrix. What cannot be done are partial MCUs at the right and lower edge: mirrored they would have to begin
with the pixels that are missing. They stay where they are, unless they are trimmed, as with libjpeg's jpegtran.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.codec.format.exif import UPRIGHT, Turn, orientation_of, reoriented, resized
from dnjpeg.codec.format.frame import Component
from dnjpeg.codec.pixels.window import Region, window_of

__all__ = ["OPERATIONS", "Operation", "rearrange", "to_grayscale", "transform", "upright"]

Operation = Literal[
    "flip horizontal", "flip vertical", "rotate 90", "rotate 180", "rotate 270", "transpose", "transverse"
]

# What the operations do, rotations clockwise; by their names, and by the EXIF orientation that they put upright.
_BY_ORIENTATION: dict[int, Operation] = {
    2: "flip horizontal",
    3: "rotate 180",
    4: "flip vertical",
    5: "transpose",
    6: "rotate 90",
    7: "transverse",
    8: "rotate 270",
}
OPERATIONS: dict[Operation, Turn] = {name: UPRIGHT[orientation] for orientation, name in _BY_ORIENTATION.items()}


def transform(
    image: CoefficientImage,
    operation: Operation | None = None,
    *,
    crop: Region | None = None,
    trim: bool = False,
    perfect: bool = False,
) -> CoefficientImage:
    """Turn or mirror an image, then crop it, without any loss, as ``jpegtran`` does.

    Parameters
    ----------
    image : CoefficientImage
        It is not changed.
    operation : str, optional
        ``"flip horizontal"`` (left becomes right), ``"flip vertical"``, ``"rotate 90"``, ``"rotate 180"``,
        ``"rotate 270"`` (clockwise), ``"transpose"`` (along the diagonal from the upper left), ``"transverse"`` (along
        the other one).
    crop : (top, left, height, width), optional
        In pixels of the turned image. Only whole MCUs can be cut off above and on the left: the region begins up to an
        MCU earlier than asked for, and is as much larger.
    trim : bool
        Cut off the pixels at the right or lower edge that cannot be mirrored for want of a whole MCU; otherwise they
        stay as they are, out of place.
    perfect : bool
        Refuse an image that has such pixels.

    Returns
    -------
    CoefficientImage
        Sampling factors and quantization tables are transposed with it. The EXIF orientation stays; EXIF's own note of
        width and height follows if the file began with EXIF, as with ``jpegtran``.

    Raises
    ------
    ValueError
        If the operation is none of these, the region does not lie within the image, or a perfect transformation is
        not possible.
    """
    if operation is not None and operation not in OPERATIONS:
        raise ValueError(f"unknown operation {operation!r}: choose from {', '.join(OPERATIONS)}")
    turn = OPERATIONS[operation] if operation is not None else Turn(exchange=False, across=False, down=False)
    across, down = turn.across, turn.down
    turned = _transposed(image) if turn.exchange else image
    frame = turned.frame
    mcu_height, mcu_width = 8 * frame.max_vertical, 8 * frame.max_horizontal
    if perfect and ((across and frame.width % mcu_width) or (down and frame.height % mcu_height)):
        raise ValueError(
            f"{operation} is not perfect: {image.frame.width}x{image.frame.height} pixels are not whole MCUs "
            "on the edge that is mirrored"
        )
    window = window_of(frame, region=crop)
    top, left = window.top // mcu_height, window.left // mcu_width
    height, width = window.height + window.top % mcu_height, window.width + window.left % mcu_width
    if trim and across:
        width = _trimmed(width, left, frame.width, mcu_width)
    if trim and down:
        height = _trimmed(height, top, frame.height, mcu_height)
    small = replace(frame, height=height, width=width)
    coefficients = []
    for index, (component, blocks) in enumerate(zip(frame.components, turned.coefficients, strict=True)):
        if across:
            blocks = _mirrored(blocks, frame.width // mcu_width * component.horizontal)  # noqa: PLW2901
        if down:
            lying = _mirrored(_exchanged(blocks), frame.height // mcu_height * component.vertical)
            blocks = _exchanged(lying)  # noqa: PLW2901
        rows, cols = small.block_shape(index)
        first_row, first_col = top * component.vertical, left * component.horizontal
        coefficients.append(np.ascontiguousarray(blocks[first_row : first_row + rows, first_col : first_col + cols]))
    metadata = image.metadata
    if image.jfif is None and metadata and (height, width) != (image.frame.height, image.frame.width):
        metadata = (resized(metadata[0], height, width), *metadata[1:])
    return replace(turned, frame=small, coefficients=tuple(coefficients), metadata=metadata)


def _exchanged(blocks: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Exchange rows and columns, of blocks and in blocks."""
    return blocks.transpose(1, 0, 3, 2)


def _mirrored(blocks: npt.NDArray[np.int16], count: int) -> npt.NDArray[np.int16]:
    """Mirror the first `count` columns of blocks left to right; what is odd horizontally changes its sign."""
    mirrored = blocks.copy()
    mirrored[:, :count] = blocks[:, :count][:, ::-1]
    mirrored[:, :count, :, 1::2] *= -1
    return mirrored


def _transposed(image: CoefficientImage) -> CoefficientImage:
    frame = image.frame
    components = tuple(replace(c, horizontal=c.vertical, vertical=c.horizontal) for c in frame.components)
    return replace(
        image,
        frame=replace(frame, height=frame.width, width=frame.height, components=components),
        coefficients=tuple(_exchanged(blocks) for blocks in image.coefficients),
        tables=tuple(np.ascontiguousarray(table.T) for table in image.tables),
    )


def _trimmed(size: int, first: int, whole: int, mcu: int) -> int:
    """Size without the partial MCU, if it is the one at the end of the whole image, and not all that there is."""
    count = size // mcu
    return count * mcu if count > 0 and first + count == whole // mcu else size


def to_grayscale(image: CoefficientImage) -> CoefficientImage:
    """Drop the colours of a YCbCr image: what remains is its brightness, as ``jpegtran -grayscale`` keeps it.

    Raises
    ------
    ValueError
        If it is neither YCbCr nor gray, or its brightness is subsampled.
    """
    luma = image.frame.components[0]
    if image.color not in {"YCbCr", "grayscale"}:
        raise ValueError(f"{image.color} has no component of brightness to keep")
    if (luma.horizontal, luma.vertical) != (image.frame.max_horizontal, image.frame.max_vertical):
        raise ValueError("the brightness has a lower resolution than the image")
    frame = replace(image.frame, components=(Component(1, 1, 1, luma.table),))
    return replace(image, frame=frame, coefficients=image.coefficients[:1], tables=image.tables[:1], color="grayscale")


def upright(image: CoefficientImage, *, trim: bool = False, perfect: bool = False) -> CoefficientImage:
    """Turn an image as its EXIF orientation says, which then says that it is upright.

    Parameters
    ----------
    image : CoefficientImage
        Without an orientation it is returned as it is.
    trim, perfect
        As in `transform`.

    Raises
    ------
    ValueError
        As `transform`.
    """
    for index, item in enumerate(image.metadata):
        orientation = orientation_of(item)
        if orientation is not None:
            turned = transform(image, _BY_ORIENTATION.get(orientation), trim=trim, perfect=perfect)
            told = reoriented(turned.metadata[index], 1)
            return replace(turned, metadata=(*turned.metadata[:index], told, *turned.metadata[index + 1 :]))
    return image


def rearrange(
    image: CoefficientImage,
    *,
    orient: bool,
    grayscale: bool,
    operation: Operation | None,
    crop: Region | None,
    trim: bool,
    perfect: bool,
) -> CoefficientImage:
    """Do what of all this was asked for; see `dnjpeg.transcode`."""
    image = to_grayscale(image) if grayscale else image
    image = upright(image, trim=trim, perfect=perfect) if orient else image
    if operation is None and crop is None:
        return image
    return transform(image, operation, crop=crop, trim=trim, perfect=perfect)
