// The console: who is connected, and which view is shown. Addresses after # have ids, never a key.
import { callView } from './call.js'
import { campaignView } from './campaign.js'
import { campaignsView } from './campaigns.js'
import { connecting } from './connecting.js'
import { el, fill, say } from './dom.js'
import { liveView } from './live.js'
import { Polling } from './polling.js'
import { schedulesView } from './schedules.js'

const ID = '([0-7][0-9A-HJKMNP-TV-Z]{25})'
const VIEWS = [
  [/^#\/live$/, liveView],
  [new RegExp(`^#/calls/${ID}$`), callView],
  [/^#\/campaigns$/, campaignsView],
  [new RegExp(`^#/campaigns/${ID}$`), campaignView],
  [/^#\/schedules$/, schedulesView],
]
const HOME = '#/live'

const part = id => document.getElementById(id)
const main = part('main')
let api = null
let view = null
let polling = null

function connect(connection) {
  api = connection
  say(part('host'), api.host)
  part('connected').hidden = part('nav').hidden = false
  show(true)
}

function disconnect(why = '') {
  leave()
  api = null
  part('connected').hidden = part('nav').hidden = true
  document.title = 'Dialout console'
  fill(main, connecting(connect, why))
  part(why ? 'key' : part('address').value === location.origin ? 'key' : 'address').focus()
}

function leave() {
  view?.stop()
  view = null
  trouble('')
}

function show(moved) {
  if (api === null) return
  leave()
  const hash = location.hash || HOME
  for (const link of part('nav').children) {
    const there = hash.replace(/^#\/calls\//, '#/live/') // where a call is come from
    if (there.startsWith(link.getAttribute('href'))) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  view = viewOf(hash)
  document.title = `${view.title} · Dialout console`
  fill(main, view.element)
  if (moved) main.querySelector('h1')?.focus()
  window.scrollTo(0, 0)
}

function viewOf(hash) {
  for (const [pattern, made] of VIEWS) {
    const found = pattern.exec(hash)
    if (found) return made(context(), ...found.slice(1))
  }
  const element = el('section', { class: 'card empty' },
    el('h1', { tabindex: -1 }, 'There is nothing here'),
    el('p', {}, el('a', { href: HOME }, 'To the calls as they happen')))
  return { title: 'Not found', element, stop() {} }
}

/** What a view has of the world around it. */
function context() {
  return {
    api,
    /** Looks now and then; what goes wrong is said at the top of the page. */
    poll: (look, every) => (polling = new Polling(look, told, every)),
    /** What somebody did did not work. */
    fail: error => (error.locked ? disconnect(error.message) : trouble(error.message + later(error.retryAfter))),
    /** Said to whoever listens instead of looks. */
    tell: text => say(part('told'), text),
  }
}

function told(problem, seconds) {
  if (problem?.locked) disconnect(problem.message)
  else trouble(problem ? problem.message + later(seconds) : '')
}

function later(seconds) {
  return seconds ? ` Trying again in ${seconds} s.` : ''
}

function trouble(words) {
  say(part('words'), words)
  part('trouble').hidden = !words
  part('connected').classList.toggle('troubled', Boolean(words))
}

part('again').addEventListener('click', () => polling?.now())
part('disconnect').addEventListener('click', () => disconnect())
window.addEventListener('hashchange', () => show(true))
disconnect()
