"""docs/agents.md tells of every field that an agent's file may have, and its example is one."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from calls import agents, language
from calls.agent import Agent, Idle
from calls.answering import Answering
from calls.tools import HttpTool, Tools, TransferTarget
from calls.vendor_choice import Llm, Stt, Tts

TEXT = (Path(__file__).parents[2] / "docs" / "agents.md").read_text(encoding="utf-8")
WHERE: dict[type[BaseModel], str] = {
    Agent: "Every field", Stt: "`stt`, `llm`, `tts`", Llm: "`stt`, `llm`, `tts`",
    Tts: "`stt`, `llm`, `tts`", Idle: "`idle`", Answering: "`answering`", Tools: "`tools`",
    TransferTarget: "`tools`", HttpTool: "`tools`",
}  # fmt: skip


def part(heading: str) -> str:
    """What stands under a heading, up to the next."""
    _, found, rest = TEXT.partition(f"# {heading}\n")
    assert found, heading
    return re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("section", WHERE)
def test_every_field_is_named(section: type[BaseModel]) -> None:
    named = set(re.findall(r"`([a-z_]+)`", part(WHERE[section])))
    assert set(section.model_fields) <= named


def test_no_section_is_left_out() -> None:
    def models(annotation: object) -> set[type[BaseModel]]:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return {annotation}
        return {found for each in get_args(annotation) for found in models(each)}

    for section in WHERE:
        for field in section.model_fields.values():
            for inner in models(field.annotation):
                # A fallback has the fields of its section, but for `fallback`.
                assert any(issubclass(known, inner) for known in WHERE), inner


def test_every_default_field_that_is_gone_is_gone_from_the_table() -> None:
    rows = re.findall(r"^\| `([a-z_]+)`", part("Every field"), flags=re.MULTILINE)
    assert sorted(rows) == sorted(Agent.model_fields)


def test_every_agent_and_its_outcome_is_listed() -> None:
    rows = {
        line.split("`")[1]: line for line in part("Shipped").splitlines() if line.startswith("| `")
    }
    assert set(rows) == set(agents.names())
    for name, row in rows.items():
        outcome = agents.load(name).outcome or {}
        if "the same |" not in row:
            assert set(outcome["properties"]) <= set(re.findall(r"`([a-z_]+)`", row)), name


def test_every_language_is_listed() -> None:
    assert {f"`{code}`" for code in language.names()} <= set(re.findall(r"`[a-z]{2}`", TEXT))


def test_the_example_is_an_agent(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert example
    path = tmp_path / "nora.yaml"
    path.write_text(example[1])
    nora = agents.read(path)
    nora.check({})
    assert nora.opening == nora.greeting  # it discloses all by itself
