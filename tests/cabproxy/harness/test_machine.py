from __future__ import annotations

import json
import os
import socket

from cabproxy.harness.machine import machine


def test_the_machine_is_described_without_its_name() -> None:
    told = machine()
    assert set(told) == {"system", "cpus", "memory_mb", "python", "load_1m"}
    assert told["cpus"] == len(os.sched_getaffinity(0))
    assert told["memory_mb"] > 100
    assert socket.gethostname() not in json.dumps(told) or len(socket.gethostname()) < 3
