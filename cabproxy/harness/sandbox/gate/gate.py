"""The gate: in a network namespace whose only interface is the loopback, it listens on one port and carries every
connection to the proxy's Unix socket. Standard library only; runs in a container of its own.

Prints a line of JSON when it listens and one at SIGTERM: what the namespace's network looks like (`look`), and at the
end also `connections`, `bytes_in` (taken by the proxy) and `bytes_out` (come from it).
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import struct
import sys
import threading
import time
from types import FrameType
from typing import Any

CHUNK = 1 << 16
JOIN_S = 5.0
MOST = 128
"""Connections at a time: each costs the proxy a descriptor, and the proxy serves other cells, too."""
PAUSE_S = 0.01
ELSEWHERE = (
    (socket.AF_INET, "1.1.1.1"),
    (socket.AF_INET, "10.0.0.1"),
    (socket.AF_INET, "172.17.0.1"),
    (socket.AF_INET, "192.168.0.1"),
    (socket.AF_INET, "169.254.169.254"),
    (socket.AF_INET6, "2606:4700:4700::1111"),
    (socket.AF_INET6, "fd00::1"),
)
"""The internet, private networks, an engine's host, a cloud's metadata: none of them may be routed to."""
NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EACCES, errno.EPERM)


def look() -> dict[str, Any]:
    """`links`: name -> [bytes received and sent, whether it is up]; `ways`: addresses elsewhere that have a route;
    `unrouted`: what the kernel turned back for want of one, before this look's own tries and after them."""
    first = unrouted()
    found = {"links": links(), "ways": [address for family, address in ELSEWHERE if routed(family, address)]}
    return {**found, "unrouted": [first, unrouted()]}


def unrouted() -> int:
    """Connections and packets of this namespace for which there was no route, by the kernel's own counters."""
    with open("/proc/net/snmp", encoding="ascii") as table:  # noqa: PTH123
        names, counts = [line.split() for line in table if line.startswith("Ip:")]
    total = int(counts[names.index("OutNoRoutes")])
    try:
        with open("/proc/net/snmp6", encoding="ascii") as table:  # noqa: PTH123
            total += sum(int(line.split()[1]) for line in table if line.startswith("Ip6OutNoRoutes"))
    except OSError:
        return total  # no IPv6 here
    return total


def links() -> dict[str, list[Any]]:
    """The network interfaces of this namespace, by the kernel's own counters."""
    found: dict[str, list[Any]] = {}
    with open("/proc/net/dev", encoding="ascii") as table:  # noqa: PTH123
        lines = table.readlines()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for line in lines:
            name, colon, counts = line.partition(":")
            if colon:
                numbers = [int(number) for number in counts.split()]
                wanted = struct.pack("16sH14x", name.strip().encode(), 0)
                flags = struct.unpack("16sH14x", fcntl.ioctl(control, 0x8913, wanted))[1]
                found[name.strip()] = [numbers[0] + numbers[8], bool(flags & 1)]
    return found


def routed(family: int, address: str) -> bool:
    """Whether a packet to an address would leave; none is sent. What cannot be told counts as a way."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
    except OSError as error:
        return error.errno not in NO_WAY
    return True


class Connection:
    """One client's connection with the proxy's beside it; each counter is written by one thread only."""

    def __init__(self, client: socket.socket, path: str) -> None:
        self.client = client
        self.proxy = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.bytes_in = 0
        self.bytes_out = 0
        self.thread = threading.Thread(target=self.carry, args=(path,), daemon=True)

    def carry(self, path: str) -> None:
        """Both ways, until both ends are done."""
        with self.client, self.proxy:
            try:
                self.proxy.connect(path)
            except OSError:
                return
            back = threading.Thread(target=self.guarded, args=(self.back,), daemon=True)
            back.start()
            self.guarded(self.forth)
            back.join()

    def guarded(self, pump: Any) -> None:
        """Runs one direction; where it breaks the other one is over too."""
        try:
            pump()
        except OSError:
            self.shut()

    def forth(self) -> None:
        """What the client sends, as far as the proxy's side of the socket took it."""
        while data := self.client.recv(CHUNK):
            rest = memoryview(data)
            while rest:
                sent = self.proxy.send(rest)
                self.bytes_in += sent
                rest = rest[sent:]
        self.proxy.shutdown(socket.SHUT_WR)

    def back(self) -> None:
        """What comes from the proxy's side, whether or not the client still takes it."""
        while data := self.proxy.recv(CHUNK):
            self.bytes_out += len(data)
            self.client.sendall(data)
        self.client.shutdown(socket.SHUT_WR)

    def shut(self) -> None:
        """Breaks both off."""
        for side in (self.client, self.proxy):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Gate:
    """All connections of one gate. `state`: what is over, added up, and what is open; it changes in one go, since the
    signal to stop may come at any time."""

    def __init__(self) -> None:
        self.state: tuple[list[int], list[Connection]] = ([0, 0, 0], [])

    def serve(self, server: socket.socket, path: str) -> None:
        """Carries every connection of a listening socket until it is stopped; beyond MOST of them others wait."""
        signal.signal(signal.SIGTERM, self.stop)
        say(look())
        while True:
            if len(self.state[1]) >= MOST:
                self.tidy()
            if len(self.state[1]) >= MOST:
                time.sleep(PAUSE_S)
                continue
            try:
                self.open(server.accept()[0], path)
            except OSError:
                time.sleep(PAUSE_S)  # out of descriptors, or a client that is gone already

    def open(self, client: socket.socket, path: str) -> None:
        """Begins to carry one connection; it is closed where that cannot be."""
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(client, path)
            self.state[1].append(connection)
            connection.thread.start()
        except (OSError, RuntimeError):
            client.close()

    def tidy(self) -> None:
        """Adds up what is over, so that a long run does not keep every connection."""
        past, live = self.state
        over = [connection for connection in live if not connection.thread.is_alive()]
        self.state = (sums(past, over), [connection for connection in live if connection not in over])

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Ends what is still open, tells what went through, and ends."""
        past, live = self.state
        for connection in live:
            connection.shut()
        for connection in live:
            if connection.thread.ident is not None:
                connection.thread.join(JOIN_S)
        count, taken, given = sums(past, live)
        say({**look(), "connections": count, "bytes_in": taken, "bytes_out": given})
        os._exit(0)


def sums(past: list[int], connections: list[Connection]) -> list[int]:
    """Connections, bytes in and bytes out, with those already added up."""
    count, taken, given = past
    taken += sum(connection.bytes_in for connection in connections)
    given += sum(connection.bytes_out for connection in connections)
    return [count + len(connections), taken, given]


def say(facts: dict[str, Any]) -> None:
    """One line, at once."""
    os.write(1, written(facts).encode("ascii", "replace") + b"\n")


def written(value: Any) -> str:
    """JSON: the container's small Python has no module for it."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{written(name)}:{written(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(inner) for inner in value) + "]"
    if isinstance(value, str):
        return '"' + "".join(letter if letter.isalnum() or letter in "._:-@" else "?" for letter in value) + '"'
    return str(value).lower()


def serve(server: socket.socket, path: str) -> None:
    """A gate on a listening socket; ends the process when it is stopped."""
    Gate().serve(server, path)


if __name__ == "__main__":
    serve(socket.create_server(("127.0.0.1", int(sys.argv[2])), backlog=256), sys.argv[1])
