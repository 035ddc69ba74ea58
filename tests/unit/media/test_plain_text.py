import pytest

from media_service.speaking.plain_text import plain_text


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Plain words, as they are.", "Plain words, as they are."),
        ("**Great**, _Sarah_!", "Great, Sarah!"),
        ("# Offer\n- one\n- two", "Offer one two"),
        ("See [our shop](https://example.com).", "See our shop."),
        ("Thank you 😊👍 so much ✨", "Thank you so much"),
        ("`code` and <b>bold</b>", "code and b bold /b"),
        ("It costs $5, 10% off; that's €4.50.", "It costs $5, 10% off; that's €4.50."),
        ("Grüß Gott, señor — naïve café", "Grüß Gott, señor — naïve café"),
        ("a\u200bb\x07c", "a b c"),
        ("***", ""),
    ],
)
async def test_what_is_written_is_made_fit_to_be_spoken(written: str, spoken: str) -> None:
    assert await plain_text(written) == spoken
