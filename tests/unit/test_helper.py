"""A thread that helps: its tasks come one after the other, and nobody leaves while one is under way."""

import threading
from concurrent.futures import CancelledError
from contextlib import suppress

import pytest

from dnjpeg.codec.helper import Helper


def test_tasks_are_done_in_order_on_another_thread():
    done = []
    with Helper() as helper:
        futures = [helper.submit(lambda index=index: done.append(index) or threading.get_ident()) for index in range(5)]
        threads = {future.result(timeout=10) for future in futures}
    assert done == [*range(5)]
    assert threads != {threading.get_ident()}
    assert len(threads) == 1


def test_an_error_is_the_tasks_and_the_next_one_is_done():
    with Helper() as helper:
        wrong, right = helper.submit(int, "no number"), helper.submit(int, "1")
        with pytest.raises(ValueError, match="no number"):
            wrong.result(timeout=10)
        assert right.result(timeout=10) == 1


def test_who_leaves_waits_for_the_task_under_way_and_cancels_the_others():
    begun, may_end = threading.Event(), threading.Event()
    ended = []

    def long():
        begun.set()
        may_end.wait(10)
        ended.append(True)

    helper = Helper()

    def leave():
        with suppress(KeyboardInterrupt), helper:
            helper.submit(long)
            left.append(helper.submit(ended.append, False))
            begun.wait(10)
            raise KeyboardInterrupt

    left = []
    thread = threading.Thread(target=leave)
    thread.start()
    begun.wait(10)
    thread.join(0.05)
    assert thread.is_alive()
    may_end.set()
    thread.join(10)
    assert not thread.is_alive()
    assert ended == [True]
    with pytest.raises(CancelledError):
        left[0].result(timeout=10)


def test_nothing_is_waited_for_if_nothing_was_asked():
    with Helper():
        pass
