"""Scan scripts as text: what cjpeg and jpegtran take with ``-scans``.

One scan after the other, each ended by ``;``, over as many lines as one likes; ``#`` begins a comment::

    0,1,2: 0-0, 0, 1;    # components: Ss-Se, Ah, Al
    0: 1-5, 0, 2;        # one band of the first component
    1; 2;                # components alone: a scan of a sequential file

What separates two numbers is white space, or any one character, as there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

from dnjpeg.codec.format.script import MOST_COMPONENTS, ScriptScan

__all__ = ["ScriptLike", "load_script", "parse_script", "resolve_script"]

ScriptLike = str | PathLike[str] | Sequence[ScriptScan]

_LARGEST_FILE = 1 << 16  # characters; the longest sensible scripts are a few thousand
_NUMBERS = r"[0-9]{1,9}(?:(?:\s+|\s*[^\s0-9:;]\s*)[0-9]{1,9})*"
_SCAN = re.compile(rf"\s*(?P<components>{_NUMBERS})\s*(?::\s*(?P<band>{_NUMBERS})\s*)?")


def resolve_script(scans: ScriptLike) -> tuple[ScriptScan, ...]:
    """Turn what the caller named into a script: text (with a ``;``, or over several lines), a path, or its scans.

    Raises
    ------
    ValueError
        If it is none of these, or text that is no script.
    OSError
        If the file cannot be read.
    """
    if isinstance(scans, str) and (";" in scans or "\n" in scans):
        return parse_script(scans)
    if isinstance(scans, str | PathLike):
        return load_script(scans)
    script = tuple(scans)
    if not script or not all(isinstance(scan, ScriptScan) for scan in script):
        raise ValueError("a scan script is text, the path of a file, or one or more ScriptScan")
    return script


def load_script(path: str | PathLike[str]) -> tuple[ScriptScan, ...]:
    """Read a script from a file; errors as of `resolve_script`."""
    with Path(path).open("rb") as file:
        data = file.read(_LARGEST_FILE + 1)
    if len(data) > _LARGEST_FILE:
        raise ValueError(f"{path}: too large for a scan script (more than {_LARGEST_FILE} bytes)")
    return parse_script(data.decode("latin-1"), f"{path}, ")


def parse_script(text: str, source: str = "") -> tuple[ScriptScan, ...]:
    """Read a script.

    Parameters
    ----------
    text : str
        As above.
    source : str
        Where it comes from, for errors, as in ``"scans.txt, "``.

    Raises
    ------
    ValueError
        If it is no script; the message begins with the source and the line.
    """
    scans = []
    for line, entry in _entries(text):
        place = f"{source}line {line}"
        match = _SCAN.fullmatch(entry)
        if match is None:
            words = " ".join(entry.split())
            raise ValueError(f"{place}: {words[:40]!r} is not a scan: write it like 0,1,2: 0-0, 0, 1;")
        components = _numbers(match["components"])
        band = _numbers(match["band"] or "0 63 0 0")
        if len(components) > MOST_COMPONENTS:
            raise ValueError(f"{place}: {len(components)} components in a scan, must be at most {MOST_COMPONENTS}")
        if len(band) != 4:
            raise ValueError(f"{place}: {len(band)} numbers behind the colon, must be four: Ss-Se, Ah, Al")
        scans.append(ScriptScan(components, *band, place=place))
    if not scans:
        raise ValueError(f"{source or 'the script: '}there are no scans in it")
    return tuple(scans)


def _entries(text: str) -> Iterator[tuple[int, str]]:
    """Yield the text of each scan without comments, with the number of the line on which it begins."""
    bare = re.sub(r"#[^\n]*", "", text)
    line = 1
    for entry in bare.split(";"):
        if entry.strip():
            blank = entry[: len(entry) - len(entry.lstrip())]
            yield line + blank.count("\n"), entry
        line += entry.count("\n")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", text))
