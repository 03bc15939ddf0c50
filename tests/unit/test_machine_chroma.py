"""Chroma sampled for the decoder's interpolation: the least squared error after it, and nothing else changed."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import dnjpeg
from dnjpeg.machine.chroma import sampled_for_interpolation
from dnjpeg.machine.coefficients import quantized, transformed

FINE = dnjpeg.QuantizationTables(np.ones((8, 8), int), np.ones((8, 8), int))


def _interpolation(count):
    """Matrix of libjpeg's fancy upsampling, from cells to `count` samples."""
    cells = -(-count // 2)
    matrix = np.zeros((2 * cells, cells))
    for cell in range(cells):
        for line, neighbour in ((2 * cell, max(cell - 1, 0)), (2 * cell + 1, min(cell + 1, cells - 1))):
            matrix[line, cell] += 0.75
            matrix[line, neighbour] += 0.25
    return matrix[:count]


@pytest.mark.parametrize("shape", [(3, 4), (5, 2), (16, 17), (33, 8), (1, 1), (2, 9)])
def test_samples_solve_the_least_squares_problem(shape):
    plane = np.random.default_rng(1).uniform(90, 160, shape).astype(np.float32)
    down, across = (np.linalg.pinv(_interpolation(count)) for count in shape)
    expected = down @ plane @ across.T
    assert np.abs(sampled_for_interpolation(plane, 2, 2) - expected).max() <= 0.5 + 1e-3
    assert np.abs(sampled_for_interpolation(plane, 1, 2) - down @ plane).max() <= 0.5 + 1e-3
    assert np.abs(sampled_for_interpolation(plane, 2, 1) - plane @ across.T).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:0", "2x2,1x2,2x1"])
def test_other_decoders_show_colours_with_less_error(photo, subsampling):
    pixels = photo(75, 91)
    files = [dnjpeg.encode(pixels, tables=FINE, subsampling=subsampling)]
    files.append(dnjpeg.write(quantized(pixels, FINE, subsampling)))
    errors = []
    for data in files:
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (91, 75)
            errors.append(np.mean((np.asarray(image).astype(float) - pixels) ** 2))
    usual, ours = errors
    assert ours < (usual if subsampling == "2x2,1x2,2x1" else 0.9 * usual)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:1:1", "1x1,2x2,2x2"])
def test_other_ratios_are_coded_as_ever(photo, subsampling):
    tables = dnjpeg.QuantizationTables(np.full((8, 8), 9), np.full((8, 8), 14))
    pixels = photo(40, 52)
    usual = dnjpeg.read(dnjpeg.encode(pixels, tables=tables, subsampling=subsampling))
    assert replace(quantized(pixels, tables, subsampling), jfif=usual.jfif) == usual


def test_luma_is_coded_as_ever_and_gray_has_nothing_else(photo):
    pixels, tables = photo(50, 61), dnjpeg.QuantizationTables(np.full((8, 8), 11))
    usual = dnjpeg.read(dnjpeg.encode(pixels, tables=tables))
    assert np.array_equal(quantized(pixels, tables).coefficients[0], usual.coefficients[0])
    gray = photo(50, 61, gray=True)
    usual = dnjpeg.read(dnjpeg.encode(gray, tables=tables))
    assert replace(quantized(gray, tables), jfif=usual.jfif) == usual
    assert len(transformed(gray)) == 1
