"""What a scan carries from MCU to MCU: bits on their way, DC predictions, restart intervals (T.81 E.1.4, E.2.4)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.bits import put_bits, stuff, unstuff
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import clear

__all__ = [
    "begin_mcu",
    "begin_mcus",
    "end_interval",
    "end_mcu",
    "flush",
    "go_to_bit",
    "restart_scan",
    "start_scan",
    "stopped",
    "write_restart",
]

# Entries of the int64 state of a scan.
POSITION = 0  # in the unstuffed bytes
WORD = 1  # bits on their way
FILLED = 2  # how many
INTERVAL = 3  # Ri, MCUs a restart interval; 0: no restarts
LEFT = 4  # MCUs left in this one
INTERVALS = 5  # restart intervals begun so far, the first not counted when encoding
PREDICTIONS = 6  # DC of the block before, one a component of the scan
SOURCE = 10  # decoding: where the marker is that ends this interval
END = 11  # decoding: length of the unstuffed bytes
BEGIN = 12  # decoding: where the data of this interval begin
FAULT = 13  # decoding: the first thing that went wrong, one of the following
EOB_RUN = 14  # progressive: blocks left that have no more coefficients in this band
PENDING = 15  # progressive, encoding: correction bits of those blocks
FAULT_BEGIN = 16  # decoding: where it went wrong: behind this position of the file ...
FAULT_CONSUMED = 17  # ... so many bytes without stuffing
GOOD_ROW = 18  # progressive, decoding: row of the last MCU that began with data
STRICT = 19  # decoding: whether the first fault ends it
ALONE = 20  # decoding: MCUs before which nothing is decoded ahead, or more than there are; see `ahead`
LANES_LEFT = 21  # decoding: of those that decoded ahead, how many have blocks that are not taken yet
WEIGHT = 22  # decoding to counts: what to add for each coefficient
PAUSE = 23  # decoding: what `ALONE` began with when it was set last, halved for each good stretch since
PAUSED_AT = 24  # decoding: the bit where that was; 0 behind a good stretch
LATELY = 25  # decoding: bits of a stretch like the last one; 0 if there was none
MCU_BLOCKS = 26  # encoding: the table of `mcu_blocks`
BLOCK_FIELDS = 5
STATE = MCU_BLOCKS + 4 * 4 * 4 * BLOCK_FIELDS  # components of four by four blocks

APART = 16  # items to both sides that belong to nobody: two threads that write to one line of cache wait for each other

BAD_CODE, PAST_BLOCK, OUT_OF_DATA, NO_RESTART, TOO_LARGE = 1, 2, 3, 4, 5
FAULTS = {
    BAD_CODE: "bits that no Huffman code that can stand here begins with",
    PAST_BLOCK: "coefficients beyond the end of a block",
    OUT_OF_DATA: "entropy-coded data ends before the image does",
    NO_RESTART: "restart marker missing",
    TOO_LARGE: "coefficient or DC difference of more than 15 bits",
}

# Decoding reads this far beyond the end before it notices: an MCU has at most ten blocks of 64 times 16 + 15 bits, 2480
# bytes, and begins only where data are left (`begin_mcu`).
OVERRUN = 4096


def start_scan(interval: int, source: int = 0, *, strict: bool = False, weight: int = 1) -> npt.NDArray[np.int64]:
    """State at the beginning of a scan.

    Parameters
    ----------
    interval : int
        Ri, MCUs between restarts; 0 for none.
    source : int
        Decoding: where the data begin; 0, with which no file's data begin: encoding, and what follows has no meaning.
    strict : bool
        Decoding: whether the first fault ends it.
    weight : int
        Decoding to counts: what to add for each coefficient; see `counts`.

    Returns
    -------
    ndarray, int64, (STATE,)
    """
    state = np.zeros(STATE + 2 * APART, np.int64)[APART:-APART]
    if interval:
        state[INTERVAL] = state[LEFT] = interval
    if source:
        state[SOURCE], state[STRICT], state[WEIGHT] = source, strict, weight
    return state


@inlined
def begin_scan(state, interval):
    """State at the beginning of a scan that is encoded, as `start_scan` makes it."""
    clear(state, 0, STATE)
    state[INTERVAL] = state[LEFT] = interval


@inlined
def restart_scan(state, source):
    """State at the beginning of another scan with the same interval, whose data begin at `source`."""
    interval, strict = state[INTERVAL], state[STRICT]
    clear(state, 0, STATE)
    state[INTERVAL], state[LEFT], state[SOURCE], state[STRICT] = interval, interval, source, strict


@inlined
def flush(state, coded, out, written):
    """Move the whole bytes to the output, stuffed; what is left of bits stays. Returns the new output position."""
    written = stuff(coded, 0, state[POSITION], out, written)
    state[POSITION] = 0
    return written


@inlined
def end_interval(state, coded, out, written):
    """Fill the last byte of a scan or interval with ones and flush (F.1.2.3). Returns the new output position."""
    position, _, _ = put_bits(coded, state[POSITION], np.uint64(state[WORD]), state[FILLED], 0x7F, 7)
    state[POSITION], state[WORD], state[FILLED] = position, 0, 0
    return flush(state, coded, out, written)


@inlined
def write_restart(state, coded, out, written):
    """End an interval with RSTm (E.1.4). Returns the new output position."""
    written = end_interval(state, coded, out, written)
    out[written] = 0xFF
    out[written + 1] = 0xD0 + (state[INTERVALS] & 7)
    state[INTERVALS] += 1
    return written + 2


@inlined
def reset_interval(state):
    """Begin an interval: all its MCUs are left, predictions and runs are zero (F.1.1.5.1, G.1.2.2)."""
    state[LEFT] = state[INTERVAL]
    state[EOB_RUN] = 0
    clear(state, PREDICTIONS, 4)


@inlined
def _next_marker(data, position):
    """Position of the next marker's 0xFF that no other follows; the end of the data if there is none."""
    while position + 1 < len(data) and (
        data[position] != 0xFF or data[position + 1] == 0 or data[position + 1] == 0xFF
    ):
        position += 1
    return position if position + 1 < len(data) else len(data)


@inlined
def _resynchronize(state, data, source):
    """Find the expected restart marker, by libjpeg's rules (jpeg_resync_to_restart) if another comes first.

    Returns the position behind it and True, or that of a marker that belongs to what follows and False.
    """
    expected = (state[INTERVALS] - 1) & 7
    source = _next_marker(data, source)
    if state[FAULT] == 0 and (source == len(data) or data[source + 1] != 0xD0 + expected):
        note_fault(state, OUT_OF_DATA if source == len(data) else NO_RESTART, source, 0)
    while source < len(data):
        code = data[source + 1]
        ahead = (code - 0xD0 - expected) & 7
        if code >= 0xC0 and (code < 0xD0 or code > 0xD7 or ahead in (1, 2)):
            return source, False  # another kind of marker, or one of the next two restarts: this interval is lost
        if code >= 0xC0 and ahead not in (6, 7):
            return source + 2, True  # the expected one, or one too far off to be told from it
        source = _next_marker(data, source + 2)  # an earlier restart, or no marker that can stand here
    return source, False


@inlined
def note_fault(state, fault, begin, consumed):
    """Keep what went wrong, and where: `consumed` unstuffed bytes behind position `begin` of the file."""
    state[FAULT], state[FAULT_BEGIN], state[FAULT_CONSUMED] = fault, begin, consumed


@inlined
def stopped(state):
    """Tell whether a fault has ended the scan.

    It is asked for each MCU, of memory: were it a parameter, LLVM would make two versions of the kernel's loops around
    it, and both a quarter slower.
    """
    return state[FAULT] != 0 and state[STRICT] != 0


@inlined
def next_interval(state, data, coded):
    """Unstuff the data of the next interval, behind its restart marker unless it is the first (E.2.4).

    Parameters
    ----------
    state : ndarray, int64, (STATE,)
    data : ndarray, uint8
        The whole file.
    coded : ndarray, uint8
        Where the unstuffed bytes go: room for all of `data` and for `OVERRUN` zeros behind.
    """
    source, size = state[SOURCE], len(data)
    if state[INTERVALS] > 0:
        lacking = state[POSITION] - (state[FILLED] >> 3) > state[END]
        source, found = _resynchronize(state, data, source)
        if not found:  # an empty interval: one MCU of zero bits, unless bits were lacking already, as libjpeg does
            state[BEGIN], state[SOURCE], state[END] = source, source, 0
            clear(coded, 0, OVERRUN)
            state[POSITION], state[WORD], state[FILLED] = 1 if lacking else 0, 0, 0
            state[INTERVALS] += 1
            reset_interval(state)
            return
    state[BEGIN] = source
    state[SOURCE], state[END] = unstuff(data, source, size, coded, 0)
    clear(coded, state[END], OVERRUN)
    state[POSITION], state[WORD], state[FILLED] = 0, 0, 0
    state[INTERVALS] += 1
    reset_interval(state)


@inlined
def go_to_bit(state, coded, bit):
    """Let the scan go on at a bit of the unstuffed data."""
    state[POSITION], state[FILLED] = (bit + 7) >> 3, -bit & 7
    word = np.uint64(coded[bit >> 3]) << np.uint64(56 + (bit & 7))
    state[WORD] = np.int64(word) if bit & 7 != 0 else 0


@inlined
def begin_mcus(state, data, coded, wanted):
    """Go on to the next interval if this one is complete; returns how many MCUs are in it, up to `wanted`.

    It also returns whether there are bits left for the first of them.
    """
    if state[INTERVALS] == 0 or (state[INTERVAL] > 0 and state[LEFT] == 0):
        next_interval(state, data, coded)
    count = min(wanted, state[LEFT]) if state[INTERVAL] > 0 else wanted
    state[LEFT] -= count
    return count, state[POSITION] - (state[FILLED] >> 3) <= state[END]


@inlined
def begin_mcu(state, data, coded):
    """Go on to the next interval if this one is complete; returns whether there are bits left for an MCU."""
    return begin_mcus(state, data, coded, 1)[1]


@inlined
def end_mcu(state, fault):
    """Note the first fault; reading beyond the data is one."""
    if state[POSITION] - (state[FILLED] >> 3) > state[END]:
        fault = OUT_OF_DATA
    if fault != 0 and state[FAULT] == 0:
        note_fault(state, fault, state[BEGIN], min(state[POSITION] - (state[FILLED] >> 3), state[END]))
