// Microphone, loudspeaker, the bell and the keys' tones. Starts with a click, as browsers want it.

const ROWS = [697, 770, 852, 941]
const COLUMNS = [1209, 1336, 1477]
const PATIENCE_MS = 2000
const KEYS = "123456789*0#"

/** Why there is no microphone, and what to do about it. */
function trouble(error) {
  switch (error.name) {
    case "NotAllowedError":
      return "The browser may not use the microphone. Allow it beside the address above, and call again. Until then you can listen, and press keys."
    case "NotFoundError":
      return "There is no microphone. You can listen, and press keys."
    case "NotReadableError":
      return "Another program has the microphone, or it does not work. You can listen, and press keys."
    default:
      return `The microphone does not work (${error.name}). You can listen, and press keys.`
  }
}

export class Sound {
  /** `said` is given every 20 ms of the microphone; `level` who sounds, "you" or "them", and how loud. */
  constructor({ said, level }) {
    this.said = said
    this.level = level
    this.context = null
    this.speaker = null
    this.microphone = null // {stream, source, node}
    this.muted = false
    this.bell = null
  }

  /** Within a click, or a key: sound is allowed from then on. What is wrong with it, or null. */
  async start() {
    if (this.context === null) {
      this.context = new AudioContext({ latencyHint: "interactive" })
      this.ready = this.prepare()
    }
    await this.ready
    // Where there is nothing to play on, some browsers never say so.
    await Promise.race([this.context.resume(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))])
    return this.context.state === "running" ? null : "The browser plays no sound. Is there a loudspeaker?"
  }

  async prepare() {
    await this.context.audioWorklet.addModule("/phone/worklet.js")
    this.speaker = new AudioWorkletNode(this.context, "loudspeaker", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    })
    this.speaker.port.onmessage = ({ data }) => this.level("them", data.level)
    this.speaker.connect(this.context.destination)
  }

  /** Open the microphone. What is wrong with it, or null. */
  async listen() {
    if (!navigator.mediaDevices) {
      return "The browser gives no microphone to this address: open it as http://localhost. You can listen, and press keys."
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      })
      const source = this.context.createMediaStreamSource(stream)
      const node = new AudioWorkletNode(this.context, "microphone", {
        channelCount: 1,
        channelCountMode: "explicit",
        numberOfOutputs: 0,
      })
      node.port.onmessage = ({ data }) => {
        this.said(data.frame)
        this.level("you", data.level)
      }
      source.connect(node)
      this.deafen()
      this.microphone = { stream, source, node }
      this.mute(this.muted)
      return null
    } catch (error) {
      return trouble(error)
    }
  }

  /** Let go of the microphone: the browser shows that nobody listens. */
  deafen() {
    if (this.microphone === null) return
    const { stream, source, node } = this.microphone
    this.microphone = null
    node.port.onmessage = null
    source.disconnect()
    for (const track of stream.getTracks()) track.stop()
  }

  get hears() {
    return this.microphone !== null
  }

  mute(muted) {
    this.muted = muted
    this.microphone?.node.port.postMessage({ muted })
  }

  /** 20 ms of mu-law, an ArrayBuffer. */
  play(frame) {
    this.speaker?.port.postMessage(frame, [frame])
  }

  /** The two tones of a key, for whoever presses it. */
  key(digit) {
    const at = KEYS.indexOf(digit)
    for (const pitch of [ROWS[Math.floor(at / 3)], COLUMNS[at % 3]]) this.tone(pitch, 0, 0.12, 0.06)
  }

  /** Ring, if sound is allowed yet. */
  ring() {
    this.quiet()
    const strike = () => {
      if (this.context?.state !== "running") return
      for (const [pitch, after] of [[659, 0], [784, 0.18], [659, 0.36], [784, 0.54]]) {
        this.tone(pitch, after, 0.4, 0.08)
      }
    }
    strike()
    this.bell = setInterval(strike, 2400)
  }

  quiet() {
    clearInterval(this.bell)
    this.bell = null
  }

  tone(pitch, after, seconds, volume) {
    if (this.context === null) return
    const begin = this.context.currentTime + after
    const gain = new GainNode(this.context, { gain: 0 })
    gain.gain.setTargetAtTime(volume, begin, 0.005)
    gain.gain.setTargetAtTime(0, begin + seconds * 0.6, seconds * 0.1)
    const tone = new OscillatorNode(this.context, { frequency: pitch })
    tone.connect(gain).connect(this.context.destination)
    tone.start(begin)
    tone.stop(begin + seconds)
  }
}
