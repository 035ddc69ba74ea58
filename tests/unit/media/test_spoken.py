"""What is written, as it is said."""

import pytest

from calls import language
from calls.language import UnknownLanguageError
from media_service.speaking.spoken import languages, spoken

DATES = {
    "en": ("November 24th, 2026", "May 1st, 2027"),
    "de": ("24. November 2026", "1. Mai 2027"),
    "es": ("24 de noviembre de 2026", "1 de mayo de 2027"),
    "fr": ("24 novembre 2026", "premier mai 2027"),
    "it": ("24 novembre 2026", "primo maggio 2027"),
    "nl": ("24 november 2026", "1 mei 2027"),
    "pt": ("24 de novembro de 2026", "1 de maio de 2027"),
}
SAID = [
    ("en", "It comes at 14:30.", "It comes at 2:30 PM."),
    ("en", "From 09:05 to 00:00, or 12:00.", "From 9:05 AM to 12 AM, or 12 PM."),
    ("en", "Back on 2026-11-25T15:30.", "Back on November 25th, 2026, 3:30 PM."),
    ("en", "At 2026-11-25T15:30:00, then.", "At November 25th, 2026, 3:30 PM, then."),
    ("es", "El 2026-11-25T09:00.", "El 25 de noviembre de 2026, 9 horas."),
    ("en", "At 2:30 PM or 9:00 a.m.", "At 2:30 PM or 9:00 a.m."),
    ("en", "That is $19.99, or €1,250.", "That is 19 dollars and 99 cents, or 1250 euros."),
    ("en", "It costs £1.", "It costs 1 pound."),
    ("en", "You have 3 pairs, size 42.5, at 20% off.", "You have 3 pairs, size 42.5, at 20% off."),
    ("en", "In 1,234,567 homes since 2026.", "In 1,234,567 homes since 2026."),
    (
        "en", "Call +1 (555) 010-0001.",
        "Call plus one, five five five, zero one zero, zero zero zero one.",
    ),
    ("en", "Order 48213077.", "Order four eight two, one three zero seven seven."),
    ("en", "Room #407, code 0042.", "Room four zero seven, code zero zero four two."),
    ("de", "Um 14:30 Uhr, oder 9:00.", "Um 14 Uhr 30, oder 9 Uhr."),
    ("de", "Das kostet 1.250,50 €.", "Das kostet 1250 Euro 50."),
    ("de", "Nummer 4821307.", "Nummer vier acht zwei, eins drei null sieben."),
    ("es", "Su cita es a las 14:30 h.", "Su cita es a las 14 y 30."),
    ("es", "A las 13:00 son 20 $.", "A las 13 horas son 20 dólares."),
    ("es", "Llame al +34 600 000 001.",
     "Llame al más tres cuatro, seis cero cero, cero cero cero, cero cero uno."),
    ("fr", "À 14h30, ou à 1:00.", "À 14 heures 30, ou à 1 heure."),
    ("fr", "Cela fait 19,99 EUR.", "Cela fait 19 euros 99."),
    ("it", "Alle 14:30 o alle 9:00.", "Alle 14 e 30 o alle 9."),
    ("it", "Sono €1 e 5,50 €.", "Sono 1 euro e 5 euro e 50."),
    ("nl", "Om 14:30 uur kost het € 19,99.", "Om 14 uur 30 kost het 19 euro 99."),
    ("pt", "Às 14:30 são 2 €.", "Às 14 e 30 são 2 euros."),
]  # fmt: skip


@pytest.mark.parametrize("code", sorted(DATES))
async def test_a_date(code: str) -> None:
    said = spoken(code)
    assert await said("2026-11-24", "") == DATES[code][0]
    assert await said("(2027-05-01)", "") == f"({DATES[code][1]})"
    assert await said("2026-13-40", "") == "2026-13-40"


@pytest.mark.parametrize(("code", "written", "said"), SAID)
async def test_a_sentence(code: str, written: str, said: str) -> None:
    assert await spoken(code)(written, "") == said


async def test_a_region_speaks_its_language() -> None:
    assert await spoken("es-MX")("2026-11-24", "") == DATES["es"][0]


def test_every_language_that_agents_speak_is_there() -> None:
    assert languages() == set(language.names())


def test_no_other_language_is_guessed() -> None:
    with pytest.raises(UnknownLanguageError, match="add it"):
        spoken("xx")
