// Where a conversation is in its recording. Pure: times in seconds from the recording's beginning.

/** So much before a turn it is begun to listen: its time is when a word was known to begin. */
export const LEAD = 0.2

/**
 * When the recording began, in milliseconds since 1970; null, if it cannot be told.
 *
 * That it runs is noted a moment after it began, that it is over a moment after its end: both are
 * late, so the earlier of the two is the better.
 */
export function began(call, seconds) {
  const noted = call.timeline.find(each => ['recording', 'recording_in-progress'].includes(each.event))
  const starts = []
  if (noted) starts.push(Date.parse(noted.at))
  if (call.ended_at && seconds) starts.push(Date.parse(call.ended_at) - seconds * 1000)
  return starts.length ? Math.min(...starts) : null
}

/** The turns with `start` and `end` in the recording: each is heard until the next begins. */
export function placed(transcript, beganAt, seconds) {
  const starts = transcript.map(turn => bounded((Date.parse(turn.at) - beganAt) / 1000, seconds))
  return transcript.map((turn, index) => ({
    ...turn,
    start: starts[index],
    end: Math.max(starts[index], starts[index + 1] ?? seconds),
  }))
}

/** The number of the turn that is heard then; null, before the first. */
export function heardAt(turns, seconds) {
  const begun = turns.filter(turn => turn.start <= seconds + LEAD + 0.05) // give or take a sample
  return begun.length ? begun.at(-1).number : null
}

/** The longest wait of a conversation, in milliseconds: what bars are drawn to. */
export function longestWait(transcript) {
  return Math.max(1, ...transcript.map(turn => turn.latency_ms ?? 0))
}

/**
 * How a call's time was spent, in milliseconds: [[state, from, to]…], of a call that goes on until
 * `now`.
 */
export function stretches(call, now) {
  const at = name => {
    const entry = call.timeline.find(each => each.event === name)
    return entry ? Date.parse(entry.at) : null
  }
  const marks = [
    ['queued', at('queued')],
    ['dialing', at('dialing')],
    ['ringing', at('ringing')],
    ['in_progress', call.answered_at ? Date.parse(call.answered_at) : null],
  ].filter(([, from]) => from !== null)
  const over = call.ended_at ? Date.parse(call.ended_at) : now
  return marks.map(([state, from], index) => [state, from, Math.max(from, marks[index + 1]?.[1] ?? over)])
}

/**
 * The loudest and the quietest sample of each of `columns` parts of a channel.
 * @returns {Float32Array} pairs of least and greatest
 */
export function peaks(samples, columns) {
  const found = new Float32Array(columns * 2)
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * samples.length) / columns)
    const to = Math.floor(((column + 1) * samples.length) / columns)
    let [least, greatest] = [0, 0]
    for (let at = from; at < to; at++) {
      if (samples[at] < least) least = samples[at]
      else if (samples[at] > greatest) greatest = samples[at]
    }
    found[column * 2] = least
    found[column * 2 + 1] = greatest
  }
  return found
}

function bounded(seconds, most) {
  return Math.min(Math.max(0, seconds), most)
}
