"""The matrix file: what a sweep is to run, read from TOML and checked before anything starts.

id = "nightly"                       # first part of every cell id
agents = ["mini", "aider", "aider+terse", "mine.toml", "package.module:Class"]   # with the plugins laid over it
tasks = ["mutations/*", "integrity/unsolvable-refusal"]   # ids, or globs over them
runs = 3
sandbox = "auto"                     # auto | docker | local
jobs = 2                             # cells at a time
seed = 7                             # of the order of the cells
retries = 1                          # further tries of a cell that ended infra_invalid
timeout_s = 600
asciicast = 2                        # or 3: the version of the terminals' recordings

[[models]]
name = "some-model"
endpoint = "https://models.example/v1"
key_env = "CAB_KEY"
max_parallel = 4                     # cells at a time against this endpoint
requests_per_minute = 300            # over all cells at work against it
tokens_per_minute = 400_000
trust_env = false                    # true: go by HTTPS_PROXY and the like
# upstream_proxy = "http://host:3128"   # an HTTP proxy on the way; ca_file = "ca.pem": more authorities

[stop]
max_usd = 20.0
max_tokens = 5_000_000
max_invalid_share = 0.5
min_cells = 10

[plugins]
terse = "terse.toml"                 # beside the matrix

[[exclude]]
agent = "aider"
task = "polyglot/*"
"""

from __future__ import annotations

import difflib
import fnmatch
import re
import tomllib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, structs

from cabproxy.config import Secret, Way
from cabproxy.errors import UserError
from cabproxy.proxy.hop import parse_hop
from cabproxy.proxy.script import Behaviour

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model and where it is served. Cells of one endpoint share its limits, the smallest that any model names."""

    name: str
    endpoint: str = "oracle"
    key_env: str = "CAB_KEY"
    behaviour: Behaviour = "solve"  # of the oracle
    max_parallel: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    upstream_proxy: str | None = None  # URL of an HTTP proxy on the way to the endpoint, without credentials
    trust_env: bool = False  # go by HTTPS_PROXY and the like, which may hold credentials
    ca_file: str | None = None  # more certificate authorities; beside the matrix

    @property
    def way(self) -> Way:
        """To the endpoint."""
        return Way(
            ca_file=Path(self.ca_file) if self.ca_file else None,
            upstream_proxy=Secret(self.upstream_proxy) if self.upstream_proxy else None,
            trust_env=self.trust_env,
        )


class Stop(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a sweep ends early. Cells at work are finished; `min_cells` tries must have ended before a share counts."""

    max_usd: float | None = None
    max_tokens: int | None = None
    max_invalid_share: float | None = None  # of all tries, those that will be tried again included
    max_wall_s: float | None = None
    min_cells: int = 10


class Exclude(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cells left out: globs that must all match."""

    agent: str = "*"
    model: str = "*"
    task: str = "*"

    def covers(self, agent: str, model: str, task: str) -> bool:
        pairs = ((agent, self.agent), (model, self.model), (task, self.task))
        return all(fnmatch.fnmatchcase(value, pattern) for value, pattern in pairs)


class Matrix(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sweep as its file states it."""

    id: str
    agents: tuple[str, ...]
    models: tuple[Model, ...]
    tasks: tuple[str, ...]
    runs: int = 1
    sandbox: Literal["auto", "docker", "local"] = "auto"
    jobs: int = 1
    seed: int = 0
    retries: int = 1
    timeout_s: float | None = None
    asciicast: Literal[2, 3] = 2  # the version of the terminals' recordings
    profile: str | None = None
    stop: Stop = Stop()
    exclude: tuple[Exclude, ...] = ()
    plugins: dict[str, str] = {}  # name -> path of its TOML file, relative to the matrix
    prices: str | None = None  # a price file beside the matrix, before the built-in list


_TABLES: dict[str, type[Struct]] = {"": Matrix, "models": Model, "stop": Stop, "exclude": Exclude}


def read_matrix(path: Path) -> Matrix:
    """The matrix in a TOML file. UserError names the key and the mend."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: a matrix is a readable TOML file ({error}); name one that exists") from None
    try:
        matrix = msgspec.convert(tomllib.loads(text), Matrix)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: {_said(str(error))}; `cabproxy sweep --help` shows a matrix") from None
    matrix = structs.replace(matrix, models=tuple(_placed(path, model) for model in matrix.models))
    _check(path, matrix)
    return matrix


def _said(error: str) -> str:
    """What is wrong with the file, with the key first and, for one nobody knows, the nearest that is known."""
    what, _, place = error.partition(" - at ")
    where = place.strip("`").removeprefix("$").lstrip(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", what)
    if unknown is None:
        hint = "; a table of a list has two brackets, [[…]]" if what == "Expected `array`, got `object`" else ""
        return f"{where}: {what}{hint}" if where else f"{what}{hint}"
    table = _TABLES.get(re.sub(r"\[.*", "", where), Matrix)
    near = difflib.get_close_matches(unknown[1], table.__struct_fields__, n=1)
    mend = f"did you mean {near[0]}?" if near else f"there are {', '.join(table.__struct_fields__)}"
    return f"{f'{where}.' if where else ''}{unknown[1]}: no such key; {mend}"


def _placed(path: Path, model: Model) -> Model:
    """With its file's path whole."""
    return structs.replace(model, ca_file=str((path.parent / model.ca_file).absolute()) if model.ca_file else None)


def _check(path: Path, matrix: Matrix) -> None:
    def need(rule: bool, message: str) -> None:
        if not rule:
            raise UserError(f"{path}: {message}")

    need(bool(_ID.fullmatch(matrix.id)), f"id {matrix.id!r}: letters, digits, dot, dash and underscore; mend the id")
    for key in ("agents", "models", "tasks"):
        need(bool(getattr(matrix, key)), f"{key}: at least one is needed; add it")
    for key in ("runs", "jobs"):
        need(getattr(matrix, key) >= 1, f"{key} {getattr(matrix, key)}: at least 1; raise it")
    need(matrix.retries >= 0, f"retries {matrix.retries}: at least 0; raise it")
    names = [model.name for model in matrix.models]
    twice = {name for name in names if names.count(name) > 1}
    need(not twice, f"models: {', '.join(sorted(twice))} stands there twice; cell ids would clash, so rename one")
    for model in matrix.models:
        for key in ("max_parallel", "requests_per_minute", "tokens_per_minute"):
            value = getattr(model, key)
            need(value is None or value >= 1, f"models.{model.name}.{key} {value}: at least 1; raise it")
        _check_way(path, f"models.{model.name}", model)
    usd = matrix.stop.max_usd
    need(usd is None or usd > 0, f"stop.max_usd {usd}: above 0; raise it, or drop it")
    share = matrix.stop.max_invalid_share
    need(share is None or 0 < share <= 1, f"stop.max_invalid_share {share}: above 0 and at most 1; mend it")


def _check_way(path: Path, where: str, model: Model) -> None:
    if model.upstream_proxy is not None:
        if "@" in model.upstream_proxy:
            raise UserError(
                f"{path}: {where}.upstream_proxy: holds credentials, and a matrix is no place for them; put the URL "
                "into HTTPS_PROXY or HTTP_PROXY and say trust_env = true"
            )
        parse_hop(model.upstream_proxy, f"{path}: {where}.upstream_proxy")
    if model.ca_file is not None and not Path(model.ca_file).is_file():
        raise UserError(f"{path}: {where}.ca_file {model.ca_file}: no such file; name a CA bundle beside the matrix")
