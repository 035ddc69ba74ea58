// The campaigns, and how far each is.
import { doing, sure } from './asking.js'
import { el } from './dom.js'
import { table } from './live.js'
import { away, count, plain } from './words.js'

const EVERY = 4000
const OVER = ['completed', 'cancelled']
export const KINDS = { draft: '', running: 'go', paused: 'wait', completed: 'agent', cancelled: '' }

export function campaignsView(context) {
  const { api, poll } = context
  const listed = table('All campaigns', ['Name', 'State', 'Agent', 'Progress', 'Pace', ''])
  const more = el('button', { type: 'button', class: 'alone', hidden: true, onclick: () => ((limit += 20), polling.now()) }, 'More campaigns')
  const element = el('div', {}, el('h1', { tabindex: -1 }, 'Campaigns'), listed.element, more)
  const finished = new Map() // their progress stands
  let limit = 20

  async function look(signal) {
    const told = await api.get('/campaigns', { limit: Math.min(limit, 100) }, signal)
    const campaigns = await Promise.all(told.campaigns.map(campaign => progress(campaign, signal)))
    listed.draw(campaigns, row, 'There is no campaign yet: `dialout campaign create` makes one.')
    more.hidden = told.cursor === null || limit >= 100
    return EVERY
  }

  async function progress(campaign, signal) {
    const { campaign_id: id, updated_at: at } = campaign
    if (finished.get(id)?.updated_at === at) return finished.get(id)
    const whole = await api.get(`/campaigns/${id}`, {}, signal)
    if (OVER.includes(whole.state)) finished.set(id, whole)
    return whole
  }

  const row = campaign => el('tr', {},
    el('td', {}, el('a', { class: 'whole', href: `#/campaigns/${campaign.campaign_id}`, 'data-focus': 'name' }, campaign.name)),
    el('td', {}, el('span', { class: `chip ${KINDS[campaign.state]}` }, plain(campaign.state))),
    el('td', {}, campaign.agent),
    el('td', { class: 'far' }, bar(campaign.progress), el('span', { class: 'small soft figures' }, far(campaign.progress))),
    el('td', { class: 'small figures soft' }, pace(campaign, api.now())),
    el('td', { class: 'acts' }, steps(context, campaign, () => polling.now())))

  const polling = poll(look, EVERY)
  return { title: 'Campaigns', element, stop: () => polling.stop() }
}

/** What can be done with a campaign as it stands. */
export function steps(context, campaign, done) {
  const path = `/campaigns/${campaign.campaign_id}`
  const to = state => async () => {
    await context.api.patch(path, { state })
    await done()
  }
  const cancel = async () => {
    const left = campaign.progress.contacts - (campaign.progress.by_state.done ?? 0)
    const yes = await sure(
      `Cancel “${campaign.name}”?`,
      `${count(left, 'contact')} not done with will not be phoned any more. Calls that ring or talk go on. This cannot be taken back.`,
      'Cancel the campaign', 'Let it be')
    if (yes) await to('cancelled')()
  }
  const { state, progress } = campaign
  return [
    state === 'running' && doing(context, 'Pause', to('paused'), { focus: 'pause' }),
    state === 'paused' && doing(context, 'Go on', to('running'), { focus: 'pause' }),
    state === 'draft' && progress.contacts > 0 && doing(context, 'Start', start, { focus: 'pause' }),
    ['running', 'paused'].includes(state) && doing(context, 'Cancel', cancel),
  ]

  async function start() {
    const detail = `${count(progress.contacts, 'contact')} will be phoned, as soon as they may be. Its page has a preview.`
    if (await sure(`Start “${campaign.name}”?`, detail, 'Start it', 'Not yet')) await to('running')()
  }
}

export const SHARES = [['done', 'done'], ['settling', 'being settled'], ['calling', 'on the phone'], ['waiting', 'to be phoned again, or later'], ['pending', 'to be phoned']]

/** A campaign's contacts by where they stand, as one bar. */
export function bar(progress) {
  const known = SHARES.map(([state, words]) => [state, words, progress.by_state[state] ?? 0])
  const label = known.filter(([, , number]) => number).map(([, words, number]) => `${number} ${words}`).join(', ')
  return el('div', { class: 'shares', role: 'img', 'aria-label': label || 'no contacts', title: label },
    known.map(([state, , number]) => {
      const piece = el('span', { class: state })
      piece.style.width = progress.contacts ? `${(100 * number) / progress.contacts}%` : '0'
      return piece
    }))
}

export function far({ contacts, by_state: states }) {
  const done = states.done ?? 0
  if (!contacts) return 'no contacts'
  return `${done.toLocaleString()} of ${contacts.toLocaleString()} (${Math.floor((100 * done) / contacts)} %)`
}

export function pace(campaign, now) {
  const { attempts_per_minute: rate, ends_at: ends } = campaign.progress
  if (campaign.paused_because) return plain(campaign.paused_because)
  if (campaign.state !== 'running') return campaign.ended_at ? away(campaign.ended_at, now) : ''
  const parts = [rate !== null && `${rate} a minute`, ends && `done ${away(ends, now)}`].filter(Boolean)
  return parts.join(', ') || 'just begun'
}

