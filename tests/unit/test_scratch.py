"""Scratch memory: who asks again gets the same, and nobody is given what another thread works in."""

import threading

import numpy as np

from dnjpeg.codec.kernels.scratch import INHERITED_BYTES, made_for, scratch


class Owner:
    """Compared by identity."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def test_made_for_the_last_owner() -> None:
    made = []

    def make(owner: Owner) -> np.ndarray:
        made.append(owner)
        return scratch("test of owners", 100)

    one, other = Owner(), Owner()
    first = made_for("test", one, 100, make)
    assert made_for("test", one, 100, make) is first
    assert made_for("another test", one, 100, make) is not None
    assert len(made) == 2
    made_for("test", other, 100, make)
    made_for("test", one, 100, make)
    assert [id(owner) for owner in made[2:]] == [id(other), id(one)]


def test_large_memory_is_not_kept_twice() -> None:
    one = Owner()
    arrays = [made_for("large test", one, INHERITED_BYTES + 1, lambda _: np.empty(1)) for _ in range(2)]
    assert arrays[0] is not arrays[1]


def test_threads_have_memory_of_their_own() -> None:
    one = Owner()

    def ask() -> None:
        found.append(made_for("test of threads", one, 8, lambda _: scratch("test of threads", 8)))

    found: list[np.ndarray] = []
    ask()
    ask()
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert found[0] is found[1]
    assert not np.shares_memory(found[0], found[2])
