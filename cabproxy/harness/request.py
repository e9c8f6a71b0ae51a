"""What a cell is asked for, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from cabproxy.agents.plugin import Plugin
from cabproxy.config import Secret, Way
from cabproxy.ledger.record import RunStatus
from cabproxy.proxy.pace import Pace
from cabproxy.proxy.script import Behaviour
from cabproxy.taskkit.task import Task
from cabproxy.tokens.prices import Overrides

ORACLE = "oracle"
SCORER = "cabscore:score_run"
Say = Callable[[str], None]


def silent(line: str) -> None:
    """Says nothing."""


class CellRequest(Struct, frozen=True, kw_only=True):
    """One cell: which agent with which model on which task, against which endpoint, recorded where."""

    agent: str  # as the user named it: a name, package.module:Class, or a TOML file
    agent_name: str | None = None  # the adapter's own name, where that is another
    model: str
    task: Task
    ledger: Path
    endpoint: str = ORACLE  # a URL, or `oracle` for the embedded endpoint
    key: Secret | None = None  # the endpoint's
    way: Way = Way()  # to the endpoint
    behaviour: Behaviour = "solve"  # of the oracle
    run_number: int = 1
    sweep_id: str = "adhoc"
    timeout_s: float | None = None  # default: the task's
    plugins: tuple[Plugin, ...] = ()
    provisional: bool = False
    asciicast: Literal[2, 3] = 2  # the version of the terminal's recording
    keep: Path | None = None  # a folder where the agent's tree is left for a look
    scorer: str | None = SCORER  # dotted path; None: not scored
    profile: str | None = None
    scratch: Path | None = None
    pace: Pace | None = None  # what the endpoint allows per minute, shared with other cells
    prices: Overrides | None = None  # the user's own, before the built-in list

    @property
    def agent_label(self) -> str:
        """The agent with its plugins: `mini`, `mini+terse`. A modified agent is never counted with the factory one."""
        return "+".join((self.agent_name or self.agent, *(plugin.name for plugin in self.plugins)))

    @property
    def cell_id(self) -> str:
        return f"{self.sweep_id}/{self.agent_label}/{self.model}/{self.task.task_id}#run{self.run_number}"

    @property
    def time_s(self) -> float:
        return self.timeout_s if self.timeout_s is not None else self.task.agent_timeout_s


class Tokens(Struct, frozen=True, kw_only=True):
    """The sum over a run's calls; a part is None where any call's is unknown. `source` is the weakest of all calls'."""

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    reasoning: int | None = None
    total: int | None = None
    source: str = "missing"


class CellResult(Struct, frozen=True, kw_only=True):
    """How a cell ended, for a table or as JSON."""

    run_id: str
    cell_id: str
    status: RunStatus
    cause: str | None
    passed: bool | None = None
    axes: dict[str, float | None] = {}
    composite: float | None = None
    reasons: dict[str, str] = {}
    tokens: Tokens = Tokens()
    cost_usd: Decimal | None = None  # None: a call's tokens or its model's price are not known
    model_calls: int = 0
    wall_s: float | None = None
    overhead_s: float | None = None  # the cell's wall beyond the agent and the verifier
    sealed: bool | None = None
    page: str | None = None
    provisional: bool = False
    score_error: str | None = None
    extra: dict[str, Any] = {}
