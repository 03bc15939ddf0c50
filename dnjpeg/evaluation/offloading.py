"""What sending an image costs a phone: seconds and joules, from its bytes.

The model is the one that papers on offloading use: an image of b bytes takes ``delay + b / rate`` seconds over a link,
and the radio draws its transmit power all that time. No tail energy, no contention, no retransmission; what they cost
comes on top and does not depend on the compression.

The rates are the effective ones behind the DeepN-JPEG paper's example: 152 KB take 870 ms over 3G, 180 ms over LTE and
95 ms over Wi-Fi. They take K for 1,000, and the whole time for transfer (no delay), since one size alone cannot tell
them apart. The powers are those of Huang et al., "A close examination of performance and power characteristics of 4G
LTE networks", MobiSys 2012: base power plus milliwatts per Mbit/s sent. They were taken from citations and not checked
against that paper's table, and phones have changed: name your own (`parse_link`) before you quote joules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["LINKS", "PAPER_BYTES", "PAPER_SECONDS", "Link", "parse_link"]

PAPER_BYTES = 152_000
PAPER_SECONDS = {"3G": 0.870, "LTE": 0.180, "Wi-Fi": 0.095}

# Milliwatts of a radio that sends: base, and more for each Mbit/s (Huang et al., 2012).
_POWER = {"3G": (817.88, 868.98), "LTE": (1288.04, 438.39), "Wi-Fi": (132.86, 283.17)}


@dataclass(frozen=True)
class Link:
    """A way to send.

    Parameters
    ----------
    name : str
        What it is called.
    rate : float
        Bytes a second.
    watts : float or None
        What the radio draws while it sends; None if that is not known.
    delay : float
        Seconds before the first byte.
    """

    name: str
    rate: float
    watts: float | None = None
    delay: float = 0.0

    def seconds(self, size: float) -> float:
        """Give the time that so many bytes take."""
        return self.delay + size / self.rate

    def joules(self, size: float) -> float | None:
        """Give what the radio spends on them; None if its power is not known."""
        return None if self.watts is None else self.watts * self.seconds(size)


def _of_the_paper(name: str) -> Link:
    rate = PAPER_BYTES / PAPER_SECONDS[name]
    base, per_mbit = _POWER[name]
    return Link(name, rate, (base + per_mbit * 8 * rate / 1e6) / 1000)


LINKS = tuple(_of_the_paper(name) for name in PAPER_SECONDS)
"""3G, LTE and Wi-Fi, as the module's text derives them."""


def parse_link(text: str) -> Link:
    """Read ``NAME:MBIT_S``, ``NAME:MBIT_S:WATTS`` or ``NAME:MBIT_S:WATTS:DELAY_MS``, for example ``5G:50:2.1:10``.

    Raises
    ------
    ValueError
        If it is something else.
    """
    name, *numbers = text.split(":")
    try:
        values = [float(number) for number in numbers]
    except ValueError:
        values = []
    sound = all(math.isfinite(value) and value >= 0 for value in values)
    if not name or not 1 <= len(values) <= 3 or not sound or values[0] == 0:
        raise ValueError(f"link {text!r}: write NAME:MBIT_S, NAME:MBIT_S:WATTS or NAME:MBIT_S:WATTS:DELAY_MS")
    mbit, watts, delay = (*values, None, None)[:3]
    return Link(name, (mbit or 0) * 1e6 / 8, watts, (delay or 0) / 1000)
