// One campaign: how far it is, what came of it, and whom it phones.
import { doing } from './asking.js'
import { bar, far, KINDS, pace, SHARES, steps } from './campaigns.js'
import { el, fill } from './dom.js'
import { table } from './live.js'
import { away, count, lasting, moment, plain } from './words.js'

const EVERY = 3000

export function campaignView(context, campaignId) {
  const { api, poll } = context
  const path = `/campaigns/${campaignId}`
  const head = el('header', { class: 'head-line' }, el('h1', { tabindex: -1 }, 'Campaign'), el('p', { class: 'soft' }, 'Looking…'))
  const progress = el('section', { class: 'card', hidden: true })
  const forecast = el('section', { class: 'card', hidden: true })
  const came = el('section', { class: 'card', hidden: true })
  const choice = el('select', { 'aria-label': 'Which contacts', onchange: () => ((shown = choice.value), polling.now()) },
    el('option', { value: '' }, 'All contacts'))
  const contacts = table('Contacts', ['Number', 'State', 'Attempts', 'Came to', 'Last call'])
  const first = el('p', { class: 'small soft', hidden: true }, 'These are a hundred of them; `dialout campaign results` has all.')
  contacts.element.querySelector('h2').after(choice)
  contacts.element.append(first)
  const element = el('div', { class: 'campaign' },
    el('p', { class: 'small' }, el('a', { href: '#/campaigns' }, '← Campaigns')),
    head, progress, forecast, came, contacts.element)
  let shown = ''

  async function look(signal) {
    const [campaign, page] = await Promise.all([
      api.get(path, {}, signal),
      api.get(`${path}/contacts`, { limit: 100, disposition: shown }, signal),
    ]).catch(error => {
      if (error.status !== 404) throw error
      return [null]
    })
    if (campaign === null) {
      fill(head, el('h1', { tabindex: -1 }, 'There is no such campaign'))
      contacts.element.hidden = true
      return null
    }
    drawHead(campaign)
    drawProgress(campaign)
    drawCame(campaign.progress)
    contacts.draw(page.contacts, contact, shown ? 'No contact came to that.' : 'It has no contacts yet.')
    first.hidden = page.cursor === null
    return ['running', 'paused', 'draft'].includes(campaign.state) ? EVERY : null
  }

  function drawHead(campaign) {
    if (head.dataset.shown === JSON.stringify([campaign.state, campaign.name, campaign.progress.contacts])) return
    head.dataset.shown = JSON.stringify([campaign.state, campaign.name, campaign.progress.contacts])
    fill(head,
      el('div', { class: 'row between' },
        el('div', { class: 'row' }, el('h1', { tabindex: -1 }, campaign.name), el('span', { class: `chip ${KINDS[campaign.state]}` }, plain(campaign.state))),
        el('div', { class: 'row' },
          campaign.state === 'draft' && doing(context, 'Preview', preview),
          steps(context, campaign, () => polling.now()))),
      el('p', { class: 'soft' }, `${campaign.agent} phones from ${campaign.from_number}`,
        campaign.calling_window && `, ${campaign.calling_window}`, ` · made ${moment(campaign.created_at)}`))
  }

  function drawProgress(campaign) {
    progress.hidden = false
    fill(progress,
      el('div', { class: 'row between' }, el('h2', { class: 'figures' }, far(campaign.progress)), el('span', { class: 'soft figures' }, pace(campaign, api.now()))),
      campaign.paused_because && el('p', { class: 'notice wait' }, `It paused by itself: ${campaign.paused_because}`),
      bar(campaign.progress),
      el('ul', { class: 'legend small' }, SHARES.map(([state, words]) =>
        el('li', {}, el('span', { class: `key ${state}` }), `${(campaign.progress.by_state[state] ?? 0).toLocaleString()} ${words}`))))
  }

  function drawCame({ by_disposition: found }) {
    const sorted = Object.entries(found).sort(([, one], [, other]) => other - one)
    came.hidden = sorted.length === 0
    const most = Math.max(1, ...sorted.map(([, number]) => number))
    fill(came, el('h2', {}, 'Came to'), el('dl', { class: 'counts' }, sorted.map(([name, number]) => {
      const piece = el('span', {})
      piece.style.width = `${(100 * number) / most}%`
      return [el('dt', {}, plain(name)), el('dd', {}, el('span', { class: 'track', 'aria-hidden': 'true' }, piece), el('span', { class: 'figures' }, number.toLocaleString()))]
    })))
    const known = new Set([...choice.options].map(option => option.value))
    choice.append(...sorted.filter(([name]) => !known.has(name)).map(([name]) => el('option', { value: name }, plain(name))))
  }

  async function preview() {
    const told = await api.get(`${path}/preview`)
    const skipped = Object.entries(told.skipped).map(([rule, number]) => `${number.toLocaleString()} by ${plain(rule).toLowerCase()}`)
    forecast.hidden = false
    fill(forecast, el('h2', {}, 'If it were started now'),
      el('p', {}, `${count(told.will_be_called, 'person', 'people')} of ${told.contacts.toLocaleString()} would be phoned`,
        told.of_them_later ? `, ${told.of_them_later.toLocaleString()} of them later` : '',
        skipped.length ? `; skipped: ${skipped.join(', ')}.` : '; nobody would be skipped.'),
      el('p', { class: 'soft' }, `With ${count(told.seats, 'seat')} about ${lasting(told.seconds)}, and $${told.usd.toFixed(2)} at most, if everybody answers.`,
        told.estimated && ' The counts are of a sample.'))
  }

  const contact = each => el('tr', {},
    el('td', { class: 'number' }, each.to_number),
    el('td', {}, el('span', { class: 'chip' }, plain(each.state)),
      each.next_at && el('span', { class: 'small soft' }, ` ${away(each.next_at, api.now())}`)),
    el('td', { class: 'figures' }, String(each.attempts)),
    el('td', {}, each.disposition ? plain(each.disposition) : ''),
    el('td', {}, each.last_call_id && el('a', { href: `#/calls/${each.last_call_id}`, 'data-focus': 'call' }, 'Look at it')))

  const polling = poll(look, EVERY)
  return { title: 'Campaign', element, stop: () => polling.stop() }
}
