// What of the console needs no browser: words, problems, turns and pauses. `node --test` runs it.

import assert from "node:assert/strict"
import { test } from "node:test"

import { pause } from "../../rehearsal/console/static/polling.js"
import { refused, silent, unfit } from "../../rehearsal/console/static/problem.js"
import { began, heardAt, longestWait, peaks, placed, stretches } from "../../rehearsal/console/static/turns.js"
import { away, clock, happened, lasting, plain, since, spoken, value, when } from "../../rehearsal/console/static/words.js"

const AT = Date.parse("2026-12-01T12:00:00Z")
const after = seconds => new Date(AT + seconds * 1000).toISOString()
const CALL = {
  created_at: after(0), answered_at: after(4), ended_at: after(24), status: "ended",
  timeline: [
    { at: after(0), event: "dialing" }, { at: after(1), event: "ringing" },
    { at: after(4), event: "answered" }, { at: after(4.1), event: "recording" }, { at: after(24), event: "ended" },
  ],
}
const TURNS = [5, 9, 13].map((seconds, index) => ({ number: index + 1, at: after(seconds), latency_ms: index ? 700 * index : null }))

test("times are said as people say them", () => {
  assert.deepEqual([0, 59.9, 754, 3754, -3, null].map(clock), ["0:00", "0:59", "12:34", "1:02:34", "0:00", "0:00"])
  assert.deepEqual([5, 480, 11_500, 7200].map(lasting), ["1 min", "8 min", "3 h 12 min", "2 h"])
  assert.equal(spoken(61), "1 minute 1 second")
  const said = [1, -30, 600, -7200, 172800].map(seconds => away(after(seconds), AT))
  assert.deepEqual(said, ["now", "30 s ago", "in 10 min", "2 h ago", "in 2 days"])
})

test("words of the API are plain", () => {
  assert.equal(plain("skipped:do_not_call"), "Skipped: do not call")
  assert.equal(happened("recording_in-progress"), "Recording started")
  assert.equal(happened("brand_new_event"), "Brand new event")
  assert.deepEqual([true, null, "a", { b: 1 }].map(value), ["yes", "not said", "a", '{"b":1}'])
  assert.equal(when({ rate: "1 day" }), "every day")
  assert.equal(when({ at: "2026-11-25T07:30", time_zone: "Europe/Berlin" }), "once, 2026-11-25 07:30 (Europe/Berlin)")
})

test("a state began when the call came to it", () => {
  assert.equal(since({ ...CALL, status: "ringing" }), after(1))
  assert.equal(since({ ...CALL, status: "in_progress" }), after(4))
  assert.equal(since({ ...CALL, status: "queued", timeline: [] }), after(0))
})

test("a turn lies in the recording where it was heard", () => {
  assert.equal(began(CALL, 20), AT + 4000) // its end tells it better than the late note of its start
  assert.equal(began(CALL, 10), AT + 4100)
  assert.equal(began({ timeline: [] }, 20), null)
  const turns = placed(TURNS, AT + 4000, 20)
  assert.deepEqual(turns.map(turn => [turn.start, turn.end]), [[1, 5], [5, 9], [9, 20]])
  assert.deepEqual([0, 1, 4, 5, 30].map(seconds => heardAt(turns, seconds)), [null, 1, 1, 2, 3])
  assert.equal(longestWait(TURNS), 1400)
  assert.deepEqual(placed([{ at: after(-9) }, { at: after(99) }], AT, 20).map(turn => turn.start), [0, 20])
})

test("a call's time is divided among its states", () => {
  const lasted = stretches(CALL, AT).map(([state, from, to]) => [state, (to - from) / 1000])
  assert.deepEqual(lasted, [["dialing", 1], ["ringing", 3], ["in_progress", 20]])
  const rings = { ...CALL, answered_at: null, ended_at: null, timeline: CALL.timeline.slice(0, 2) }
  assert.deepEqual(stretches(rings, AT + 9000).at(-1), ["ringing", AT + 1000, AT + 9000])
})

test("a waveform keeps the loudest of each part", () => {
  assert.deepEqual([...peaks(Float32Array.of(0, 0.5, -1, 0.25), 2)], [0, 0.5, -1, 0.25])
  assert.equal(peaks(new Float32Array(0), 3).length, 6)
})

test("problems are said in words, and a stranger's answer is called one", () => {
  const body = JSON.stringify({ code: "no_free_seat", detail: "all lines are busy" })
  const problem = refused(503, body, "10")
  assert.deepEqual([problem.message, problem.retryAfter, problem.code], ["All lines are busy.", 10, "no_free_seat"])
  assert.equal(refused(429, "", "soon").retryAfter, null)
  assert.ok(refused(401, body, null).locked)
  for (const [status, text] of [[404, "<html>"], [200, "null"], [401, "[]"]]) {
    assert.match(refused(status, text, null).message, /not Dialout/)
  }
  assert.equal(silent("http://localhost:7860/calls", "http://localhost:7860").message, "The API does not answer.")
  assert.match(silent("https://api.test/calls", "http://localhost:7860").message, /api\.test.*DIALOUT_CONSOLE_ORIGINS/)
})

test("a key goes over https, or stays on this machine", () => {
  for (const good of ["https://a.test", "https://a.test/prod", "http://localhost:7860", "http://127.0.0.1:1"]) {
    assert.equal(unfit(good), null)
  }
  for (const bad of ["", "a.test", "http://a.test", "http://localhost.a.test", "https://u:p@a.test", "https://a.test?x=1", "javascript:1"]) {
    assert.notEqual(unfit(bad), null, bad)
  }
})

test("it is asked seldom while nobody looks, and ever more rarely while it does not work", () => {
  assert.deepEqual([pause(2000), pause(2000, { hidden: true }), pause(20_000, { hidden: true })], [2000, 15_000, 20_000])
  assert.deepEqual([1, 2, 3, 9].map(failures => pause(2000, { failures })), [4000, 8000, 16_000, 60_000])
  assert.equal(pause(2000, { failures: 1, retryAfter: 30 }), 30_000)
})
