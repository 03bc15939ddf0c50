"""Any picture, any options: our files and Pillow's mean the same to both."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from libjpeg import PILLOW_SUBSAMPLING, pillow_decode, pillow_encode

from dnjpeg import CoefficientImage, QuantizationTables, decode, encode, read, transcode, write
from dnjpeg.codec.format.frame import SUBSAMPLINGS, Component, Frame

few = settings(max_examples=100, deadline=None, derandomize=True)

sides = st.integers(1, 40)
steps = arrays(np.int64, (8, 8), elements=st.integers(1, 255))
several_tables = st.lists(steps, min_size=1, max_size=3).map(lambda tables: QuantizationTables(*tables))


@st.composite
def pictures(draw):
    """Gray or RGB; noise, few colours or smooth."""
    height, width, gray = draw(sides), draw(sides), draw(st.booleans())
    shape = (height, width) if gray else (height, width, 3)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    match draw(st.integers(0, 2)):
        case 0:
            return rng.integers(0, 256, shape, dtype=np.uint8)
        case 1:
            return rng.choice(rng.integers(0, 256, 3, dtype=np.uint8), shape)
        case _:
            ramp = np.add.outer(np.arange(height) * rng.uniform(-9, 9), np.arange(width) * rng.uniform(-9, 9))
            return np.clip(128 + (ramp if gray else ramp[..., None] * rng.uniform(-1, 1, 3)), 0, 255).astype(np.uint8)


options = st.fixed_dictionaries(
    {"subsampling": st.sampled_from(sorted(SUBSAMPLINGS)), "optimize": st.booleans()},
    optional={"quality": st.integers(1, 100), "restart": st.integers(1, 20), "tables": several_tables},
)


@few
@given(pictures(), options)
def test_our_files_mean_the_same_to_pillow(pixels, options):
    data = encode(pixels, **options)
    ours = decode(data)
    assert ours.shape == pixels.shape
    assert ours.dtype == np.uint8
    np.testing.assert_array_equal(ours, pillow_decode(data))


@few
@given(pictures(), st.integers(1, 100), st.sampled_from(sorted(PILLOW_SUBSAMPLING)), st.booleans(), st.booleans())
def test_files_by_pillow_are_read_and_written_back(pixels, quality, subsampling, optimize, progressive):
    options = {"quality": quality, "subsampling": subsampling, "optimize": optimize}
    data = pillow_encode(pixels, progressive=progressive, **options)
    np.testing.assert_array_equal(decode(data), pillow_decode(data))
    plain = pillow_encode(pixels, **options)
    assert write(read(data), optimize=optimize) == plain
    assert encode(pixels, **options) == plain


@few
@given(pictures(), options)
def test_reading_and_writing_lose_nothing(pixels, options):
    data = encode(pixels, **options)
    image = read(data)
    assert write(image, optimize=options["optimize"]) == data
    assert read(write(image, optimize=not options["optimize"])) == image


@few
@given(pictures(), options)
def test_requantizing_with_the_same_tables_is_the_identity(pixels, options):
    data = encode(pixels, **options)
    image = read(data)
    again = transcode(data, tables=QuantizationTables(*image.tables), optimize=options["optimize"])
    for ours, same in zip(read(again).coefficients, image.coefficients, strict=True):
        np.testing.assert_array_equal(ours, same)


@few
@given(pictures(), several_tables, several_tables)
def test_requantizing_stays_within_half_a_step(pixels, old, new):
    before = read(encode(pixels, tables=old))
    after = read(transcode(encode(pixels, tables=old), tables=new))
    for index in range(len(before.coefficients)):
        error = np.abs(after.dequantized(index) - before.dequantized(index))
        assert (2 * error <= after.tables[index]).all()


@few
@given(pictures(), st.sampled_from([1, 2, 3, -1, -2]), st.booleans(), st.booleans())
def test_the_memory_layout_of_pixels_does_not_show(pixels, stride, fortran, read_only):
    strided = np.repeat(pixels, abs(stride), axis=1)[:, ::stride]
    strided = strided[:, ::-1] if stride < 0 else strided
    np.testing.assert_array_equal(strided, pixels)
    given_pixels = np.asfortranarray(strided) if fortran else strided
    given_pixels.flags.writeable = not read_only
    assert encode(given_pixels) == encode(pixels)


@st.composite
def coefficient_images(draw):
    """Random coefficients in frames of any sampling that can be decoded and coded in one scan."""
    factor = st.sampled_from([1, 2, 4])
    count = draw(st.sampled_from([1, 3]))
    factors = [(draw(factor), draw(factor)) for _ in range(count)]
    if count == 1 or sum(horizontal * vertical for horizontal, vertical in factors) > 10:
        factors = [(1, 1)] * count
    slots = range(count) if draw(st.booleans()) else [0] * count
    components = tuple(
        Component(index + 1, *pair, slot) for index, (pair, slot) in enumerate(zip(factors, slots, strict=True))
    )
    frame = Frame(draw(st.integers(1, 70)), draw(st.integers(1, 70)), components)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    largest, density = draw(st.sampled_from([1, 20, 1023])), draw(st.sampled_from([0.02, 0.3, 1.0]))
    coefficients = []
    for index in range(count):
        shape = (*frame.block_shape(index), 8, 8)
        values = rng.integers(-largest, largest + 1, shape) * (rng.random(shape) < density)
        coefficients.append(values.astype(np.int16))
    tables = [rng.integers(1, 4, (8, 8)).astype(np.uint16) for _ in range(count)]
    used = tuple(tables[slot] for slot in slots)
    color = "grayscale" if count == 1 else "YCbCr"
    return CoefficientImage(frame, tuple(coefficients), used, color, draw(st.integers(0, 9)))


@few
@given(coefficient_images(), st.booleans())
def test_any_coefficients_are_written_and_read(image, optimize):
    assert read(write(image, optimize=optimize)) == image


@few
@given(coefficient_images())
@example(
    CoefficientImage(
        Frame(1, 1, (Component(1, 1, 1, 0),)),
        (np.zeros((1, 1, 8, 8), np.int16),),
        (np.ones((8, 8), np.uint16),),
        "grayscale",
    )
)
def test_any_coefficients_look_the_same_to_pillow(image):
    """Within what samples can be: beyond, libjpeg's own versions differ from each other."""
    tame = CoefficientImage(
        image.frame,
        tuple(array // 8 for array in image.coefficients),
        image.tables,
        image.color,
        image.restart_interval,
    )
    data = write(tame)
    np.testing.assert_array_equal(decode(data), pillow_decode(data))
