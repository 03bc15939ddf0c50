"""Keep what is asked for again. Much is of one file only, and would drive out what others share."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

__all__ = ["kept_from_second_time"]

T = TypeVar("T")

_ASKED = object()


def kept_from_second_time(keys: int) -> Callable[[Callable[..., T]], Callable[..., T | None]]:
    """Let a function return None when it is asked for the first time, and what it keeps from the second time on.

    A decorator, for functions of values that a cache can go by. The caller then finds the answer in its own way, as if
    there were nothing to keep.

    Parameters
    ----------
    keys : int
        How many questions are remembered. Who goes through more of them, again and again, finds that each is the first
        one: it would be driven out before it came again.
    """

    def decorate(function: Callable[..., T]) -> Callable[..., T | None]:
        slots = lru_cache(keys)(_new_slot)

        @wraps(function)
        def answer(*key: Any) -> T | None:
            slot = slots(*key)
            if not slot:
                slot.append(_ASKED)
                return None
            if slot[0] is _ASKED:
                slot[0] = function(*key)
            return slot[0]

        answer.forget = slots.cache_clear  # type: ignore[attr-defined]
        return answer

    return decorate


def _new_slot(*_key: Any) -> list[Any]:
    return []
