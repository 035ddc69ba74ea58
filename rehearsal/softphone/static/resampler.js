// From one rate to another, piece by piece: a windowed sinc, one set of taps for each phase.

const CROSSINGS = 24 // of the sinc, on either side
const BETA = 6 // Kaiser's: what does not belong is 60 dB down
const EDGE = 0.9 // of half the lower rate: with 8 kHz, what is above 3.6 kHz goes

export class Resampler {
  /** Rates in samples a second, whole numbers. */
  constructor(from, to) {
    const shared = gcd(from, to)
    this.up = to / shared
    this.down = from / shared
    const cutoff = (EDGE / 2) * Math.min(1, to / from)
    const half = Math.ceil(CROSSINGS / (2 * cutoff))
    this.taps = Array.from({ length: this.up }, (_, phase) => kernel(cutoff, half, phase / this.up))
    this.held = new Float32Array(2 * half - 1) // silence before the beginning
    this.phase = 0
  }

  /** The samples that these make, with those before. */
  push(samples) {
    const held = new Float32Array(this.held.length + samples.length)
    held.set(this.held)
    held.set(samples, this.held.length)
    const out = []
    let at = 0
    while (at + this.taps[0].length <= held.length) {
      const taps = this.taps[this.phase]
      let sum = 0
      for (let tap = 0; tap < taps.length; tap++) sum += taps[tap] * held[at + tap]
      out.push(sum)
      this.phase += this.down
      at += Math.floor(this.phase / this.up)
      this.phase %= this.up
    }
    this.held = held.slice(at)
    return Float32Array.from(out)
  }
}

/** The weights of 2 * half samples for a moment that lies `fraction` after the half-th. */
function kernel(cutoff, half, fraction) {
  const taps = Float64Array.from({ length: 2 * half }, (_, tap) => {
    const time = tap - (half - 1) - fraction
    const inside = 1 - (time / half) ** 2
    return inside > 0 ? sinc(2 * cutoff * time) * bessel(BETA * Math.sqrt(inside)) : 0
  })
  const sum = taps.reduce((total, tap) => total + tap, 0)
  return Float32Array.from(taps, (tap) => tap / sum)
}

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))

/** Bessel's I0, by its series. */
function bessel(x) {
  let sum = 1
  for (let term = 1, n = 1; term > sum * 1e-9; n++) {
    term *= (x / (2 * n)) ** 2
    sum += term
  }
  return sum
}

const gcd = (a, b) => (b === 0 ? a : gcd(b, a % b))
