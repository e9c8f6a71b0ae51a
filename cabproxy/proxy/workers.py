"""Several processes on one port and one ledger: the parent binds, forks, waits and seals what they shared."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec import structs

from cabproxy.config import ServeConfig, Share
from cabproxy.errors import CabError, UserError
from cabproxy.ledger.ids import new_run_id
from cabproxy.ledger.ingest import Ingester
from cabproxy.ledger.record import Run
from cabproxy.ledger.writer import LedgerWriter
from cabproxy.proxy.spans import SpanExport
from cabproxy.proxy.target import parse_upstream

BACKLOG = 1024
ENDING = (signal.SIGTERM, signal.SIGINT)


def serve_with_workers(
    config: ServeConfig, count: int, run: Callable[[ServeConfig], None], said: Callable[[int], None]
) -> int:
    """Runs `run` in `count` forked workers until SIGTERM or SIGINT; returns the exit code. `said` gets the port."""
    if config.host is None:
        raise UserError(f"--workers {count}: needs an address to share; give --host")
    spans = None if config.otel is None else SpanExport(config.ledger, config.otel)
    listener = _bind(config.host, config.port)
    shared = Run(
        run_id=new_run_id(),
        opened_wall_ns=time.time_ns(),
        opened_ns=time.monotonic_ns(),
        kind="server",
        label=config.label,
        endpoint=parse_upstream(config.upstream).shown,
    )
    with LedgerWriter(config.ledger) as writer:
        writer.open_run(shared)
    with tempfile.TemporaryDirectory(prefix="cab-") as folder:
        sockets = [Path(folder) / f"{number}.sock" for number in range(count)]
        children = []
        # Held back until whoever gets them knows what to do: a worker still starting, the parent, never a thread.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        for number, own in enumerate(sockets):
            child = structs.replace(
                config,
                unix_socket=own,
                peers=tuple(path for path in sockets if path != own),
                shared_run=shared.run_id,
                listener=listener.fileno(),
                otel=None,
                share=Share(Path(folder), number, count),
            )
            children.append(_fork(partial(run, child)))
        if spans is not None:  # from the parent, that sees the last worker's last call; a thread, so after the forks
            spans.start()
        said(listener.getsockname()[1])
        code = _wait(children)
    listener.close()
    _seal(config.ledger, shared.run_id)
    if spans is not None:
        spans.stop()
        spans.say()
    return code


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UserError(f"{host}:{port}: cannot listen there ({error.strerror}); choose another --port") from error
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def _fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        for number in ENDING:
            signal.signal(number, lambda *_: os._exit(0))  # until the server has handlers of its own
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        work()
        code = 0
    except CabError as error:
        os.write(2, f"cabproxy: {error}\n".encode())
        code = error.exit_code
    finally:
        os._exit(code)


def _wait(children: list[int]) -> int:
    """Passes signals on; a worker that dies by itself ends all of them, with 1."""
    left = set(children)
    asked = False

    def end_all(*_: object) -> None:
        nonlocal asked
        asked = True
        _signal(left)

    for number in ENDING:
        signal.signal(number, end_all)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    code = 0
    while left:
        pid, status = os.wait()
        left.discard(pid)
        failed = os.waitstatus_to_exitcode(status) != 0
        if failed or not asked:
            code = 1
            _signal(left)
    return code


def _signal(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _seal(ledger: Path, run_id: str) -> None:
    """Takes in what a killed worker left and closes the run they shared."""
    with Ingester(ledger) as ingester:
        ingester.recover()
    with LedgerWriter(ledger) as writer:
        writer.close_run(run_id)
