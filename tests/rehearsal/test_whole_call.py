"""The end-to-end proof: `dialout rehearse` as a user runs it, its recording listened to."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rehearsal.world import free_port
from tests.rehearsal.recording import listen

DIALOUT = str(Path(sys.executable).with_name("dialout"))


def rehearse(tmp: Path, *arguments: str, **environment: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the JSON object at the end of stdout, and what else was shown."""
    done = subprocess.run(
        [DIALOUT, "rehearse", "--json", "--port", str(free_port()), *arguments],
        env={**os.environ, "TMPDIR": str(tmp), **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    lines = done.stdout.splitlines()
    return done.returncode, json.loads(lines[-1]) if lines else {}, done.stderr


def left_running(tmp: Path) -> list[str]:
    """Processes that were started with this TMPDIR, or below it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            if str(tmp).encode() in environment and int(process.name) != os.getpid():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@pytest.mark.timeout(300)
def test_a_whole_call_reaches_its_goal_and_is_heard(tmp_path: Path) -> None:
    code, result, shown = rehearse(tmp_path)

    assert code == 0, shown
    assert result["goal_reached"] is True
    call = result["call"]
    assert (call["status"], call["end_reason"]) == ("ended", "agent_hung_up")
    assert len(result["turns"]) >= 5
    assert 0 < result["answer_to_first_audio_ms"] < 5000
    agent = [turn for turn in call["transcript"] if turn["role"] == "agent"]
    assert agent[0]["kind"] == "greeting"
    # It was made ready while the phone rang.
    assert [each["detail"] for each in call["timeline"] if each["event"] == "greeting"] == [
        "prepared"
    ]
    assert any(turn["interrupted"] for turn in agent)
    assert any(turn["kind"] == "idle" for turn in agent)
    # An answer's wait has its parts; and afterwards somebody has read what was said.
    waited = [turn for turn in agent if turn["latency"]]
    assert waited
    for turn in waited:
        assert sum(turn["latency"].values()) == turn["latency_ms"]
    assert call["latency"]["turns"] >= len(waited)
    assert call["debriefed_at"] > call["ended_at"]
    assert call["disposition"] == "completed"
    assert "shoes" in call["summary"]
    # What the terminal showed is what is in the record.
    for turn in call["transcript"]:
        assert turn["text"] in shown

    heard = listen(Path(result["recording"]).read_bytes())
    for words in ("amelia", "calling about your running shoes", "still there", "goodbye"):
        assert words.replace("goodbye", "good") in heard.agent, heard.agent
    assert "members club where you get free delivery" not in heard.agent, "it was interrupted"
    for words in ("sarah", "tuesday", "still here"):
        assert words in heard.callee, heard.callee
    assert abs(heard.seconds - call["duration_seconds"]) < 4
    assert left_running(tmp_path) == []


@pytest.mark.acceptance
@pytest.mark.timeout(300)
def test_when_no_vendor_can_be_reached_the_callee_hears_an_apology(tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    code, result, shown = rehearse(
        tmp_path,
        DEEPGRAM_BASE_URL=f"ws://{nowhere}",
        GROQ_BASE_URL=f"http://{nowhere}/openai/v1",
    )

    assert code == 1, shown
    assert (result["call"]["status"], result["call"]["end_reason"]) == ("ended", "failed")
    assert result["call"]["transcript"][-1]["kind"] == "apology"
    heard = listen(Path(result["recording"]).read_bytes())
    assert "technical problem" in heard.agent
    assert left_running(tmp_path) == []


def test_the_scenarios_are_listed_one_a_line() -> None:
    done = subprocess.run(
        [DIALOUT, "rehearse", "--list"], capture_output=True, text=True, check=True, timeout=30
    )
    assert "order-check" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"TWILIO_ACCOUNT_SID": "AC1"}, "TWILIO_AUTH_TOKEN both, or neither"),
        (
            {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "x", "FROM_NUMBER": "+15550000001"},
            "set LOCAL_SERVER_URL to a tunnel",
        ),
        ({"LOCAL_SERVER_URL": "http://tunnel.test"}, "has to begin with https://"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(environment: dict[str, str], words: str) -> None:
    done = subprocess.run(
        [DIALOUT, "rehearse"], env={**os.environ, **environment},
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_scenario_is_told_of_the_others() -> None:
    done = subprocess.run(
        [DIALOUT, "rehearse", "--scenario", "nothing"],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 2
    assert "there are: busy, inbound-message, " in done.stderr
