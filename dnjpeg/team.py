"""Steps of many items, on several threads of which one leads."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Generic, TypeVar

from dnjpeg.parallel import AHEAD, TASK_SECONDS, TOGETHER
from dnjpeg.steps import Steps, whole

__all__ = ["ordered_steps"]

READY = 3  # items a helper that wait for it: while there are fewer, this thread begins others
RUN = 64  # items that a helper takes in one go at most: so that it ends with the program, even if items never do

T = TypeVar("T")
R = TypeVar("R")


def ordered_steps(begin: Callable[[T], Steps[R]], items: Iterable[T], jobs: int) -> Generator[R]:
    """Take the steps of each item on several threads; yield the results in the items' order.

    The interpreter's objects are in the cache of the core that used them last, and only one thread at a time may use
    them. So this thread takes the first and last steps of all items, one after the other, and the second step, which
    is to do without the interpreter, of those that the others cannot take in time.

    Parameters
    ----------
    begin : callable
        Makes the steps of an item; see `dnjpeg.steps`.
    items : iterable
        Read from this thread, and no further than `ordered_map` does.
    jobs : int
        Threads, this one included.

    Raises
    ------
    Exception
        Whatever the steps or the iterable raised, in its turn; KeyboardInterrupt and the like at once.
    """
    if jobs == 1:
        for item in items:
            yield whole(begin(item))
        return
    team: _Team[R] = _Team(jobs - 1)
    order: deque[_Item[R]] = deque()
    error: BaseException | None = None
    source = iter(items)
    try:
        while error is None:
            try:
                order.append(_Item(begin(next(source))))
            except StopIteration:
                break
            except Exception as raised:  # it comes in its turn
                error = raised
                break
            team.add(order[-1])
            if order[0].done or len(order) >= AHEAD * jobs * team.together:  # one taken, one begun: the others go on
                team.wait_for(order)
                yield order.popleft().result()
        while order:
            team.wait_for(order)
            yield order.popleft().result()
        if error is not None:
            raise error
    finally:
        error = None  # whose traceback knows this frame
        team.dismiss()


class _Item(Generic[R]):
    """Steps of one item, and what came of them."""

    __slots__ = ("error", "finished", "steps", "value")

    def __init__(self, steps: Steps[R]) -> None:
        self.steps: Steps[R] | None = steps
        self.error: BaseException | None = None
        self.finished = Lock()  # locked until the second step is done
        self.finished.acquire()

    @property
    def done(self) -> bool:
        """Whether nothing is left but the last step."""
        return not self.finished.locked()

    def take(self, kept: type[BaseException] = Exception) -> bool:
        """Take the next step; returns whether there is another. Errors of this kind are kept until their turn comes."""
        assert self.steps is not None
        try:
            next(self.steps)
        except StopIteration as end:
            self.value: R = end.value
        except kept as error:
            self.error = error
        else:
            return True
        self.steps = None
        return False

    def take_second(self, kept: type[BaseException] = Exception) -> None:
        """Take the second step."""
        try:
            self.take(kept)
        finally:
            self.finished.release()

    def result(self) -> R:
        """Take what steps are left, and return or raise what came of them."""
        while self.steps is not None:
            self.take()
        if self.error is not None:
            try:
                raise self.error
            finally:
                self.error = None  # whose traceback knows this frame
        return self.value


class _Team(Generic[R]):
    """Threads that take second steps."""

    def __init__(self, helpers: int) -> None:
        self.helpers = helpers
        self.executor = ThreadPoolExecutor(helpers, thread_name_prefix="dnjpeg")
        self.ready: SimpleQueue[_Item[R]] = SimpleQueue()
        self.resting: deque[None] = deque([None] * helpers)
        self.together = 1  # items that take 2 ms, up to 8

    def add(self, item: _Item[R]) -> None:
        """Take the first step, and see to it that the second one is taken."""
        if not item.take():
            item.finished.release()
            return
        self.ready.put(item)
        if self.resting:
            self.resting.pop()
            self.executor.submit(self._help)
        if self.ready.qsize() > READY * self.helpers:
            self._take_one()

    def wait_for(self, order: Sequence[_Item[R]]) -> None:
        """Return when the first item is done, and take others until then."""
        first = order[0]
        while not first.done:
            if not self._take_one():  # sleep until several are: to wake up disturbs the other threads
                with order[len(order) // 2].finished:
                    pass
                with first.finished:
                    return

    def dismiss(self) -> None:
        """Drop what has not begun, and wait for the rest."""
        while True:
            try:
                self.ready.get_nowait()
            except Empty:
                break
        self.executor.shutdown(cancel_futures=True)

    def _take_one(self) -> bool:
        try:
            item = self.ready.get_nowait()
        except Empty:
            return False
        begin = time.perf_counter()
        item.take_second()
        self.together = min(max(int(TASK_SECONDS / max(time.perf_counter() - begin, 1e-9)), 1), TOGETHER)
        return True

    def _help(self) -> None:
        try:
            for _ in range(RUN):
                self.ready.get_nowait().take_second(BaseException)
        except Empty:
            pass
        finally:
            self.resting.append(None)
