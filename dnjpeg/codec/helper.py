"""A thread that helps another one with a single work, for which it is begun."""

from __future__ import annotations

from _thread import start_new_thread
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from threading import Event
from typing import Any, TypeVar

__all__ = ["Helper"]

R = TypeVar("R")


class Helper:
    """Does one task after the other on a thread of its own.

    `ThreadPoolExecutor` waits until its thread has begun, and in the end until it is gone: a twentieth and more
    of the time that 12 megapixels take. Here who leaves waits for nothing but the task under way, which may write to
    the caller's memory; those behind it are cancelled.

    Raises
    ------
    RuntimeError
        If there can be no more threads.
    """

    def __init__(self) -> None:
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._ended = Event()
        self._left = False
        start_new_thread(self._run, ())

    def submit(self, function: Callable[..., R], *arguments: Any) -> Future[R]:
        """Add a task."""
        future = Future[R]()
        self._tasks.put((future, partial(function, *arguments)))
        return future

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, call = task
            if self._left:
                future.cancel()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:
                    future.set_exception(error)
            del task, future, call
        self._ended.set()

    def __enter__(self) -> Helper:
        return self

    def __exit__(self, *_: object) -> None:
        interrupted: BaseException | None = None
        while not self._ended.is_set():
            try:
                self._left = True
                self._tasks.put(None)
                self._ended.wait()
            except KeyboardInterrupt as error:  # the memory that a task writes to may be used again behind this
                interrupted = error
        if interrupted:
            raise interrupted
