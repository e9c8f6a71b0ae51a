"""Templates to text: autoescape on, every printed value cleaned, a policy under which only our own files act."""

from __future__ import annotations

import base64
import hashlib
import os
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined
from markupsafe import Markup

from cabscore.site import shown
from cabscore.site.assets import version

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types cab"
)
"""Scripts and styles only from the site's own files, none in a page's text; no page can send anything anywhere."""


@cache
def environment() -> Environment:
    """The one environment of all pages."""
    env = Environment(
        loader=PackageLoader("cabscore.site", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown.finalize,
        bytecode_cache=_compiled(),
    )
    env.filters.update(
        number=shown.number,
        rank=shown.rank,
        seconds=shown.seconds,
        short=shown.short,
        pretty=shown.pretty,
        clip=shown.clip,
        share=shown.share,
        span=shown.span,
        day=shown.day,
        chance=shown.chance,
    )
    return env


def _compiled() -> BytecodeCache | None:
    """Templates compiled by an earlier process: compiling them takes a third of what one new run's pages cost."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "codingagentbench" / "templates"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return FileSystemBytecodeCache(str(folder)) if os.access(folder, os.W_OK) else None


@cache
def card_css() -> str:
    """The card's own stylesheet: it stands in other people's pages and brings everything along."""
    return resources.files("cabscore.site").joinpath("assets/card.css").read_text(encoding="utf-8")


@cache
def card_policy() -> str:
    """Under which nothing runs, nothing is fetched, and only the card's own style applies."""
    digest = base64.b64encode(hashlib.sha256(card_css().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def render(template: str, **context: Any) -> str:
    """One page as text. `root` leads from the page to the site's root."""
    context.setdefault("root", "")
    context.setdefault("site", True)
    if template == "card.html":
        context |= {"card_css": Markup(card_css()), "policy": card_policy()}  # noqa: S704 - our own stylesheet
    else:
        context["policy"] = POLICY
    return environment().get_template(template).render(version=version(), **context)
