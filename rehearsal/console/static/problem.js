// What goes wrong between page and API, in words. Pure.

/** A request that was not answered as hoped. */
export class Problem extends Error {
  /**
   * @param {string} words what a person is told
   * @param {{status?: number, code?: string, retryAfter?: number|null}} known `status` is 0, if nobody answered
   */
  constructor(words, { status = 0, code = '', retryAfter = null } = {}) {
    super(words)
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
  }

  /** Whether another key is needed. */
  get locked() {
    return this.status === 401
  }
}

const STRANGE = 'What answers there is not Dialout’s API. Is the address right?'

/** Nobody answered: of the reason a browser tells a page nothing. */
export function silent(address, origin) {
  const there = new URL(address)
  if (there.origin === origin) return new Problem('The API does not answer.')
  return new Problem(
    `The API at ${there.host} does not answer, or does not let pages from ${origin} ask: ` +
      'DIALOUT_CONSOLE_ORIGINS lists those that may.',
  )
}

/** An answer that is no success. `body` is a text, `after` the header Retry-After. */
export function refused(status, body, after) {
  const retryAfter = /^\d+$/.test(after ?? '') ? Number(after) : null
  const told = read(body)
  const known = { status, code: told?.code ?? '', retryAfter }
  if (status === 401) return new Problem(told?.detail ? 'This API key is not known, or was revoked.' : STRANGE, known)
  if (status === 429) return new Problem('Too many requests at once.', known)
  if (told?.detail) return new Problem(sentence(told.detail), known)
  if (status >= 500) return new Problem(`The API’s gateway answers ${status}.`, known)
  return new Problem(STRANGE, known)
}

/** An answer that says it is well and is not what was asked for. */
export function strange(status) {
  return new Problem(STRANGE, { status })
}

/** Why an address is none that a key may be sent to; null: it is one. */
export function unfit(address) {
  let url
  try {
    url = new URL(address)
  } catch {
    return 'This is no address. One looks like https://abc123.execute-api.us-east-1.amazonaws.com'
  }
  const here = ['localhost', '127.0.0.1'].includes(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && here)) {
    return 'A key goes over https alone, except to this machine.'
  }
  if (url.username || url.password || url.search || url.hash) {
    return 'Leave out what is not part of the API’s address: user, ? and #.'
  }
  return null
}

function read(body) {
  try {
    const told = JSON.parse(body)
    return told !== null && typeof told === 'object' ? told : null
  } catch {
    return null
  }
}

function sentence(text) {
  const words = String(text)
  return words.charAt(0).toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? '' : '.')
}
