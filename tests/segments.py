"""Surgery on files: their segments as bytes, scans together with their data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

Piece = tuple[int, bytes]
"""Second byte of the marker, and all bytes up to the next piece."""

SOF, DHT, EOI, SOS, DQT = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA), 0xC4, 0xD9, 0xDA, 0xDB


def pieces(data: bytes) -> list[Piece]:
    """Take a well-formed file apart."""
    found, at = [(0xD8, data[:2])], 2
    while data[at + 1] != EOI:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if data[at + 1] == SOS:
            while not (data[end] == 0xFF and data[end + 1] not in {0, *range(0xD0, 0xD8)}):
                end += 1
        found.append((data[at + 1], data[at:end]))
        at = end
    return [*found, (EOI, data[at:])]


def joined(parts: Iterable[Piece]) -> bytes:
    """Put a file together again."""
    return b"".join(data for _, data in parts)


def places(parts: Iterable[Piece], marker: int) -> list[int]:
    """Where the pieces of a kind are."""
    return [index for index, (code, _) in enumerate(parts) if code == marker]


def quantization(slot: int, scale: int, *, wide: bool = False) -> Piece:
    """Make a DQT segment of an asymmetric table."""
    steps = (np.arange(64) % 17 + 2) * scale
    body = bytes([slot | wide << 4]) + steps.astype(">u2" if wide else "u1").tobytes()
    return DQT, b"\xff\xdb" + (2 + len(body)).to_bytes(2) + body


def moved(parts: Iterable[Piece], quantization: Mapping[int, int], huffman: Mapping[int, int]) -> list[Piece]:
    """Give tables other slots, where they are defined (one a segment) and where they are used."""
    result = []
    for code, data in parts:
        body = bytearray(data)
        if code == DQT:
            body[4] = body[4] & 0xF0 | quantization[body[4] & 15]
        elif code == DHT:
            body[4] = body[4] & 0xF0 | huffman[body[4] & 15]
        elif code in SOF:
            for at in range(12, 12 + 3 * body[9], 3):
                body[at] = quantization[body[at]]
        elif code == SOS:
            for at in range(6, 6 + 2 * body[4], 2):
                body[at] = huffman[body[at] >> 4] << 4 | huffman[body[at] & 15]
        result.append((code, bytes(body)))
    return result


def only(parts: Iterable[Piece], wanted: Callable[[int, bytes], bool]) -> list[Piece]:
    """Leave pieces out."""
    return [(code, data) for code, data in parts if wanted(code, data)]
