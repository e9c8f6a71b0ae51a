"""What machine a cell runs on, as far as its figures depend on it: no name, no address, nothing of its user's."""

from __future__ import annotations

import functools
import os
import platform
from typing import Any


def machine() -> dict[str, Any]:
    """Kernel, architecture, processors and memory at hand, the harness's Python, and the load of the last minute."""
    return {**_fixed(), "load_1m": round(os.getloadavg()[0], 2)}


@functools.cache
def _fixed() -> dict[str, Any]:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": len(os.sched_getaffinity(0)),
        "memory_mb": pages * size >> 20,
        "python": platform.python_version(),
    }
