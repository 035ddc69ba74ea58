"""The languages that agents speak: what their expressions find, and what they leave alone."""

import pytest

from calls import language as languages
from calls.agent import Agent
from calls.language import UnknownLanguageError, language

ASKS_TO_STOP = {
    "en": [
        "Stop calling me.", "Please don't call me again.", "Take me off your list.",
        "Never call this number again!", "I am on the do not call list.",
    ],
    "de": [
        "Rufen Sie mich bitte nicht mehr an.", "Bitte nie wieder anrufen!",
        "Löschen Sie meine Nummer.", "Hören Sie auf, mich anzurufen.",
        "Ich will keine Anrufe mehr.",
    ],
    "es": [
        "Deje de llamarme.", "No me vuelva a llamar.", "No me llame más, por favor.",
        "Borren mi número.", "Por favor, no llamen más.",
    ],
    "fr": [
        "Ne m'appelez plus.", "Arrêtez de m'appeler, s'il vous plaît.", "Ne nous rappelez jamais.",
        "Supprimez mon numéro.", "Je veux ne plus être appelé.",
    ],
    "it": [
        "Non mi chiami più.", "Smettetela di chiamarmi.", "Cancelli il mio numero, per favore.",
        "Non voglio più essere chiamato.", "Basta telefonate!",
    ],
    "nl": [
        "Bel mij niet meer.", "Belt u mij alstublieft nooit meer.", "Stop met bellen.",
        "Verwijder mijn nummer.", "Ik wil niet meer gebeld worden.",
    ],
    "pt": [
        "Não me ligue mais.", "Pare de me ligar, por favor.", "Não voltem a ligar.",
        "Apague o meu número.", "Não quero receber mais chamadas.",
    ],
}  # fmt: skip
DOES_NOT = {
    "en": [
        "Can you call me again tomorrow?", "I missed your call.", "You can call this number.",
        "Please don't cancel the order.", "My list is long today.",
    ],
    "de": [
        "Rufen Sie mich bitte morgen an.", "Ich habe Ihren Anruf verpasst.",
        "Sie können mich wieder anrufen.", "Nicht so schnell, bitte.", "Meine Nummer ist neu.",
    ],
    "es": [
        "Llámeme mañana, por favor.", "No, no he recibido nada.", "¿Me puede volver a llamar?",
        "Mi número es otro.", "Dejé el paquete en casa.",
    ],
    "fr": [
        "Rappelez-moi demain.", "Je ne sais pas.", "Vous pouvez m'appeler plus tard.",
        "Mon numéro a changé.", "Je n'ai plus de questions.",
    ],
    "it": [
        "Mi richiami domani.", "Non ho capito.", "Può chiamarmi più tardi?",
        "Il mio numero è cambiato.", "Mi chiamo Anna.",
    ],
    "nl": [
        "Belt u mij morgen maar terug.", "Ik heb u niet verstaan.", "Mijn nummer is veranderd.",
        "U mag mij weer bellen.", "Ik heb het niet meer nodig.",
    ],
    "pt": [
        "Ligue-me amanhã, por favor.", "Não percebi bem.", "Pode ligar mais tarde?",
        "O meu número mudou.", "Não quero cancelar a encomenda.",
    ],
}  # fmt: skip
SAYS_NOTHING_OF_A_RECORDING = {
    "en": "I have the record of your order here.",
    "de": "Wir haben Ihre Bestellung aufgenommen und wollten Kontakt aufnehmen.",
    "es": "Queríamos hablar de su pedido grande.",
    "fr": "Votre commande est bien enregistrée.",
    "it": "Lei è registrato come cliente.",
    "nl": "Wij hebben contact met u opgenomen over uw bestelling.",
    "pt": "A sua encomenda está registada.",
}
"""A word that may mean a recording, and does not. Taken for the notice, it would replace it."""
CODES = languages.names()


def test_both_lists_are_whole() -> None:
    assert set(ASKS_TO_STOP) == set(DOES_NOT) == set(CODES)
    assert {len(said) for said in (*ASKS_TO_STOP.values(), *DOES_NOT.values())} == {5}


@pytest.mark.parametrize(
    ("code", "said"), [(c, s) for c, all_ in ASKS_TO_STOP.items() for s in all_]
)
def test_who_asks_to_be_left_alone_is_understood(code: str, said: str) -> None:
    assert language(code).asks_to_stop(said)


@pytest.mark.parametrize(("code", "said"), [(c, s) for c, all_ in DOES_NOT.items() for s in all_])
def test_nobody_else_is_dropped(code: str, said: str) -> None:
    assert not language(code).asks_to_stop(said)


@pytest.mark.parametrize("code", CODES)
def test_its_own_sentences_say_what_they_are_for(code: str) -> None:
    spoken = language(code)
    assert spoken.says_ai(spoken.ai_disclosure)
    assert spoken.says_recorded(spoken.recording_notice)
    assert spoken.says_recorded(spoken.recording_question)
    for neutral in (spoken.farewell, spoken.opted_out, spoken.idle_goodbye, *spoken.fillers):
        assert not spoken.says_ai(neutral)
        assert not spoken.says_recorded(neutral)
        assert not spoken.asks_to_stop(neutral)


@pytest.mark.parametrize("code", CODES)
def test_the_notice_is_not_left_out_for_another_words_sake(code: str) -> None:
    assert not language(code).says_recorded(SAYS_NOTHING_OF_A_RECORDING[code])


@pytest.mark.parametrize("code", CODES)
def test_a_voice_of_deepgram_speaks_the_language_that_it_is_named_for(code: str) -> None:
    voice = language(code).voices.get("deepgram")
    assert voice is None or voice.endswith(f"-{code}")


@pytest.mark.parametrize("code", CODES)
def test_an_agent_speaks_it_by_a_voice_that_there_is(code: str) -> None:
    spoken = language(code)
    vendor = next(iter(spoken.voices))
    agent = Agent(name="a", language=code, prompt="p", tts={"vendor": vendor})
    assert agent.voice(agent.tts) == spoken.voices[vendor]


@pytest.mark.parametrize("tts", [{"vendor": "deepgram"}, {"vendor": "openai", "fallback": [{}]}])
def test_a_language_without_a_voice_of_that_vendor_is_said_at_once(tts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no usual voice of deepgram for Portuguese"):
        Agent(name="a", language="pt", prompt="p", tts=tts)


def test_a_voice_may_be_the_agents_own() -> None:
    agent = Agent(name="a", prompt="p", tts={"vendor": "cartesia", "voice": "v"})
    assert agent.voice(agent.tts) == "v"


def test_only_deepgram_detects_a_language() -> None:
    Agent(name="a", prompt="p", detect_language=True)
    with pytest.raises(ValueError, match="only the vendor deepgram"):
        Agent(name="a", prompt="p", detect_language=True, stt={"vendor": "groq"})


def test_a_region_is_spoken_as_its_language() -> None:
    assert language("es-MX") == language("es")
    with pytest.raises(UnknownLanguageError, match="there are: de, en, es"):
        language("xx")


BACKCHANNELS = {
    "en": ["Mm-hm.", "Okay.", "Yes.", "Uh-huh, uh-huh.", "Yeah, okay.", "I see.", "Mhmm", "Hmm."],
    "de": ["Ja.", "Mm-hm.", "Genau.", "Alles klar.", "Ach so."],
    "es": ["Sí.", "Ajá.", "Vale, vale.", "Muy bien."],
    "fr": ["Oui.", "D\u2019accord.", "Mm-hm."],
    "it": ["Sì.", "Va bene.", "Ho capito."],
    "nl": ["Ja, ja.", "Oké.", "Mm-hm."],
    "pt": ["Sim.", "Está bem.", "Uhum."],
}
SUBSTANCE = {
    "en": ["No.", "Wait.", "Yes, but when?", "Okay, goodbye.", "Hello?", "", "Stop.",
           "Yes, yes, yes, yes."],
    "de": ["Nein.", "Moment.", "Ja, aber wann?"],
    "es": ["No.", "Espere.", "Sí, pero no."],
    "fr": ["Non.", "Attendez.", "Oui, mais non."],
    "it": ["No.", "Aspetti.", "Sì, ma quando?"],
    "nl": ["Nee.", "Wacht even.", "Ja, maar wanneer?"],
    "pt": ["Não.", "Espere.", "Sim, mas quando?"],
}  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_who_only_listens_is_told_from_who_speaks(code: str) -> None:
    speaks = language(code)
    assert [said for said in BACKCHANNELS[code] if not speaks.backchannel(said)] == []
    assert [said for said in SUBSTANCE[code] if speaks.backchannel(said)] == []
