"""Files of any geometry, precision and colour space, of random coefficients: what no encoder at hand writes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dnjpeg import CoefficientImage, ScriptScan, write
from dnjpeg.codec.format.frame import Component, Frame

Factors = Sequence[tuple[int, int]]

LARGEST_MCU = 10  # blocks (T.81 B.2.3)


def random_image(
    factors: Factors, height: int, width: int, *, seed: int = 0, color: str = "unknown", precision: int = 8
) -> CoefficientImage:
    """Make an image of random low frequencies, whose samples reach both ends of their range now and then."""
    rng = np.random.default_rng([seed, height, width])
    identifiers = b"RGB" if color == "RGB" else range(1, 5)
    components = tuple(
        Component(identifier, horizontal, vertical, 0)
        for identifier, (horizontal, vertical) in zip(identifiers, factors, strict=False)
    )
    frame = Frame(height, width, components, precision=precision, process=0 if precision == 8 else 1)
    decay = np.add.outer(np.arange(8), np.arange(8))
    coefficients = []
    for index in range(len(factors)):
        values = rng.normal(0, 80 / (1 + decay), (*frame.block_shape(index), 8, 8))
        values[rng.random(values.shape) < 0.5] = 0
        coefficients.append(np.rint(values).astype(np.int16))
    steps = (3 + decay).astype(np.uint16) * (1 if precision == 8 else 16)
    return CoefficientImage(frame, tuple(coefficients), (steps,) * len(factors), color)


def written(image: CoefficientImage, *, separate: bool = False, **options: object) -> bytes:
    """Write an image; each component in a scan of its own if asked for, or if an MCU of all were too large."""
    blocks = sum(component.horizontal * component.vertical for component in image.frame.components)
    count = len(image.frame.components)
    if (separate or (count > 1 and blocks > LARGEST_MCU)) and not options.get("progressive"):
        options["scans"] = [ScriptScan((index,)) for index in range(count)]
    return write(image, **options)
