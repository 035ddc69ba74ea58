"""When the callee's voice is not acted upon."""

from pipecat.frames.frames import BotStoppedSpeakingFrame, Frame

from media_service.listening.mute import Mute


async def test_deaf_from_the_moment_the_agent_leaves() -> None:
    gone_on: list[int] = []

    async def go_on() -> None:
        gone_on.append(1)

    mute = Mute(go_on)
    assert not await mute.process_frame(Frame())
    assert gone_on == []
    mute.leaving = True
    assert await mute.process_frame(BotStoppedSpeakingFrame())
    # Whatever the callee has interrupted is said to its end.
    assert gone_on == [1]
