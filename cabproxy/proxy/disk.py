"""`--fsync call`: the end of a call waits for the disk, on a thread, and all that ended meanwhile wait together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cabproxy.errors import LedgerError
from cabproxy.ledger.spool import SpoolWriter, sync_all

Then = Callable[[bool], None]


class Disk:
    """One flush of the disk at a time; whoever comes while it lasts shares the next one."""

    def __init__(self, spool: SpoolWriter, failed: Callable[[str], bool]) -> None:
        """`failed` is told why a flush failed, and says whether calls go on all the same."""
        self._spool = spool
        self._failed = failed
        self._waiting: list[Then] = []
        self._thread = ThreadPoolExecutor(1, "cab-disk")
        self._flush: asyncio.Task[None] | None = None

    def reached(self, then: Then) -> None:
        """Calls `then` once what was handed to the kernel by now is on the disk, or failed to be."""
        self._waiting.append(then)
        if self._flush is None:
            self._flush = asyncio.get_running_loop().create_task(self._flush_all())

    async def _flush_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            recorded = True
            try:
                await loop.run_in_executor(self._thread, sync_all, self._spool.to_sync())
            except (LedgerError, OSError) as error:
                recorded = self._failed(str(error))
            for then in waiting:
                run(then, recorded)
        self._flush = None

    async def idle(self) -> None:
        """Returns once nothing waits any more."""
        while self._flush is not None:
            await asyncio.shield(self._flush)

    async def close(self) -> None:
        """The same, and lets the thread go."""
        await self.idle()
        self._thread.shutdown()


def run(then: Then, recorded: bool) -> None:
    """One call's trouble is not that of the others that wait with it."""
    try:
        then(recorded)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
        context = {"message": "a call could not go on", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
