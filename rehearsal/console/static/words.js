// How things are said: pure, from what the API tells to what a person reads.

/** What a call's status is called, and the chip's colour. */
export const STATUS = {
  queued: ['Queued', 'wait'],
  dialing: ['Dialing', 'wait'],
  ringing: ['Ringing', 'wait'],
  in_progress: ['Talking', 'go'],
  ended: ['Ended', ''],
}

/** The parts of what a callee waits for, in their order, and what each is. */
export const PARTS = [
  ['turn_ms', 'Turn', 'until their turn was taken for over'],
  ['token_ms', 'First word', "until the LLM's first token"],
  ['voice_ms', 'Voice', "until the voice's first sound"],
  ['sound_ms', 'Line', 'until that went out'],
]

/** The words of a timeline, where theirs are not plain enough. */
const HAPPENED = {
  in_progress: 'answered',
  stream_started: 'audio stream started',
  stream_stopped: 'audio stream stopped',
  recording: 'recording started',
  'recording_in-progress': 'recording started',
  recording_completed: 'recording finished',
  recording_absent: 'nothing was recorded',
  answered_by: 'who answered',
  tool: 'tool used',
  analyzed: 'outcome settled',
}

/** A word of the API's as people write it: `no_answer` is “No answer”. */
export function plain(word) {
  const text = String(word).replaceAll('_', ' ').replaceAll(':', ': ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function happened(event) {
  return plain(HAPPENED[event] ?? event)
}

/** 754 s is “12:34”, 3754 s “1:02:34”; what is negative or unknown is “0:00”. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(Number(seconds) || 0))
  const two = value => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** The same to be heard: “12 minutes 34 seconds”. */
export function spoken(seconds) {
  const whole = Math.max(0, Math.floor(Number(seconds) || 0))
  const minutes = Math.floor(whole / 60)
  const part = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`
  return minutes ? `${part(minutes, 'minute')} ${part(whole % 60, 'second')}` : part(whole, 'second')
}

/** How long something takes, roughly: “8 min”, “3 h 12 min”. */
export function lasting(seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60))
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return [hours && `${hours} h`, rest && `${rest} min`].filter(Boolean).join(' ')
}

/** How far off: “in 5 min”, “3 h ago”, “now”. */
export function away(at, now) {
  const seconds = Math.round((Date.parse(at) - now) / 1000)
  const distance = Math.abs(seconds)
  if (distance < 5) return 'now'
  const [size, unit] =
    distance < 90 ? [1, 's'] : distance < 5400 ? [60, 'min'] : distance < 129600 ? [3600, 'h'] : [86400, 'days']
  const amount = `${Math.round(distance / size)} ${unit}`
  return seconds > 0 ? `in ${amount}` : `${amount} ago`
}

/** A moment as it is on the watcher's own clock. */
export function moment(at) {
  return new Date(at).toLocaleString(undefined, {
    weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit',
  })
}

export function timeOfDay(at) {
  return new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
}

export function ms(value) {
  return value === null || value === undefined ? '–' : `${Number(value).toLocaleString()} ms`
}

export function count(number, one, many = `${one}s`) {
  return `${Number(number).toLocaleString()} ${Number(number) === 1 ? one : many}`
}

/** Since when a call stands where it stands. */
export function since(call) {
  if (call.status === 'in_progress') return call.answered_at ?? call.created_at
  const entry = call.timeline.findLast(each => each.event === call.status)
  return entry?.at ?? call.created_at
}

/** Whom we talk with: on the way in it is they who call. */
export function person(call) {
  return call.direction === 'inbound' ? call.from_number : call.to_number
}

/** When a schedule makes its calls, in its own words. */
export function when(schedule) {
  const zone = schedule.time_zone ? ` (${schedule.time_zone})` : ''
  if (schedule.at) return `once, ${schedule.at.replace('T', ' ')}${zone}`
  if (schedule.rate) return `every ${schedule.rate.replace(/^1 /, '')}`
  return `cron ${schedule.cron}${zone}`
}

/** What a value of an outcome is. */
export function value(given) {
  if (given === null || given === undefined) return 'not said'
  if (given === true) return 'yes'
  if (given === false) return 'no'
  return typeof given === 'string' ? given : JSON.stringify(given)
}
