// Calls as they happen.
import { el, fill, keyed, say } from './dom.js'
import { away, clock, count, person, plain, since, STATUS } from './words.js'

const EVERY = 2000
const RECENT_EVERY = 15_000
const PAGE = 25
const PAGES = 5 // of a hundred calls that go on
const DAY = 24 * 3600 * 1000

export function liveView({ api, poll, tell, fail }) {
  const seats = el('div', { class: 'card seats' }, waiting('Seats'))
  const tiles = Object.fromEntries(
    [['waiting', 'Waiting'], ['ringing', 'Ringing'], ['talking', 'Talking']].map(([name, words]) =>
      [name, el('div', { class: `card tile ${name}` }, el('h2', {}, words), el('p', { class: 'figure figures' }, '–'))]),
  )
  const now = table('Calls now', ['State', 'Who', 'Agent', 'For', 'Asked for by'])
  const recent = table('Ended lately', ['When', 'Who', 'Agent', 'Came to', 'Talked'])
  const older = el('button', { type: 'button', class: 'alone', onclick: more }, 'Older calls')
  const element = el('div', { class: 'live' },
    el('h1', { tabindex: -1 }, 'Live'),
    el('div', { class: 'tiles' }, seats, ...Object.values(tiles)),
    now.element, recent.element, older)

  let [known, ended, cursor, asked, beyond] = ['', [], null, 0, false]

  async function look(signal) {
    const [fleet, calls] = await Promise.all([api.get('/fleet', {}, signal), open(signal)])
    drawSeats(fleet)
    drawNow(calls)
    const ids = calls.map(call => call.call_id).join()
    if (ids !== known || Date.now() - asked > RECENT_EVERY) {
      known = ids
      await lately(signal)
    }
    return EVERY
  }

  async function open(signal) {
    const calls = []
    let at = null
    for (let page = 0; page < PAGES; page++) {
      const told = await api.get('/calls', { status: 'open', limit: 100, cursor: at }, signal)
      calls.push(...told.calls)
      at = told.cursor
      if (at === null) break
    }
    return calls
  }

  async function lately(signal) {
    // A day: whoever wants more asks for it. Nobody looks through 90 days every few seconds.
    const from = new Date(api.now() - DAY).toISOString()
    const told = await api.get('/calls', { status: 'ended', limit: PAGE, since: from }, signal)
    asked = Date.now()
    const ids = new Set(told.calls.map(call => call.call_id))
    ended = [...told.calls, ...ended.filter(call => !ids.has(call.call_id))]
      .sort((one, other) => Date.parse(other.ended_at) - Date.parse(one.ended_at))
    if (!beyond) cursor = told.calls.at(-1)?.call_id ?? null
    drawRecent()
  }

  async function more() {
    older.disabled = true
    try {
      const told = await api.get('/calls', { status: 'ended', limit: PAGE, cursor })
      beyond = true
      cursor = told.cursor
      ended.push(...told.calls)
      drawRecent()
      older.hidden = cursor === null
    } catch (error) {
      fail(error)
    } finally {
      older.disabled = false
    }
  }

  function drawSeats(fleet) {
    const tasks = fleet.tasks.filter(task => !task.draining)
    const leaving = fleet.tasks.length - tasks.length
    fill(seats,
      el('h2', {}, 'Seats'),
      el('p', { class: 'figure figures' }, String(fleet.taken), el('span', { class: 'soft' }, ` of ${fleet.seats}`)),
      meter(fleet.taken, fleet.seats),
      el('p', { class: `small ${fleet.seats ? 'soft' : 'warn'}` },
        fleet.seats
          ? `${count(tasks.length, 'media task')}${leaving ? `, ${leaving} leaving` : ''} · at most ${count(fleet.calls_per_second, 'call')} a second`
          : 'No media task is there: nobody can be phoned.'))
  }

  function drawNow(calls) {
    const of = (...states) => calls.filter(call => states.includes(call.status)).length
    const [wait, ring, talk] = [of('queued', 'dialing'), of('ringing'), of('in_progress')]
    const figures = { waiting: wait, ringing: ring, talking: talk }
    for (const [name, figure] of Object.entries(figures)) {
      say(tiles[name].querySelector('.figure'), String(figure))
      tiles[name].classList.toggle('some', figure > 0)
    }
    tell(`${wait} waiting, ${ring} ringing, ${talk} talking`)
    now.draw(calls, nowRow, 'Nobody is on the phone.')
    tick()
  }

  function drawRecent() {
    recent.draw(ended, recentRow, 'No call has ended in the last 24 hours.')
    tick()
  }

  /** What grows by itself. */
  function tick() {
    for (const each of element.querySelectorAll('[data-since]')) {
      say(each, clock((api.now() - Date.parse(each.dataset.since)) / 1000))
    }
    for (const each of element.querySelectorAll('[data-away]')) say(each, away(each.dataset.away, api.now()))
  }

  const polling = poll(look, EVERY)
  const ticking = setInterval(tick, 1000)
  return {
    title: 'Live',
    element,
    stop() {
      polling.stop()
      clearInterval(ticking)
    },
  }
}

function nowRow(call) {
  const [words, kind] = STATUS[call.status]
  return el('tr', {},
    el('td', {}, el('span', { class: `chip ${kind}` }, el('span', { class: `pulse ${call.status}`, 'aria-hidden': 'true' }), words)),
    who(call),
    el('td', {}, call.agent),
    el('td', { class: 'figures', 'data-since': since(call) }),
    el('td', { class: 'soft' }, origin(call)))
}

function recentRow(call) {
  return el('tr', {},
    el('td', { class: 'soft', 'data-away': call.ended_at ?? call.created_at }),
    who(call),
    el('td', {}, call.agent),
    el('td', {}, cameTo(call)),
    el('td', { class: 'figures' }, call.answered_at ? clock(call.duration_seconds ?? 0) : '–'))
}

/** What an ended call came to: one word, once it is known. */
export function cameTo(call) {
  const word = call.disposition ?? call.end_reason ?? 'unknown'
  const good = ['completed', 'transferred', 'agent_hung_up', 'callee_hung_up', 'voicemail', 'voicemail_left']
  const bad = ['failed', 'lost', 'unknown', 'refused', 'too_late']
  const kind = good.includes(word) ? 'go' : bad.includes(word) ? 'stop' : ''
  return el('span', { class: `chip ${kind}` }, plain(word))
}

function who(call) {
  return el('td', {},
    el('a', { class: 'whole number', href: `#/calls/${call.call_id}`, 'data-focus': 'call' }, person(call)),
    call.direction === 'inbound' && el('span', { class: 'small soft' }, ' phones us'))
}

function origin(call) {
  if (call.campaign_id) return 'campaign'
  if (call.schedule_id) return 'schedule'
  return call.direction === 'inbound' ? '' : call.api_key
}

/** A table that says so when it is empty, and while it is not known yet. */
export function table(caption, columns) {
  const body = el('tbody', {})
  const empty = el('p', { class: 'empty soft' }, 'Looking…')
  const grid = el('table', { hidden: true },
    el('caption', { class: 'spoken' }, caption),
    el('thead', {}, el('tr', {}, columns.map(words => el('th', { scope: 'col' }, words)))),
    body)
  return {
    element: el('section', { class: 'card listing' }, el('h2', {}, caption), el('div', { class: 'wide' }, grid), empty),
    draw(items, row, nothing) {
      keyed(body, items, item => item.call_id ?? item.campaign_id ?? item.schedule_id ?? item.contact_id, row)
      grid.hidden = items.length === 0
      empty.hidden = items.length > 0
      say(empty, nothing)
    },
  }
}

/** Seats as cells, while they can be counted; else as one bar. */
function meter(taken, seats) {
  const label = { role: 'img', 'aria-label': `${taken} of ${seats} seats taken` }
  if (seats > 60) {
    const full = el('span', {})
    full.style.width = `${Math.min(100, (100 * taken) / seats)}%`
    return el('div', { class: 'meter', ...label }, full)
  }
  return el('div', { class: 'cells', ...label },
    Array.from({ length: Math.max(seats, taken) }, (_, index) =>
      el('span', { class: index < taken ? (index < seats ? 'taken' : 'over') : '' })))
}

function waiting(words) {
  return [el('h2', {}, words), el('p', { class: 'figure' }, '–')]
}

