"""Commands to run a cell again: exact images, quoted for a shell, keys by environment variable only."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from msgspec import Struct

from cabproxy.ledger import Ledger
from cabproxy.ledger.record import Run
from cabscore.axes.base import JoinedRun
from cabscore.site.identity import reference

PORT = 31415
KEY = "stty -echo; read -r CAB_KEY; stty echo; export CAB_KEY    # typed, never written: kept out of argv and history"
MINI = '"$(python3 -c "import cabproxy.agents.mini_agent as it; print(it.__file__)")"'
_BUILT = re.compile(r"cab-(?:task|agent|verifier|gate)-")
"""Names of images that the harness builds itself; no registry has them."""


class Snippet(Struct, frozen=True, kw_only=True):
    """A block of commands with its title and what it is good for."""

    title: str
    note: str
    commands: str


class Recipe(Struct, frozen=True, kw_only=True):
    """What a command line needs beside the run's row: how the agent was named, what the embedded endpoint played, the
    plugins' texts by file name."""

    agent: str
    behaviour: str | None = None
    plugins: tuple[tuple[str, str], ...] = ()


def recipe(ledger: Ledger, joined: JoinedRun) -> Recipe:
    """Reads it from the harness's steps and the recorded plugins. Raises LedgerError."""
    attrs: dict[str, object] = {}
    for span in joined.spans:
        attrs |= {name: span.attrs[name] for name in ("agent_named", "behaviour") if name in span.attrs}
    plain = (joined.run.agent or "").partition("+")[0]
    return Recipe(
        agent=str(attrs.get("agent_named") or plain),
        behaviour=str(attrs["behaviour"]) if "behaviour" in attrs else None,
        plugins=tuple(_plugins(ledger, joined.run)),
    )


def _plugins(ledger: Ledger, run: Run) -> Iterator[tuple[str, str]]:
    for plugin in run.plugins:
        name = plugin.partition("@")[0]
        text = ledger.artifact(run.run_id, f"plugin:{name}")
        if text is not None:
            yield f"{re.sub(r'[^A-Za-z0-9_-]', '-', name)}.toml", text.decode("utf-8", "replace")


def snippets(joined: JoinedRun, made: Recipe | None = None) -> list[Snippet]:
    """Local and docker commands for this cell, the wiring for one's own endpoint, and a quick check."""
    run = joined.run
    if run.kind != "cell" or run.agent is None or run.task_id is None:
        return []
    made = made or Recipe(agent=run.agent.partition("+")[0])
    out = [_same(run, made, "local"), _docker(run, made), _own_endpoint(run)]
    return [*out, _check(run, made), _replay(run)]


def _run_cell(run: Run, made: Recipe, verb: str, *more: str) -> str:
    named = ["cabproxy", verb, "--agent", made.agent, "--model", run.model or "", "--task", run.task_id or ""]
    words = [shlex.quote(part) for part in named]
    lines = [" ".join(words[:2])] + [f"  {words[at]} {words[at + 1]}" for at in range(2, len(words), 2)]
    lines += [f"  --plugin {shlex.quote(name)}" for name, _ in made.plugins]
    if run.time_limit_s is not None and verb == "run-cell":
        lines.append(f"  --timeout-s {run.time_limit_s:g}")
    return " \\\n".join([*lines, *(f"  {part}" for part in more)])


def _endpoint(run: Run, made: Recipe) -> tuple[str, list[str]]:
    """(set-up lines, flags). The embedded endpoint needs neither an address nor a key."""
    files = "".join(_written(name, text) for name, text in made.plugins)
    if run.endpoint == "oracle":
        played = [f"--behaviour {shlex.quote(made.behaviour)}"] if made.behaviour not in (None, "solve") else []
        return files, ["--endpoint oracle", *played]
    address = shlex.quote(run.endpoint) if run.endpoint else '"https://your.endpoint/v1"'
    return f"{files}export CAB_ENDPOINT={address}\n{KEY}\n", ['--endpoint "$CAB_ENDPOINT"', "--key-env CAB_KEY"]


def _written(name: str, text: str) -> str:
    """A file by a here-document; its end is a word that no line of the text is."""
    end = "CAB_END"
    while end in text.splitlines():
        end += "_"
    return f"cat > {shlex.quote(name)} <<'{end}'\n{text}{'' if text.endswith(chr(10)) else chr(10)}{end}\n"


def _same(run: Run, made: Recipe, sandbox: str) -> Snippet:
    setup, flags = _endpoint(run, made)
    command = _run_cell(run, made, "run-cell", *flags, f"--sandbox {sandbox}", "--ledger cab.sqlite")
    version = f"=={run.harness_version}" if run.harness_version else ""
    return Snippet(
        title="The same cell, local sandbox",
        note="Needs Python 3.11 or later and the agent; comparable, not identical: models vary, machines too.",
        commands=f"python3 -m pip install codingagentbench{version}\n{setup}{command}",
    )


def _docker(run: Run, made: Recipe) -> Snippet:
    setup, flags = _endpoint(run, made)
    images = [image for image in (reference(run.image), reference(run.agent_image)) if image and "@sha256:" in image]
    images = list(dict.fromkeys(images))
    pulls = "".join(f"docker pull {shlex.quote(image)}\n" for image in images if not _BUILT.match(image))
    command = _run_cell(run, made, "run-cell", *flags, "--sandbox docker", "--ledger cab.sqlite")
    built = [image for image in images if _BUILT.match(image)]
    looks = "".join(_look(image) for image in built)
    if not images:
        note = "This run recorded no image by digest: it did not run in a container."
    elif built:
        note = "Images named cab-… are built by the command from the task's and the agent's own Dockerfile."
    else:
        note = "The images of this run, pinned by digest."
    return Snippet(title="The same cell, docker sandbox", note=note, commands=f"{pulls}{setup}{command}{looks}")


def _look(image: str) -> str:
    name, _, digest = image.partition("@")
    return f"\ndocker image inspect --format '{{{{.Id}}}}' {shlex.quote(name)}    # in this run: {digest}"


def _own_endpoint(run: Run) -> Snippet:
    argv = " ".join(map(_word, run.argv)) if run.argv else f"{shlex.quote(run.agent or 'agent')} …"
    names = [name for name in run.env_names if name not in ("PATH", "HOME", "LANG", "TERM")]
    base = f"http://127.0.0.1:{PORT}/v1"
    wiring = "".join(
        f"export {name}={shlex.quote(base)}\n"
        for name in names
        if any(part in name for part in ("BASE", "URL", "ENDPOINT"))
    )
    keys = [name for name in names if "KEY" in name or "TOKEN" in name]
    wiring += "".join(f"export {name}=unused    # the proxy puts the real key on\n" for name in keys)
    return Snippet(
        title="Your own endpoint, your own hands",
        note="Record any session: start the proxy, point the agent (yours to install) at it, read the ledger.",
        commands=(
            f'export CAB_ENDPOINT="https://your.endpoint/v1"\n{KEY}\n'
            f'cabproxy serve --upstream "$CAB_ENDPOINT" --key-env CAB_KEY --ledger mine.sqlite --port {PORT} &\n'
            f"PROXY=$!\nuntil curl -sf http://127.0.0.1:{PORT}/_cab/health > /dev/null; do sleep 0.2; done\n"
            f"{wiring}# as this run launched the agent; the address is now {base}, programs are looked for in PATH:\n"
            f'{argv}\nkill "$PROXY"; wait "$PROXY"\ncabscore report mine.sqlite --out site'
        ),
    )


def _word(word: str) -> str:
    """One word of a command: a program of the sandbox by its name alone, our own agent where this machine has it."""
    if not word.startswith("/") or re.search(r"\s", word):
        return shlex.quote(word)
    name = word.rpartition("/")[2]
    return MINI if name == "mini_agent.py" else shlex.quote(name)


def _check(run: Run, made: Recipe) -> Snippet:
    setup, flags = _endpoint(run, made)
    return Snippet(
        title="A quick look",
        note="Provisional, not for citation.",
        commands=f"{setup}{_run_cell(run, made, 'check', *flags)}",
    )


def _replay(run: Run) -> Snippet:
    return Snippet(
        title="Check this record",
        note="With the ledger this page was made from; no network, no key.",
        commands=(
            "cabscore verify cab.sqlite\n"
            f"cabscore score cab.sqlite --run {shlex.quote(run.run_id)} --no-store\n"
            f"cabproxy replay cab.sqlite --run {shlex.quote(run.run_id)}    # serves the recorded answers until Ctrl-C"
        ),
    )
