"""Machine code of kernels on disk: per user, CPU and state of the sources; shared safely by many processes."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import platformdirs
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult

from dnjpeg.codec.kernels import beside
from dnjpeg.files import replacing
from dnjpeg.garbage import collected_rarely

__all__ = ["KernelCache", "cache_folder"]

UNUSED_DAYS = 30  # machine code of other states of the sources is removed when it was not used for so long
PATIENCE = 300.0  # seconds to wait for another process that compiles the same
QUIET = 1.0  # seconds of compilation that need no explanation


@functools.cache
def cache_folder(variant: str = "") -> Path | None:
    """Folder of the compiled kernels: one per user and per state of the sources; None if there is no place for it.

    It is ``$DNJPEG_CACHE_DIR/kernels-<hash>`` or, without that variable, below the user's cache folder; if that cannot
    be written, below the system's folder for temporary files, in a folder that only this user can write to: whoever
    could write there could have his code run. CPUs are told apart by the files' names.

    Parameters
    ----------
    variant : str
        What tells code that was compiled in another way.
    """
    digest = hashlib.sha256()
    package = Path(__file__).parents[2]
    for source in sorted([*package.glob("codec/**/*.py"), *package.glob("statistics/*.py")]):
        digest.update(source.relative_to(package).as_posix().encode())
        digest.update(source.read_bytes())
    for base in _bases():
        folder = base / f"kernels-{digest.hexdigest()[:16]}{variant}"
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            os.utime(folder)  # in use
            if os.access(folder, os.W_OK | os.X_OK):
                return folder
    return None


def _bases() -> Iterator[Path]:
    yield Path(os.environ.get("DNJPEG_CACHE_DIR") or platformdirs.user_cache_dir("dnjpeg", appauthor=False))
    if hasattr(os, "getuid"):
        private = Path(tempfile.gettempdir()) / f"dnjpeg-{os.getuid()}"
        with contextlib.suppress(OSError):
            private.mkdir(mode=0o700, exist_ok=True)
            status = private.stat(follow_symlinks=False)
            if status.st_uid == os.getuid() and not status.st_mode & 0o022:
                yield private


def _remove_unused(folder: Path) -> None:
    """Remove the machine code of sources that are no more."""
    oldest = time.time() - UNUSED_DAYS * 24 * 3600
    for other in folder.parent.glob("kernels-*"):
        with contextlib.suppress(OSError):
            if other.stat().st_mtime < oldest:
                shutil.rmtree(other, ignore_errors=True)


class KernelCache(_Cache):
    """The cache of one kernel: one file a signature and CPU, named by their hash, so that processes cannot mix them up.

    Parameters
    ----------
    function : callable
        The kernel's source.
    folder : Path
        `cache_folder`.
    """

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._name = f"{function.__module__}.{function.__qualname__}"
        self._folder = folder

    @property
    def cache_path(self) -> str:
        """Where the cache is, for `Dispatcher.stats`."""
        return str(self._folder)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load the code for a signature; None: this process is to compile it, and others wait for it."""
        path = self._path(sig, target_context.codegen())
        found = _load(path, target_context)
        if found is None:
            _turn.begin(path)
            found = _load(path, target_context)  # another process may have compiled it meanwhile
            if found is not None:
                _turn.end()
            else:
                target_context.refresh()  # what compilation calls; it takes as long as all the rest of a start
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code for a signature, if there is room."""
        with contextlib.suppress(OSError), replacing(self._path(sig, data.codegen)) as file:
            pickle.dump(data._reduce(), file, protocol=-1)
        _turn.end()

    def _path(self, sig: Any, codegen: Any) -> Path:
        key = repr((self._name, sig, codegen.magic_tuple(), numba.__version__, sys.version_info[:2]))
        return self._folder / f"{self._name}-{hashlib.sha256(key.encode()).hexdigest()[:24]}.nbc"

    def enable(self) -> None:
        """Do nothing, as `disable` and `flush`: Numba requires them, and never calls them."""

    disable = flush = enable


def _load(path: Path, target_context: Any) -> Any:
    """Return what was saved; None if nothing was, or it cannot be read."""
    try:
        return CompileResult._rebuild(target_context, *pickle.loads(path.read_bytes()))
    except Exception:  # unpickling damaged bytes may raise anything
        return None


class _Turn:
    """One process compiles a kernel, others wait, and say so if it takes long. Numba lets only one thread in."""

    def __init__(self) -> None:
        self._lock: Any = None
        self._spent = 0.0
        self._since = 0.0
        self._notice: threading.Timer | None = None
        self._collection = contextlib.ExitStack()

    def begin(self, path: Path) -> None:
        if self._lock is not None:  # what was compiled last could not be
            self.end()
        folder = path.parent
        if self._spent == 0:
            _remove_unused(folder)
        self._since = time.monotonic()
        self._collection.enter_context(collected_rarely())
        if self._spent < QUIET:
            self._notice = threading.Timer(QUIET - self._spent, _explain, (folder,))
            self._notice.daemon = True
            self._notice.start()
        from filelock import FileLock  # noqa: PLC0415 - only where there is something to compile

        self._lock = FileLock(path.with_suffix(".lock"), timeout=PATIENCE)
        with contextlib.suppress(OSError, NotImplementedError, TimeoutError):  # then each compiles for itself
            self._lock.acquire()
        if self._spent == 0:
            beside.begin(folder)

    def end(self) -> None:
        if self._notice is not None:
            self._notice.cancel()
            self._notice = None
        self._collection.close()
        if self._lock is not None:
            self._spent += max(time.monotonic() - self._since, 1e-9)
            self._lock.release(force=True)
            self._lock = None


def _explain(folder: Path) -> None:
    _turn._spent = max(_turn._spent, QUIET)  # once
    if sys.__stderr__ is not None:
        print(
            f"dnjpeg: compiling for this CPU; it takes some seconds once, and is kept in {folder}", file=sys.__stderr__
        )


_turn = _Turn()
