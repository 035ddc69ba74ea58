// Dialout's public API, with a key that is kept in memory alone.

export class Refused extends Error {}

export class Api {
  constructor() {
    this.key = null
  }

  /** Raises `Refused` with words for a person. */
  async ask(method, path, body) {
    let answer
    try {
      answer = await fetch(path, {
        method,
        headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" },
        body: body && JSON.stringify(body),
      })
    } catch {
      throw new Refused("The API cannot be reached. Does `make serve` still run?")
    }
    const told = await answer.json().catch(() => ({}))
    if (!answer.ok) throw new Refused(told.detail || told.title || `The API answered ${answer.status}.`)
    return told
  }

  dial(request) {
    return this.ask("POST", "/dialout", request)
  }

  call(id) {
    return this.ask("GET", `/calls/${encodeURIComponent(id)}`)
  }

  /** The call with that CallSid, if it is one of the newest. */
  async named(sid) {
    const { calls } = await this.ask("GET", "/calls?limit=20")
    return calls.find((call) => call.call_sid === sid) ?? null
  }
}
