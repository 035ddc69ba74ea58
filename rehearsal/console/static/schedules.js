// Calls that are made at a time, and when each is made next.
import { doing, sure } from './asking.js'
import { el, say } from './dom.js'
import { table } from './live.js'
import { away, moment, plain, when } from './words.js'

const EVERY = 5000
const KINDS = { active: 'go', paused: 'wait', finished: 'agent', missed: 'stop', cancelled: '' }

export function schedulesView(context) {
  const { api, poll } = context
  const listed = table('All schedules', ['Whom', 'When', 'Next call', 'State', 'Last call', ''])
  const more = el('button', { type: 'button', class: 'alone', hidden: true, onclick: () => ((limit = Math.min(100, limit + 20)), polling.now()) }, 'More schedules')
  const element = el('div', {}, el('h1', { tabindex: -1 }, 'Schedules'), listed.element, more)
  let limit = 20

  async function look(signal) {
    const told = await api.get('/schedules', { limit }, signal)
    listed.draw(told.schedules, row, 'There is no schedule yet: `dialout schedule add` makes one.')
    more.hidden = told.cursor === null || limit >= 100
    tick()
    return EVERY
  }

  function row(schedule) {
    const { request, state } = schedule
    return el('tr', {},
      el('td', {}, el('span', { class: 'number' }, request.to_number),
        el('span', { class: 'small soft under' }, [schedule.name, request.agent].filter(Boolean).join(' · '))),
      el('td', { class: 'small' }, when(schedule)),
      el('td', {}, schedule.next_at
        ? [el('span', { class: 'figures', 'data-away': schedule.next_at }), el('span', { class: 'small soft under' }, moment(schedule.next_at))]
        : el('span', { class: 'soft' }, 'none')),
      el('td', {}, el('span', { class: `chip ${KINDS[state]}` }, plain(state))),
      el('td', {}, schedule.last_call_id && el('a', { href: `#/calls/${schedule.last_call_id}`, 'data-focus': 'call' }, 'Look at it')),
      el('td', { class: 'acts' },
        state === 'active' && doing(context, 'Pause', to(schedule, 'paused'), { focus: 'pause' }),
        state === 'paused' && doing(context, 'Go on', to(schedule, 'active'), { focus: 'pause' }),
        ['active', 'paused'].includes(state) && doing(context, 'Cancel', cancel(schedule))))
  }

  const to = (schedule, state) => async () => {
    await api.patch(`/schedules/${schedule.schedule_id}`, { state })
    await polling.now()
  }

  const cancel = schedule => async () => {
    const yes = await sure(`Cancel the calls to ${schedule.request.to_number}?`, `${when(schedule)}. This cannot be taken back.`, 'Cancel the schedule', 'Let it be')
    if (!yes) return
    await api.delete(`/schedules/${schedule.schedule_id}`)
    await polling.now()
  }

  function tick() {
    for (const each of element.querySelectorAll('[data-away]')) say(each, away(each.dataset.away, api.now()))
  }

  const polling = poll(look, EVERY)
  const ticking = setInterval(tick, 1000)
  return {
    title: 'Schedules',
    element,
    stop() {
      polling.stop()
      clearInterval(ticking)
    },
  }
}
