"""``dialout agents``: who there is, and every mistake of a file."""

import json
from pathlib import Path

from typer.testing import CliRunner

from calls import agents
from dialout.call_options import agent_names
from dialout.command import app

run = CliRunner()


def test_all_agents_are_right_and_listed() -> None:
    done = run.invoke(app, ["agents", "check"])
    assert (done.exit_code, done.stdout) == (0, f"{len(agents.names())} right.\n")
    listed = json.loads(run.invoke(app, ["agents", "list", "--json"]).stdout)["agents"]
    assert [each["name"] for each in listed] == agents.names()
    table = run.invoke(app, ["agents", "list"]).stdout
    assert all(each["description"] in table for each in listed)


def test_every_mistake_is_printed_with_file_field_and_reason(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("greeting: 5\npromt: x\nidle: {tries: many}\n")
    torn = tmp_path / "torn.yaml"
    torn.write_text("prompt: [")
    none = tmp_path / "none.yaml"
    argv = ["agents", "check", str(wrong), str(torn), str(none), "amelia"]
    done = run.invoke(app, argv)
    told = json.loads(run.invoke(app, [*argv, "--json"]).stdout)
    assert done.exit_code == 1
    assert f"{wrong}: greeting: Input should be a valid string" in done.stdout.splitlines()
    assert told["ok"] is False
    assert {(m["file"], m["field"]) for m in told["mistakes"]} == {
        (str(wrong), "greeting"), (str(wrong), "prompt"), (str(wrong), "promt"),
        (str(wrong), "idle.tries"), (str(torn), None), (str(none), None),
    }  # fmt: skip
    assert len(told["checked"]) == 4


def test_an_agent_is_shown_with_what_its_file_leaves_to_us() -> None:
    shown = run.invoke(app, ["agents", "show", "reminder"]).stdout
    assert "after_seconds: 5.0" in shown
    assert json.loads(run.invoke(app, ["agents", "show", "reminder", "--json"]).stdout)["prompt"]
    done = run.invoke(app, ["agents", "show", "nobody"])
    assert done.exit_code == 1
    assert "there are: amelia" in done.stderr


def test_a_shell_completes_agents() -> None:
    assert agent_names("remi") == ["reminder"]
    assert agent_names("") == agents.names()
