from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cabproxy.ledger.memory import reserve

COUNT = """
import resource
from cabproxy.ledger.memory import keep_freed
def faults(size):
    source = b"x" * size
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        source[1:]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults(400_000)
before = faults(400_000)
keep_freed()
faults(400_000)
print(before, faults(400_000))
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="this C library has no mallopt")
def test_memory_of_a_body_is_kept_for_the_next() -> None:
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert after < before / 10


def test_room_that_was_reserved_is_none_of_a_file_s_length(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        reserve(fd, 0, 1 << 20)
        assert os.fstat(fd).st_size == 0
        os.write(fd, b"words")
        assert (tmp_path / "file").read_bytes() == b"words"
        reserve(-1, 0, 1 << 20)  # what cannot be had does no harm
    finally:
        os.close(fd)
