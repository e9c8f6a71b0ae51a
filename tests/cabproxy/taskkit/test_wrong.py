"""What is wrong with a task.toml is told with its key and its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from cabproxy.errors import UserError
from cabproxy.taskkit.schema import meant, parse_toml


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[verifier]\ntimeout_sec='30s'", "verifier.timeout_sec: a text where a number belongs; mend this key"),
        ("task = 'x'", "task: a text where a table belongs; mend this key"),
        ("[environment.env]\nA='x'\nB=1", "environment.env.B: a number where a text in quotes belongs; mend this key"),
        ("[agent]\nallowed_hosts=['a', 2]", "agent.allowed_hosts.1: a number where a text in quotes belongs; mend"),
        ("[agent]\nuser=[1]", "agent.user: a list where a whole number or a text in quotes belongs; mend this key"),
        ("[verifier]\nenvironment_mode='both'", "environment_mode: 'both' is not known; use one of shared, separate"),
        ("[environment]\nos='mac'", "environment.os: 'mac' is not known; use one of linux, windows"),
        ("[environment.healthcheck]\nretries=2", "environment.healthcheck.command: it is missing; add this key"),
        ("[metadata.cab]\nlanguage='c'", "metadata.cab.category: it is missing; add this key"),
        ("[environment.healthcheck]\ncommand=' '", "environment.healthcheck.command: it is empty; write a command"),
        ("[environment.healthcheck]\ncommand='x'\nretries=0", "healthcheck.retries: 0 is too few; give 1 or more"),
        ("[environment.healthcheck]\ncommand='x'\ninterval_sec=-1", "interval_sec: -1 is before the start; give 0"),
        ("[environment.healthcheck]\ncommand='x'\ntimeout_sec=0", "healthcheck.timeout_sec: 0 is no time; give more"),
        ("[environment]\ncpus=-2", "environment.cpus: -2 is too little; give more than 0 or take the key out"),
        ("[verifier.environment]\nmemory_mb=0", "verifier.environment.memory_mb: 0 is too little"),
        ("[environment]\nworkdir='app'", "environment.workdir: 'app' is not a path from the root; write /app"),
    ],
)
def test_the_key_what_is_wrong_and_the_mend(toml: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        parse_toml(toml, Path("task.toml"))
    assert str(error.value).startswith("task.toml: ")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("key", "guess"),
    [
        ("environment.cpu", "; did you mean cpus?"),
        ("verifier.environment.memory_mib", "; did you mean memory_mb?"),
        ("metadata.cab.requird", "; did you mean required?"),
        ("artefacts", "; did you mean artifacts?"),
        ("colour", ""),
        ("metadata.x.y", ""),
    ],
)
def test_what_an_unknown_key_may_have_been_meant_to_be(key: str, guess: str) -> None:
    assert meant(key) == guess
