"""Fuzz with atheris (libFuzzer), guided by the coverage of the package's Python side.

``python tests/fuzz/fuzz_coverage.py CORPUS [libFuzzer options]``, such as ``-max_total_time=1800``. The folder CORPUS
is made, with small valid files in it, if there is none. Needs ``pip install "dnjpeg[fuzz]"``.

The entry points and promises are those of `tests/malformed/contract.py`. Kernels are machine code that Numba makes at
run time, which libFuzzer cannot see into; it is guided by the branches around them and by the kinds of errors. With
``DNJPEG_CHECKED=1`` an access outside an array ends the run.
"""

from __future__ import annotations

import inspect
import sys
import tempfile
from pathlib import Path
from types import FunctionType, ModuleType

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "malformed"))

from contract import broken_promises
from damage import SMALL_FILES, truncations
from pieces import donors

from dnjpeg import Limits

SMALL = Limits(max_pixels=1 << 14, max_scans=20)
EVERYWHERE = 16
MARKERS = ["\\xff\\x%02x" % code for code in (*range(0xC0, 0xE3), 0xEE, 0xF7, 0xFE)]  # noqa: UP031 - of a dictionary

_count = 0


def instrument(module: ModuleType) -> int:
    """Let libFuzzer see the branches of a module's plain Python functions and methods; returns their number."""
    functions = []
    for value in vars(module).values():
        if isinstance(value, FunctionType):
            functions.append(value)
        elif inspect.isclass(value) and value.__module__ == module.__name__:
            functions += [each for each in map(_function, vars(value).values()) if each is not None]
    own = [function for function in functions if function.__module__ == module.__name__]
    for function in own:
        atheris.instrument_func(function)
    return len(own)


def _function(member: object) -> FunctionType | None:
    if isinstance(member, classmethod | staticmethod):
        member = member.__func__
    if isinstance(member, property):
        member = member.fget
    return member if isinstance(member, FunctionType) else None


def test_one_input(data: bytes) -> None:
    """Check one input, as libFuzzer calls it."""
    global _count  # noqa: PLW0603 - libFuzzer keeps no state
    _count += 1
    promises = list(broken_promises(data, limits=SMALL, everywhere=_count % EVERYWHERE == 0))
    if promises:
        raise AssertionError("; ".join(promises))


def main() -> None:
    """Fill the corpus, instrument the package, and run until libFuzzer ends the process."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    corpus = Path(sys.argv[1])
    if not corpus.exists():
        corpus.mkdir(parents=True)
        for name, data in SMALL_FILES.items():
            (corpus / f"{name.replace(':', '')}.jpg").write_bytes(data)
        for number, pieces in enumerate(donors()):
            (corpus / f"donor {number}.jpg").write_bytes(b"".join(pieces))
    for data in SMALL_FILES.values():  # kernels are compiled before the clock of a single input runs
        list(broken_promises(data, limits=SMALL))
        for _, cut in list(truncations(data))[-40::10]:
            list(broken_promises(cut, limits=SMALL))
    count = sum(instrument(module) for name, module in sorted(sys.modules.items()) if _is_ours(name))
    sys.stderr.write(f"{count} functions are instrumented\n")
    with tempfile.NamedTemporaryFile("w", suffix=".dict") as dictionary:
        dictionary.write("\n".join(f'"{marker}"' for marker in MARKERS))
        dictionary.flush()
        options = ["-max_len=4096", "-timeout=20", "-rss_limit_mb=2048", f"-dict={dictionary.name}"]
        atheris.Setup([sys.argv[0], str(corpus), *options, *sys.argv[2:]], test_one_input)
        atheris.Fuzz()


def _is_ours(name: str) -> bool:
    """Whether a module's functions run on each file; what runs while kernels are compiled does not."""
    return name.startswith("dnjpeg.") and not name.startswith(("dnjpeg.codec.kernels", "dnjpeg.cli"))


if __name__ == "__main__":
    main()
