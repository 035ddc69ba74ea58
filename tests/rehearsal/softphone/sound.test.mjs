// The page's own sound, outside a browser: `node --test` runs it.

import assert from "node:assert/strict"
import { test } from "node:test"

import { Jitter } from "../../../rehearsal/softphone/static/jitter.js"
import { decode, encode } from "../../../rehearsal/softphone/static/mulaw.js"
import { Resampler } from "../../../rehearsal/softphone/static/resampler.js"

const tone = (pitch, rate, seconds = 1) =>
  Float32Array.from({ length: rate * seconds }, (_, at) => 0.5 * Math.sin((2 * Math.PI * pitch * at) / rate))

/** Its loudness, without the beginning, in decibels against `tone`'s. */
function loudness(samples) {
  const rest = samples.subarray(samples.length / 4)
  const power = rest.reduce((sum, sample) => sum + sample * sample, 0) / rest.length
  return 10 * Math.log10(power / 0.125)
}

/** In pieces of 128, as the browser's audio thread hands them over. */
function resampled(samples, from, to) {
  const resampler = new Resampler(from, to)
  const out = []
  for (let at = 0; at < samples.length; at += 128) out.push(...resampler.push(samples.subarray(at, at + 128)))
  return Float32Array.from(out)
}

test("every byte of mu-law is heard and said again as it was", () => {
  for (let byte = 0; byte < 256; byte++) {
    assert.equal(encode(decode(byte)), byte === 0x7f ? 0xff : byte) // two bytes are zero
  }
})

test("what is too loud is clipped, and silence is silence", () => {
  assert.equal(encode(2), encode(1))
  assert.equal(encode(-2), encode(-1))
  assert.equal(encode(0), 0xff)
})

for (const rate of [44100, 48000, 96000, 16000]) {
  test(`${rate} Hz: a voice passes down and up, what a telephone has not is gone`, () => {
    const down = resampled(tone(1000, rate), rate, 8000)
    assert.ok(Math.abs(down.length - 8000) < 60, `${down.length} samples`)
    assert.ok(Math.abs(loudness(down)) < 0.1)
    assert.ok(Math.abs(loudness(resampled(tone(3000, rate), rate, 8000))) < 0.5)
    if (rate > 12000) assert.ok(loudness(resampled(tone(5000, rate), rate, 8000)) < -50, "5 kHz would be heard as 3 kHz")
    const up = resampled(tone(1000, 8000), 8000, rate)
    assert.ok(Math.abs(up.length - rate) < rate / 100)
    assert.ok(Math.abs(loudness(up)) < 0.1)
  })
}

test("a tone keeps its pitch, and has no echo above 4 kHz", () => {
  const up = resampled(tone(1000, 8000), 8000, 48000).subarray(12000, 36000)
  const at = (pitch) => {
    let [real, imaginary] = [0, 0]
    up.forEach((sample, n) => {
      real += sample * Math.cos((2 * Math.PI * pitch * n) / 48000)
      imaginary += sample * Math.sin((2 * Math.PI * pitch * n) / 48000)
    })
    return 20 * Math.log10((2 * Math.hypot(real, imaginary)) / up.length / 0.5)
  }
  assert.ok(Math.abs(at(1000)) < 0.1)
  assert.ok(at(7000) < -50)
  assert.ok(at(9000) < -50)
})

test("what comes late now and then is not heard as a gap", () => {
  const jitter = new Jitter(4, 10)
  const pulled = (length) => [...(jitter.pull((pulled.last = new Float32Array(length))), pulled.last)]
  jitter.push(Float32Array.of(1, 2))
  assert.deepEqual(pulled(2), [0, 0]) // not enough to begin
  jitter.push(Float32Array.of(3, 4, 5))
  assert.deepEqual(pulled(3), [1, 2, 3])
  assert.deepEqual(pulled(3), [4, 5, 0])
  jitter.push(Float32Array.of(6, 7))
  assert.deepEqual(pulled(2), [0, 0]) // it begins anew
})

test("nobody talks to somebody who is far behind", () => {
  const jitter = new Jitter(4, 10)
  for (let piece = 0; piece < 20; piece++) jitter.push(Float32Array.of(piece, piece))
  assert.ok(jitter.length <= 10)
  const rest = new Float32Array(2)
  jitter.pull(rest)
  assert.ok(rest[0] >= 14)
})
