"""Phone numbers: read into E.164, and masked for everything that may be logged."""


class PhoneNumberError(ValueError):
    """It cannot be dialled. The message says what is wrong, and not the number."""


def e164(text: str) -> str:
    """The number in E.164, such as ``+15550100001``.

    It has to be *possible* by its length, not assigned: +1555 numbers pass.

    Raises:
        PhoneNumberError: it is not a phone number with its country.
    """
    import phonenumbers  # here: most who import this only mask

    text = text.strip()
    if not text.startswith("+"):
        raise PhoneNumberError("start with + and the country's code, such as +15550100001")
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException as error:
        raise PhoneNumberError(
            "not a phone number; E.164 is wanted, such as +15550100001"
        ) from error
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        words = {
            phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "there is no such country code",
            phonenumbers.ValidationResult.TOO_SHORT: "it has too few digits for its country",
            phonenumbers.ValidationResult.TOO_LONG: "it has too many digits for its country",
        }
        raise PhoneNumberError(words.get(reason, "it has a wrong number of digits for its country"))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def masked(number: str) -> str:
    """The number for a log: all but its last four digits starred."""
    return "*" * max(len(number) - 4, 0) + number[-4:]
