// The phone: what state it is in, and what its buttons and keys do.

import { Api } from "./api.js"
import { Calling } from "./calling.js"
import { Conversation } from "./conversation.js"
import { element, put, readable, titled } from "./element.js"
import { Line } from "./line.js"
import { Sound } from "./sound.js"

const part = (id) => document.getElementById(id)
const TITLE = document.title

let state = "idle" // ringing, talking, ended
let call = null // {call_sid, caller, called}
let began = 0
let answering = false
let mine = false // we hung up, or declined
let replaced = false
let clock = null
let latest = null // record of a call
let asked = true // for the microphone, and got it

const api = new Api()
const sound = new Sound({ said: (frame) => state === "talking" && line.say(frame), level })
const line = new Line({ told, heard: (frame) => state === "talking" && sound.play(frame) })
const conversation = new Conversation(api, known)

// What the network tells.

function told(message) {
  switch (message.event) {
    case "ready":
      replaced = false
      connected("Ready", "go")
      break
    case "replaced":
      replaced = true
      if (state === "idle" || state === "ended") stepBack()
      break
    case "ringing":
      ring(message)
      break
    case "answered":
      talk()
      break
    case "ended":
      if (state === "ringing") end(mine ? "You declined" : "Missed call")
      else end(mine ? "You hung up" : "They hung up")
      break
    case "lost":
      connected("Not connected", "stop")
      if (state === "ringing" || state === "talking") end("The line is gone")
  }
  show()
}

function ring(message) {
  call = message
  mine = false
  state = "ringing"
  naming("Unknown caller")
  if (latest !== null) known(latest)
  sound.ring()
  conversation.follow(call.call_sid)
  show()
  scrollTo(0, 0)
  if (!isField(document.activeElement)) part("answer").focus()
}

function talk() {
  state = "talking"
  answering = false
  began = Date.now()
  sound.quiet()
  clock = setInterval(show, 250)
  put("pressed")
  show()
  part("who").focus()
}

function end(why) {
  if (state !== "ringing" && state !== "talking") return
  const talked = state === "talking"
  const held = part("talking").contains(document.activeElement) || part("ringing").contains(document.activeElement)
  state = "ended"
  answering = false
  call.why = talked ? `${why} · ${minutes()}` : why
  clearInterval(clock)
  sound.quiet()
  sound.deafen()
  sound.mute(false)
  for (const who of ["you", "them"]) {
    shown[who] = 0
    level(who, 0)
  }
  show()
  if (held) part("who").focus()
  if (replaced) stepBack()
}

/** Another tab is the phone. */
function stepBack() {
  line.close()
  connected("In another tab")
  show()
}

/** What the API knows of the call: above all who phones. */
function known(record) {
  latest = record
  if (call === null || record.call_sid !== call.call_sid) return
  const company = record.variables?.company
  naming(titled(record.agent.replaceAll("_", " ")), company)
  show()
}

function naming(name, company) {
  call.name = name
  call.company = company
}

// What one does.

async function answer() {
  if (state !== "ringing" || answering) return
  answering = true
  const ringing = call
  sound.quiet()
  show()
  const silent = await sound.start()
  const deaf = await sound.listen()
  asked ||= deaf === null
  trouble([silent, deaf].filter(Boolean).join(" "))
  if (state === "ringing" && call === ringing) line.tell("answer")
  else sound.deafen()
  answering = false
  show()
}

function decline() {
  mine = true
  line.tell("decline")
}

function hangUp() {
  mine = true
  line.tell("hang_up")
}

function mute() {
  sound.mute(!sound.muted)
  show()
}

function press(digit) {
  line.tell("digits", { digits: digit })
  sound.key(digit)
  part("pressed").append(digit)
  const button = document.querySelector(`[data-key="${digit}"]`)
  button.classList.add("down")
  setTimeout(() => button.classList.remove("down"), 150)
  show()
}

async function tryMicrophone() {
  const wrong = (await sound.start()) ?? (await sound.listen())
  sound.deafen()
  trouble(wrong)
  asked ||= wrong === null
  show()
}

function trouble(text) {
  put("trouble", text ?? "")
  part("trouble").hidden = !text
}

// What one sees.

function connected(text, kind = "") {
  put("line", text)
  part("line").className = `end chip ${kind}`
}

const minutes = () => {
  const seconds = Math.floor((Date.now() - began) / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

function show() {
  document.body.dataset.state = state
  part("ringing").hidden = state !== "ringing"
  part("talking").hidden = state !== "talking"
  part("replaced").hidden = !replaced || state === "ringing" || state === "talking"
  part("pressed").hidden = part("pressed").textContent === ""
  part("try").hidden = asked || replaced || state === "ringing" || state === "talking"
  part("answer").disabled = answering
  part("mute").setAttribute("aria-pressed", `${sound.muted}`)
  part("mute").disabled = !sound.hears
  part("you-name").textContent = sound.muted ? "You, muted" : "You"
  const who = call && (call.company ? `${call.name} · ${call.company}` : call.name)
  say("who", state === "idle" ? "No call" : who)
  say("initial", state === "idle" ? "☏" : call.name.charAt(0))
  say("them-name", call?.name ?? "Agent")
  say("number", state === "idle" ? "" : readable(call.caller))
  say("status", status())
  keys()
  document.title = state === "ringing" ? `☎ ${call.name} calls` : state === "talking" ? `${call.name} · ${TITLE}` : TITLE
  const news = { ringing: `${who} is calling. Enter answers, Escape declines.`, ended: call?.why }
  say("alert", news[state] ?? "")
}

function status() {
  switch (state) {
    case "ringing":
      return answering ? "Asking for the microphone…" : `calls ${readable(call.called)}`
    case "talking":
      return minutes()
    case "ended":
      return call.why
    default:
      return "Any number that no scenario has rings here."
  }
}

function keys() {
  const hints = {
    ringing: [["Enter", "answer"], ["Esc", "decline"]],
    talking: [["0–9 * #", "keys"], ["M", "mute"], ["Esc", "hang up"]],
  }
  if (part("keys").dataset.of === state) return
  part("keys").dataset.of = state
  put("keys", ...(hints[state] ?? []).flatMap(([key, does], at) => [at ? " · " : "", element("kbd", {}, key), ` ${does}`]))
}

/** Only what has changed: a screen reader reads what is put anew. */
function say(id, text) {
  if (part(id).textContent !== text) part(id).textContent = text
}

const shown = { you: 0, them: 0 }
const told_at = { you: 0, them: 0 }

function level(who, loudness) {
  const decibels = 20 * Math.log10(loudness || 1e-6)
  const now = Math.max(0, Math.min(1, (decibels + 54) / 48))
  shown[who] = Math.max(now, shown[who] * 0.85) // falls as the needle of a meter does
  const meter = part(who)
  meter.style.setProperty("--level", shown[who].toFixed(3))
  if (who === "them") document.querySelector(".avatar").style.setProperty("--loud", shown[who].toFixed(2))
  if (Date.now() - told_at[who] > 500) {
    told_at[who] = Date.now()
    meter.setAttribute("aria-valuenow", `${Math.round(shown[who] * 100)}`)
  }
}

const isField = (target) => Boolean(target?.closest?.("input, select, textarea"))

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isField(event.target)) return
  const ours =
    (state === "ringing" && event.key === "Enter" && !event.target.closest("button, a") && answer) ||
    (state === "ringing" && event.key === "Escape" && decline) ||
    (state === "talking" && event.key === "Escape" && hangUp) ||
    (state === "talking" && event.key.toLowerCase() === "m" && sound.hears && mute) ||
    (state === "talking" && /^[0-9*#]$/.test(event.key) && (() => press(event.key)))
  if (!ours) return
  event.preventDefault()
  ours()
})

part("answer").onclick = answer
part("decline").onclick = decline
part("hang-up").onclick = hangUp
part("mute").onclick = mute
part("try").onclick = tryMicrophone
part("take-over").onclick = () => line.open()
for (const button of document.querySelectorAll("[data-key]")) button.onclick = () => press(button.dataset.key)

const settings = await (await fetch("/phone/settings")).json()
api.key = settings.api_key
new Calling(api, settings, {
  clicked: () => sound.start(), // so that it may ring
  placed: (placed) => {
    known(placed)
    const busy = (state === "ringing" || state === "talking") && call.call_sid !== placed.call_sid
    if (!busy) conversation.follow(placed.call_sid, placed.call_id)
  },
})
const permission = await navigator.permissions?.query({ name: "microphone" }).catch(() => null)
asked = permission?.state === "granted"
line.open()
show()
