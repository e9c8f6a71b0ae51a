"""Text from a run as a page may show it: nothing in it can hide, reorder or act. Every printed value goes through."""

from __future__ import annotations

import json
import re
from typing import Any

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
    "|[\U000e0000-\U000e0fff]"
)
_HOME = re.compile(r"(?<![\w.~-])/(?:(?:home|Users)/[^/\s\"'<>:;,)]+|root)(?=[/\s\"':;,)]|$)")
LONG = 20_000


def clean(text: str) -> str:
    """Control characters as their pictures (an escape sequence shows as text), invisible and bidi marks as ⟨U+202E⟩."""
    return _INVISIBLE.sub(_picture, text.replace("\r\n", "\n"))


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"


def finalize(value: Any) -> Any:
    """For every value a template prints: strings cleaned, home folders as ~, unknown as nothing; our markup passes."""
    if value is None:
        return ""
    return _HOME.sub("~", clean(value)) if type(value) is str else value


def without_host_paths(value: Any) -> Any:
    """The same value with absolute paths cut to their last name: what a command on another machine could not use, and
    what says more about the operator than about the run."""
    if isinstance(value, str):
        return f"…/{value.rpartition('/')[2]}" if value.startswith("/") and not re.search(r"\s", value) else value
    if isinstance(value, dict):
        return {key: without_host_paths(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_host_paths(item) for item in value]
    return value


def clip(text: str, limit: int = LONG) -> str:
    """The end of a long text, saying how much is left out."""
    return text if len(text) <= limit else f"[{len(text) - limit} characters left out]\n{text[-limit:]}"


def pretty(value: Any) -> str:
    """JSON for reading; non-ASCII as it is, so that `clean` decides what is shown."""
    return clip(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def number(value: float | int | None, digits: int | None = None) -> str:
    """A figure with thousands marked; an unknown one is a dash, never 0."""
    if value is None:
        return "–"
    if digits is None:
        digits = 0 if isinstance(value, int) or float(value).is_integer() else 3
    return f"{value:,.{digits}f}".replace(",", "\u202f").replace("-", "−")


def rank(value: float | int | None) -> str:
    """What a column is sorted by: as many digits as tell values apart; nothing for an unknown one."""
    return "" if value is None else f"{value:.8g}"


def seconds(ns: int | None) -> str:
    """A duration in the unit a person would use."""
    if ns is None:
        return "–"
    if abs(ns) < 1_000_000:
        return f"{ns / 1_000:.0f} µs"
    if abs(ns) < 1_000_000_000:
        return f"{ns / 1_000_000:.0f} ms"
    return f"{ns / 1_000_000_000:.2f} s" if abs(ns) < 100_000_000_000 else f"{ns / 1_000_000_000:.1f} s"


def short(digest: str | None, length: int = 12) -> str:
    """A tagged digest cut for a table: sha256:0123456789ab…"""
    if not digest:
        return "–"
    tag, colon, hexed = digest.partition(":")
    if not colon:
        return digest[:length]
    return f"{tag}:{hexed[:length]}…" if len(hexed) > length else digest


def middle_out(text: str, limit: int = LONG) -> str:
    """The start and the end of a long text, saying how much lies between."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"


def share(interval: Any) -> str:
    """A share as k / n; a dash where nothing was counted."""
    if interval.value is None:
        return "–"
    return f"{round(interval.value * interval.n)} / {interval.n}"


def span(interval: Any, digits: int = 2) -> str:
    """The ends of an interval; nothing where there are none."""
    if interval is None or interval.low is None or interval.high is None:
        return ""
    between = " to " if interval.low < 0 else "–"
    return f"{number(interval.low, digits)}{between}{number(interval.high, digits)}"


def day(wall_ns: int | None) -> str:
    """A date and minute in UTC."""
    from cabscore.site.identity import when

    moment = when(wall_ns)
    return "–" if moment is None else moment[:16].replace("T", " ") + " UTC"


def chance(p: float | None) -> str:
    """A p value; one too small for its digits is said to be so, never 0."""
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
