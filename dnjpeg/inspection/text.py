"""An inspection as text for people: aligned columns, a line a segment, tables as grids."""

from __future__ import annotations

from collections.abc import Sequence

from dnjpeg.inspection.application import counted
from dnjpeg.inspection.values import (
    ComponentUsage,
    Findings,
    FrameComponent,
    FrameInfo,
    HuffmanEntry,
    QualityEstimate,
    QuantizationEntry,
    ScanInfo,
    TableMatch,
)

__all__ = ["report"]

SHOWN = 300  # lines of a part; of more only the first and the last are shown
SHOWN_TABLES = 32
SHOWN_CHARACTERS = 200  # of what a segment means


def report(findings: Findings) -> str:
    """Lay an inspection out for reading: parts with a title each, separated by empty lines."""
    parts = [
        _summary(findings),
        _problems(findings),
        _segments(findings),
        _components(findings.frame),
        _quantization(findings),
        _huffman(findings),
        _scans(findings),
        _usage(findings),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _summary(findings: Findings) -> list[str]:
    lines = [f"{counted(findings.size, 'byte')}{'' if findings.is_jpeg else ', not a JPEG file'}"]
    frame = findings.frame
    if frame is not None:
        kind = " ".join(filter(None, (frame.color, frame.subsampling)))
        height = str(frame.height) if frame.height else "unknown height"
        named = f", {kind}" if kind else f", {counted(len(frame.components), 'component')}"
        lines.append(f"{frame.width} x {height}, {frame.precision} bits{named}, {frame.process} ({frame.marker})")
        if frame.mcu_width:
            count = counted(frame.mcu_cols * frame.mcu_rows, "MCU")
            lines.append(
                f"{count} of {frame.mcu_width} x {frame.mcu_height} pixels: {frame.mcu_cols} x {frame.mcu_rows}"
            )
    elif findings.unsupported is None and (findings.quantization_tables or findings.huffman_tables):
        lines.append("no frame header: tables alone, as T.81 B.5 has them for other files, or what is left of an image")
    if findings.unsupported is not None:
        lines.append(f"cannot be decoded by dnjpeg: {findings.unsupported}")
    if findings.quality is not None:
        lines.append(_quality(findings.quality))
    return lines


def _quality(quality: QualityEstimate) -> str:
    if quality.custom:
        return (
            f"quality about {quality.quality}: custom tables, {quality.difference:,} in all away from the standard ones"
        )
    return f"quality {quality.quality}: the standard tables"


def _problems(findings: Findings) -> list[str]:
    if not findings.problems:
        return []
    return ["Problems", *_bounded([f"  {problem}" for problem in findings.problems])]


def _bounded(lines: Sequence[str], shown: int = SHOWN) -> list[str]:
    """Leave the middle out of what is too long to read."""
    if len(lines) <= shown:
        return list(lines)
    head, tail = shown - shown // 8, shown // 8
    return [*lines[:head], f"  ... {len(lines) - shown:,} more (--json has all)", *lines[-tail:]]


def _segments(findings: Findings) -> list[str]:
    rows = [(f"{s.offset}", f"{s.length}", s.marker, _short(s.meaning)) for s in findings.segments]
    return ["Segments", *_bounded(_columns(("offset", "length", "marker", "meaning"), rows, right=(0, 1)))]


def _short(line: str) -> str:
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}..."


def _columns(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> list[str]:
    """Align cells below their titles; the columns in `right` to the right."""
    widths = [max(len(row[index]) for row in (titles, *rows)) for index in range(len(titles))]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (titles, *rows)
    ]


def _components(frame: FrameInfo | None) -> list[str]:
    if frame is None:
        return []
    rows = [
        (
            _name(c),
            f"{c.horizontal}x{c.vertical}",
            f"{c.samples} x {c.lines}",
            f"{c.block_cols} x {c.block_rows}" if c.block_cols else "",
            str(c.quantization_table),
        )
        for c in frame.components
    ]
    titles = ("component", "factors", "samples", "blocks", "quantization table")
    return ["Components", *_bounded(_columns(titles, rows, right=()))]


def _name(component: FrameComponent) -> str:
    return f"{component.identifier} ({component.name})" if component.name else str(component.identifier)


def _quantization(findings: Findings) -> list[str]:
    if not findings.quantization_tables:
        return []
    lines = ["Quantization tables (rows: vertical frequency)"]
    for entry in findings.quantization_tables[:SHOWN_TABLES]:
        lines += [f"  {_quantization_title(entry, findings.frame)}"]
        width = len(str(entry.steps.max())) + 1
        lines += ["   " + "".join(f"{step:{width}d}" for step in row) for row in entry.steps.tolist()]
    return lines + _left_out(len(findings.quantization_tables))


def _left_out(count: int) -> list[str]:
    return [f"  ... {count - SHOWN_TABLES:,} more (--json has all)"] if count > SHOWN_TABLES else []


def _quantization_title(entry: QuantizationEntry, frame: FrameInfo | None) -> str:
    users = [_name(c) for c in frame.components if c.quantization_table == entry.slot] if frame else []
    used = f" of component{'s' * (len(users) > 1)} {', '.join(users[:4])}" if users else ""
    known = f"{entry.shipped}; " if entry.shipped else ""
    return f"table {entry.slot}{used}, {entry.precision} bits, byte {entry.offset}: {known}{_match(entry.match)}"


def _match(match: TableMatch) -> str:
    standard = f"standard {match.table} at quality {match.quality}"
    return f"custom, {match.difference:,} away from {standard}" if match.difference else standard


def _huffman(findings: Findings) -> list[str]:
    if not findings.huffman_tables:
        return []
    titles = ("table", "offset", "symbols", *map(str, range(1, 17)), "")
    rows = [_huffman_row(entry) for entry in findings.huffman_tables[:SHOWN_TABLES]]
    lines = _columns(titles, rows, right=range(1, 19))
    return ["Huffman tables (codes of each length)", *lines, *_left_out(len(findings.huffman_tables))]


def _huffman_row(entry: HuffmanEntry) -> tuple[str, ...]:
    kind = f"standard {entry.standard}" if entry.standard else "custom"
    counts = (str(count or ".") for count in entry.counts)
    return (f"{entry.table_class} {entry.slot}", str(entry.offset), str(len(entry.symbols)), *counts, kind)


def _scans(findings: Findings) -> list[str]:
    if not findings.scans:
        return []
    rows = [_scan_row(str(number), scan, findings) for number, scan in enumerate(findings.scans, 1)]
    titles = ("scan", "data at", "bytes", "share", "restarts", "components", "what")
    return ["Scans", *_bounded(_columns(titles, rows, right=(0, 1, 2, 3, 4)))]


def _scan_row(number: str, scan: ScanInfo, findings: Findings) -> tuple[str, ...]:
    known = {c.identifier: _name(c) for c in findings.frame.components} if findings.frame else {}
    return (
        number,
        str(scan.data_offset),
        str(scan.data_bytes),
        _share(scan.data_bytes, findings.size),
        str(scan.restart_markers) if scan.restart_interval else "none",
        ", ".join(known.get(part.identifier, str(part.identifier)) for part in scan.components),
        f"{scan.kind}{f'; {scan.fault}' if scan.fault else ''}",
    )


def _share(part: float, whole: int) -> str:
    return f"{part / max(whole, 1):.1%}"


def _usage(findings: Findings) -> list[str]:
    usage = findings.usage
    rows = [
        (name, str(size), _share(size, usage.total_bytes))
        for name, size in (
            ("headers and tables", usage.header_bytes),
            ("metadata (APPn, COM)", usage.metadata_bytes),
            ("entropy-coded data", usage.data_bytes),
            ("other", usage.other_bytes),
        )
        if size or name != "other"
    ]
    for part in usage.components if findings.scans else ():
        rows += _component_rows(part, findings)
    if findings.scans:
        name = "  stuffing, padding, restarts" if usage.exact else "  not counted, stuffing, padding, restarts"
        rows.append((name, _bytes(usage.overhead_bits), _share(usage.overhead_bits / 8, usage.total_bytes)))
    note = [f"  {usage.note}"] if usage.note else []
    return ["Where the bytes go", *_bounded(_columns(("", "bytes", "share"), rows, right=(1, 2))), *note]


def _component_rows(part: ComponentUsage, findings: Findings) -> list[tuple[str, str, str]]:
    components = findings.frame.components if findings.frame else ()
    name = next((_name(c) for c in components if c.identifier == part.identifier), str(part.identifier))
    return [
        (f"  {name}, {kind}", "unknown" if bits is None else _bytes(bits), "" if bits is None else share)
        for kind, bits in (("DC", part.dc_bits), ("AC", part.ac_bits))
        for share in (_share((bits or 0) / 8, findings.size),)
    ]


def _bytes(bits: int) -> str:
    return str(bits // 8) if bits % 8 == 0 else f"{bits / 8:.1f}"
