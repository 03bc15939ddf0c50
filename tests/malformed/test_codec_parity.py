"""What libjpeg-turbo shows of damaged files, ``strict=False`` shows too, to the pixel."""

from __future__ import annotations

import numpy as np
import pytest
from contract import LIMITS, outcome
from damage import SMALL_FILES, data_start, in_three_scans
from libjpeg import cjpeg, djpeg, pillow_encode, simplejpeg_decode

from dnjpeg import FormatError, JpegWarning, decode

PROCESSES = {
    "sequential": (),
    "sequential, restarts": ("-restart", "3B"),
    "progressive": ("-progressive",),
    "progressive, restarts": ("-progressive", "-restart", "1"),
    "arithmetic": ("-arithmetic",),
    "arithmetic, restarts": ("-arithmetic", "-restart", "3B"),
    "arithmetic, progressive": ("-arithmetic", "-progressive"),
}


def leniently(data: bytes) -> np.ndarray:
    with pytest.warns(JpegWarning):
        return decode(data, strict=False)


def damaged_at_random(data: bytes, count: int) -> list[bytes]:
    """Cut off, bits flipped, bytes replaced; behind the first scan header."""
    rng = np.random.default_rng(len(data))
    begin = data_start(data)
    files = []
    for case in range(count):
        changed = bytearray(data)
        for _ in range(rng.integers(1, 5)):
            at = rng.integers(begin, len(data) - 2)
            changed[at] = changed[at] ^ 1 << rng.integers(0, 8) if case % 3 == 1 else rng.integers(0, 256)
        files.append(bytes(changed) if case % 3 else data[: rng.integers(begin + 4, len(data))])
    return files


@pytest.mark.parametrize("sampling", ["1x1", "2x2", "2x1"])
@pytest.mark.parametrize("process", PROCESSES)
def test_damage_of_all_kinds(photo, process, sampling):
    """Where libjpeg-turbo gives up in the middle of several scans, it has nothing to show; we show what came before.

    What djpeg may be an older version for is compared with simplejpeg's: estimates of missing detail.
    """
    data = cjpeg(photo(67, 85), "-sample", sampling, *PROCESSES[process])
    compared = 0
    for case, damaged in enumerate(damaged_at_random(data, 45)):
        if "progressive" in process and outcome(lambda damaged=damaged: djpeg(damaged, damaged=True)).error is not None:
            continue
        theirs = outcome(lambda damaged=damaged: simplejpeg_decode(damaged))
        if theirs.error is None:
            ours = outcome(lambda damaged=damaged: decode(damaged, strict=False)).value
            np.testing.assert_array_equal(ours, theirs.value, f"case {case}")
            compared += 1
    assert compared > 20


def segment_of(data: bytes, marker: bytes) -> tuple[int, int]:
    at = data.index(marker)
    return at, at + 2 + int.from_bytes(data[at + 2 : at + 4])


def step_of_zero(data: bytes) -> bytes:
    """Two of them: that of a coefficient of the first row, and a later one."""
    at, _ = segment_of(data, b"\xff\xdb")
    changed = bytearray(data)
    changed[at + 5 + 1] = changed[at + 5 + 20] = 0
    return bytes(changed)


def scan_twice(data: bytes) -> bytes:
    """The first component comes again with fewer bits: what was there stays where nothing else comes."""
    first, second = (data.index(b"\xff\xda", at) for at in (0, data.index(b"\xff\xda") + 2))
    return data[:second] + data[first : second - 60] + data[second:]


def huge_steps(data: bytes) -> bytes:
    """16-bit arithmetic wraps around, in the same places as libjpeg-turbo's vector code does."""
    at, end = segment_of(data, b"\xff\xdb")
    return data[:at] + b"\xff\xdb\x00\x83\x10" + b"\x7f\x31" * 64 + data[end:]


def bad_slot(data: bytes) -> bytes:
    """An AC table that a DC scan does not need."""
    at, _ = segment_of(data, b"\xff\xda")
    return data[: at + 6] + bytes([data[at + 6] | 0x0F]) + data[at + 7 :]


def metadata_without_length(data: bytes) -> bytes:
    return data[:2] + b"\xff\xe5\x00\x01" + data[2:]


def line_count_of_wrong_length(data: bytes) -> bytes:
    end = segment_of(data, b"\xff\xda")[0]
    return data[:end] + b"\xff\xdc\x00\x05\x00\x00\x00" + data[end:]


def colours_named_late(data: bytes) -> bytes:
    """Without JFIF and with Adobe's "no transform", but only behind the first scan: it is YCbCr."""
    at, end = segment_of(data, b"\xff\xe0") if b"\xff\xe0" in data else (2, 2)
    data = data[:at] + data[end:]
    second = data.index(b"\xff\xda", data_start(data))
    return data[:second] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00" + data[second:-9]


DAMAGES = {
    "sequential": (step_of_zero, huge_steps, metadata_without_length, line_count_of_wrong_length),
    "three scans": (step_of_zero, scan_twice, colours_named_late),
    "progressive": (step_of_zero, huge_steps, bad_slot, colours_named_late, line_count_of_wrong_length),
    "arithmetic": (step_of_zero, huge_steps),
}


@pytest.mark.parametrize(
    ("kind", "damage"),
    [pytest.param(kind, each, id=f"{kind}, {each.__name__}") for kind in DAMAGES for each in DAMAGES[kind]],
)
def test_broken_rules_that_libjpeg_overlooks(photo, kind, damage):
    pixels = photo(40, 51)
    data = damage(
        {
            "sequential": lambda: pillow_encode(pixels, subsampling="4:4:4", quality=60),
            "three scans": lambda: in_three_scans(pixels),
            "progressive": lambda: pillow_encode(pixels, subsampling="4:4:4", quality=60, progressive=True),
            "arithmetic": lambda: cjpeg(pixels, "-arithmetic", "-sample", "1x1"),
        }[kind]()
    )
    ours = outcome(lambda: decode(data, strict=False)).value
    np.testing.assert_array_equal(ours, djpeg(data, damaged=True))
    strict = outcome(lambda: decode(data))
    assert isinstance(strict.error, FormatError) or np.array_equal(strict.value, ours)


def test_symbols_of_more_than_one_bit_in_a_refining_scan(photo):
    """One bit follows each code whatever it says (G.1.2.3); strictly it is an error."""
    data = pillow_encode(photo(40, 51, gray=True), quality=90, progressive=True)
    scans = [at for at in range(len(data)) if data[at : at + 2] == b"\xff\xda"]
    refining = next(at for at in scans if data[at + 8] >> 4)  # Ah
    table = data.rindex(b"\xff\xc4", 0, refining)
    symbols = bytearray(data[table + 21 : table + 2 + int.from_bytes(data[table + 2 : table + 4])])
    symbols = bytes(symbol | 2 if symbol & 15 == 1 and symbol >> 4 < 2 else symbol for symbol in symbols)
    damaged = data[: table + 21] + symbols + data[table + 21 + len(symbols) :]
    assert damaged != data
    with pytest.raises(FormatError, match=r"no Huffman code|beyond the end"):
        decode(damaged)
    np.testing.assert_array_equal(leniently(damaged), djpeg(damaged, damaged=True))


def test_files_that_broke_other_decoders(data_folder):
    """Of the whole corpus, one file in eight that is not progressive (estimates differ between versions)."""
    paths = sorted((data_folder / "jpeg").glob("malformed_*/*.jpg"))[::8]
    if not paths:
        pytest.skip("the data folder has no malformed files")
    compared = 0
    for path in paths:
        data = path.read_bytes()
        ours = outcome(lambda data=data: decode(data, strict=False, limits=LIMITS))
        if ours.error is not None or b"\xff\xc2" in data or b"\xff\xca" in data:
            continue
        theirs = outcome(lambda data=data: djpeg(data, damaged=True))
        if theirs.error is None:
            np.testing.assert_array_equal(ours.value, theirs.value, path.name)
            compared += 1
    assert compared > 20


def test_small_files_without_damage():
    for name, data in SMALL_FILES.items():
        np.testing.assert_array_equal(decode(data, strict=False), djpeg(data), name)
