from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from cabproxy.cli import cli
from cabproxy.cli.serve import config_from
from cabproxy.cli.serve import serve as command
from cabproxy.errors import UserError
from cabproxy.shell import invoke


def parsed(*args: str) -> dict[str, Any]:
    return command.make_context("serve", list(args)).params


def test_the_defaults_are_those_of_the_contract(tmp_path: Path) -> None:
    config = config_from(parsed("--upstream", "http://x"))
    assert (config.host, config.port, config.ledger.name, config.inject_usage) == (
        "127.0.0.1",
        31415,
        "cab.sqlite",
        True,
    )


def test_the_key_comes_from_the_environment_and_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-real")
    config = config_from(parsed("--upstream", "http://x", "--key-env", "MY_KEY", "--max-tokens", "5"))
    assert config.key is not None
    assert config.key.reveal() == "sk-real"
    assert "sk-real" not in repr(config)
    assert config.limits.max_tokens == 5


def test_every_budget_of_a_run_is_one_of_the_server_too() -> None:
    given = {"max_calls": 3, "max_tokens": 5, "max_cost_usd": "0.5", "max_wall_s": 7.5, "max_concurrent": 2}
    options = [word for name, value in given.items() for word in ("--" + name.replace("_", "-"), str(value))]
    assert structs.asdict(config_from(parsed("--upstream", "http://x", *options)).limits) == given


def test_a_proxy_on_the_way_is_named_or_taken_from_the_environment() -> None:
    config = config_from(parsed("--upstream", "https://x"))
    assert (config.upstream_proxy, config.trust_env) == (None, False)
    config = config_from(parsed("--upstream", "https://x", "--upstream-proxy", "http://p:3128", "--trust-env"))
    assert config.upstream_proxy is not None and config.upstream_proxy.reveal() == "http://p:3128"
    assert config.trust_env


@pytest.mark.parametrize("value", [None, "", "two words"])
def test_a_variable_that_holds_no_key_is_the_users_mistake(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("MY_KEY", value)
    with pytest.raises(UserError, match="MY_KEY"):
        config_from(parsed("--upstream", "http://x", "--key-env", "MY_KEY"))


@pytest.mark.parametrize(
    "options",
    [
        ["--upstream", "ftp://x"],
        ["--upstream", "http://user:pw@x"],
        ["--upstream", "http://x", "--host", "0.0.0.0"],
        ["--upstream", "http://x", "--max-cost-usd", "cheap"],
        ["--upstream", "https://x", "--ca-file", "/nowhere.pem"],
        ["--upstream", "http://x", "--upstream-proxy", "http://user:pw@x"],
        ["--upstream", "http://x", "--upstream-proxy", "socks5://x"],
        ["--port", "1"],
    ],
)
def test_mistakes_end_with_one_line_and_2(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(cli, ["serve", "--ledger", str(tmp_path / "l.sqlite"), *options]) == 2
    error = capsys.readouterr().err
    assert len(error.strip().splitlines()) == 1
    assert "pw@" not in error
