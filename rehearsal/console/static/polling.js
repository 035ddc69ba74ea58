// Asking again and again: often while somebody looks, seldom while nobody does, and ever more
// rarely while it does not work.

const HIDDEN = 15_000
const LONGEST = 60_000

/** The pause before the next look, in milliseconds. Pure. */
export function pause(every, { failures = 0, retryAfter = null, hidden = false } = {}) {
  if (failures > 0) {
    const backoff = Math.min(every * 2 ** failures, LONGEST)
    return Math.max(backoff, (retryAfter ?? 0) * 1000)
  }
  return hidden ? Math.max(every, HIDDEN) : every
}

/**
 * Runs `look` now and then until it is stopped. `look` is given an AbortSignal; it returns the
 * milliseconds until the next time, or null: it need not be asked any more.
 */
export class Polling {
  #timer
  #stop = new AbortController()
  #failures = 0
  #busy = false
  #again = false

  /**
   * @param {(signal: AbortSignal) => Promise<number|null>} look
   * @param {(problem: Error|null, seconds: number) => void} tell told of each failure, with the
   *   seconds until it is tried again; null: it works (again)
   */
  constructor(look, tell, every = 2000) {
    this.look = look
    this.tell = tell
    this.every = every
    this.onVisible = () => document.hidden || this.now()
    document.addEventListener('visibilitychange', this.onVisible)
    this.now()
  }

  /** Looks at once; if it is looking already, once more after that. */
  async now() {
    if (this.#stop.signal.aborted) return
    if (this.#busy) {
      this.#again = true
      return
    }
    clearTimeout(this.#timer)
    this.#busy = true
    const wait = await this.#looked()
    this.#busy = false
    if (this.#stop.signal.aborted) return
    if (this.#again) {
      this.#again = false
      this.now()
    } else if (wait !== null) this.#timer = setTimeout(() => this.now(), wait)
  }

  stop() {
    this.#stop.abort()
    clearTimeout(this.#timer)
    document.removeEventListener('visibilitychange', this.onVisible)
  }

  async #looked() {
    try {
      const every = await this.look(this.#stop.signal)
      if (this.#stop.signal.aborted) return null
      this.#failures = 0
      this.tell(null, 0)
      return every === null ? null : pause(every, { hidden: document.hidden })
    } catch (error) {
      if (this.#stop.signal.aborted) return null
      this.#failures += 1
      const wait = pause(this.every, { failures: this.#failures, retryAfter: error.retryAfter })
      this.tell(error, Math.round(wait / 1000))
      return wait
    }
  }
}
