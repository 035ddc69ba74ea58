// What has come and is still to be played. It waits for a little before it begins, so that what comes
// late now and then is not heard as a gap.

export class Jitter {
  /** All in samples: what is waited for, and more than what is never kept. */
  constructor(ahead, most) {
    this.ahead = ahead
    this.most = most
    this.pieces = []
    this.length = 0
    this.flowing = false
  }

  push(samples) {
    this.pieces.push(samples)
    this.length += samples.length
    if (this.length > this.most) {
      // The clocks differ, or something stood still: rather a skip than a call that lags for good.
      while (this.length > this.ahead) this.length -= this.pieces.shift().length
    }
  }

  /** Fill the array: with silence where there is nothing, or not enough to begin. */
  pull(into) {
    this.flowing ||= this.length >= this.ahead
    let at = 0
    while (this.flowing && at < into.length && this.pieces.length > 0) {
      const piece = this.pieces[0].subarray(0, into.length - at)
      into.set(piece, at)
      at += piece.length
      this.length -= piece.length
      if (piece.length === this.pieces[0].length) this.pieces.shift()
      else this.pieces[0] = this.pieces[0].subarray(piece.length)
    }
    into.fill(0, at)
    if (at < into.length) this.flowing = false
  }
}
