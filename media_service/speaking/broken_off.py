"""An answer that broke off: the LLM goes on in it, whichever connection or vendor it is."""

from pipecat.processors.aggregators.llm_context import LLMContext

GO_ON = (
    "Your answer was cut off after these words, for a technical reason. Go on right there, without "
    "repeating any of them, and without a word about this."
)


def going_on(context: LLMContext, said: str) -> LLMContext:
    """What to ask instead of ``context`` now that so much of its answer is said already."""
    if not said.strip():
        return context
    return LLMContext(
        [
            *context.get_messages(),
            {"role": "assistant", "content": said.strip()},
            {"role": "developer", "content": GO_ON},
        ],
        tools=context.tools,
    )
