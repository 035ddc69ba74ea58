"""The theme's colours can be read, light and dark (WCAG 2: 4.5 to 1 for text, 3 to 1 for edges)."""

import re

import pytest

from rehearsal.pages.static import SHARED

PAIRS = re.findall(
    r"--([\w-]+): light-dark\(#(\w{6}), #(\w{6})\)", (SHARED / "theme.css").read_text()
)
COLOURS = {name: (light, dark) for name, light, dark in PAIRS}
TEXT = [
    *((ink, ground) for ink in ("ink", "soft") for ground in ("paper", "card", "sunk")),
    *((kind, ground) for kind in ("go", "stop", "agent", "wait") for ground in ("paper", "card")),
    *((kind, f"{kind}-wash") for kind in ("go", "stop", "agent", "wait")),
    *(("ink", f"{kind}-wash") for kind in ("go", "stop", "agent", "wait")),
    *((f"{kind}-ink", kind) for kind in ("go", "stop", "agent")),
]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(ink: str, ground: str, scheme: int) -> None:
    assert contrast(COLOURS[ink][scheme], COLOURS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_what_can_be_operated_is_seen(scheme: int) -> None:
    assert contrast(COLOURS["edge"][scheme], COLOURS["card"][scheme]) >= 3
