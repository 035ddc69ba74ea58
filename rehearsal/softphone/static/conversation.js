// The call's record as the API gives it, drawn anew whenever it has changed.

import { Refused } from "./api.js"
import { element, put, titled } from "./element.js"

const EVERY_MS = 500
const SETTLES_MS = 90_000 // what a call came to is known some seconds after its end; and if it is never found
const LONG_MS = 2000

const PARTS = [
  ["turn_ms", "until your turn was taken for over"],
  ["token_ms", "until the first word was thought of"],
  ["voice_ms", "until the first sound was made"],
  ["sound_ms", "until it was sent"],
]

const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`
const words = (name) => name.replaceAll("_", " ")

export class Conversation {
  /** `changed` is given the record whenever it has changed. */
  constructor(api, changed) {
    this.api = api
    this.changed = changed
    this.sid = null
    this.following = 0 // counts up: what is asked for a call that is followed no more is dropped
    this.clear()
  }

  clear() {
    this.seen = ""
    for (const id of ["turns", "facts", "outcome"]) put(id)
    document.getElementById("outcome").hidden = true
    document.getElementById("legend").hidden = true
    document.getElementById("empty").hidden = false
  }

  /** Follow the call with that CallSid until what it came to is known. Its id, if that is known. */
  async follow(sid, id = null) {
    if (sid === this.sid) return
    const turn = ++this.following
    this.sid = sid
    this.clear()
    let going = Date.now() // when it was last seen to go on
    while (turn === this.following && Date.now() - going < SETTLES_MS) {
      try {
        if (this.api.key) id ??= (await this.api.named(sid))?.call_id ?? null
        const call = id && (await this.api.call(id))
        if (turn !== this.following) return
        if (call) this.show(call)
        if (call?.debriefed_at) return
        if (call && call.status !== "ended") going = Date.now()
      } catch (error) {
        if (!(error instanceof Refused)) throw error // else: asked again
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
    }
  }

  show(call) {
    const now = JSON.stringify(call)
    if (now === this.seen) return
    this.seen = now
    this.changed(call)
    const scroll = document.getElementById("scroll")
    const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80
    this.turns(call)
    this.facts(call)
    if (call.status === "ended") this.outcome(call)
    if (atEnd) scroll.scrollTop = scroll.scrollHeight // unless one reads further up
  }

  turns(call) {
    const list = document.getElementById("turns")
    const turns = call.transcript ?? []
    if (turns.length > 0) document.getElementById("empty").hidden = true
    const begun = Date.parse(call.answered_at ?? call.created_at)
    const slowest = Math.max(LONG_MS, ...turns.map((turn) => turn.latency_ms ?? 0))
    turns.forEach((turn, at) => {
      const item = drawn(turn, call, begun, slowest)
      const old = list.children[at]
      if (old === undefined) list.append(item)
      else if (!old.isEqualNode(item)) old.replaceWith(item)
    })
    document.getElementById("legend").hidden = !turns.some((turn) => turn.latency)
  }

  facts(call) {
    const chips = [element("span", { className: "chip agent" }, words(call.end_reason ?? call.status))]
    if (call.latency) {
      const { p50_ms: half, turns } = call.latency
      chips.push(
        element("span", { className: "chip figures", title: `The median of ${turns} answers` }, `answers in ${seconds(half)}`),
      )
    }
    put("facts", ...chips)
  }

  outcome(call) {
    const rows = []
    const row = (name, value) => rows.push(element("dt", {}, name), element("dd", {}, value))
    if (call.disposition) row("Disposition", words(call.disposition))
    if (call.summary) row("Summary", call.summary)
    for (const [name, value] of Object.entries(call.outcome ?? {})) {
      row(titled(words(name)), value === null ? "not said" : value === true ? "yes" : value === false ? "no" : `${value}`)
    }
    const settled = call.debriefed_at ? [] : [element("p", { className: "soft small" }, "What it came to is being read from what was said…")]
    put("outcome", element("h3", {}, "Outcome"), ...(rows.length ? [element("dl", {}, ...rows)] : []), ...settled)
    document.getElementById("empty").hidden = true
    document.getElementById("outcome").hidden = false
  }
}

function drawn(turn, call, begun, slowest) {
  const who = turn.role === "agent" ? titled(words(call.agent)) : "You"
  const at = Math.max(0, Date.parse(turn.at) - begun) / 1000
  const clock = `${Math.floor(at / 60)}:${String(Math.floor(at % 60)).padStart(2, "0")}`
  const text = [turn.text]
  if (turn.interrupted) text.push(" ", element("span", { className: "cut" }, "— interrupted"))
  const parts = [
    element("span", { className: "by" }, who, element("time", { className: "figures" }, clock)),
    element("p", { className: "text" }, ...text),
  ]
  if (turn.latency_ms !== null) parts.push(took(turn, slowest))
  return element("li", { className: `turn ${turn.role}` }, ...parts)
}

/** How long one waited for it, and for what. */
function took(turn, slowest) {
  const known = turn.latency ? PARTS.map(([name, what]) => [name, turn.latency[name], what]) : []
  const title = known.map(([, ms, what]) => `${seconds(ms)} ${what}`).join("\n")
  const bars = known.map(([name, ms]) => {
    const bar = element("i", { className: name.replace("_", "-") })
    bar.style.width = `${(100 * ms) / slowest}%`
    return bar
  })
  return element(
    "div",
    { className: turn.latency_ms > LONG_MS ? "took figures long" : "took figures", title },
    element("strong", {}, element("span", { className: "spoken" }, "answered after "), seconds(turn.latency_ms)),
    element("div", { className: "bars", ariaHidden: "true" }, ...bars),
  )
}
