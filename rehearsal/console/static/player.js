// The recording: both channels drawn, one under the other, and heard together.
import { el, fill, say } from './dom.js'
import { began, heardAt, LEAD, peaks, placed } from './turns.js'
import { clock, spoken } from './words.js'

const CHANNELS = [['callee', 'Callee'], ['agent', 'Agent']] // as Twilio lays them: left, right
const SPEEDS = [1, 1.5, 2]

/**
 * Reads a recording and makes a player of it.
 * @param {ArrayBuffer} bytes WAV
 * @param {(number: number|null) => void} heard told of the turn that is heard
 */
export async function player(bytes, call, heard) {
  // As many samples a second as a phone has: nothing is resampled.
  const sound = await new OfflineAudioContext(2, 1, 8000).decodeAudioData(bytes.slice(0))
  return new Player(bytes, sound, call, heard)
}

class Player {
  #turns = []
  #heard = null
  #mixer = null
  #frame = 0

  constructor(bytes, sound, call, heard) {
    this.tellHeard = heard
    this.seconds = sound.duration
    this.began = began(call, sound.duration)
    this.samples = CHANNELS.map((_, index) => sound.getChannelData(Math.min(index, sound.numberOfChannels - 1)))
    // A phone's sound is quiet: what is loudest fills its row.
    this.loudest = this.samples.reduce((most, each) => each.reduce((one, sample) => Math.max(one, Math.abs(sample)), most), 0.01)
    this.url = URL.createObjectURL(new Blob([bytes], { type: 'audio/wav' }))
    this.audio = el('audio', { src: this.url, preload: 'auto' })
    this.draw()
    this.listen()
    this.follow(call)
  }

  /** Takes the turns as they are now. */
  follow(call) {
    this.#turns = this.began === null ? [] : placed(call.transcript ?? [], this.began, this.seconds)
    this.paint()
  }

  /** Goes to a turn's beginning, and tells whether there is one. */
  seekTurn(number) {
    const turn = this.#turns.find(each => each.number === number)
    if (turn) this.seek(turn.start - LEAD)
    return turn !== undefined
  }

  seek(seconds) {
    this.audio.currentTime = Math.min(Math.max(0, seconds), this.seconds)
    this.moved()
  }

  async toggle() {
    if (!this.audio.paused) return this.audio.pause()
    this.#mixer ??= mixer(this.audio)
    await this.#mixer.context.resume()
    await this.audio.play().catch(() => {}) // paused again before it began
  }

  stop() {
    this.audio.pause()
    cancelAnimationFrame(this.#frame)
    this.resized.disconnect()
    this.scheme.removeEventListener('change', this.repaint)
    this.#mixer?.context.close()
    URL.revokeObjectURL(this.url)
  }

  draw() {
    this.button = el('button', { type: 'button', class: 'go play', onclick: () => this.toggle() }, 'Play')
    this.time = el('span', { class: 'figures time' })
    this.slider = el('input', {
      type: 'range', min: 0, max: this.seconds, step: 0.1, value: 0, 'aria-label': 'Position in the recording',
      oninput: () => this.seek(Number(this.slider.value)),
    })
    this.canvases = CHANNELS.map(([name, words]) => el('canvas', { class: name, role: 'img', 'aria-label': `${words}: waveform` }))
    this.head = el('div', { class: 'head', 'aria-hidden': 'true' })
    const waves = el('div', { class: 'waves', onpointerdown: event => this.pointed(event) }, ...this.canvases, this.head)
    this.waves = waves
    const speed = el('select', { 'aria-label': 'Speed', onchange: () => (this.audio.playbackRate = Number(speed.value)) },
      SPEEDS.map(each => el('option', { value: each }, `${each}×`)))
    this.element = el('div', { class: 'player' },
      el('div', { class: 'controls' }, this.button, this.time, el('span', { class: 'grow' }), ...this.#mutes(), speed),
      waves, this.slider)
  }

  #mutes() {
    return CHANNELS.map(([name, words], index) => {
      const button = el('button', {
        type: 'button', class: `small-button hear ${name}`, 'aria-pressed': 'true',
        onclick: () => {
          const on = button.getAttribute('aria-pressed') !== 'true'
          button.setAttribute('aria-pressed', String(on))
          this.#mixer ??= mixer(this.audio)
          this.#mixer.gains[index].gain.value = on ? 1 : 0
          this.canvases[index].classList.toggle('muted', !on)
        },
      }, words)
      return button
    })
  }

  listen() {
    for (const event of ['play', 'pause', 'ended']) this.audio.addEventListener(event, () => this.changed())
    this.audio.addEventListener('seeked', () => this.moved())
    this.repaint = () => this.paint()
    this.resized = new ResizeObserver(this.repaint)
    this.resized.observe(this.waves)
    this.scheme = matchMedia('(prefers-color-scheme: dark)')
    this.scheme.addEventListener('change', this.repaint)
  }

  changed() {
    say(this.button, this.audio.paused ? 'Play' : 'Pause')
    cancelAnimationFrame(this.#frame)
    const step = () => {
      this.moved()
      if (!this.audio.paused) this.#frame = requestAnimationFrame(step)
    }
    step()
  }

  moved() {
    const at = this.audio.currentTime
    this.slider.value = at
    this.slider.setAttribute('aria-valuetext', `${spoken(at)} of ${spoken(this.seconds)}`)
    say(this.time, `${clock(at)} / ${clock(this.seconds)}`)
    this.head.style.left = `${(100 * at) / this.seconds}%`
    const number = at > 0 || !this.audio.paused ? heardAt(this.#turns, at) : null
    if (number !== this.#heard) {
      this.#heard = number
      this.tellHeard(number)
    }
    this.paint()
  }

  paint() {
    CHANNELS.forEach(([name], index) => this.#paintChannel(this.canvases[index], name, index))
  }

  #paintChannel(canvas, name, index) {
    const { clientWidth: width, clientHeight: height } = canvas
    if (width === 0) return
    const dots = devicePixelRatio
    if (canvas.width !== Math.round(width * dots)) {
      canvas.width = Math.round(width * dots)
      canvas.height = Math.round(height * dots)
      canvas.peaks = peaks(this.samples[index], width)
    }
    const pen = canvas.getContext('2d')
    pen.setTransform(dots, 0, 0, dots, 0, 0)
    pen.clearRect(0, 0, width, height)
    pen.fillStyle = getComputedStyle(canvas).color
    const across = seconds => (seconds / this.seconds) * width
    for (const turn of this.#turns.filter(each => each.role === name)) {
      pen.globalAlpha = turn.number === this.#heard ? 0.22 : 0.07
      pen.fillRect(across(turn.start), 0, Math.max(2, across(turn.end) - across(turn.start)), height)
    }
    const played = across(this.audio.currentTime)
    for (let column = 0; column < width; column++) {
      const [least, greatest] = [canvas.peaks[column * 2] / this.loudest, canvas.peaks[column * 2 + 1] / this.loudest]
      pen.globalAlpha = column < played ? 1 : 0.5
      const top = (height / 2) * (1 - greatest * 0.95)
      pen.fillRect(column, top, 1, Math.max(1, (height / 2) * (1 - least * 0.95) - top))
    }
    pen.globalAlpha = 1
  }

  pointed(event) {
    const box = this.waves.getBoundingClientRect()
    this.seek(((event.clientX - box.left) / box.width) * this.seconds)
  }
}

/** Both channels in both ears, each with a switch of its own: nobody listens with one ear. */
function mixer(audio) {
  const context = new AudioContext()
  const split = context.createChannelSplitter(2)
  context.createMediaElementSource(audio).connect(split)
  const gains = CHANNELS.map((_, index) => {
    const gain = context.createGain()
    split.connect(gain, index)
    gain.connect(context.destination)
    return gain
  })
  return { context, gains }
}

/** What stands where the player is not, or not yet. */
export function placeholder(...children) {
  return fill(el('div', { class: 'unheard' }), ...children)
}
