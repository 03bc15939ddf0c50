"""An object store on this machine that speaks S3, and fails when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

Environment = dict[str, Any]


@dataclass
class ObjectStore:
    """Its address, the requests that it had, and which of them fail.

    ``fails(method, path)`` says how: with a status, 0 for a connection that is cut, or None for not at all.
    """

    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    fails: Callable[[str, str], int | None] = lambda method, path: None

    def __call__(self, environment: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environment["REQUEST_METHOD"], environment["PATH_INFO"]
        self.requests.append((method, path))
        status = self.fails(method, path)
        if status is None:
            return self._store(environment, start_response)
        if status == 0:
            raise ConnectionAbortedError("cut")
        start_response(f"{status} Failure", [("Content-Type", "application/xml")])
        return [b"<Error><Code>InternalError</Code><Message>the store is ill</Message></Error>"]

    def __post_init__(self) -> None:
        self._store = DomainDispatcherApplication(create_backend_app)


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass

    def run_wsgi(self) -> None:
        try:
            super().run_wsgi()
        except ConnectionAbortedError:
            self.close_connection = True


@contextmanager
def running() -> Iterator[ObjectStore]:
    """Run one, on a port that is free."""
    store = ObjectStore()
    server = make_server("127.0.0.1", 0, store, threaded=True, request_handler=_Quiet)
    store.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
