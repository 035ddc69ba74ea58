// The public API, and the key to it. The key is in this object alone: no storage, no cookie, no
// address has it, and a page that is loaded again asks for it again.
import { Problem, refused, silent, strange } from './problem.js'

export class Connection {
  #key

  /** @param {string} address the API's, without a slash at its end */
  constructor(address, key) {
    this.address = address
    this.#key = key
    this.skew = 0
  }

  get host() {
    return new URL(this.address).host
  }

  /** The present as the API's clock has it, in milliseconds since 1970. */
  now() {
    return Date.now() + this.skew
  }

  get(path, query = {}, signal = undefined) {
    return this.#json('GET', path, { query, signal })
  }

  patch(path, body) {
    return this.#json('PATCH', path, { body })
  }

  delete(path) {
    return this.#json('DELETE', path, {})
  }

  /** A recording's bytes: from the address that the API tells, which knows nothing of the key. */
  async recording(callId, signal) {
    const told = await this.#json('GET', `/calls/${callId}/recording`, { signal })
    const answer = await this.#asked(told.url, { signal, credentials: 'omit' }).catch(error => {
      throw signal?.aborted ? error : new Problem(`The recording’s address (${new URL(told.url).host}) does not answer this page.`)
    })
    if (!answer.ok) throw refused(answer.status, '', null)
    return answer.arrayBuffer()
  }

  async #json(method, path, { query = {}, body = undefined, signal = undefined }) {
    const url = new URL(this.address + path)
    for (const [name, value] of Object.entries(query)) {
      if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, value)
    }
    const headers = { Accept: 'application/json', Authorization: `Bearer ${this.#key}` }
    if (body !== undefined) headers['Content-Type'] = 'application/json'
    const answer = await this.#asked(url, {
      method, headers, signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      // No cookie, and no redirect: the API has neither for us.
      credentials: 'omit', redirect: 'error', cache: 'no-store',
    })
    this.#look(answer)
    const text = await answer.text()
    if (!answer.ok) throw refused(answer.status, text, answer.headers.get('retry-after'))
    try {
      return JSON.parse(text)
    } catch {
      throw strange(answer.status)
    }
  }

  async #asked(url, options) {
    try {
      return await fetch(url, options)
    } catch (error) {
      if (options.signal?.aborted) throw error
      throw silent(String(url), location.origin)
    }
  }

  /** A watch that is wrong would show calls that last longer than they do. */
  #look(answer) {
    const at = Date.parse(answer.headers.get('date') ?? '')
    if (!Number.isNaN(at)) {
      const skew = at - Date.now()
      this.skew = Math.abs(skew) > 2000 ? skew : 0
    }
  }
}
