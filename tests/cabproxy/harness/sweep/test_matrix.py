from __future__ import annotations

from pathlib import Path

import pytest

from cabproxy.errors import UserError
from cabproxy.harness.sweep.contenders import Contender, read_contenders
from cabproxy.harness.sweep.matrix import Matrix, read_matrix

GOOD = """
id = "nightly"
agents = ["mini"]
tasks = ["mutations/*"]
[[models]]
name = "oracle"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "matrix.toml"
    path.write_text(text)
    return path


def test_what_is_not_said_has_its_default(tmp_path: Path) -> None:
    matrix = read_matrix(write(tmp_path, GOOD))
    assert (matrix.runs, matrix.jobs, matrix.retries, matrix.models[0].endpoint) == (1, 1, 1, "oracle")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("nightly", "night/ly"), "id 'night/ly'"),
        (('["mini"]', "[]"), "agents"),
        (('tasks = ["mutations/*"]', 'tasks = ["mutations/*"]\nrun = 3'), "run"),
        (('tasks = ["mutations/*"]', 'tasks = ["mutations/*"]\nruns = 0'), "runs 0"),
        (('name = "oracle"', 'name = "oracle"\n[[models]]\nname = "oracle"'), "oracle stands there twice"),
        (('name = "oracle"', 'name = "oracle"\nbehaviour = "cheat"'), "behaviour"),
        (('name = "oracle"', 'name = "oracle"\n[stop]\nmax_invalid_share = 2.0'), "max_invalid_share 2.0"),
        (('name = "oracle"', 'name = "oracle"\n[stop]\nmax_usd = 0'), "stop.max_usd 0"),
        (('name = "oracle"', 'name = "oracle"\nrequests_per_minute = 0'), "requests_per_minute 0"),
        (
            ('name = "oracle"', 'name = "oracle"\nupstream_proxy = "http://u:p@h:1"'),
            "models.oracle.upstream_proxy: holds",
        ),
        (('name = "oracle"', 'name = "oracle"\nupstream_proxy = "socks5://h:1"'), "models.oracle.upstream_proxy: only"),
        (('name = "oracle"', 'name = "oracle"\nca_file = "none.pem"'), "models.oracle.ca_file"),
        (('tasks = ["mutations/*"]', 'tasks = ["mutations/*"]\nasciicast = 4'), "asciicast"),
        (("id =", "id"), "not TOML"),
        (
            ('tasks = ["mutations/*"]', 'tasks = ["mutations/*"]\nsandbox = "dockr"'),
            "sandbox: Invalid enum value 'dockr'",
        ),
        (
            ('name = "oracle"', 'name = "oracle"\nendpont = "x"'),
            "models[0].endpont: no such key; did you mean endpoint?",
        ),
        (("[[models]]", "[models]"), "models: Expected `array`, got `object`; a table of a list has two brackets"),
    ],
)
def test_a_mistake_is_named_with_its_key(tmp_path: Path, change: tuple[str, str], named: str) -> None:
    with pytest.raises(UserError) as caught:
        read_matrix(write(tmp_path, GOOD.replace(*change)))
    assert named in str(caught.value)
    assert "\n" not in str(caught.value).removesuffix("\n")


def test_the_way_to_an_endpoint_is_its_models(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    text = GOOD + 'upstream_proxy = "http://h:1"\nca_file = "ca.pem"\n'
    way = read_matrix(write(tmp_path, text)).models[0].way
    assert way.upstream_proxy is not None and way.upstream_proxy.reveal() == "http://h:1"
    assert (way.ca_file, way.trust_env) == (tmp_path / "ca.pem", False)


def test_a_file_that_is_not_there_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="name one that exists"):
        read_matrix(tmp_path / "none.toml")


def contenders(path: Path) -> tuple[Matrix, dict[str, Contender]]:
    return read_contenders(path, read_matrix(path))


def test_an_agent_with_plugins_is_an_agent_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "terse.toml").write_text('name = "terse"\n[env]\nTERSE = "1"\n')
    changes = GOOD.replace('["mini"]', '["mini", "mini+terse"]') + '[plugins]\nterse = "terse.toml"\n'
    path = write(tmp_path, changes)
    matrix, found = contenders(path)
    assert matrix.agents == ("mini", "mini+terse")
    assert found["mini"].plugins == ()
    assert [plugin.env for plugin in found["mini+terse"].plugins] == [{"TERSE": "1"}]
    assert (found["mini+terse"].spec, found["mini+terse"].name) == ("mini", "mini")
    (tmp_path / "terse.toml").write_text('name = "terse"\ninstructions = "Be brief."\n')
    with pytest.raises(UserError, match="agents: plugin terse: instructions: mini reads no file"):
        contenders(path)
    assert list(contenders(write(tmp_path, changes.replace("mini", "pi")))[1]) == ["pi", "pi+terse"]
    with pytest.raises(UserError, match="no plugin 'loud'"):
        contenders(write(tmp_path, GOOD.replace('["mini"]', '["mini+loud"]')))


AGENT = 'name = "mine"\nargv = ["{agent}"]\n[install]\nkind = "path"\nexecutable = "sh"\n'


def test_agents_from_a_file_and_from_a_class_are_called_by_their_own_names(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "agent.toml").write_text(AGENT)
    path = write(tmp_path, GOOD.replace('["mini"]', '["own/agent.toml", "cabproxy.agents.aider:Aider"]'))
    matrix, found = contenders(path)
    assert matrix.agents == ("mine", "aider")
    assert found["mine"].spec == str(tmp_path / "own" / "agent.toml")
    assert found["mine"].digest is not None
    assert (found["aider"].spec, found["aider"].digest) == ("cabproxy.agents.aider:Aider", None)


@pytest.mark.parametrize(
    ("agents", "named"),
    [
        ('["mini", "cabproxy.agents.mini:Mini"]', "mini stands there twice"),
        ('["none.toml"]', "none.toml"),
        ('["no.such:Agent"]', "no.such:Agent"),
    ],
)
def test_agents_that_clash_or_cannot_be_had_are_named(tmp_path: Path, agents: str, named: str) -> None:
    with pytest.raises(UserError, match=named):
        contenders(write(tmp_path, GOOD.replace('["mini"]', agents)))
