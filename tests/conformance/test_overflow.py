"""Values far beyond those of any picture, as damaged files hold them, overflow as in libjpeg-turbo's vector code."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from libjpeg import djpeg, pillow_decode
from random_files import random_image, written

from dnjpeg import decode

PLACES = np.arange(64).reshape(8, 8)
HELD = {
    "DC": PLACES == 0,
    "first row": PLACES < 8,
    "first column": PLACES % 8 == 0,
    "few": PLACES % 11 == 0,
    "all": PLACES >= 0,
}


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("factors", [[(1, 1)], [(2, 2), (1, 1), (1, 1)]], ids=["gray", "4:2:0"])
def test_large_products(held, factors):
    rng = np.random.default_rng(len(held))
    for largest in (30, 300, 1023):
        for largest_step in (20, 300, 3000, 65535):
            image = random_image(factors, 40, 50, color="grayscale" if len(factors) == 1 else "YCbCr")
            values = tuple(
                np.where(HELD[held] & (rng.random(b.shape) < 0.5), rng.integers(-largest, largest + 1, b.shape), 0)
                for b in image.coefficients
            )
            steps = rng.integers(1, largest_step + 1, (8, 8)).astype(np.uint16)
            image = replace(
                image,
                coefficients=tuple(v.astype(np.int16) for v in values),
                tables=(steps,) * len(factors),
                frame=replace(image.frame, process=1),
            )
            data = written(image)
            what = f"{largest} times {largest_step}"
            np.testing.assert_array_equal(decode(data), pillow_decode(data), what)
            for eighths in range(1, 8):
                expected = djpeg(data, "-scale", f"{eighths}/8")
                np.testing.assert_array_equal(
                    decode(data, scale=Fraction(eighths, 8)), expected, f"{what}, {eighths}/8"
                )
