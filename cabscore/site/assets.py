"""Stylesheet and scripts, written once beside the pages."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path

from cabscore.site.chunks import write_text

SCRIPTS = ("cab.js", "calls.js", "kept.js", "trace.js", "terminal.js", "cells.js", "compare.js", "follow.js")


@cache
def asset(name: str) -> str:
    """One asset's text."""
    return resources.files("cabscore.site").joinpath(f"assets/{name}").read_text(encoding="utf-8")


@cache
def version() -> str:
    """Changes with any asset, so that no browser mixes two of them."""
    digest = hashlib.sha256("".join(asset(name) for name in ("style.css", *SCRIPTS)).encode())
    return digest.hexdigest()[:10]


def write_assets(out: Path) -> None:
    """Puts them below `out`/assets."""
    for name in ("style.css", "mark.svg", *SCRIPTS):
        write_text(out / "assets" / name, asset(name))
