"""docs/agents.md tells all of a suite, and its example is one."""

import re
from pathlib import Path

from pydantic import BaseModel

from evals import rules, suite
from evals.result import Matches, Result
from evals.suite import Reply, _Callee, _File

TEXT = (Path(__file__).parents[3] / "docs" / "agents.md").read_text(encoding="utf-8")
PART = TEXT[TEXT.index("## Trying an agent") :]


def test_the_example_is_a_suite(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", PART, re.DOTALL)
    assert example
    path = tmp_path / "nora.yaml"
    path.write_text(example[1])
    confirms, chatty = suite.read(path).callees
    assert (confirms.simulated, chatty.simulated) == (False, True)
    assert confirms.replies[0].needs == (r"remind them of (?P<what>[^.]*)\.",)


def test_every_field_is_named() -> None:
    models: tuple[type[BaseModel], ...] = (_File, _Callee, Reply, Result, Matches)
    known = {name for model in models for name in model.model_fields} - {"scenarios", "name"}
    named = set(re.findall(r"`([a-z_]+)`", PART)) | set(
        re.findall(r"^ *-? ?([a-z_]+):", PART, re.M)
    )
    assert known <= named | {"matches"}


def test_every_rule_is_listed_in_order() -> None:
    _, _, listed = PART.partition("### The rules")
    assert re.findall(r"^\| `([a-z_]+)`", listed, re.MULTILINE) == list(rules.RULES)
