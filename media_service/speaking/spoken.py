"""Written dates, times, money and numbers as they are said, in each language that agents speak.

Only what voices get wrong. Deepgram's, OpenAI's and Cartesia's voices all read plain numbers, years
and percentages aloud by themselves, so those are left to them. None reliably says an ISO date, a
24-hour time with its colon, or a long row of digits other than as one huge number.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from functools import cache

from num2words import num2words

from calls.language import UnknownLanguageError

_DATE = re.compile(r"(?<![\d-])(\d{4})-(\d{2})-(\d{2})(?:(T)(?=\d\d:\d\d)|(?![\d-]))")
"""With what follows it in a moment, such as `schedule_callback` answers: 2026-11-25T15:30."""
_TIME = re.compile(
    r"(?<![\d:.,])([01]?\d|2[0-4])(?::|(?<=\d)h)([0-5]\d)(?::00)?(?![\d:])"
    r"(?:\s*(?:Uhr|uur|hs?\b|horas?|heures?|ore)(?!\w))?(?!\s*[ap]\.?\s?m\b)",
    re.IGNORECASE,
)
_AMOUNT = r"(\d{1,3}(?:[.,\u202f\u00a0]\d{3})+|\d+)(?:[.,](\d{2}))?"
_MONEY = re.compile(
    rf"(?<![\w.,])([$€£])\s?{_AMOUNT}(?![\d\w])|(?<![\w.,]){_AMOUNT}\s?(€|\$|£|EUR\b|USD\b|GBP\b)"
)
_PHONE = re.compile(r"(?<![\w.,])\+\d(?:[\s().-]{0,2}\d){6,14}(?!\d)")
_ID = re.compile(r"(?<![.,\d])#?(?=\d)(?:(?<=#)\d+|\d{7,}|0\d{3,})(?![.,]?\d)")
_UNIT = {"€": 0, "EUR": 0, "$": 1, "USD": 1, "£": 2, "GBP": 2}


@dataclass(frozen=True)
class _Speech:
    months: tuple[str, ...]
    date: str
    """With {day}, {month} and {year}."""
    first: str
    """The first day of a month."""
    hour: str
    """A time at the full hour, with {h}."""
    minutes: str
    """Any other, with {h} and {m}."""
    units: tuple[tuple[str, str], ...]
    """One and many euros, dollars and pounds."""
    cents: str
    """With {money} and {cents}."""
    plus: str


def _months(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_SPEECH = {
    "en": _Speech(
        _months("January February March April May June July August September October November "
                "December"),
        "{month} {day}, {year}", "1st", "{h}", "{h}:{m:02}",
        (("euro", "euros"), ("dollar", "dollars"), ("pound", "pounds")),
        "{money} and {cents} cents", "plus",
    ),
    "de": _Speech(
        _months("Januar Februar März April Mai Juni Juli August September Oktober November "
                "Dezember"),
        "{day}. {month} {year}", "1", "{h} Uhr", "{h} Uhr {m}",
        (("Euro", "Euro"), ("Dollar", "Dollar"), ("Pfund", "Pfund")), "{money} {cents}", "plus",
    ),
    "es": _Speech(
        _months("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
                "diciembre"),
        "{day} de {month} de {year}", "1", "{h} horas", "{h} y {m}",
        (("euro", "euros"), ("dólar", "dólares"), ("libra", "libras")), "{money} con {cents}",
        "más",
    ),
    "fr": _Speech(
        _months("janvier février mars avril mai juin juillet août septembre octobre novembre "
                "décembre"),
        "{day} {month} {year}", "premier", "{h} heures", "{h} heures {m}",
        (("euro", "euros"), ("dollar", "dollars"), ("livre", "livres")), "{money} {cents}", "plus",
    ),
    "it": _Speech(
        _months("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre "
                "novembre dicembre"),
        "{day} {month} {year}", "primo", "{h}", "{h} e {m}",
        (("euro", "euro"), ("dollaro", "dollari"), ("sterlina", "sterline")), "{money} e {cents}",
        "più",
    ),
    "nl": _Speech(
        _months("januari februari maart april mei juni juli augustus september oktober november "
                "december"),
        "{day} {month} {year}", "1", "{h} uur", "{h} uur {m}",
        (("euro", "euro"), ("dollar", "dollar"), ("pond", "pond")), "{money} {cents}", "plus",
    ),
    "pt": _Speech(
        _months("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro "
                "dezembro"),
        "{day} de {month} de {year}", "1", "{h} horas", "{h} e {m}",
        (("euro", "euros"), ("dólar", "dólares"), ("libra", "libras")), "{money} e {cents}", "mais",
    ),
}  # fmt: skip


@cache
def spoken(language: str) -> Callable[[str, str], Awaitable[str]]:
    """The transform for a language, ``es`` or ``es-MX``, in the shape of Pipecat's text transforms.

    Raises:
        UnknownLanguageError: nobody has written down how that language says it.
    """
    code = language.partition("-")[0]
    if code not in _SPEECH:
        raise UnknownLanguageError(
            f"no speech for {language!r}: add it to media_service/speaking/spoken.py"
        )
    told = _SPEECH[code]

    async def transform(text: str, _: str = "") -> str:
        text = _PHONE.sub(lambda found: _phone(found[0], code, told), text)
        text = _DATE.sub(lambda found: _date(found, code, told), text)
        text = _TIME.sub(lambda found: _time(found, code, told), text)
        text = _MONEY.sub(lambda found: _money(found, told), text)
        return _ID.sub(lambda found: _digits(found[0].lstrip("#"), code), text)

    return transform


def languages() -> frozenset[str]:
    """The codes of those that there are."""
    return frozenset(_SPEECH)


def _digits(text: str, code: str) -> str:
    # In the groups in which it is written, or else of three, the last of up to five: they give the
    # listener time to write.
    groups = re.findall(r"\d+", text)
    if len(groups) == 1:
        groups = re.findall(r"\d{3}(?=\d{3})|\d+", groups[0])
    return ", ".join(" ".join(num2words(int(digit), lang=code) for digit in g) for g in groups)


def _phone(text: str, code: str, told: _Speech) -> str:
    return f"{told.plus} {_digits(text, code)}"


def _date(found: re.Match[str], code: str, told: _Speech) -> str:
    year, month, day = (int(part) for part in found.groups()[:3])
    try:
        date(year, month, day)
    except ValueError:
        return found[0]
    said = num2words(day, lang="en", to="ordinal_num") if code == "en" else str(day)
    date_ = told.date.format(
        day=told.first if day == 1 else said, month=told.months[month - 1], year=year
    )
    return f"{date_}, " if found[4] else date_


def _time(found: re.Match[str], code: str, told: _Speech) -> str:
    hour, minute = int(found[1]), int(found[2])
    if code == "en":
        half = "PM" if 12 <= hour < 24 else "AM"
        said = told.minutes if minute else told.hour
        return f"{said.format(h=hour % 12 or 12, m=minute)} {half}"
    said = (told.minutes if minute else told.hour).format(h=hour, m=minute)
    return re.sub(r"^1 (hora|heure)s", r"1 \1", said)


def _money(found: re.Match[str], told: _Speech) -> str:
    sign, whole, cents = (
        (found[1], found[2], found[3]) if found[1] else (found[6], found[4], found[5])
    )
    units = re.sub(r"\D", "", whole)
    one, many = told.units[_UNIT[sign]]
    money = f"{units} {one if int(units) == 1 else many}"
    return told.cents.format(money=money, cents=int(cents)) if cents and int(cents) else money
