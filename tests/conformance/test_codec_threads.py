"""One image on several threads: still libjpeg-turbo's bytes."""

from _thread import _count, start_new_thread
from threading import get_ident
from time import sleep

import numpy as np
import pytest
from libjpeg import pillow_encode
from pictures import make_extreme, make_flat, make_noise, make_photo

from dnjpeg import encode
from dnjpeg.codec import bands


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4", "4:2:2"])
@pytest.mark.parametrize("make", [make_photo, make_flat, make_noise, make_extreme])
def test_the_bytes_are_those_of_libjpeg_whatever_the_number_of_threads(make, subsampling):
    pixels = make(601, 83)
    for optimize in (False, True):
        theirs = pillow_encode(pixels, quality=80, subsampling=subsampling, optimize=optimize)
        for threads in (2, 3, 7):
            ours = encode(pixels, quality=80, subsampling=subsampling, optimize=optimize, threads=threads)
            assert ours == theirs, f"{threads} threads, optimize {optimize}"


@pytest.mark.parametrize("optimize", [False, True])
def test_bands_with_far_more_bytes_than_is_usual(optimize):
    pixels = make_noise(1000, 803)
    theirs = pillow_encode(pixels, quality=100, subsampling="4:4:4", optimize=optimize)
    assert len(theirs) > 2 * pixels.shape[0] * pixels.shape[1]
    assert encode(pixels, quality=100, subsampling="4:4:4", optimize=optimize, threads=2) == theirs


@pytest.mark.parametrize(
    "options", [{"color": "RGB"}, {"color": "YCCK"}, {"subsampling": "3x2,1x1,3x1"}, {"subsampling": "4:1:0"}]
)
def test_other_colours_and_sampling_factors(options):
    pixels = make_photo(300, 77)
    if options.get("color") == "YCCK":
        pixels = np.dstack([pixels, pixels[..., :1]])
    for optimize in (False, True):
        assert encode(pixels, optimize=optimize, threads=2, **options) == encode(pixels, optimize=optimize, **options)


@pytest.mark.parametrize("width", [1, 9, 17])
def test_narrow_and_gray_images(width):
    for pixels in (make_photo(300, width), make_photo(300, width, gray=True)):
        assert encode(pixels, quality=50, threads=2) == pillow_encode(pixels, quality=50, optimize=True)


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart": 5}, {"arithmetic": True}])
def test_files_that_cannot_be_divided_are_the_same(options):
    pixels = make_photo(300, 100)
    assert encode(pixels, threads=2, **options) == encode(pixels, **options)


def test_what_is_no_number_of_threads_is_refused():
    for threads in (0, -1, 1.5, None):
        with pytest.raises(ValueError, match="threads is a whole number"):
            encode(np.zeros((8, 8), np.uint8), threads=threads)


@pytest.mark.parametrize("allowed", [0, 1])
def test_where_no_more_threads_can_begin_fewer_do_the_work(monkeypatch, allowed):
    begun = []

    def begin(*arguments):
        if len(begun) == allowed:
            raise RuntimeError("can't start new thread")
        begun.append(start_new_thread(*arguments))

    monkeypatch.setattr(bands, "start_new_thread", begin)
    pixels = make_photo(601, 83)
    assert encode(pixels, threads=4) == pillow_encode(pixels, quality=75, optimize=True)
    assert len(begun) == allowed


@pytest.mark.parametrize("whose", ["caller's", "helper's"])
def test_an_error_in_any_thread_is_raised_and_all_have_ended(monkeypatch, whose):
    pixels, caller = make_photo(1201, 83), get_ident()
    right, tokenize = encode(pixels, threads=2), bands.tokenize

    def fail(*arguments):
        if (get_ident() == caller) == (whose == "caller's"):
            raise MemoryError(whose)
        sleep(0.01)  # so that the other one has its turn
        return tokenize(*arguments)

    monkeypatch.setattr(bands, "tokenize", fail)
    threads = _count()
    with pytest.raises(MemoryError, match=whose):
        encode(pixels, threads=2)
    for _ in range(100):
        if _count() <= threads:
            break
        sleep(0.01)
    assert _count() <= threads
    monkeypatch.undo()
    assert encode(pixels, threads=2) == right
