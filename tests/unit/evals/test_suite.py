"""Suites: what their files may say, and what is said of those that are wrong."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipecat.evals.scenario import EvalScriptScenario, EvalSimulationScenario

from calls import agents
from evals import suite
from evals.suite import SuiteError

SAID: dict[str, Any] = {
    "name": "reminder",
    "language": "en",
    "variables": {"company": "Northwind", "customer_name": "David"},
    "replies": [{"heard": "robot", "say": "Yes."}],
    "scenarios": [
        {
            "name": "ruth",
            "who": "Ruth cancels.",
            "variables": {"customer_name": "Ruth"},
            "turns": [{"user": "Cancel it."}, {"user": "No.", "expect": [{"event": "response"}]}],
            "replies": [{"heard": "cancel", "say": "Cancelled."}],
            "result": {"end_reason": "agent_hung_up", "outcome": {"decision": "cancelled"}},
        },
        {"name": "eleanor", "persona": "78", "goal": "Talk.", "success": "It listened."},
    ],
}


def written(folder: Path, said: Any) -> Path:
    path = folder / "reminder.yaml"
    path.write_text(said if isinstance(said, str) else yaml.safe_dump(said), encoding="utf-8")
    return path


def wrong(folder: Path, said: Any) -> str:
    with pytest.raises(SuiteError) as refused:
        suite.read(written(folder, said))
    return str(refused.value)


def changed(number: int, **keys: Any) -> dict[str, Any]:
    scenarios = [dict(each) for each in SAID["scenarios"]]
    scenarios[number].update(keys)
    return {**SAID, "scenarios": scenarios}


def test_a_callee_has_what_the_file_says_for_all(tmp_path: Path) -> None:
    read = suite.read(written(tmp_path, SAID))
    ruth, eleanor = read.callees
    assert (read.agent, read.language, read.direction) == ("reminder", "en", "outbound")
    assert ruth.variables == {"company": "Northwind", "customer_name": "Ruth"}
    assert [reply.say for reply in ruth.replies] == ["Cancelled.", "Yes."]
    assert ruth.result.end_reason == "agent_hung_up"
    assert (ruth.simulated, eleanor.simulated) == (False, True)
    assert isinstance(eleanor.played, EvalSimulationScenario)
    assert eleanor.variables["customer_name"] == "David"


def test_who_has_a_script_hears_the_agent_out(tmp_path: Path) -> None:
    played = suite.read(written(tmp_path, SAID)).callees[0].played
    assert isinstance(played, EvalScriptScenario)
    assert [turn.user for turn in played.turns] == [None, "Cancel it.", "No."]
    assert [[each.event for each in turn.expect] for turn in played.turns] == [
        ["llm_response"], ["llm_response"], ["llm_response"],
    ]  # fmt: skip


def test_who_interrupts_the_greeting_does_not(tmp_path: Path) -> None:
    early = {"user": "Stop.", "send_after": {"event": "bot_started_speaking", "delay_ms": 200}}
    played = suite.read(written(tmp_path, changed(0, turns=[early]))).callees[0].played
    assert isinstance(played, EvalScriptScenario)
    assert [turn.user for turn in played.turns] == ["Stop."]


def test_nothing_is_waited_for_where_nothing_is_expected(tmp_path: Path) -> None:
    turns = [{"user": "Bye.", "expect": []}]
    played = suite.read(written(tmp_path, changed(0, turns=turns))).callees[0].played
    assert isinstance(played, EvalScriptScenario)
    assert played.turns[-1].expect == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("a: [", "not YAML"),
        ("[]", "expected fields such as `name:`, `language:` and `scenarios:`"),
        ({**SAID, "scenarios": []}, "scenarios: "),
        ({**SAID, "language": "xx"}, "language: "),
        ({**SAID, "voice": "loud"}, "voice: "),
        ({**SAID, "waived": ["manners"]}, "there is no such rule; there are: ai_disclosure,"),
        (changed(0, resutl={}), "scenario ruth: resutl: "),
        (changed(0, result={"ended": "idle"}), "scenario ruth: result.ended: "),
        (changed(0, replies=[{"heard": "("}]), "not a regular expression"),
        (changed(0, replies=[{"heard": "x", "needs": ["("]}]), "not a regular expression"),
        (changed(0, turns=None), "turns"),
        (changed(0, persona="78"), "scripted ('turns:') or a simulation ('persona:'), not both"),
        (changed(1, success=""), "success"),
        (changed(1, judge={"modality": "audio"}), "scenario eleanor: judge: "),
        (changed(1, name="ruth"), "duplicate scenario names"),
        (changed(0, turns=[{"user": "x", "dtmf": "1"}]), "dtmf"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, said: Any, why: str) -> None:
    told = wrong(tmp_path, said)
    assert why in told
    assert all(line.startswith(str(tmp_path)) for line in told.splitlines()[:1])


def test_every_mistake_is_said(tmp_path: Path) -> None:
    said = changed(0, resutl={}, hangs_up="perhaps")
    assert wrong(tmp_path, said).count("scenario ruth: ") == 2


def test_every_shipped_agent_has_one() -> None:
    assert suite.names() == agents.names()
    for name in suite.names():
        read = suite.read(suite.FOLDER / f"{name}.yaml")
        agent = agents.load(read.agent)
        assert read.agent == name
        assert agent.language == read.language
        kinds = [callee.simulated for callee in read.callees]
        assert kinds.count(False) >= 5
        assert kinds.count(True) >= 1
        for callee in read.callees:
            assert callee.who
            agent.check(callee.variables)
            wanted = callee.result.outcome or {}
            assert wanted.keys() <= (agent.outcome or {})["properties"].keys()


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["turns", "persona", "goal", "metrics", "replies", "result", "variables"]),
    values,
    st.sampled_from([0, 1]),
)
def test_whatever_a_file_says_it_is_read_or_refused(
    tmp_path: Path, key: str, value: Any, number: int
) -> None:
    # Anything but a refusal in words comes out.
    with suppress(SuiteError):
        suite.read(written(tmp_path, changed(number, **{key: value})))
