"""``dialout eval`` as somebody meets it: what is wrong is said, with what to do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dialout.command import app

run = CliRunner()
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def keyless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GROQ_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody.yaml"], "nobody.yaml: No such file or directory. There are: agents/amelia.yaml,"),
        (["bad.yaml"], "`dialout agents check bad.yaml`"),
        (["reminder", "--suite", "none.yaml"], "There are suites for amelia,"),
        (["mine.yaml"], "There are suites for amelia,"),
        (["reminder", "--suite", "bad.yaml"], "bad.yaml: language: Field required"),
        (["reminder", "--callee", "nobody"], "no callee 'nobody' in"),
        (["reminder", "--callee", "moves", "--simulated"], "is simulated"),
        (["reminder", "--llm", "vendor"], "GROQ_API_KEY is not set: put it into .env"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "bad.yaml").write_text("name: bad\nscenarios: [{name: x}]\n")
    (tmp_path / "mine.yaml").write_text("prompt: You are Mine.\n")
    done = run.invoke(app, ["eval", *arguments])
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert done.stdout == ""


def test_the_callees_are_listed() -> None:
    done = run.invoke(app, ["eval", "reminder", "--list"])
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].split(maxsplit=2) == [
        "confirms", "scripted", "David can make it.",
    ]  # fmt: skip
    only = run.invoke(app, ["eval", "reminder", "--list", "--simulated"])
    assert [line.split()[1] for line in only.stdout.splitlines()] == ["simulated"]


def test_without_a_key_who_is_simulated_is_skipped_and_that_is_no_success() -> None:
    done = run.invoke(app, ["eval", "reminder", "--simulated"])
    assert done.exit_code == 1
    assert "no key: GROQ_API_KEY is not set" in done.stdout
    assert "1 skipped" in done.stdout


@pytest.mark.timeout(120)
def test_a_program_reads_json_and_ci_reads_junit(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            Path(sys.executable).with_name("dialout"), "eval", ROOT / "agents" / "wake_up.yaml",
            "--callee", "awake", "--junit", "found.xml", "--json",
        ],
        capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["agent"], told["passed"]) == ("wake_up", True)
    assert [row["callee"] for row in told["callees"]] == ["awake"]
    assert (tmp_path / "found.xml").read_text().startswith("<?xml version='1.0' encoding='utf-8'?>")


def test_a_file_that_cannot_be_written_is_said() -> None:
    done = run.invoke(app, ["eval", "reminder", "--simulated", "--junit", "no/such/folder.xml"])
    assert done.exit_code == 2
    assert "no/such/folder.xml: No such file or directory" in done.stderr


def test_a_shell_completes_the_agents_that_have_a_suite() -> None:
    typed = {"COMP_WORDS": "dialout eval agents/re", "COMP_CWORD": "2"}
    asked = subprocess.run(
        [Path(sys.executable).with_name("dialout")],
        env={**os.environ, **typed, "_DIALOUT_COMPLETE": "complete_bash"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert asked.stdout.split() == ["agents/recordatorio.yaml", "agents/reminder.yaml"]
