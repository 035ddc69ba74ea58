// One call: what happened, what was said and how long it took, what came of it, and its recording.
import { doing, sure } from './asking.js'
import { el, fill, keyed, say } from './dom.js'
import { cameTo } from './live.js'
import { placeholder, player } from './player.js'
import { longestWait, stretches } from './turns.js'
import { clock, count, happened, moment, ms, PARTS, person, plain, since, STATUS, timeOfDay, value } from './words.js'

const LIVE = 1500
const SETTLING = 3000
const SETTLED_AFTER = 10 * 60 * 1000 // an outcome that is not there by then is not waited for
const LONG_SECONDS = 15 * 60

export function callView(context, callId) {
  const { api, poll } = context
  const head = el('header', { class: 'head-line' }, el('h1', { tabindex: -1 }, 'Call'), el('p', { class: 'soft' }, 'Looking…'))
  const band = el('div', { class: 'card band' })
  const sound = el('section', { class: 'card sound' }, el('h2', {}, 'Recording'))
  const turns = el('ol', { class: 'turns' })
  const nothing = el('p', { class: 'soft empty' }, 'Nothing was said yet.')
  const legend = el('ul', { class: 'legend small', 'aria-label': 'What the callee waited for' },
    PARTS.map(([part, words, what]) => el('li', { title: what }, el('span', { class: `key ${part}` }), words)))
  const said = el('section', { class: 'card said' }, el('div', { class: 'row between' }, el('h2', {}, 'Conversation'), legend), turns, nothing)
  const outcome = el('section', { class: 'card' })
  const facts = el('section', { class: 'card' })
  const events = el('ol', { class: 'events' })
  const timeline = el('section', { class: 'card' }, el('h2', {}, 'Timeline'), events)
  const body = el('div', { class: 'columns', hidden: true },
    el('div', { class: 'stack' }, sound, said), el('div', { class: 'stack' }, outcome, facts, timeline))
  const element = el('div', { class: 'call' },
    el('p', { class: 'small' }, el('a', { href: '#/live' }, '← Live')), head, band, body)
  band.hidden = true

  let [call, heard, recorder] = [null, null, null]
  const drawn = new Map()

  async function look(signal) {
    call = await api.get(`/calls/${callId}`, {}, signal).catch(absent)
    if (call === null) return null
    body.hidden = band.hidden = false
    draw()
    return pauseAfter()
  }

  function absent(error) {
    if (error.status !== 404) throw error
    fill(head, el('h1', { tabindex: -1 }, 'There is no such call'),
      el('p', { class: 'soft' }, 'Records are kept for 90 days. Is it another API’s?'))
    return null
  }

  function pauseAfter() {
    if (call.status !== 'ended') return LIVE
    const recorded = call.recording === null || ['completed', 'absent'].includes(call.recording.status)
    const old = api.now() - Date.parse(call.ended_at ?? call.created_at) > SETTLED_AFTER
    return (call.debriefed_at && recorded) || old ? null : SETTLING
  }

  /** Draws a part again only if what it shows has changed: nobody's place in it is lost. */
  function part(name, shown, draws) {
    const text = JSON.stringify(shown)
    if (drawn.get(name) === text) return
    drawn.set(name, text)
    draws()
  }

  function draw() {
    part('head', [call.status, call.end_reason, call.disposition], drawHead)
    part('turns', call.transcript, drawTurns)
    part('outcome', [call.status, call.outcome, call.summary, call.disposition, call.debriefed_at], drawOutcome)
    part('facts', { ...call, transcript: null, timeline: null }, drawFacts)
    part('timeline', call.timeline, drawTimeline)
    part('sound', [call.recording, call.status === 'ended'], drawSound)
    tick()
  }

  function drawHead() {
    const [words, kind] = STATUS[call.status]
    fill(head,
      el('div', { class: 'row between' },
        el('div', { class: 'row' },
          el('h1', { tabindex: -1, class: 'number' }, person(call)),
          el('span', { class: `chip ${kind}` }, el('span', { class: `pulse ${call.status}`, 'aria-hidden': 'true' }), words),
          call.status === 'ended' && cameTo(call),
          call.status !== 'ended' && el('span', { class: 'figures soft', id: 'for' })),
        call.status !== 'ended' && doing(context, ending(), hangUp, { kind: 'stop', focus: 'end' })),
      el('p', { class: 'soft' },
        call.direction === 'inbound' ? `phoned ${call.to_number}; ${call.agent} answered` : `phoned by ${call.agent} from ${call.from_number}`,
        ` · ${moment(call.created_at)}`))
  }

  function ending() {
    return { queued: 'Take it from the queue', in_progress: 'Hang up' }[call.status] ?? 'Stop the ringing'
  }

  async function hangUp() {
    const talking = call.status === 'in_progress'
    const detail = talking ? 'The agent is cut off in the middle of whatever it says.' : 'Nobody is phoned, or phoned any more.'
    if (!(await sure(`${ending()}: ${person(call)}?`, detail, ending(), talking ? 'Keep talking' : 'Leave it'))) return
    await api.delete(`/calls/${callId}`)
    polling.now()
  }

  function drawTurns() {
    const spoken = call.transcript ?? []
    const longest = longestWait(spoken)
    nothing.hidden = spoken.length > 0
    say(nothing, call.status === 'ended' ? 'Nothing was said.' : 'Nothing was said yet.')
    legend.hidden = !spoken.some(turn => turn.latency_ms !== null)
    keyed(turns, spoken.map(turn => ({ ...turn, longest })), turn => turn.number, turn => drawTurn(turn))
    recorder?.follow(call)
    mark(heard)
  }

  function drawTurn(turn) {
    const from = Date.parse(call.answered_at ?? call.created_at)
    const at = clock((Date.parse(turn.at) - from) / 1000)
    return el('li', { class: `turn ${turn.role}` },
      el('button', {
        type: 'button', class: 'at figures', 'data-focus': 'at', 'aria-label': `Listen from ${at}`,
        onclick: () => listenFrom(turn.number),
      }, at),
      el('div', { class: 'words' },
        el('p', { class: 'speaker small' },
          el('span', {}, turn.role === 'agent' ? call.agent : 'Callee'),
          turn.kind && turn.kind !== 'reply' && el('span', { class: 'soft' }, ` · ${plain(turn.kind).toLowerCase()}`)),
        el('p', { class: 'text', dir: 'auto' }, turn.text,
          turn.interrupted && el('span', { class: 'cut', title: 'The callee cut it short here' }, ' — cut short')),
        turn.latency_ms !== null && wait(turn)))
  }

  function listenFrom(number) {
    if (recorder?.seekTurn(number)) element.querySelector('.play')?.focus({ preventScroll: true })
    else context.tell('There is no recording to listen to.')
  }

  /** The turn that is heard. */
  function mark(number) {
    heard = number
    for (const item of turns.children) {
      const is = item.dataset.key === String(number)
      item.classList.toggle('heard', is)
      if (is) item.setAttribute('aria-current', 'true')
      else item.removeAttribute('aria-current')
      if (is && recorder && !recorder.audio.paused) item.scrollIntoView({ block: 'nearest' })
    }
  }

  function drawOutcome() {
    const values = Object.entries(call.outcome ?? {})
    const settled = Boolean(call.debriefed_at)
    fill(outcome,
      el('h2', {}, 'Outcome'),
      call.disposition && el('p', {}, cameTo(call)),
      call.summary && el('p', { class: 'summary', dir: 'auto' }, call.summary),
      values.length > 0 && el('dl', { class: 'facts' }, values.map(([name, given]) => [
        el('dt', {}, plain(name)), el('dd', { dir: 'auto', class: given === null ? 'soft' : '' }, value(given)),
      ])),
      !settled && el('p', { class: 'soft small' }, call.status === 'ended' ? 'It is being settled; some seconds more.' : 'Settled some seconds after the call.'),
      settled && !values.length && !call.summary && el('p', { class: 'soft small' }, 'Nobody said anything that came to something.'))
  }

  function drawFacts() {
    const shown = [
      ['Ended because', call.end_reason && plain(call.end_reason)],
      ['Talked for', call.answered_at && call.status === 'ended' && clock(call.duration_seconds ?? 0)],
      ['Who answered', call.answered_by && plain(call.answered_by)],
      ['First sound', call.answer_to_first_audio_ms !== null && `${ms(call.answer_to_first_audio_ms)} after the answer`],
      ['Answers took', call.latency && `${ms(call.latency.p50_ms)} median, ${ms(call.latency.p95_ms)} p95, of ${count(call.latency.turns, 'turn')}`],
      ['Campaign', call.campaign_id && el('a', { href: `#/campaigns/${call.campaign_id}` }, `attempt ${call.attempt}`)],
      ['Schedule', call.schedule_id && el('a', { href: '#/schedules', class: 'number' }, call.schedule_id)],
      ['Longest', clock(call.max_call_seconds)],
      ['Asked for by', call.api_key],
      ['Call', el('span', { class: 'number' }, call.call_id)],
      ['At Twilio', call.call_sid && el('span', { class: 'number' }, call.call_sid)],
      ...Object.entries(call.variables).map(([name, given]) => [`{{${name}}}`, value(given)]),
      ...Object.entries(call.metadata),
    ].filter(([, given]) => given)
    fill(facts, el('h2', {}, 'Details'), el('dl', { class: 'facts' }, shown.map(([name, given]) => [el('dt', {}, name), el('dd', { dir: 'auto' }, given)])))
  }

  function drawTimeline() {
    const from = Date.parse(call.created_at)
    const dated = call.timeline.map((entry, index) => ({ ...entry, index, since: from }))
    keyed(events, dated, entry => entry.index, entry => el('li', {},
      el('span', { class: 'figures soft', title: timeOfDay(entry.at) }, `+${((Date.parse(entry.at) - entry.since) / 1000).toFixed(1)} s`),
      el('span', {}, happened(entry.event), entry.detail && el('span', { class: 'soft detail' }, ` ${entry.detail}`))))
  }

  function drawSound() {
    const recording = call.recording
    const ended = call.status === 'ended'
    if (recording?.status === 'completed') return recording.duration_seconds > LONG_SECONDS ? offer() : load()
    const words =
      recording === null ? (ended ? 'This call was not recorded.' : 'It is not recorded, or not yet.')
      : recording.status === 'absent' ? 'Twilio recorded nothing.'
      : ended ? 'The recording is being finished.'
      : 'It is being recorded, and can be heard once it has ended.'
    fill(sound, el('h2', {}, 'Recording'), placeholder(el('p', { class: 'soft' }, words)))
  }

  function offer() {
    const megabytes = Math.ceil((call.recording.duration_seconds * 32_000) / 1e6)
    fill(sound, el('h2', {}, 'Recording'), placeholder(
      el('button', { type: 'button', onclick: load }, `Load ${clock(call.recording.duration_seconds)} (${megabytes} MB)`)))
  }

  async function load() {
    fill(sound, el('h2', {}, 'Recording'), placeholder(el('p', { class: 'soft', role: 'status' }, 'Loading…')))
    try {
      const bytes = await api.recording(callId, gone.signal)
      const made = await player(bytes, call, mark)
      if (gone.signal.aborted) return made.stop()
      recorder = made
      fill(sound, el('h2', {}, 'Recording'), recorder.element)
      recorder.moved()
    } catch (error) {
      if (gone.signal.aborted) return
      const words = error instanceof DOMException ? 'This recording cannot be read.' : error.message
      fill(sound, el('h2', {}, 'Recording'), placeholder(
        el('p', {}, words), el('button', { type: 'button', onclick: load }, 'Try again')))
    }
  }

  function tick() {
    if (call === null) return
    const lasted = element.querySelector('#for')
    if (lasted) say(lasted, clock((api.now() - Date.parse(since(call))) / 1000))
    if (call.status !== 'ended' || !drawn.has('band')) drawBand()
    if (call.status === 'ended') drawn.set('band', 'over')
  }

  function drawBand() {
    const found = stretches(call, api.now())
    const all = found.reduce((sum, [, from, to]) => sum + to - from, 0) || 1
    const words = found.map(([state, from, to]) => `${STATUS[state][0]} ${clock((to - from) / 1000)}`)
    band.hidden = found.length === 0
    fill(band, el('div', { class: 'stretches', role: 'img', 'aria-label': words.join(', ') },
      found.map(([state, from, to], index) => {
        const piece = el('span', { class: state }, el('span', { 'aria-hidden': 'true' }, words[index]))
        piece.style.flexGrow = String(Math.max(0.001, (to - from) / all))
        return piece
      })))
  }

  const gone = new AbortController()
  const polling = poll(look, LIVE)
  const ticking = setInterval(tick, 1000)
  return {
    title: 'Call',
    element,
    stop() {
      gone.abort()
      polling.stop()
      clearInterval(ticking)
      recorder?.stop()
    },
  }
}

/** What the callee waited for before this turn, its parts one after the other. */
function wait(turn) {
  const parts = turn.latency ? PARTS.map(([part, words]) => [part, words, turn.latency[part]]) : [['whole', 'Waited', turn.latency_ms]]
  const told = parts.map(([, words, took]) => `${words.toLowerCase()} ${ms(took)}`).join(', ')
  const bar = el('span', { class: 'bar-of-parts' }, parts.map(([part, words, took]) => {
    const piece = el('span', { class: part, title: `${words}: ${ms(took)}` })
    piece.style.width = `${(18 * Math.max(0, took)) / turn.longest}rem`
    return piece
  }))
  return el('p', { class: 'waited small', role: 'img', 'aria-label': `Answered after ${ms(turn.latency_ms)}: ${told}` },
    bar, el('span', { class: 'figures' }, ms(turn.latency_ms)))
}
