"""Settings of the proxy, as values: what `cabproxy serve` and the harness start it with."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct, field

DEFAULT_PORT = 31415
DEFAULT_LEDGER = "cab.sqlite"


class Limits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Budgets of a run or of a whole server; None is no limit."""

    max_calls: int | None = None
    max_tokens: int | None = None
    max_cost_usd: str | None = None  # a decimal as text
    max_wall_s: float | None = None
    max_concurrent: int | None = None


class Share(Struct, frozen=True):
    """Where the workers of one server keep the accounts they share, which of them this is, and how many they are."""

    folder: Path
    worker: int
    workers: int


class Timeouts(Struct, frozen=True, kw_only=True):
    """Seconds each phase of a call may take."""

    head_s: float = 30.0  # the client's request head, from its first byte
    body_s: float = 60.0  # between two reads of the client's request body
    connect_s: float = 15.0  # DNS, TCP and TLS to the endpoint
    first_byte_s: float = 600.0  # from the request's last byte to the answer's first
    idle_s: float = 600.0  # between two reads of the answer
    stall_s: float = 600.0  # while the client takes nothing of the answer
    keep_alive_s: float = 120.0  # an idle client connection
    upstream_idle_s: float = 15.0  # an idle endpoint connection, when the endpoint announces no limit of its own


class Secret:
    """A value that never shows itself: not in repr, not in logs, not in a serialised configuration."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __bool__(self) -> bool:
        return bool(self._value)


class Way(Struct, frozen=True, kw_only=True):
    """How an endpoint is reached; the fields of the same names in ServeConfig."""

    ca_file: Path | None = None
    upstream_proxy: Secret | None = None
    trust_env: bool = False


class ServeConfig(Struct, frozen=True, kw_only=True):
    """How a proxy is started. Only `upstream` and `ledger` have no default."""

    upstream: str
    ledger: Path
    key: Secret | None = None  # the endpoint's real key; None: the client's own is forwarded
    host: str | None = "127.0.0.1"  # None: no TCP listener
    port: int = 0  # 0: any free one
    unix_socket: Path | None = None
    token: Secret | None = None  # opens the control API and the live page; needed where `host` is not loopback
    inject_usage: bool = True
    drain_s: float = 30.0
    limits: Limits = field(default_factory=Limits)
    timeouts: Timeouts = field(default_factory=Timeouts)
    ca_file: Path | None = None
    upstream_proxy: Secret | None = None  # URL of an HTTP proxy on the way to the endpoint; may hold credentials
    trust_env: bool = False  # where none is named: the one HTTPS_PROXY, HTTP_PROXY, ALL_PROXY name, but for NO_PROXY
    record_failure: Literal["refuse", "allow"] = "refuse"
    fsync: Literal["off", "second", "call"] = "off"
    ingest: Literal["thread", "process"] = "thread"  # a process takes a moment to start and keeps the loop free
    secrets: tuple[Secret, ...] = ()  # further values to mask in what is recorded
    faults: tuple[str, ...] = ()
    fault_seed: int = 0
    label: str | None = None  # of the server's own run
    only_run: str | None = None  # every call is this run's: one that names another is turned away
    otel: str | None = None  # where OpenTelemetry spans go, "" as the OTEL_* variables say; None: nowhere
    # one of several workers
    listener: int | None = None  # a listening socket's descriptor, in place of host and port
    peers: tuple[Path, ...] = ()  # the other workers' unix sockets
    shared_run: str | None = None  # the run of this server start, opened and sealed by the parent
    share: Share | None = None  # of budgets, with the other workers
