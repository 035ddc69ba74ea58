"""The keys of the vendors that are needed only where an agent names them."""

from dialout.doctor.finding import Finding, fail, ok
from dialout.doctor.patient import Patient
from dialout.doctor.vendors import not_set, refused

_ANTHROPIC_VERSION = "2023-06-01"
_CARTESIA_VERSION = "2026-03-01"
"""The one that Pipecat speaks."""


async def openai(patient: Patient) -> Finding:
    """``GET /models``"""
    key = patient.secrets.get("openai/api-key", "")
    url = f"{patient.settings.openai_base_url}/models"
    return await _listed(patient, "openai", "OpenAI", url, {"Authorization": f"Bearer {key}"})


async def anthropic(patient: Patient) -> Finding:
    """``GET /v1/models``"""
    key = patient.secrets.get("anthropic/api-key", "")
    url = f"{patient.settings.anthropic_base_url}/v1/models?limit=1000"
    headers = {"x-api-key": key, "anthropic-version": _ANTHROPIC_VERSION}
    return await _listed(patient, "anthropic", "Anthropic", url, headers)


async def cartesia(patient: Patient) -> Finding:
    """``GET /voices``"""
    key = patient.secrets.get("cartesia/api-key", "")
    # The setting is where the streams go; the same host answers plain requests.
    url = f"{patient.settings.cartesia_base_url.replace('ws', 'http', 1)}/voices?limit=1"
    headers = {"X-API-Key": key, "Cartesia-Version": _CARTESIA_VERSION}
    return await _listed(patient, "cartesia", "Cartesia", url, headers)


async def _listed(
    patient: Patient, vendor: str, who: str, url: str, headers: dict[str, str]
) -> Finding:
    if not any(vendor in agent.vendors for agent in patient.agents):
        return ok(f"no agent names {who}: no key is needed")
    name = f"{vendor}/api-key"
    if not patient.secrets.get(name):
        return not_set(name)
    answer = await patient.ask(who, "GET", url, headers=headers)
    if refusal := refused(who, answer, patient.command(f"secrets set {name}")):
        return refusal
    return _serves(patient, vendor, who, answer.json()) or ok(f"{who} takes the key")


def _serves(patient: Patient, vendor: str, who: str, listed: object) -> Finding | None:
    """What an agent's LLM misses in a list of models."""
    models = listed.get("data") if isinstance(listed, dict) else None
    served = {str(model.get("id")) for model in models or [] if isinstance(model, dict)}
    for agent in patient.agents:
        for choice in agent.llm.choices:
            if choice.vendor == vendor and not _is_among(choice.model, served):
                return fail(
                    f"agent {agent.name} wants {choice.model}: {who} does not serve that to this "
                    "account",
                    f"in agents/{agent.name}.yaml set another `model` under `llm`; and deploy "
                    "again",
                )
    return None


def _is_among(model: str, served: set[str]) -> bool:
    # A name without its date stands for the newest one.
    return any(each == model or each.startswith(f"{model}-20") for each in served)
