"""What the agent's own LLM is asked about a voice whose words do not tell who it is."""

import logging
from typing import Any

from pipecat.classifiers.base_classifier import ChoiceQuestion, ClassifierError
from pipecat.classifiers.llm.classifier import LLMClassifier
from pipecat.extensions.voicemail.voicemail_detector import VOICEMAIL_QUESTION

from calls.answered_by import AnsweredBy

log = logging.getLogger(__name__)

ANSWER_SECONDS = 3.0
QUESTION = ChoiceQuestion(
    instructions=(
        "A bot has placed an outbound phone call. This is what was heard after the call connected, "
        "as a listener transcribed it; it may go on. Decide who answered."
    ),
    options={
        # A person: in Pipecat's own words.
        AnsweredBy.HUMAN: VOICEMAIL_QUESTION.options["conversation"],
        AnsweredBy.VOICEMAIL: (
            "a recorded greeting of an answering machine or mailbox: 'you've reached', 'leave a "
            "message', 'I'm not available right now', 'mailbox is full', 'our office is closed'"
        ),
        AnsweredBy.SCREENING: (
            "an automated assistant that screens calls for its owner and asks the caller for a "
            "name and the reason for calling"
        ),
        AnsweredBy.MENU: (
            "an automated menu of a company, or its introduction: 'press 1 for', 'your call is "
            "important to us', 'this call may be monitored'"
        ),
        AnsweredBy.UNAVAILABLE: (
            "the network's announcement that the number is not in service or cannot be reached"
        ),
    },
)


async def ask(llm: Any, text: str) -> AnsweredBy | None:
    """Who says ``text``; None, if the LLM does not know or does not answer in time.

    Args:
        llm: the call's own, an LLM or a stage of several, asked apart from the conversation.
    """
    # A stage is asked through whichever of its LLMs does the work now.
    classifier = LLMClassifier(llm=getattr(llm, "active", llm), timeout=ANSWER_SECONDS)
    try:
        answers = await classifier.choice(text, {"answered_by": QUESTION})
    except ClassifierError as error:
        log.warning("who answered was not told", extra={"why": type(error.__cause__).__name__})
        return None
    return AnsweredBy(answers["answered_by"].choice)
