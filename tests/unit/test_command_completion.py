"""``--show-completion`` and ``--install-completion``: for the shell that is named, and it works."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dialout.command import app

run = CliRunner()
MARKS = {
    "bash": "complete -o default -F _dialout_completion dialout",
    "zsh": "compdef _dialout_completion dialout",
    "fish": "complete --command dialout",
    "powershell": "Register-ArgumentCompleter -Native -CommandName dialout",
}


@pytest.mark.parametrize("shell", MARKS)
def test_the_script_is_of_the_shell_that_is_named(shell: str) -> None:
    shown = run.invoke(app, ["--show-completion", shell], prog_name="dialout")
    assert shown.exit_code == 0
    assert [name for name, mark in MARKS.items() if mark in shown.stdout] == [shell]


@pytest.mark.parametrize(
    ("shell", "written"),
    [
        ("bash", ".bash_completions/dialout.sh"),
        ("zsh", ".zfunc/_dialout"),
        ("fish", ".config/fish/completions/dialout.fish"),
    ],
)
def test_it_is_installed_for_the_shell_that_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shell: str, written: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    done = run.invoke(app, ["--install-completion", shell], prog_name="dialout")
    assert done.exit_code == 0, done.output
    assert MARKS[shell] in (tmp_path / written).read_text()


@pytest.mark.parametrize("option", ["--show-completion", "--install-completion"])
def test_a_shell_that_there_is_not_is_said(option: str) -> None:
    said = run.invoke(app, [option, "tcsh"])
    assert said.exit_code == 2
    assert "no completion for 'tcsh'" in said.stderr
    assert "bash, zsh, fish" in said.stderr


@pytest.mark.parametrize(
    ("instruction", "typed"),
    [
        ("complete_bash", {"COMP_WORDS": "dialout campaign re", "COMP_CWORD": "2"}),
        ("complete_zsh", {"_TYPER_COMPLETE_ARGS": "dialout campaign re"}),
        (
            "complete_fish",
            {
                "_TYPER_COMPLETE_ARGS": "dialout campaign re",
                "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            },
        ),
    ],
)
def test_what_the_script_asks_is_answered(instruction: str, typed: dict[str, str]) -> None:
    asked = subprocess.run(
        [Path(sys.executable).with_name("dialout")],
        env={**os.environ, **typed, "_DIALOUT_COMPLETE": instruction},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "results" in asked.stdout
    assert "resume" in asked.stdout
    assert "preview" not in asked.stdout
