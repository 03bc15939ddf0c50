"""The command line's frame: help, exit statuses, and one line for whatever goes wrong."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import warnings

import click
import pytest

from dnjpeg import __version__
from dnjpeg.cli import COMMANDS, failures
from dnjpeg.errors import FormatError, JpegWarning

HEAVY = ("numpy", "numba", "scipy", "PIL", "torch", "pandas", "matplotlib")


def test_help_lists_every_command_and_imports_nothing_heavy():
    code = (
        "import sys\nfrom dnjpeg.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit as end: assert end.code == 0\n"
        f"print('HEAVY', [name for name in {HEAVY} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stderr == ""
    assert "HEAVY []" in result.stdout
    assert all(f"  {name} " in result.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_explains_itself(cli, name):
    outcome = cli(name, "--help")
    assert outcome.status == 0
    assert outcome.stdout.startswith(f"Usage: dnjpeg {name} ")
    first_line = " ".join(outcome.stdout.partition("\n\n")[2].partition("\n\n")[0].split())
    assert first_line == COMMANDS[name]


def test_version(cli):
    assert cli("--version").stdout == f"dnjpeg {__version__}\n"


def test_no_command_shows_the_help(cli):
    outcome = cli()
    assert outcome.status == 0
    assert "Commands:" in outcome.stdout


@pytest.mark.parametrize(
    ("arguments", "reason", "command"),
    [
        (["compress"], "No such command", "dnjpeg"),
        (["--fast"], "No such option", "dnjpeg"),
        (["encode"], "Missing argument 'INPUT...'", "dnjpeg encode"),
        (["encode", "x.png", "--quality", "101"], "Invalid value for '--quality'", "dnjpeg encode"),
        (["encode", "x.png", "--quality", "0"], "Invalid value for '--quality'", "dnjpeg encode"),
        (["encode", "x.png", "--quality", "high"], "Invalid value for '--quality'", "dnjpeg encode"),
        (["encode", "x.png", "--subsampling", "4:2:1"], "Invalid value for '--subsampling'", "dnjpeg encode"),
        (["encode", "x.png", "--restart", "65536"], "Invalid value for '--restart'", "dnjpeg encode"),
        (["encode", "x.png", "--background", "whitish"], "Invalid value for '--background'", "dnjpeg encode"),
        (["encode", "x.png", "-j", "0"], "Invalid value for '-j'", "dnjpeg encode"),
        (["encode", "x.png", "--tables", "101"], "Invalid value for '--tables'", "dnjpeg encode"),
        (["encode", "x.png", "--tables", "0"], "Invalid value for '--tables'", "dnjpeg encode"),
        (["encode", "x.png", "--tables", "no-such-tables"], "Invalid value for '--tables'", "dnjpeg encode"),
        (["encode", "x.png", "--tables", "no/such/file.json"], "Invalid value for '--tables'", "dnjpeg encode"),
    ],
)
def test_usage_errors_are_one_line_and_status_1(cli, arguments, reason, command):
    outcome = cli(*arguments)
    assert outcome.status == failures.ERROR
    assert outcome.stdout == ""
    assert outcome.stderr.startswith(f"error: {reason}")
    assert outcome.stderr.endswith(f" (see {command} --help)\n")
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("16 " * 63, "63"),
        ("16 " * 62 + "0 16", "0"),
        ("16 " * 62 + "-4 16", "-4"),
        ("16 " * 62 + "2.5 16", "2.5"),
    ],
)
def test_a_table_file_with_an_error_is_named_with_its_error(cli, tmp_path, text, line):
    path = tmp_path / "tables.txt"
    path.write_text(text)
    outcome = cli("encode", "x.png", "--tables", path)
    assert outcome.status == failures.ERROR
    assert outcome.stderr.count("\n") == 1
    assert str(path) in outcome.stderr
    assert line in outcome.stderr


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("quality must be\n1 to 100"), "quality must be 1 to 100"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "a.jpg"), "a.jpg: No such file or directory"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("image file is truncated"), "image file is truncated"),
        (FormatError("bad table", offset=12, marker="DQT"), "DQT at byte 12: bad table"),
        (MemoryError(), "MemoryError"),
        (click.ClickException("not so."), "not so"),
        (ModuleNotFoundError("No module", name="torch.nn"), 'torch.nn; install it with: pip install "dnjpeg[torch]"'),
        (ModuleNotFoundError("No module", name="matplotlib"), 'pip install "dnjpeg[evaluation]"'),
        (ModuleNotFoundError("No module", name="foolbox"), 'pip install "dnjpeg[demo]"'),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero (DNJPEG_DEBUG=1 shows where)"),
    ],
)
def test_an_error_becomes_one_line_and_status_1(capsys, error, line):
    def action():
        raise error

    assert failures.run(action) == failures.ERROR
    assert capsys.readouterr().err.startswith("error: ")
    assert failures.describe(error).endswith(line)


def test_debugging_shows_the_traceback(capsys, monkeypatch):
    monkeypatch.setenv("DNJPEG_DEBUG", "1")
    assert failures.run(lambda: 1 // 0) == failures.ERROR
    assert "Traceback" in capsys.readouterr().err


def test_an_error_names_the_item_that_was_worked_on(capsys):
    def action():
        with failures.about("photo.jpg"):
            raise FormatError("bad table", offset=12, marker="DQT")

    assert failures.run(action) == failures.ERROR
    assert capsys.readouterr().err == "error: photo.jpg: DQT at byte 12: bad table\n"


def test_warnings_are_shown_once_with_their_item_and_lead_to_status_2(capsys):
    def action():
        for name in ("a.jpg", "a.jpg", "b.jpg"):
            with failures.about(name):
                warnings.warn("steps above 255 were clamped", JpegWarning, stacklevel=1)

    assert failures.run(action) == failures.INCOMPLETE
    assert capsys.readouterr().err.splitlines() == [
        "warning: a.jpg: steps above 255 were clamped",
        "warning: b.jpg: steps above 255 were clamped",
    ]


def test_warnings_of_other_packages_are_left_alone():
    with pytest.warns(FutureWarning, match="soon gone"):
        status = failures.run(lambda: warnings.warn("soon gone", FutureWarning, stacklevel=1))
    assert status == failures.ALL_WELL


@pytest.mark.parametrize(
    ("failed", "status"), [(["a: bad"], failures.INCOMPLETE), (["a: bad", "b: bad"], failures.ERROR)]
)
def test_failed_items_are_named_at_the_end(capsys, failed, status):
    def action():
        raise failures.IncompleteError(failed, attempted=2)

    assert failures.run(action) == status
    assert capsys.readouterr().err.splitlines() == [
        *(f"error: {line}" for line in failed),
        f"error: {len(failed)} of 2 failed",
    ]


def test_an_interruption_is_one_line_and_the_status_that_shells_expect(capsys):
    def action():
        raise KeyboardInterrupt

    assert failures.run(action) == failures.INTERRUPTED == 128 + signal.SIGINT
    assert capsys.readouterr().err == "interrupted\n"


def test_an_interruption_that_ends_in_another_error_is_one_all_the_same(capsys):
    def action():
        try:
            raise KeyboardInterrupt
        finally:
            raise AttributeError("what a clean-up missed")

    assert failures.run(action) == failures.INTERRUPTED
    assert capsys.readouterr().err == "interrupted\n"


def test_a_closed_pipe_ends_the_command_quietly():
    read_end, write_end = os.pipe()
    os.close(read_end)
    result = subprocess.run(
        [sys.executable, "-m", "dnjpeg", "--help"], stdout=write_end, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(write_end)
    assert result.returncode == failures.ERROR
    assert result.stderr == b""
