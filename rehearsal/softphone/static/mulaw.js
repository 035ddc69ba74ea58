// G.711 mu-law, the sound of the telephone: 8 kHz, one byte a sample (ITU-T G.711).

export const RATE = 8000
export const FRAME = 160 // bytes of 20 ms
export const SILENCE = 0xff // the byte of zero

const BIAS = 0x84
const CLIP = 32635

/** A sample, -1 to 1, as a byte. */
export function encode(sample) {
  const linear = Math.round(Math.max(-1, Math.min(1, sample)) * 32767)
  const biased = Math.min(Math.abs(linear), CLIP) + BIAS
  const exponent = 24 - Math.clz32(biased) // the highest bit is 7 to 14
  const mantissa = (biased >> (exponent + 3)) & 0x0f
  return ~((linear < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff
}

const LINEAR = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff
  const magnitude = ((((code & 0x0f) << 3) + BIAS) << ((code >> 4) & 0x07)) - BIAS
  return (code & 0x80 ? -magnitude : magnitude) / 32768
})

/** A byte as a sample, -1 to 1. */
export const decode = (byte) => LINEAR[byte]
