"""Each vendor's key, by asking the vendor; and whether it serves what the agents name."""

from collections.abc import Iterator
from urllib.parse import quote

import httpx

from calls import agents
from calls.agent import Agent
from calls.refused import AgentError
from calls.vendor_choice import LEFT_OUT
from dialout.doctor.finding import Finding, fail, ok, skipped, warn
from dialout.doctor.patient import Patient

RETIRED = {
    "llama-3.3-70b-versatile": (
        "Groq retired it for free and developer accounts on 2026-08-16", "openai/gpt-oss-120b"
    ),
}  # fmt: skip
"""Models that agents may still name: what became of them, and what to take instead."""


async def twilio(patient: Patient) -> Finding:
    """``GET Accounts/{sid}``"""
    sid, token = (patient.secrets.get(f"twilio/{name}") for name in ("account-sid", "auth-token"))
    if not sid or not token:
        return not_set("twilio/account-sid and twilio/auth-token")
    again = patient.command("secrets set twilio/account-sid twilio/auth-token")
    if not sid.startswith("AC"):
        return fail("twilio/account-sid is no account SID: those begin with AC", again)
    base = patient.settings.twilio_api_base_url
    answer = await patient.ask(
        "Twilio", "GET", f"{base}/2010-04-01/Accounts/{quote(sid)}.json", auth=(sid, token)
    )
    if refusal := refused("Twilio", answer, again):
        return refusal
    patient.account = answer.json()
    status = str(patient.account.get("status"))
    if status != "active":
        return fail(f"the Twilio account is {status}", "look into https://console.twilio.com")
    return ok("Twilio takes the account SID and the auth token")


async def deepgram(patient: Patient) -> Finding:
    """``GET /v1/auth/token``: answers to any valid key, whatever its scopes"""
    key = patient.secrets.get("deepgram/api-key")
    if not key:
        return not_set("deepgram/api-key")
    answer = await _deepgram(patient, "/v1/auth/token", key)
    again = patient.command("secrets set deepgram/api-key")
    return refused("Deepgram", answer, again) or ok("Deepgram takes the key")


async def groq(patient: Patient) -> Finding:
    """``GET /models``"""
    key = patient.secrets.get("groq/api-key")
    if not key:
        return not_set("groq/api-key")
    url = f"{patient.settings.groq_base_url}/models"
    answer = await patient.ask("Groq", "GET", url, headers={"Authorization": f"Bearer {key}"})
    if refusal := refused("Groq", answer, patient.command("secrets set groq/api-key")):
        return refusal
    patient.llm_models = frozenset(
        str(model["id"]) for model in answer.json()["data"] if model.get("active", True)
    )
    return ok("Groq takes the key")


async def agent_files(patient: Patient) -> Finding:
    """``agents/*.yaml``"""
    wrong: list[str] = []
    for name in agents.names():
        try:
            patient.agents.append(agents.load(name))
        except AgentError as error:
            wrong.append(str(error))
    if wrong:
        return fail("; ".join(wrong).replace("\n", "; "), "mend the file, and deploy again")
    for agent in patient.agents:
        for vendor in sorted(agent.vendors & _not_in_the_image()):
            return fail(
                f"agent {agent.name} names {vendor}, which the image leaves out",
                f"add the extra `{LEFT_OUT[vendor]}` to pipecat-ai in the group `media` of "
                "pyproject.toml, run `make lock`, and deploy again",
            )
    if patient.settings.default_agent not in agents.names():
        return fail(
            f"DIALOUT_DEFAULT_AGENT is {patient.settings.default_agent!r}, and there is no such "
            f"file in agents/; there are: {', '.join(agents.names()) or 'none'}",
            f"npx cdk deploy -c env={patient.env} -c set.DIALOUT_DEFAULT_AGENT=NAME",
        )
    return ok(f"well-formed: {', '.join(agents.names())}")


async def models(patient: Patient) -> Finding:
    """The LLM of each agent, in Groq's list"""
    asked = [
        (agent.name, choice.model)
        for agent in patient.agents
        for choice in agent.llm.choices
        if choice.vendor == "groq"
    ]
    if not asked:
        return ok("no agent thinks with Groq")
    gone = [(name, model) for name, model in asked if model not in patient.llm_models]
    if not gone:
        return ok(f"Groq serves {', '.join(sorted({model for _, model in asked}))}")
    retired = [(name, model) for name, model in gone if model in RETIRED]
    if retired:
        name, model = retired[0]
        why, instead = RETIRED[model]
        return fail(
            f"agent {name} wants {model}: {why}",
            f"in agents/{name}.yaml set `llm.model: {instead}`, and deploy again",
        )
    named = "; ".join(f"agent {name} wants {model}" for name, model in gone)
    choice = ", ".join(sorted(patient.llm_models)) or "nothing"
    return fail(
        f"{named}: Groq does not serve that to this account",
        f"in agents/{gone[0][0]}.yaml set `llm.model` to one of: {choice}; and deploy again",
    )


async def speech(patient: Patient) -> Finding:
    """The ears and the voice of each agent, in Deepgram's list"""
    key = patient.secrets["deepgram/api-key"]
    answer = await _deepgram(patient, "/v1/models?include_outdated=true", key)
    if answer.status_code != 200:
        return skipped(f"Deepgram does not tell its models ({answer.status_code})")
    listed = answer.json()
    voices = {str(model.get("canonical_name")) for model in listed.get("tts") or []}
    ears = {
        str(model.get(name))
        for model in listed.get("stt") or []
        for name in ("canonical_name", "architecture")
    }
    for agent, kind, wanted in _speech(patient.agents):
        if kind == "voice" and wanted not in voices:
            return fail(
                f"agent {agent} speaks with {wanted}: Deepgram has no such voice",
                f"in agents/{agent}.yaml set `tts.voice` to one of developers.deepgram.com/docs/"
                "tts-models; and deploy again",
            )
        if kind == "model" and wanted not in ears:
            return warn(
                f"agent {agent} listens with {wanted}: Deepgram does not list it",
                f"unless it is a private model of yours, set `stt.model` in agents/{agent}.yaml",
            )
    served = ", ".join(sorted({wanted for _, _, wanted in _speech(patient.agents)}))
    return ok(f"Deepgram serves {served}" if served else "no agent hears or speaks with Deepgram")


def _speech(all_: list[Agent]) -> Iterator[tuple[str, str, str]]:
    for agent in all_:
        for voice in agent.tts.choices:
            if voice.vendor == "deepgram":
                yield agent.name, "voice", agent.voice(voice)
        for ears in agent.stt.choices:
            if ears.vendor == "deepgram":
                yield agent.name, "model", ears.model


def _not_in_the_image() -> set[str]:
    lock = agents.FOLDER.parent / "requirements" / "media.txt"
    if not lock.is_file():  # Only in a checkout can it be known, and only there can it be mended.
        return set()
    pinned = {line.partition("==")[0] for line in lock.read_text(encoding="utf-8").splitlines()}
    return {vendor for vendor, package in LEFT_OUT.items() if package not in pinned}


async def _deepgram(patient: Patient, path: str, key: str) -> httpx.Response:
    # The setting is where the streams go; the same host answers plain requests.
    base = patient.settings.deepgram_base_url.replace("ws", "http", 1)
    return await patient.ask(
        "Deepgram", "GET", base + path, headers={"Authorization": f"Token {key}"}
    )


def not_set(names: str) -> Finding:
    return skipped(f"{names} could not be read; see `secrets`")


def refused(who: str, answer: httpx.Response, again: str) -> Finding | None:
    status = answer.status_code
    if status == 200:
        return None
    if status == 401:
        return fail(f"{who} does not know this key (401)", again)
    if status == 403:
        return fail(f"{who} knows this key, and lets it do nothing (403)", again)
    if status == 429:
        return fail(f"{who} has been asked too often (429)", "wait a minute, and try again")
    if status >= 500:
        return fail(f"{who} has trouble of its own ({status})", f"see {who}'s status page")
    return fail(f"{who} answers oddly ({status})", "check the vendor's base URL in the environment")
