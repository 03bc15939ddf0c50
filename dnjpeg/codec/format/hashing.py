"""Values that are parts of keys, for each image: their hashes are worked out once."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

__all__ = ["HASH", "hashed_once"]

T = TypeVar("T")

HASH = "_hash"  # where in their `__dict__`


def hashed_once(kind: type[T]) -> type[T]:
    """Let values of a frozen dataclass keep their hash; it is not pickled, for it holds in one process."""
    names = [part.name for part in fields(kind)]  # type: ignore[arg-type]

    def hash_of(self: Any) -> int:
        try:
            return self.__dict__[HASH]
        except KeyError:
            return self.__dict__.setdefault(HASH, hash(tuple([getattr(self, name) for name in names])))

    def state_of(self: Any) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != HASH}

    kind.__hash__ = hash_of  # type: ignore[method-assign]
    kind.__getstate__ = state_of  # type: ignore[method-assign]
    return kind
