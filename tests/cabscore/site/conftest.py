"""What a browser would make of a page: tags, attributes and text, by the standard library's parser."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cabproxy.ledger.record import (
    Claim,
    ConstraintCheck,
    InstructionFidelity,
    Run,
    Span,
    TestResult,
    Usage,
    Verification,
    VisibleTests,
)
from cabproxy.ledger.record import FileChange as Change

VOID = {"meta", "img", "br", "link", "input"}


class Parsed(HTMLParser):
    """A page taken apart; `open_tags` must be empty at the end of a well-formed one."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open_tags: list[str] = []
        self.blocks: dict[str, str] = {}  # text of `pre` by its label
        self._label: str | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open_tags.append(tag)
        if tag == "pre":
            self._label = dict(attrs).get("aria-label")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open_tags, f"</{tag}> closes nothing"
        assert self.open_tags.pop() == tag
        if tag == "pre":
            self._label = None

    def handle_data(self, data: str) -> None:
        if self.open_tags and self.open_tags[-1] != "style":
            self.texts.append(data)
        if self._label is not None:
            self.blocks[self._label] = self.blocks.get(self._label, "") + data

    @property
    def text(self) -> str:
        return "".join(self.texts)


@pytest.fixture
def parse() -> Callable[[str], Parsed]:
    return Parsed


CHROMIUM = "/usr/bin/chromium"
ARGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not Path(CHROMIUM).exists():
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield opened
        opened.close()


class Watched:
    """A browser's page whose complaints and requests are kept: a clean one has said nothing and asked nobody else.

    No host is found by the browser: also without a list of all `requests` one that leaves the site fails, and is kept.
    """

    def __init__(self, browser: Any, *, requests: bool = True, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"{self.page.url}: {message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"{self.page.url}: {error}"))
        self.page.on("dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        if requests:
            self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", self._failed)

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # given up because the test went on to the next page
            self.said.append(f"failed: {request.url}: {request.failure}")

    def open(self, path: Path, fragment: str = "") -> Any:
        self.page.goto("about:blank")
        self.page.goto(path.resolve().as_uri() + fragment, wait_until="load")
        return self.page

    def assert_clean(self, root: Path) -> None:
        home = root.resolve().as_uri() + "/"
        assert not self.said, self.said[:5]
        assert not [url for url in self.requests if not url.startswith((home, "about:blank"))]


@pytest.fixture
def watched(browser: Any) -> Iterator[Callable[..., Watched]]:
    """Makes watched pages; options are those of a browser context."""
    made: list[Watched] = []

    def make(**options: Any) -> Watched:
        made.append(Watched(browser, **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, fetched once by npm into the cache."""
    cache = Path(__file__).parents[3] / ".cache" / "axe"
    source = cache / "node_modules" / "axe-core" / "axe.min.js"
    npm = shutil.which("npm")
    if not source.exists():
        if npm is None:
            pytest.skip("npm is not installed: axe-core cannot be fetched")
        cache.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--prefix", str(cache), "--no-audit", "--no-fund", "--ignore-scripts", "axe-core@4"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
        if done.returncode:
            pytest.skip(f"npm cannot fetch axe-core: {done.stderr.strip().splitlines()[-1:]}")
    return source.read_text(encoding="utf-8")


@pytest.fixture
def violations(axe: str) -> Callable[[Any], list[str]]:
    """Serious and critical findings of axe-core on a page, a line each."""

    def find(page: Any) -> list[str]:
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
        return [
            f"{page.url.rpartition('/')[2]} {one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"][:3]
        ]

    return find


@pytest.fixture
def plant() -> Callable[..., str]:
    """Writes a run with a hostile text in every field that takes text, a longer one where much may stand."""
    return planted


def planted(cells: Any, bad: str, long: str) -> str:
    task = msgspec.structs.replace(
        cells.make.__func__.__globals__["TASK"], task_id=bad, title=bad, category=bad, language=bad, required=(bad,),
        permitted=(bad,), protected=(bad,), visible_tests=(bad,), refusal_documents=(bad,), twin=bad,
        twin_role="benign", constraints=({"kind": bad, bad: [bad]},), agent_state=(bad,), build_products=(bad,),
        expected_refusal=True,
    )  # fmt: skip
    usage = Usage(source="recount", reason=bad, prompt=1, completion=1, raw=long, contradictions=(bad,))
    call = {
        **dict.fromkeys(("error", "finish_reason", "model_served", "model_asked", "conversation_id", "refusal"), bad),
        "response_id": bad,
        "reason_phrase": bad,
        "path": "/" + bad,
        "method": bad,
        "body": long,
        "usage": usage,
        "request_headers": ((bad, bad),),
        "response_headers": (("x-" + bad, long[:20_000]),),
        "rewrites": (bad,),
        "sampling": {bad: bad},
        "request": {bad: long[:200_000], "messages": [{"role": bad, "content": bad}], "tools": [bad]},
    }
    patch = f"diff --git a/{bad} b/{bad}\n--- /dev/null\n+++ b/{bad}\n@@ -0,0 +1,1 @@ {bad}\n+{long}\n"
    kept = {"reference.diff": patch, "odd " + bad: long, "file:" + bad: long, "document:" + bad: bad * 9}
    run_id: str = cells.make(
        task=task, agent=bad, model=bad, sweep=bad, passed=False, said=bad, patch=patch, cause=bad, seal_reason=bad,
        changes=[_change(bad), _change(bad + "2", renamed_from=bad, before_mode=0o644, after_mode=0o755)],
        prompt=long, argv=(bad, "/" + bad), env_names=(bad, f"{bad}_URL", f"{bad}_KEY"), plugins=(bad + "@sha256:1",),
        limits={bad: bad}, endpoint=bad, image=bad, agent_image=bad, network_policy=bad, behavior_mode=bad, close=False,
        agent_version=bad, harness_version=bad, sandbox="local", label=bad, sealed=False,
        calls=[dict(call), {**call, "state": "upstream_error"}],
        artifacts={name: text.encode() for name, text in kept.items()},
    )  # fmt: skip
    _evidence(cells.writer, run_id, bad, long)
    _sessions(cells.writer, bad)
    return run_id


def _sessions(writer: Any, bad: str) -> None:
    """A recorded session, and the bookkeeping of the sweep with its plan."""
    plan = {"sweep_id": bad, "cells": [{"cell_id": bad}, {"cell_id": bad + "2"}]}
    for at, sweep in enumerate((None, bad)):
        run = Run(run_id=f"session{at}", opened_wall_ns=1, opened_ns=1, kind="session", label=bad, sweep_id=sweep)
        writer.open_run(run)
        if sweep is not None:
            writer.add_artifact(run.run_id, "plan.json", "application/json", json.dumps(plan).encode())


def _change(path: str, **fields: Any) -> Change:
    return Change(
        run_id="", path=path, change="renamed" if "renamed_from" in fields else "added", class_="collateral", **fields
    )


def _evidence(writer: Any, run_id: str, bad: str, long: str) -> None:
    def span(name: str, kind: str, **attrs: Any) -> Span:
        return Span(span_id=name, run_id=run_id, name=name, kind=kind, start_ns=1, end_ns=2, attrs=attrs, error=bad)

    writer.add_spans([
        Span(span_id="evil", run_id=run_id, name=bad, kind=bad, start_ns=1, end_ns=2, attrs={bad: long}, error=bad),
        span("prepare", "prepare", agent_version_pinned=bad, agent_version_reported=bad + "1", agent_named=bad),
        span("proxy", "proxy", behaviour=bad),
        span("verify after", "verify", carried=[bad], left_behind={bad: bad}),
        span("settle", "proxy", gate_bytes_in=bad, proxy_bytes_in=long[:50_000], interfaces=[bad]),
        span("verify control", "verify", file=bad, must_fail=[bad], passed=[bad]),
    ])  # fmt: skip
    tests = (TestResult(name=bad, outcome="failed", message=long, hidden=True),)
    output = writer.put_blob(long.encode())
    for phase in ("before", "after"):
        found = Verification(run_id=run_id, phase=phase, passed=False, tests=tests, error=bad, output_sha256=output)
        writer.add_verification(found)
    writer.add_claim(Claim(run_id=run_id, source=bad, cost_usd=bad, rounding=bad, raw=long))
    check = ConstraintCheck(kind=bad, honoured=False, evidence=(bad, long[:50_000]), declared={bad: [bad], "kind": bad})
    fidelity = InstructionFidelity(declared=1, honoured=0, checks=(check,), unread=(bad,), reason=bad)
    visible = VisibleTests(tests=(bad,), files={bad: f"'{bad}' {long[:50_000]}"}, rest={bad: bad})
    cast = [json.dumps({"version": 2, "width": 1, "height": 1}), json.dumps([0.1, "o", long[:100_000]])]
    for name, data in (
        ("stdout", long),
        ("stderr", bad),
        ("constraints.json", msgspec.json.encode(fidelity).decode()),
        ("visible_tests.json", msgspec.json.encode(visible).decode()),
        ("plugin:" + bad, bad),
        ("terminal.cast", "\n".join(cast)),
    ):
        writer.add_artifact(run_id, name, bad, data.encode())
