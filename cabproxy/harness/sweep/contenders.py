"""Who takes part in a sweep: agents by name, by class or by TOML file, each with the plugins laid over it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec import Struct, structs

from cabproxy.agents import agent as find_agent
from cabproxy.agents import label
from cabproxy.agents.plugin import Plugin, check_fit, read_plugin
from cabproxy.errors import UserError
from cabproxy.harness.sweep.matrix import Matrix


class Contender(Struct, frozen=True, kw_only=True):
    """`spec` is what the agent is found by (a name, package.module:Class, or a file's path); `digest` is the file's."""

    label: str  # the adapter's own name with the plugins: mini+terse
    spec: str
    name: str
    plugins: tuple[Plugin, ...] = ()
    digest: str | None = None


def read_contenders(path: Path, matrix: Matrix) -> tuple[Matrix, dict[str, Contender]]:
    """The matrix with its agents called by their labels, and who stands behind each; files lie beside the matrix.

    UserError where an agent or a plugin is not to be had, or two are called the same.
    """
    plugins = _plugins(path, matrix)
    found: dict[str, Contender] = {}
    for entry in matrix.agents:
        one = _contender(path, entry, plugins)
        if one.label in found:
            raise UserError(
                f"{path}: agents: {one.label} stands there twice; cell ids would clash, so drop or rename one"
            )
        found[one.label] = one
    return structs.replace(matrix, agents=tuple(found)), found


def _contender(path: Path, entry: str, plugins: dict[str, Plugin]) -> Contender:
    spec, *names = entry.split("+")
    unknown = [name for name in names if name not in plugins]
    if unknown:
        raise UserError(f"{path}: agents: {entry}: no plugin {unknown[0]!r} in [plugins]; add it there")
    digest = None
    if spec.endswith(".toml"):
        spec = str((path.parent / spec).absolute())
    try:
        agent = find_agent(spec)
        for one in names:
            check_fit(plugins[one], agent)
    except UserError as error:
        raise UserError(f"{path}: agents: {error}") from None
    name = label(agent)
    if spec.endswith(".toml"):
        digest = f"sha256:{hashlib.sha256(Path(spec).read_bytes()).hexdigest()}"
    return Contender(
        label="+".join((name, *names)),
        spec=spec,
        name=name,
        plugins=tuple(plugins[one] for one in names),
        digest=digest,
    )


def _plugins(path: Path, matrix: Matrix) -> dict[str, Plugin]:
    read = {name: read_plugin(path.parent / file) for name, file in matrix.plugins.items()}
    for name, plugin in read.items():
        if plugin.name != name:
            raise UserError(f"{path}: plugins.{name}: its file calls itself {plugin.name!r}; use one name")
    return read
