// In the browser's audio thread: the microphone down to the telephone's sound, and back up from it.

import { Jitter } from "./jitter.js"
import { decode, encode, FRAME, RATE, SILENCE } from "./mulaw.js"
import { Resampler } from "./resampler.js"

const loudness = (samples) =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)

/** Sends {frame, level} for every 20 ms; takes {muted}. */
class Microphone extends AudioWorkletProcessor {
  constructor() {
    super()
    this.resampler = new Resampler(sampleRate, RATE)
    this.frame = new Float32Array(FRAME)
    this.filled = 0
    this.muted = false
    this.port.onmessage = ({ data }) => (this.muted = data.muted)
  }

  process([[channel]]) {
    if (channel) for (const sample of this.resampler.push(channel)) this.take(sample)
    return true
  }

  take(sample) {
    this.frame[this.filled++] = sample
    if (this.filled < FRAME) return
    this.filled = 0
    const level = this.muted ? 0 : loudness(this.frame)
    const frame = this.muted ? new Uint8Array(FRAME).fill(SILENCE) : Uint8Array.from(this.frame, encode)
    this.port.postMessage({ frame: frame.buffer, level }, [frame.buffer])
  }
}

/** Takes frames of 20 ms; sends {level} for each. */
class Loudspeaker extends AudioWorkletProcessor {
  constructor() {
    super()
    this.resampler = new Resampler(RATE, sampleRate)
    this.jitter = new Jitter(0.06 * sampleRate, 0.3 * sampleRate)
    this.port.onmessage = ({ data }) => this.take(new Uint8Array(data))
  }

  take(frame) {
    const samples = Float32Array.from(frame, decode)
    this.jitter.push(this.resampler.push(samples))
    this.port.postMessage({ level: loudness(samples) })
  }

  process(_, [channels]) {
    this.jitter.pull(channels[0])
    for (const channel of channels.slice(1)) channel.set(channels[0])
    return true
  }
}

registerProcessor("microphone", Microphone)
registerProcessor("loudspeaker", Loudspeaker)
