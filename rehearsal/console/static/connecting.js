// Which API, and the key to it.
import { Connection } from './connection.js'
import { el, say } from './dom.js'
import { unfit } from './problem.js'

const REMEMBERED = 'dialout.console.address' // the address alone: it is no secret

/** The form; `connected` is called with a Connection that the API has let in. */
export function connecting(connected, why = '') {
  const address = el('input', {
    id: 'address', name: 'address', type: 'url', required: true, spellcheck: 'false', autocomplete: 'url',
    value: remembered() ?? location.origin,
  })
  const key = el('input', {
    id: 'key', name: 'key', type: 'password', required: true, autocomplete: 'off', spellcheck: 'false',
    'aria-describedby': 'kept',
  })
  const wrong = el('p', { class: 'notice stop', role: 'alert', hidden: !why }, why)
  const button = el('button', { class: 'go' }, 'Connect')

  async function submitted(event) {
    event.preventDefault()
    const asked = address.value.trim().replace(/\/+$/, '')
    const reason = unfit(asked)
    if (reason) return refuse(reason, address)
    button.disabled = true
    say(button, 'Connecting…')
    wrong.hidden = true
    try {
      const api = new Connection(asked, key.value.trim())
      await api.get('/calls', { limit: 1, since: new Date().toISOString() })
      key.value = ''
      remember(asked)
      connected(api)
    } catch (error) {
      refuse(error.message, error.locked ? key : address)
    } finally {
      button.disabled = false
      say(button, 'Connect')
    }
  }

  function refuse(words, field) {
    say(wrong, words)
    wrong.hidden = false
    field.focus()
    field.select()
  }

  return el('section', { class: 'card connect' },
    el('h1', {}, 'Console'),
    el('p', { class: 'soft' }, 'Calls as they happen, what was said in them, campaigns and schedules.'),
    wrong,
    el('form', { onsubmit: submitted },
      el('div', { class: 'field' }, el('label', { for: 'address' }, 'API address'), address),
      el('div', { class: 'field' }, el('label', { for: 'key' }, 'API key'), key),
      el('p', { class: 'small soft', id: 'kept' },
        'The key stays in this page’s memory: nothing stores it, and it is asked for again when the page is loaded again.'),
      button))
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED)
  } catch {
    return null // storage may be switched off
  }
}

function remember(address) {
  try {
    if (address === location.origin) localStorage.removeItem(REMEMBERED)
    else localStorage.setItem(REMEMBERED, address)
  } catch {
    // then it is typed again
  }
}
