"""Conversion of files one by one, on several threads: each may fail, and the others go on."""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import click

from dnjpeg.cli import failures, inputs, options, outputs
from dnjpeg.cli.failures import CommandError, IncompleteError
from dnjpeg.cli.outputs import Item
from dnjpeg.cli.progress import progress_bar, write_line
from dnjpeg.parallel import ordered_map
from dnjpeg.printable import printable

__all__ = ["Batch", "Convert", "change", "conversion"]

Convert = Callable[[bytes], bytes]
"""From the bytes of an input file to those of its output file; called from several threads."""


def conversion(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that all conversions share, and hand them to the command as one `Batch`."""

    @functools.wraps(command)
    def gather(**values: Any) -> None:
        shared = {name: values.pop(name) for name in Batch.__dataclass_fields__}
        command(Batch(**shared), **values)

    for option in (
        options.as_json,
        options.jobs,
        options.skip_existing,
        options.force,
        options.recursive,
        options.output,
        options.inputs,
    ):
        gather = option(gather)
    return gather


@dataclass(frozen=True)
class Batch:
    """What was asked for with the options that all conversions share.

    Parameters
    ----------
    inputs : tuple of str
        Files, folders, globs or ``-``.
    recursive, output, force, skip_existing, jobs, as_json
        The options of these names, see `dnjpeg.cli.options`.
    """

    inputs: tuple[str, ...]
    recursive: bool
    output: str | None
    force: bool
    skip_existing: bool
    jobs: int
    as_json: bool

    def run(self, convert: Convert, *, suffixes: Collection[str], suffix: str | None) -> None:
        """Convert every input, and print a line for each in the order of the inputs.

        Parameters
        ----------
        convert : callable
            See `Convert`.
        suffixes : collection of str
            Which files of a folder are taken.
        suffix : str, optional
            The targets' suffix, with its dot; None: that of each input.

        Raises
        ------
        CommandError
            If there is nothing to do, or nothing may be written, or the only item failed.
        IncompleteError
            If one of several items failed, or a sub-folder could not be listed.
        """
        results: list[_Result] = []

        def leave_out(error: OSError) -> None:
            results.append(_Result(str(error.filename), "", "failed", error=failures.describe(error)))

        sources = inputs.find(self.inputs, recursive=self.recursive, suffixes=suffixes, on_unreadable=leave_out)
        items = outputs.assign(sources, self.output, suffix)
        if items[0].target is None:
            self._check_stdout()
        todo = set(outputs.check(items, force=self.force, skip_existing=self.skip_existing))

        def attempt(item: Item) -> _Result:
            return _attempt(item, convert) if item in todo else _Result(str(item), str(item.target), "skipped")

        for result in results:
            self._show(result)
        try:
            # With one worker on this thread, where Ctrl-C ends even a wait for standard input.
            with closing(ordered_map(attempt, items, min(self.jobs, len(items)))) as ordered:
                for result in _with_progress(ordered, len(items)):
                    results.append(result)
                    self._show(result)
        except KeyboardInterrupt:
            for problem in _problems(results):
                failures.say(f"error: {problem}")
            raise
        self._conclude(results)

    def _check_stdout(self) -> None:
        if self.as_json:
            raise CommandError("--json prints to standard output, and so does -o -: give -o a file")
        if sys.stdout.isatty():
            raise CommandError("standard output is a terminal: give -o a file, or a pipe to write to")

    def _show(self, result: _Result) -> None:
        if self.as_json:
            line = result.as_json()
        elif result.status != "failed" and result.output != outputs.STDOUT:
            line = str(result)
        else:
            return
        write_line(line, sys.stdout)
        sys.stdout.flush()  # whoever reads it from a pipe wants it now

    def _conclude(self, results: Sequence[_Result]) -> None:
        problems = _problems(results)
        if len(results) == 1 and problems:
            raise CommandError(problems[0])
        if len(results) > 1 and not self.as_json:
            done = [result for result in results if result.status == "done"]
            shrunk = change(sum(result.bytes_in for result in done), sum(result.bytes_out for result in done))
            click.echo(f"{len(done)} of {len(results)} files: {shrunk}")
        if problems:
            raise IncompleteError(problems, len(results))


@dataclass(frozen=True)
class _Result:
    """What became of one item; the fields are those of ``--json``."""

    input: str
    output: str
    status: str  # "done", "skipped" or "failed"
    bytes_in: int = 0
    bytes_out: int = 0
    ms: float = 0.0
    error: str = ""

    def as_json(self) -> str:
        """Return the fields that the status gives a meaning to."""
        more = {"done": ("bytes_in", "bytes_out", "ms"), "failed": ("error",), "skipped": ()}[self.status]
        return json.dumps({name: getattr(self, name) for name in ("input", "output", "status", *more)})

    def __str__(self) -> str:
        outcome = "exists, skipped" if self.status == "skipped" else change(self.bytes_in, self.bytes_out)
        return printable(f"{self.input} -> {self.output}: {outcome}")


def change(before: int, after: int) -> str:
    """Say how many bytes became how many."""
    return f"{before:,} -> {after:,} bytes ({after / max(before, 1):.1%})"


def _problems(results: Sequence[_Result]) -> list[str]:
    return [result.error for result in results if result.status == "failed"]


def _attempt(item: Item, convert: Convert) -> _Result:
    target = outputs.STDOUT if item.target is None else str(item.target)
    begin = time.perf_counter()
    try:
        with failures.about(str(item)):
            data = _read(item)
            converted = convert(data)
            outputs.write(item, converted)
    except CommandError as error:
        return _Result(str(item), target, "failed", error=failures.describe(error))
    elapsed = (time.perf_counter() - begin) * 1000
    return _Result(str(item), target, "done", len(data), len(converted), round(elapsed, 1))


def _read(item: Item) -> bytes:
    if item.source.path is None:
        return sys.stdin.buffer.read()
    return item.source.path.read_bytes()


def _with_progress(results: Iterable[_Result], total: int) -> Iterable[_Result]:
    """Show a progress bar, on a terminal and for several items only."""
    if total == 1 or not sys.stderr.isatty():
        return results
    return progress_bar(total, "file", results)
