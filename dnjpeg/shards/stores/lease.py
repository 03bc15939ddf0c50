"""A lock where there are no locks: an object that says who has it, renewed as long as he lives.

::

    {"owner": "<random>", "host": "...", "machine": "...", "pid": n, "renewed": <seconds since 1970>}

It keeps two runs apart that start minutes apart. Two that start at the same moment are told apart where the store can
create an object only if there is none (S3 and most others); elsewhere, and if one of them takes over what seems
abandoned while it is not, the one whose object was replaced notices it within `RENEWAL` seconds and ends.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dnjpeg.shards.stores.base import OccupiedError, StillOurs

__all__ = ["ABANDONED", "RENEWAL", "leased"]

RENEWAL = 20.0  # seconds
ABANDONED = 120.0  # seconds without renewal, after which another run may take over; clocks may differ by half of it


@dataclass(frozen=True)
class _Lease:
    owner: str
    host: str
    machine: str
    pid: int
    renewed: float

    @classmethod
    def mine(cls) -> _Lease:
        return cls(secrets.token_hex(8), socket.gethostname(), _machine(), os.getpid(), time.time())

    @classmethod
    def from_json(cls, data: bytes) -> _Lease | None:
        try:
            content = json.loads(data)
            owner, host, machine = (str(content[name]) for name in ("owner", "host", "machine"))
            return cls(owner, host, machine, int(content["pid"]), float(content["renewed"]))
        except (ValueError, KeyError, TypeError):
            return None

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @property
    def age(self) -> float:
        return time.time() - self.renewed

    def abandoned(self) -> bool:
        """Tell whether nobody has it any more: it is old, or its process was one of this machine and is gone."""
        return self.age > ABANDONED or (self.machine == _machine() and not _lives(self.pid))


def _machine() -> str:
    """Name what numbers processes: a machine since it was started, and of containers each its own."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts += [
            Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
            str(Path("/proc/self/ns/pid").readlink()),
        ]
    return " ".join(parts)


def _lives(pid: int) -> bool:
    if os.name == "nt":  # where that signal would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def leased(files: Any, path: str, label: str) -> Iterator[StillOurs]:
    """Hold a lease, an object of this path in a file system of fsspec; see `Store.locked`."""
    lease = _Lease.mine()
    done, lost = threading.Event(), threading.Event()

    def renew() -> None:
        while not done.wait(RENEWAL):
            with suppress(Exception):  # a store that does not answer now may do so the next time
                if not _is(files, path, lease):
                    lost.set()
                    return
                files.pipe_file(path, replace(lease, renewed=time.time()).to_json())

    def still_ours() -> None:
        if lost.is_set():
            raise OccupiedError(f"{label}: another run has taken over; this one ends")

    renewing = threading.Thread(target=renew, daemon=True)
    try:
        _take(files, path, label, lease)
        renewing.start()
        yield still_ours
    finally:
        done.set()
        if renewing.ident is not None:  # it was started
            renewing.join()
        with suppress(Exception):
            if _is(files, path, lease):
                files.rm_file(path)


def _take(files: Any, path: str, label: str, lease: _Lease) -> None:
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    found = _read(files, path)
    if found is not None and not found.abandoned():
        raise _occupied(label, found)
    if found is None and not files.exists(path):
        try:
            files.pipe_file(path, lease.to_json(), mode="create")
        except FileExistsError:
            pass  # another was faster
        except Exception:  # some stores cannot
            files.pipe_file(path, lease.to_json())
    else:
        files.pipe_file(path, lease.to_json())
    found = _read(files, path)
    if found is None or found.owner != lease.owner:
        raise _occupied(label, found)


def _occupied(label: str, found: _Lease | None) -> OccupiedError:
    if found is None:
        return OccupiedError(f"{label}: another run is writing there")
    left = max(0, round(ABANDONED - found.age))
    return OccupiedError(
        f"{label}: another run is writing there (process {found.pid} on {found.host}, last heard of {found.age:.0f} "
        f"seconds ago); if it was killed, try again in {left} seconds"
    )


def _read(files: Any, path: str) -> _Lease | None:
    files.invalidate_cache()
    try:
        return _Lease.from_json(bytes(files.cat_file(path)))
    except FileNotFoundError:
        return None


def _is(files: Any, path: str, lease: _Lease) -> bool:
    found = _read(files, path)
    return found is not None and found.owner == lease.owner
