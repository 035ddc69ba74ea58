"""One call made ready while its phone rings: what is known of the callee, and what they hear first.

Nothing here may fail a call: what could not be prepared is done live, when somebody answers.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from calls import context
from calls.adapters.guarded_http import GuardedRequestError
from calls.agent import Agent
from calls.call import Call, now
from calls.context import ContextError
from calls.greeting import LARGEST_BYTES, Greeting
from calls.ports import CallNotFoundError, SecretMissingError
from calls.preparation import Preparation, rings
from calls.variable import Value
from media_service.speaking import opening_line
from media_service.speaking.opening_line import NoOpeningError
from media_service.speaking.synthesis import SynthesisError, synthesize
from media_service.world import World

log = logging.getLogger(__name__)

CONTEXT_SECONDS = 2.0
VOICE_SECONDS = 8.0
"""For the whole greeting's sound; most vendors speak several times as fast as it is heard."""


@dataclass(frozen=True)
class Preparing:
    """How one call is prepared."""

    world: World
    clock: Callable[[], datetime] = now

    async def prepare(self, preparation: Preparation) -> None:
        """Store what the call begins with, if it still rings."""
        if not preparation.worthwhile(self.clock()):
            log.info("a preparation is too late", extra={"call_id": preparation.call_id})
            return
        call = await self._ringing(preparation.call_id)
        if call is None:
            return
        began = time.monotonic()
        agent = self.world.agent(call.agent)
        known = await self._context(agent, call)
        greeting = Greeting(context=known)
        if known:
            # Whoever answers before the rest is done is known all the same.
            await self._store(call, greeting)
        greeting = await self._worded(agent, call, greeting)
        if greeting.text:
            greeting = await self._spoken(agent, call, greeting, greeting.text)
            await self._store(call, greeting)
        log.info(
            "a call is prepared",
            extra={
                "call_id": call.call_id, "sound_seconds": len(greeting.mulaw) / 8000,
                "took_ms": round((time.monotonic() - began) * 1000),
            },
        )  # fmt: skip

    async def _ringing(self, call_id: str) -> Call | None:
        try:
            call = await asyncio.to_thread(self.world.records.get, call_id)
        except CallNotFoundError:
            return None
        return call if rings(call) else None

    async def _context(self, agent: Agent, call: Call) -> dict[str, Value]:
        if agent.context_url is None:
            return {}
        try:
            async with asyncio.timeout(CONTEXT_SECONDS):
                return await self._ask(agent.context_url, call)
        except (GuardedRequestError, ContextError, SecretMissingError, TimeoutError) as error:
            why = str(error) or "no answer within the deadline"
            log.warning("a context is not known", extra={"call_id": call.call_id, "why": why})
            return {}

    async def _ask(self, url: str, call: Call) -> dict[str, Value]:
        told = {"call_id", "to_number", "from_number", "agent", "variables", "metadata"}
        answer = await self.world.http.post(url, call.model_dump(mode="json", include=told))
        if not 200 <= answer.status < 300:
            raise ContextError(f"the answer's status is {answer.status}")
        return context.parse(answer.body)

    async def _worded(self, agent: Agent, call: Call, greeting: Greeting) -> Greeting:
        values = {**greeting.context, **call.variables}
        if agent.opening is not None:
            return greeting.model_copy(update={"text": agent.render(agent.opening, values)})
        try:
            llm = await asyncio.to_thread(
                self.world.vendors.llm, agent, agent.render(agent.prompt, values)
            )
            return greeting.model_copy(update={"text": await opening_line.write(llm, agent)})
        except NoOpeningError as error:
            extra = {"call_id": call.call_id, "why": str(error)}
            log.warning("an opening line was not written", extra=extra)
            return greeting

    async def _spoken(self, agent: Agent, call: Call, greeting: Greeting, text: str) -> Greeting:
        voice = await asyncio.to_thread(self.world.vendors.tts, agent)
        try:
            async with asyncio.timeout(VOICE_SECONDS):
                sound = await synthesize(voice, text)
        except (SynthesisError, TimeoutError) as error:
            why = str(error) or "not spoken within the deadline"
            log.warning("a greeting has no sound", extra={"call_id": call.call_id, "why": why})
            return greeting
        if len(sound) > LARGEST_BYTES:
            log.warning("a greeting is too long to be stored", extra={"call_id": call.call_id})
            return greeting
        name = f"{agent.tts.vendor}:{agent.tts.voice or agent.speaks.voices[agent.tts.vendor]}"
        return greeting.model_copy(update={"mulaw": sound, "voice": name})

    async def _store(self, call: Call, greeting: Greeting) -> None:
        await asyncio.to_thread(self.world.greetings.put, call.call_id, greeting)
