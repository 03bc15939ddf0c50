"""Writing by scan scripts, and with restarts by rows of MCUs: byte for byte what cjpeg and jpegtran write."""

from __future__ import annotations

import pytest
from libjpeg import cjpeg, jpegtran

from dnjpeg import JpegError, ScriptScan, encode, read, transcode, write
from dnjpeg.codec.format.script_text import parse_script

SCRIPTS = {
    "one scan": "0,1,2;",
    "components apart": "0; 1; 2;",
    "luma apart": "0: 0-63, 0, 0;\n1 2: 0-63 0 0;",
    "chroma first": "1,2;\n0;",
    "DC apart": "0: 0-0, 0, 0; 1: 0-0, 0, 0; 2: 0-0, 0, 0; 0: 1-63, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;",
    "pairs of DC": "0,2: 0-0, 0, 0; 1: 0-0, 0, 0; 0: 1-63, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0",
    "refined twice": """
        # as bits come
        0,1,2: 0-0, 0, 2;  0: 1-63, 0, 2;  1: 1-63, 0, 2;  2: 1-63, 0, 2;
        0: 1-63, 2, 1;     0,1,2: 0-0, 2, 1;  1: 1-63, 2, 1;  2: 1-63, 2, 1;
        0,1,2: 0-0, 1, 0;  2: 1-63, 1, 0;  1: 1-63, 1, 0;  0: 1-63, 1, 0;
    """,
    "bands refined apart": (
        "0,1,2: 0-0, 0, 1; 0: 1-8, 0, 2; 0: 9-63, 0, 3; 0: 9-20, 3, 2; 0: 21-63, 3, 2; 0: 1-63, 2, 1; 0: 1-63, 1, 0;"
        "1: 1-63, 0, 0; 2: 1-5, 0, 1; 2: 6-63, 0, 0; 2: 1-5, 1, 0; 0,1,2: 0-0, 1, 0;"
    ),
    "incomplete": "0,1,2: 0-0, 0, 1; 0: 1-20, 0, 2;",
}
SAMPLING = {"4:2:0": "2x2", "4:4:4": "1x1", "4:4:0": "1x2", "4:1:1": "4x1"}
RESTARTS = {
    (): {},
    ("-restart", "5B"): {"restart": 5},
    ("-restart", "1"): {"restart_rows": 1},
    ("-restart", "3"): {"restart_rows": 3},
}


@pytest.fixture(params=SCRIPTS)
def script(request, tmp_path):
    """A scan script in a file."""
    path = tmp_path / "scans.txt"
    path.write_text(SCRIPTS[request.param])
    return path


@pytest.mark.parametrize("restart", RESTARTS)
def test_scan_scripts_give_the_files_of_cjpeg(photo, script, restart):
    for subsampling, sampling in SAMPLING.items():
        pixels = photo(61, 83)
        plain = ("-quality", "85", "-sample", sampling, "-scans", str(script), *restart)
        options = {"quality": 85, "subsampling": subsampling, "scans": script, **RESTARTS[restart]}
        assert encode(pixels, **options) == cjpeg(pixels, *plain, "-optimize"), subsampling
        assert encode(pixels, optimize=False, **options) == cjpeg(pixels, *plain), subsampling
        assert encode(pixels, arithmetic=True, **options) == cjpeg(pixels, *plain, "-arithmetic"), subsampling


@pytest.mark.parametrize("restart", RESTARTS)
def test_scan_scripts_give_the_files_of_jpegtran(photo, script, restart):
    data = encode(photo(61, 83), quality=85, progressive=True, subsampling="4:2:2")
    options = {"scans": script, **RESTARTS[restart]}
    plain = ("-scans", str(script), *restart)
    assert transcode(data, **options) == jpegtran(data, *plain, "-optimize")
    assert transcode(data, optimize=False, **options) == jpegtran(data, *plain)
    assert transcode(data, arithmetic=True, **options) == jpegtran(data, *plain, "-arithmetic")
    assert write(read(data), **options) == transcode(data, **options)


def test_scripts_of_one_component(photo, tmp_path):
    path = tmp_path / "scans.txt"
    for text in ("0;", "0: 0-0, 0, 1; 0: 1-9, 0, 0; 0: 10-63, 0, 1; 0: 0-0, 1, 0; 0: 10-63, 1, 0;"):
        path.write_text(text)
        pixels = photo(61, 83, gray=True)
        for restart, options in RESTARTS.items():
            theirs = cjpeg(pixels, "-quality", "85", "-optimize", "-scans", str(path), *restart)
            assert encode(pixels, quality=85, scans=text, **options) == theirs, text


@pytest.mark.parametrize("rows", [1, 2, 7, 1000, 65535])
def test_restarts_by_rows(photo, rows):
    """In an interleaved scan and in one of a component a row has other MCUs; huge intervals end at 65,535."""
    for height, width in ((1, 1), (40, 50), (133, 97), (17, 2000)):
        pixels = photo(height, width)
        for ours, theirs in (({"optimize": False}, ()), ({"progressive": True}, ("-progressive",))):
            expected = cjpeg(pixels, "-quality", "80", "-sample", "2x2", *theirs, "-restart", str(rows))
            assert encode(pixels, quality=80, restart_rows=rows, **ours) == expected, f"{width}x{height}"
            plain = encode(pixels, quality=80)
            assert transcode(plain, restart_rows=rows, **ours) == jpegtran(plain, *theirs, "-restart", str(rows))


def test_restarts_are_kept_changed_or_dropped(photo):
    data = encode(photo(61, 83), quality=85, restart=4)
    assert transcode(data) == write(read(data)) == data
    assert transcode(data, restart=7) == write(read(data), restart=7) == jpegtran(data, "-optimize", "-restart", "7B")
    assert transcode(data, restart=0) == write(read(data), restart=0) == jpegtran(data, "-optimize")


def test_a_script_is_text_a_path_or_values(photo, tmp_path):
    pixels = photo(40, 50)
    path = tmp_path / "scans.txt"
    path.write_text("0,1,2: 0-0, 0, 0;\n0: 1-63, 0, 0;\n1: 1-63, 0, 0;\n2: 1-63, 0, 0;\n")
    values = [ScriptScan((0, 1, 2), 0, 0), *(ScriptScan((index,), 1, 63) for index in range(3))]
    for scans in (path, str(path), path.read_text(), values, tuple(values)):
        assert encode(pixels, scans=scans) == cjpeg(pixels, "-scans", str(path), "-sample", "2x2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 , 1\t2 : 0 - 0 , 0 / 1 ;;", None),
        ("0,1,2: 0-0, 0, 1", [((0, 1, 2), 0, 0, 0, 1)]),
        ("# nothing; here\n0,1 # , 3\n,2: 0-0\n0 1; 0;", [((0, 1, 2), 0, 0, 0, 1), ((0,), 0, 63, 0, 0)]),
        (" 00;\r\n\r\n 1 2 ;", [((0,), 0, 63, 0, 0), ((1, 2), 0, 63, 0, 0)]),
    ],
)
def test_the_syntax_is_that_of_cjpeg(text, expected):
    if expected is None:
        assert len(parse_script(text)) == 1
    else:
        assert [(scan.components, *scan.band) for scan in parse_script(text)] == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0;\n1;\n\n  two;", "line 4: 'two' is not a scan"),
        ("0: 0-0, 0;\n", "line 1: 3 numbers behind the colon, must be four"),
        ("0,1,2,3,4;", "line 1: 5 components in a scan, must be at most 4"),
        ("0,,1;", "line 1: '0,,1' is not a scan"),
        ("0: -1 0 0 0;", "line 1: '0: -1 0 0 0' is not a scan"),
        ("# only this\n", "there are no scans in it"),
        ("0,1,2;\n3;", "line 2: component 3, the image has only 0 to 2"),
        ("0,1,2;\n\n0;", "line 3: a component for the second time"),
        ("0,2,1;\n", "line 1: components 0, 2, 1, must be one or more in ascending order"),
        ("0;\n1: 0-0, 0, 0;", "line 2: a band or single bits, but the first scan is of a sequential file"),
        ("0,1;\n", "leaves out component 2 of 0 to 2"),
        ("0,1,2: 0-5, 0, 0;\n", "line 1: band 0-5: DC and AC need separate scans"),
        ("0,1,2: 0-0, 0, 0;\n0: 1-64, 0, 0;", "line 2: band 1-64, must lie in 0 to 63"),
        ("0,1,2: 0-0, 0, 0;\n0: 5-4, 0, 0;", "line 2: band 5-4, must lie in 0 to 63"),
        ("0,1,2: 0-0, 0, 11;\n", "line 1: bits 0, 11, must be 0 to 10"),
        ("0,1,2: 0-0, 0, 0;\n1,2: 1-63, 0, 0;", "line 2: band 1-63 of 2 components: a scan of AC has only one"),
        ("0: 0-0, 0, 0;\n1: 1-63, 0, 0;", "line 2: band 1-63 before the component's DC"),
        ("0,1,2: 0-0, 0, 0;\n1: 1-63, 2, 1;", "line 2: bits 2, 1 of coefficient 1, of which no others were sent"),
        (
            "0,1,2: 0-0, 0, 0; 1: 3-63, 0, 2;\n1: 1-63, 0, 1;",
            "line 2: bits 0, 1 of coefficient 3, which was sent down to bit 2 and needs 2, 1",
        ),
        ("0,1,2: 0-0, 0, 0;\n0,1,2: 0-0, 0, 0;", "line 2: bits 0, 0 of coefficient 0, which was sent down to bit 0 al"),
    ],
)
def test_errors_name_the_line(photo, tmp_path, text, reason):
    path = tmp_path / "scans.txt"
    path.write_text(text)
    data = encode(photo(16, 16))
    for attempt in (
        lambda: encode(photo(16, 16), scans=path),
        lambda: transcode(data, scans=path),
        lambda: write(read(data), scans=path),
    ):
        with pytest.raises(ValueError, match="scan") as caught:
            attempt()
        assert reason in str(caught.value)
        assert not isinstance(caught.value, JpegError)
        if "line" in reason:
            assert str(caught.value).startswith(f"{path}, {reason[:6]}")


def test_errors_of_values_name_the_scan(photo):
    with pytest.raises(ValueError, match="scan 2: band 1-63 before the component's DC"):
        encode(photo(16, 16), scans=[ScriptScan((0,), 0, 0), ScriptScan((1,), 1, 63)])
    for nothing in ([], ["0,1,2"], 7 * [None]):
        with pytest.raises(ValueError, match="a scan script is text"):
            encode(photo(16, 16), scans=nothing)
    with pytest.raises(FileNotFoundError):
        encode(photo(16, 16), scans="no such file")


@pytest.mark.parametrize(
    "options", [{"restart": 65536}, {"restart": -1}, {"restart_rows": 65536}, {"restart": 1, "restart_rows": 1}]
)
def test_restart_intervals_out_of_range(photo, options):
    with pytest.raises(ValueError, match="restart interval"):
        encode(photo(16, 16), **options)
