"""Cartesia: a voice on a WebSocket."""

from pipecat.services.cartesia.tts import CartesiaTTSService, CartesiaTTSSettings

from calls.agent import Agent
from calls.vendor_choice import TtsChoice
from media_service.phone.twilio_serializer import SAMPLE_RATE
from media_service.vendors.background import Background
from media_service.vendors.speaking import Speaking
from media_service.vendors.vendors import Vendors


class Tts(Speaking, Background, CartesiaTTSService):
    """Connects in the background."""

    vendor = "cartesia"

    async def _connect(self) -> None:
        self._output_sample_rate = self.sample_rate
        await super()._connect()


def tts(vendors: Vendors, agent: Agent, choice: TtsChoice) -> Tts:
    """Cartesia's voice."""
    return Tts(
        api_key=vendors.secrets.get("cartesia/api-key"),
        url=f"{vendors.settings.cartesia_base_url}/tts/websocket",
        sample_rate=SAMPLE_RATE,
        settings=CartesiaTTSSettings(
            model=choice.model, voice=agent.voice(choice), language=agent.language
        ),
        language=agent.language,
        tls=vendors.tls,
        standby=choice is not agent.tts,
    )
