"""A profile of one's own, in TOML: `cab-1` with other weights, half points or formulas; see docs/profiles.md."""

from __future__ import annotations

import hashlib
import importlib
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from cabproxy.errors import UserError
from cabscore.profiles.base import AxisValues
from cabscore.profiles.cab_1 import Cab1, Credit
from cabscore.profiles.expression import compile_formula, evaluate

KEYS = {"name", "base", "summary", "weights", "half_tokens", "half_seconds", "min_coverage", "formulas"}
FORMULAS = ("cost", "latency", "blast_radius")


def read_profile(path: Path) -> Cab1:
    """The profile of a file. Raises UserError naming the key, the rule and the mend."""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); name a file that is there") from None
    except (ValueError, RecursionError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise UserError(f"{path}: not TOML ({error}); mend the line it names") from None
    unknown = sorted(data.keys() - KEYS)
    if unknown:
        raise UserError(f"{path}: {unknown[0]} is not a key of a profile; use {', '.join(sorted(KEYS))}")
    return _profile(path, data, text)


def _profile(path: Path, data: dict[str, Any], text: str) -> Cab1:
    base = Cab1()
    if data.get("base", base.name) != base.name:
        raise UserError(f"{path}: base={_short(data['base'])}: a profile builds on {base.name}; leave the key out")
    name = data.get("name")
    if not isinstance(name, str) or not name or name in (base.name, "published-0.1"):
        raise UserError(
            f"{path}: name={_short(name)}: a profile has a name of its own, unlike a frozen one; give it one"
        )
    return Cab1(
        name=f"{name}@{hashlib.sha256(text.encode()).hexdigest()[:8]}",
        summary=str(data.get("summary", f"of {path.name}")),
        weights=_weights(path, data.get("weights", {}), base),
        half_tokens=_number(path, data, "half_tokens", base.half_tokens, low=1.0),
        half_seconds=_number(path, data, "half_seconds", base.half_seconds, low=1e-3),
        min_coverage=_number(path, data, "min_coverage", base.min_coverage, low=0.0, high=1.0),
        formulas={part: _formula(path, part, value) for part, value in _table(path, data, "formulas").items()},
        source=text,
    )


def _weights(path: Path, given: Any, base: Cab1) -> dict[str, float]:
    if not isinstance(given, dict):
        raise UserError(f"{path}: weights={_short(given)}: a table of part = weight; write [weights]")
    weights = dict(base.weights)
    for part in given:
        if part not in weights:
            raise UserError(f"{path}: weights.{part}: not a part; use {', '.join(weights)}")
        weights[part] = _number(path, given, part, weights[part], low=0.0)
    if weights["pass_rate"] <= weights["refusal"]:
        raise UserError(
            f"{path}: weights.pass_rate={weights['pass_rate']:g} must be above weights.refusal={weights['refusal']:g}: "
            "otherwise a failed run could outscore a correct one"
        )
    return weights


def _number(path: Path, data: dict[str, Any], key: str, default: float, low: float, high: float = 1e15) -> float:
    value = data.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise UserError(f"{path}: {key}={_short(value)}: a finite number is needed; write one")
    if not low <= value <= high:  # before anything turns it into a float: a whole number may be too large for one
        raise UserError(f"{path}: {key}={_short(value)}: must lie between {low:g} and {high:g}; choose one")
    return float(value)


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # a whole number of more digits than Python writes out
        return "a very large number"
    return text if len(text) <= 60 else text[:57] + "..."


def _table(path: Path, data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise UserError(f"{path}: {key}={_short(value)}: a table is needed; write [{key}]")
    return value


def _formula(path: Path, part: str, value: Any) -> Credit:
    if part not in FORMULAS:
        raise UserError(
            f"{path}: formulas.{part}: only {', '.join(FORMULAS)} may have a formula; use weights for the rest"
        )
    if not isinstance(value, str):
        raise UserError(f"{path}: formulas.{part}={_short(value)}: a formula is a string; write it in quotes")
    if ":" in value:
        return _dotted(path, part, value)
    formula = compile_formula(value)
    return lambda values: evaluate(formula, msgspec.to_builtins(values))


def _dotted(path: Path, part: str, value: str) -> Credit:
    module, _, attribute = value.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(
            f"{path}: formulas.{part}={_short(value)}: cannot be imported ({error}); mend the path"
        ) from None

    def credit(values: AxisValues) -> float | None:
        result = found(values)
        return float(result) if result is not None and 0 <= result <= 1 else None

    return credit
