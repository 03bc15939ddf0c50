"""Turning pixels as the EXIF orientation says, and where a window of the upright picture lies in the stored one."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.exif import Turn
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.pixels.window import Window, scaled_size

__all__ = ["stored_window", "turned", "upright_frame"]

Samples = TypeVar("Samples", bound=np.generic)


def upright_frame(frame: Frame, turn: Turn) -> Frame:
    """Return a frame of the size that the upright picture has."""
    return replace(frame, height=frame.width, width=frame.height) if turn.exchange else frame


def stored_window(window: Window, frame: Frame, turn: Turn) -> Window:
    """Find what becomes a window of the upright picture.

    Parameters
    ----------
    window : Window
        Of the upright picture.
    frame : Frame
        Of the upright picture.
    turn : Turn
        What puts it upright.
    """
    height, width = (scaled_size(side, window.eighths) for side in (frame.height, frame.width))
    top = height - window.bottom if turn.down else window.top
    left = width - window.right if turn.across else window.left
    if turn.exchange:
        return Window(window.eighths, left, top, window.width, window.height)
    return Window(window.eighths, top, left, window.height, window.width)


def turned(pixels: npt.NDArray[Samples], turn: Turn) -> npt.NDArray[Samples]:
    """Turn pixels, (H, W) or (H, W, components); a view."""
    if turn.exchange:
        pixels = pixels.swapaxes(0, 1)
    return pixels[:: -1 if turn.down else 1, :: -1 if turn.across else 1]
