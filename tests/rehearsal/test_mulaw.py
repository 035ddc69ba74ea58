import numpy as np
import pytest

from rehearsal import mulaw


@pytest.mark.parametrize(
    ("sample", "code"), [(0, 0xFF), (-1, 0x7F), (32767, 0x80), (-32768, 0x00), (1000, 0xCE)]
)
def test_the_codes_of_the_standard(sample: int, code: int) -> None:
    assert mulaw.encode(np.array([sample], dtype=np.int16)) == bytes([code])


def test_every_code_comes_back_as_itself_but_for_the_two_zeros() -> None:
    codes = bytes(range(256))
    assert mulaw.encode(mulaw.decode(codes)).replace(b"\xff", b"\x7f") == codes.replace(
        b"\xff", b"\x7f"
    )


def test_the_error_grows_with_the_sample() -> None:
    samples = np.arange(-32635, 32636).astype(np.int16)
    error = np.abs(mulaw.decode(mulaw.encode(samples)).astype(int) - samples)
    assert np.all(error <= np.abs(samples.astype(int)) / 16 + 8)
