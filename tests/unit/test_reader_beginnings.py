"""Files that begin alike: what is remembered of one must be true of the next, and no more."""

import warnings

import numpy as np
import pytest
from pictures import make_photo

from dnjpeg import QuantizationTables, decode, encode, inspect, read, read_header
from dnjpeg.codec import beginnings
from dnjpeg.codec.beginnings import begin_reading
from dnjpeg.codec.format.decoding_lookup import SEQUENTIAL
from dnjpeg.codec.format.limits import Limits
from dnjpeg.errors import FormatError, JpegError, JpegWarning, LimitError, TruncatedError


@pytest.fixture(autouse=True)
def forgotten():
    forget()


def forget():
    beginnings._read_to_scan.forget()
    beginnings._read_to_frame.forget()


def said(data):
    """What files share that begin alike."""
    return begin_reading(data, strict=True, limits=Limits())[0]._said


def split(data):
    """Up to the first scan's data, and from there on."""
    begin = data.index(b"\xff\xda") + 14
    return data[:begin], data[begin:]


def test_another_picture_with_the_same_beginning():
    first, second = (encode(make_photo(40, 56) ^ change, optimize=False) for change in (0, 255))
    assert split(first)[0] == split(second)[0]
    alone = decode(second)
    forget()
    for _ in range(2):  # what is asked for twice is kept
        decode(first)
        assert np.array_equal(decode(second), alone)
    assert said(first) is said(second)


def test_pictures_of_other_sizes_begin_alike():
    files = {size: encode(make_photo(*size), optimize=False) for size in [(40, 56), (41, 56), (8, 8), (300, 9)]}
    alone = {}
    for size, data in files.items():
        forget()
        alone[size] = decode(data), read(data)
    forget()
    for size, data in files.items():
        assert np.array_equal(decode(data), alone[size][0])
        assert read(data) == alone[size][1]
        assert (read(data).frame.height, read(data).frame.width) == size
    assert len({id(said(data)) for data in files.values()}) == 1


@pytest.mark.parametrize("payload", [b"\xff\xc0\x00\x11\x08\x00\x07\x00\x09", b"\xff\xc2\x00\x0b\x08", b"\xff\xc0"])
def test_a_frame_header_within_metadata_is_not_taken_for_that_of_the_picture(payload):
    for size in [(24, 30), (25, 30), (24, 31)]:
        photo = make_photo(*size)
        data = encode(photo, comment=b"a thumbnail: " + payload + b" and more text behind it")
        assert np.array_equal(decode(data), decode(encode(photo)))
        assert read(data).comments[0] == data[data.index(b"a thumb") : data.index(b" behind it") + 10]


def test_a_frame_header_within_steps_is_not_taken_for_that_of_the_picture():
    steps = np.full((8, 8), 16, np.uint16)
    steps[0, 1], steps[1, 0], steps[2, 0] = 0xFFC0, 0x0011, 0x0801  # one after the other in zigzag order
    for size in [(24, 30), (25, 31)]:
        data = encode(make_photo(*size), tables=QuantizationTables(steps), wide_tables=True)
        assert b"\xff\xc0\x00\x11\x08" in data[: data.index(b"\xff\xc1")]
        image = read(data)
        assert (image.frame.height, image.frame.width) == size
        assert np.array_equal(image.tables[0], steps)


def test_a_file_may_end_anywhere_behind_what_looks_like_a_scan():
    data = encode(np.zeros((8, 8, 3), np.uint8), comment=b"\xff\xda\x00\x08")
    frame = data.index(b"\xff\xc0")
    for length in range(frame, frame + 24):
        with pytest.raises(TruncatedError):
            decode(data[:length])
    lone = b"\xff\xd8\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\xff\xc0\x00\x11\x08"
    with pytest.raises(FormatError, match="scan before the frame header"):
        decode(lone)


def test_files_with_huffman_tables_of_their_own_begin_alike_up_to_the_frame_header():
    files = [encode(make_photo(40 + index, 56, seed=index), comment="same") for index in range(6)]
    alone = []
    for data in files:
        forget()
        alone.append(read(data))
    forget()
    assert [read(data) for data in files] == alone
    assert len({id(said(data)) for data in files}) == len(files)
    found = [beginnings._find_beginning(memoryview(data)) for data in files]
    (frame, start), *others = {(frame, to_scan[:behind]) for to_scan, frame, behind, *_ in found}
    assert others == []
    assert beginnings._read_to_frame(start, frame, True, Limits(), SEQUENTIAL).position == len(start)
    fresh = encode(make_photo(40, 56, seed=9), comment="same")
    assert begin_reading(fresh, strict=True, limits=Limits())[0]._unparsed  # its tables are not parsed


def segments(data):
    """What stands before the first scan's data, by segments; and the rest."""
    beginning, rest = split(data)
    parts, at = [beginning[:2]], 2
    while at < len(beginning):
        end = at + 2 + int.from_bytes(beginning[at + 2 : at + 4], "big")
        parts.append(beginning[at:end])
        at = end
    return parts, rest


def outcome(data, **options):
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        try:
            image = read(data, **options)
        except JpegError as error:
            return str(error)
    return image, [str(warning.message) for warning in noted]


def joined(parts):
    tables = [part for part in parts if part[1] == 0xC4]
    payload = b"".join(part[4:] for part in tables)
    whole = b"\xff\xc4" + (len(payload) + 2).to_bytes(2, "big") + payload
    return [*(part for part in parts[:-1] if part not in tables), whole, parts[-1]]


CHANGES = {
    "none": lambda parts: parts,
    "one segment": joined,
    "twice": lambda parts: [*parts[:-1], *(part for part in parts if part[1] == 0xC4), parts[-1]],
    "another first": lambda parts: [
        *(parts[:-5]),
        bytes.fromhex("ffc400140001") + bytes(15) + b"\0",
        *parts[-5:],
    ],
    "one is missing": lambda parts: [*parts[:-2], parts[-1]],
    "none is there": lambda parts: [part for part in parts if part[1] != 0xC4],
    "before the frame": lambda parts: [*parts[:2], *parts[-5:-1], *parts[2:-5], parts[-1]],
    "fill bytes": lambda parts: [*parts[:-2], b"\xff\xff" + parts[-2], parts[-1]],
    "a comment between": lambda parts: [*parts[:-3], b"\xff\xfe\x00\x04hi", *parts[-3:]],
    "a restart interval behind": lambda parts: [*parts[:-1], b"\xff\xdd\x00\x04\x00\x00", parts[-1]],
    "too many codes": lambda parts: [*parts[:-2], parts[-2][:5] + b"\x03" + parts[-2][6:], parts[-1]],
    "a class of 2": lambda parts: [*parts[:-2], parts[-2][:4] + b"\x20" + parts[-2][5:], parts[-1]],
    "cut short": lambda parts: [*parts[:-2], parts[-2][:3] + bytes([parts[-2][3] - 4]) + parts[-2][4:-4], parts[-1]],
    "a DC size of 16": lambda parts: [
        part[:-1] + b"\x10" if part[1] == 0xC4 and part[4] == 0 else part for part in parts
    ],
    "a scan of another table": lambda parts: [*parts[:-1], parts[-1][:6] + b"\x33" + parts[-1][7:]],
    "a scan header too short": lambda parts: [*parts[:-1], parts[-1][:3] + b"\x05" + parts[-1][4:7]],
}


@pytest.mark.parametrize("options", [{}, {"strict": False}, {"limits": Limits(max_segments=8)}], ids=str)
@pytest.mark.parametrize("coding", [{}, {"progressive": True}, {"scans": "0; 1; 2;"}], ids=str)
@pytest.mark.parametrize("change", CHANGES)
def test_tables_that_are_not_parsed_are_what_they_would_be(change, coding, options):
    """Behind a frame header that was met before, Huffman tables are read where they stand."""
    files = []
    for seed in range(4):
        parts, rest = segments(encode(make_photo(48, 64, seed=seed), comment="same", **coding))
        files.append(b"".join(CHANGES[change](parts)) + rest)
    alone = []
    for data in files:
        forget()
        alone.append(outcome(data, **options))
    forget()
    assert [outcome(data, **options) for data in files] == alone


def test_a_later_scan_may_need_tables_that_the_first_one_passed_over():
    """All in front of the first of three scans, which needs two of them."""
    files = []
    for seed in range(4):
        parts, rest = segments(encode(make_photo(48, 64, seed=seed), subsampling="4:4:4", scans="0; 1; 2;"))
        tables = []
        while (at := rest.find(b"\xff\xc4")) >= 0:
            end = at + 2 + int.from_bytes(rest[at + 2 : at + 4], "big")
            if not any(part[4] == rest[at + 4] for part in tables):  # Cr is coded with those of Cb, if they do
                tables.append(rest[at:end])
            rest = rest[:at] + rest[end:]
        files.append(b"".join([*parts[:-1], *tables, parts[-1]]) + rest)
    alone = []
    for data in files:
        forget()
        alone.append(outcome(data, strict=False))
    forget()
    assert [outcome(data, strict=False) for data in files] == alone
    assert not any(isinstance(each, str) for each in alone)


def test_too_large_a_picture_is_refused_as_if_it_were_the_first():
    small, large = (encode(make_photo(*size)) for size in [(8, 8), (64, 200)])
    limits = Limits(max_pixels=100)
    with pytest.raises(LimitError) as alone:
        decode(large, limits=limits)
    decode(small, limits=limits)
    with pytest.raises(LimitError) as after:
        decode(large, limits=limits)
    assert str(after.value) == str(alone.value)


def test_lines_told_before_the_scan_are_compared_with_those_of_the_file():
    """DNL belongs behind the first scan; where it stands before, the frame header has the last word."""
    told = []
    for height in (24, 1, 24):
        data = encode(make_photo(height, 24), optimize=False)
        at = data.index(b"\xff\xda")
        data = data[:at] + b"\xff\xdc\x00\x04\x00\x18" + data[at:]
        with warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always")
            assert decode(data, strict=False).shape[0] == height
        told.append(any("frame has" in str(warning.message) for warning in noted))
    assert told == [False, True, False]


def test_what_comes_behind_the_first_scan_stays_with_its_file():
    """Tables and progressive bits that later scans bring must not be there for the next file."""
    whole = encode(make_photo(64, 64), progressive=True, comment="one")
    beginning, rest = split(whole)
    expected = read(whole)
    assert expected.comments == (b"one",)
    lone = beginning + rest[: rest.index(b"\xff\xc4")] + b"\xff\xd9"  # its first scan only
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", JpegWarning)
        before = decode(lone, strict=False)
        assert read(whole) == expected
        assert np.array_equal(decode(lone, strict=False), before)
    with pytest.raises(JpegError, match="Huffman table"):
        read(beginning + rest[: rest.index(b"\xff\xc4")] + rest[rest.index(b"\xff\xda") :])


def test_metadata_of_a_file_is_its_own():
    data = encode(make_photo(16, 16), comment="here")
    behind = data[:-2] + b"\xff\xfe\x00\x07later" + data[-2:]
    assert read(behind).comments == (b"here", b"later")
    assert read(data).comments == (b"here",)


def test_tables_of_an_image_are_its_own():
    data = encode(make_photo(16, 16))
    expected = read(data)
    changed = read(data)
    for table in changed.tables:
        table[...] = 7
    assert read(data) == expected


def test_a_table_told_between_scans_stays_with_its_file():
    apart = "0; 1; 2;"
    coarse, fine = (
        encode(make_photo(24, 24), quality=quality, subsampling="4:4:4", scans=apart) for quality in (30, 90)
    )
    begin = fine.index(b"\xff\xdb\x00C\x01")
    chroma = fine[begin : begin + 69]  # DQT of slot 1
    at = coarse.index(b"\xff\xda", coarse.index(b"\xff\xda") + 2)
    redefined = coarse[:at] + chroma + coarse[at:]
    expected = read(coarse)
    assert np.array_equal(read(redefined).tables[1], read(fine).tables[1])
    assert not np.array_equal(read(redefined).tables[1], expected.tables[1])
    assert read(coarse) == expected
    assert np.array_equal(read(redefined).tables[1], read(fine).tables[1])


@pytest.mark.parametrize("payload", [b"\xff\xda", b"\xff\xda\x00\x02", b"\xff\xda\x00\x0cabcd", b"\xff\xda\xff\xff"])
def test_a_marker_within_metadata_is_not_taken_for_the_first_scan(payload):
    photo = make_photo(24, 24)
    data = encode(photo, comment=b"a thumbnail: " + payload + b" and more text behind it")
    assert np.array_equal(decode(data), decode(encode(photo)))
    assert read(data).comments[0] == data[data.index(b"a thumb") : data.index(b" behind it") + 10]


def test_warnings_come_each_time_and_limits_count_each_time():
    data = bytearray(encode(make_photo(16, 16)))
    at = data.index(b"\xff\xdb")
    data[at:at] = b"\xff\xee\x00\x00"  # metadata of an impossible length
    told = []
    for _ in range(2):
        with warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always")
            decode(bytes(data), strict=False)
        told.append([str(warning.message) for warning in noted])
        with pytest.raises(JpegError):
            decode(bytes(data))
    assert told[0] == told[1]
    assert told[0]
    good = encode(make_photo(16, 16))
    decode(good)
    with pytest.raises(LimitError):
        decode(good, limits=Limits(max_pixels=100))
    with pytest.raises(LimitError):
        decode(good, limits=Limits(max_segments=2))


@pytest.mark.parametrize("progressive", [False, True])
def test_the_end_of_an_image_is_a_segment(progressive):
    data = encode(make_photo(16, 16), progressive=progressive)
    segments = next(count for count in range(100) if _reads_with(data, count))
    assert segments == sum(part.marker not in {"SOI", "data"} for part in inspect(data).segments)
    assert [_reads_with(data, count) for count in (segments - 1, segments)] == [
        False,
        True,
    ]  # what begins alike is known


def _reads_with(data, segments):
    try:
        read(data, limits=Limits(max_segments=segments))
    except LimitError:
        return False
    return True


def test_lines_told_behind_the_scan_are_looked_up_in_each_file():
    data = bytearray(encode(make_photo(24, 16), optimize=False))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 2] = b"\0\0"
    for lines in (24, 17):
        file = bytes(data[:-2]) + b"\xff\xdc\x00\x04" + lines.to_bytes(2, "big") + b"\xff\xd9"
        assert read_header(file).frame.height == lines
        assert len(decode(file)) == lines
