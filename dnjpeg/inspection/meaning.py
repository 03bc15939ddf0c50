"""What marker segments mean: one line for people and fields for machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.syntax import ScanHeader, Segment
from dnjpeg.codec.format.table_segments import HuffmanSegment, QuantizationSegment, RestartSegment
from dnjpeg.inspection.application import Meaning, application, comment, counted

__all__ = ["frame_of", "meaning", "scan_kind", "wide_tables"]


def meaning(segment: Segment) -> Meaning:
    """Say what a marker segment means.

    Raises
    ------
    FormatError
        If it breaks a rule of its format.
    """
    code = segment.code
    if code in syntax.FRAMES:
        return _frame(segment)
    if syntax.APP0 <= code < syntax.APP0 + 16:
        return application(segment)
    describe = _DESCRIBERS.get(code)
    return describe(segment) if describe else Meaning(_OTHERS.get(code, "reserved"), {})


def frame_of(segment: Segment, lines: int | None = None) -> Frame:
    """Parse a frame header; `lines` is the height that a DNL segment gives to one without (B.2.5)."""
    frame = syntax.frame_header(segment)
    if frame.height == 0 and lines:
        return Frame(lines, frame.width, frame.components, frame.precision, frame.process)
    return frame


def _frame(segment: Segment) -> Meaning:
    frame = syntax.frame_header(segment)
    factors = ", ".join(f"{c.horizontal}x{c.vertical}" for c in frame.components)
    height = frame.height or "unknown"
    line = (
        f"frame: {frame.width} x {height}, {frame.precision} bits, {counted(len(frame.components), 'component')} "
        f"({factors}), {syntax.PROCESSES[frame.process]}"
    )
    return Meaning(
        line,
        {
            "process": syntax.PROCESSES[frame.process],
            "precision": frame.precision,
            "width": frame.width,
            "height": frame.height,
            "components": [
                {
                    "identifier": c.identifier,
                    "horizontal": c.horizontal,
                    "vertical": c.vertical,
                    "quantization_table": c.table,
                }
                for c in frame.components
            ],
        },
    )


def _quantization(segment: Segment) -> Meaning:
    tables = [
        {"slot": part.slot, "precision": 16 if wide else 8}
        for part, wide in zip(QuantizationSegment.parse(segment), wide_tables(segment), strict=True)
    ]
    named = ", ".join(f"{table['slot']} ({table['precision']} bits)" for table in tables)
    return Meaning(f"quantization {_plural('table', tables)} {named}", {"tables": tables})


def wide_tables(segment: Segment) -> list[bool]:
    """Tell for each table of a DQT segment whether its steps have 16 bits."""
    wide, at = [], 0
    while at < len(segment.payload):
        wide.append(segment.payload[at] >> 4 == 1)
        at += 1 + 64 * (1 + wide[-1])
    return wide


def _huffman(segment: Segment) -> Meaning:
    tables: list[dict[str, Any]] = [
        {"class": ("DC", "AC")[part.table_class], "slot": part.slot, "symbols": len(part.table.values)}
        for part in HuffmanSegment.parse(segment)
    ]
    named = ", ".join(f"{table['class']} {table['slot']} ({counted(table['symbols'], 'symbol')})" for table in tables)
    return Meaning(f"Huffman {_plural('table', tables)} {named}", {"tables": tables})


def _plural(noun: str, items: list[Any]) -> str:
    return noun + "s" * (len(items) != 1)


def _conditioning(segment: Segment) -> Meaning:
    """Arithmetic conditioning (B.2.4.3): L and U for DC, Kx for AC."""
    payload = segment.payload
    if len(payload) % 2:
        raise segment.error(f"length {len(payload) + 2}, must be even")
    tables: list[dict[str, Any]] = []
    for at in range(0, len(payload), 2):
        table_class, slot, value = payload[at] >> 4, payload[at] & 15, payload[at + 1]
        if table_class > 1 or slot > 3:
            raise segment.error(f"table class {table_class}, slot {slot}: must be 0 or 1, and 0 to 3", at)
        values = {"kx": value} if table_class else {"lower": value & 15, "upper": value >> 4}
        tables.append({"class": ("DC", "AC")[table_class], "slot": slot, **values})
    named = ", ".join(
        f"{table['class']} {table['slot']} "
        + (f"(Kx {table['kx']})" if "kx" in table else f"(L {table['lower']}, U {table['upper']})")
        for table in tables
    )
    return Meaning(f"arithmetic conditioning {named}", {"tables": tables})


def _restart(segment: Segment) -> Meaning:
    interval = RestartSegment.parse(segment).interval
    line = f"restart interval of {counted(interval, 'MCU')}" if interval else "no restart intervals"
    return Meaning(line, {"interval": interval})


def _lines(segment: Segment) -> Meaning:
    segment.require(2)
    lines = int.from_bytes(segment.payload, "big")
    return Meaning(f"number of lines: {lines}", {"lines": lines})


def _scan(segment: Segment) -> Meaning:
    header = ScanHeader.parse(segment)
    header.check_slots(segment)
    parts = ", ".join(f"{c.identifier} (tables {c.dc_table}, {c.ac_table})" for c in header.components)
    line = (
        f"scan: {_plural('component', list(header.components))} {parts}, Ss {header.spectral_start}, "
        f"Se {header.spectral_end}, Ah {header.approximation_high}, Al {header.approximation_low}"
    )
    return Meaning(
        line,
        {
            "components": [
                {"identifier": c.identifier, "dc_table": c.dc_table, "ac_table": c.ac_table} for c in header.components
            ],
            "spectral_start": header.spectral_start,
            "spectral_end": header.spectral_end,
            "approximation_high": header.approximation_high,
            "approximation_low": header.approximation_low,
        },
    )


def scan_kind(frame: Frame | None, header: ScanHeader) -> str:
    """Say what a scan codes."""
    if frame is None:
        return "a scan without a frame"
    if frame.process not in {2, 6, 10, 14}:
        return "sequential" if frame.process in {0, 1, 5, 9, 13} else "lossless"
    band = "DC" if header.spectral_start == 0 else f"AC {header.spectral_start} to {header.spectral_end}"
    bit = header.approximation_low
    return f"{band}, bit {bit} refined" if header.approximation_high else f"{band}, first, from bit {bit} up"


_DESCRIBERS: dict[int, Callable[[Segment], Meaning]] = {
    syntax.DQT: _quantization,
    syntax.DHT: _huffman,
    syntax.DAC: _conditioning,
    syntax.DRI: _restart,
    syntax.DNL: _lines,
    syntax.SOS: _scan,
    syntax.COM: comment,
}

_OTHERS = {
    syntax.SOI: "start of image",
    syntax.EOI: "end of image",
    syntax.TEM: "temporary, of arithmetic coders",
    syntax.DHP: "hierarchical progression (T.81 Annex J)",
    syntax.EXP: "expansion of reference components (T.81 Annex J)",
    syntax.JPG: "reserved for JPEG extensions",
    0xF7: "frame: JPEG-LS (T.87)",
    0xF8: "parameters of JPEG-LS (T.87)",
    **dict.fromkeys(range(syntax.RST0, syntax.RST0 + 8), "restart"),
    **dict.fromkeys([*range(0xF0, 0xF7), *range(0xF9, 0xFE)], "reserved for JPEG extensions"),
}
