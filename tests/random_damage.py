"""Files with something wrong in them."""

from __future__ import annotations

import numpy as np

DAMAGE = ("cut", "changed", "removed", "inserted")


def damage(data: bytearray, kind: str | None, random: np.random.Generator, first: int) -> None:
    """Do one of `DAMAGE` to a file somewhere from a byte on; nothing for None."""
    if kind is None or not data:
        return
    at = int(random.integers(min(first, len(data) - 1), len(data)))
    match kind:
        case "cut":
            del data[at:]
        case "changed":
            data[at] = int(random.integers(0, 256))
        case "removed":
            del data[at : at + int(random.integers(1, 40))]
        case "inserted":
            data[at:at] = random.integers(0, 256, int(random.integers(1, 40)), np.uint8).tobytes()
