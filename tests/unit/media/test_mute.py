"""When the callee's voice is not acted upon."""

from pipecat.frames.frames import BotStoppedSpeakingFrame, Frame

from media_service.mute import Mute


async def test_deaf_from_the_moment_the_agent_leaves() -> None:
    mute = Mute()
    assert not await mute.process_frame(Frame())
    mute.leaving = True
    assert await mute.process_frame(BotStoppedSpeakingFrame())
