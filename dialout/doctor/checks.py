"""Every check, in the order in which a person stands an environment up."""

from dialout.doctor import cloud, others, phone, public, vendors
from dialout.doctor.check import Check

_SETTINGS = ("secrets", "stack")
_TELL_THE_TIME = ("twilio", "deepgram", "groq", "api")

CHECKS = (
    Check("agents", "Is every file of agents/ well-formed?", vendors.agent_files),
    Check("aws", "Do the AWS credentials work?", cloud.credentials),
    Check("secrets", "Are the secrets set?", cloud.secrets, needs=("aws",)),
    # The stack knows settings that the others ask by: it is looked at before all that uses them.
    Check("stack", "Is the stack deployed?", cloud.deployed, needs=("aws",)),
    Check("twilio", "Does Twilio take the credentials?", vendors.twilio, after=_SETTINGS),
    Check("account", "What may the Twilio account do?", phone.account, needs=("twilio",)),
    Check("from-number", "Is the from number ours?", phone.from_number, needs=("twilio",)),
    Check("geo", "May we phone the allowed countries?", phone.geo, needs=("twilio",)),
    Check("deepgram", "Does Deepgram take the key?", vendors.deepgram, after=_SETTINGS),
    Check("speech", "Does Deepgram serve the voices?", vendors.speech, ("agents", "deepgram")),
    Check("groq", "Does Groq take the key?", vendors.groq, after=_SETTINGS),
    Check("models", "Does Groq serve the agents' models?", vendors.models, ("agents", "groq")),
    Check("openai", "Does OpenAI take the key?", others.openai, ("agents",), _SETTINGS),
    Check("anthropic", "Does Anthropic take the key?", others.anthropic, ("agents",), _SETTINGS),
    Check("cartesia", "Does Cartesia take the key?", others.cartesia, ("agents",), _SETTINGS),
    Check("api", "Does the public API answer?", public.api, after=("stack",)),
    Check("webhook", "Does the API know Twilio's signature?", public.webhook, ("twilio", "api")),
    Check("websocket", "Are Twilio's streams let in?", public.websocket, ("twilio",)),
    Check("clock", "Is this machine's clock right?", public.clock, after=_TELL_THE_TIME),
)
