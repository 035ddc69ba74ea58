"""The API against its own document: Schemathesis asks a running world all that it can think of."""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from rehearsal.plan import API_KEY, plan
from rehearsal.world import World, free_port, world

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "openapi.json"
HOOKS = "tests.rehearsal.api_checks"
BEARER = {"Authorization": f"Bearer {API_KEY}"}

# What is off: 405 is not the gateway's answer to a method that is no route; a call that was hung up
# and a schedule that was cancelled keep their records; a 5xx, and what a document cannot say, are
# for api_checks to judge.
CONFIGURATION = """
[checks]
not_a_server_error.enabled = false
positive_data_acceptance.enabled = false
unsupported_method.enabled = false
allow_header_conformance.enabled = false

[[operations]]
include-path-regex = "^/(calls|schedules)"
checks.use_after_free.enabled = false
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def up() -> AsyncIterator[World]:
    # Nobody answers: what is asked of the API is in question here, and not what is said.
    async with world(plan({}, free_port()), "no-answer", lambda _: None) as started:
        yield started


def ask(up: World, folder: Path, *options: str, seconds: int) -> list[dict[str, Any]]:
    """Run Schemathesis; every exchange that it had, as HAR has it.

    Raises:
        AssertionError: it found something; the message is its whole report.
    """
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    har = folder / "exchanges.har"
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml",
            "run", str(DOCUMENT), "--url", up.plan.origin, "--no-color",
            "--header", f"Authorization: Bearer {API_KEY}", "--continue-on-failure",
            "--request-timeout", "20", "--output-sanitize", "false",
            "--report", "har", "--report-har-path", str(har), *options,
        ],
        cwd=folder,  # it keeps a folder of its own there
        env={
            **os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": HOOKS
        },
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    entries: list[dict[str, Any]] = json.loads(har.read_text())["log"]["entries"]
    return entries


async def proved(up: World, exchanges: list[dict[str, Any]]) -> None:
    """That the run reached everything: each operation granted and refused, each call ended."""
    seen = _seen(exchanges)
    by_id, others = Counter[int](), dict[str, Counter[int]]()
    for operation, statuses in seen.items():
        if "{" in operation:
            by_id += statuses  # which ids there are to ask for is the world's doing
        else:
            others[operation] = statuses
        if operation != "GET /healthz":
            assert 401 in statuses, f"{operation}: never asked without a key: {statuses}"
        if operation not in ("GET /healthz", "GET /fleet"):  # of which nothing is asked
            assert {400, 404} & set(statuses), f"{operation}: never refused: {statuses}"
    for operation, statuses in {**others, "by id": by_id}.items():
        assert any(status < 400 for status in statuses), f"{operation}: never granted: {statuses}"
    dialed = seen["POST /dialout"]
    assert dialed[201] >= 5, dialed
    granted = dialed[200] + dialed[201] + dialed[202]
    assert granted > 0.05 * dialed.total(), dialed
    assert dialed[400] > 0.1 * dialed.total(), dialed
    await _every_call_ends(up)


def _seen(exchanges: list[dict[str, Any]]) -> dict[str, Counter[int]]:
    seen: dict[str, Counter[int]] = {operation: Counter() for operation in _operations()}
    for exchange in exchanges:
        method, url = exchange["request"]["method"], httpx.URL(exchange["request"]["url"])
        for operation in seen:
            its_method, path = operation.split()
            if method == its_method and _fits(url.raw_path.decode().partition("?")[0], path):
                seen[operation][exchange["response"]["status"]] += 1
    return seen


def _operations() -> list[str]:
    paths = json.loads(DOCUMENT.read_text())["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


def _fits(path: str, template: str) -> bool:
    parts, wanted = path.split("/"), template.split("/")
    return len(parts) == len(wanted) and all(
        want.startswith("{") or part == want for part, want in zip(parts, wanted, strict=True)
    )


async def _every_call_ends(up: World) -> None:
    async with (
        httpx.AsyncClient(base_url=up.plan.origin, headers=BEARER, timeout=30) as client,
        asyncio.timeout(150),
    ):
        for status in ("queued", "dialing", "ringing", "in_progress"):
            while (await client.get("/calls", params={"status": status})).json()["calls"]:
                await asyncio.sleep(1)


@pytest.mark.timeout(420)
async def test_the_api_is_as_its_document_says(up: World, tmp_path: Path) -> None:
    exchanges = await asyncio.to_thread(
        ask, up, tmp_path, "--generation-deterministic", "--max-examples", "25", seconds=240
    )
    await proved(up, exchanges)


@pytest.mark.acceptance
@pytest.mark.timeout(1200)
async def test_the_api_is_as_its_document_says_at_length(up: World, tmp_path: Path) -> None:
    exchanges = await asyncio.to_thread(
        ask, up, tmp_path, "--max-time", "200", "--max-examples", "200", seconds=660
    )
    await proved(up, exchanges)
