// The socket to the phone network. Text says what happens, binary is 20 ms of mu-law.

const RETRY_MS = [500, 1000, 2000, 5000]

export class Line {
  /** `told` is given every message of the network, and {event: "lost"} when it cannot be reached. */
  constructor({ told, heard }) {
    this.told = told
    this.heard = heard
    this.tries = 0
    this.socket = null
  }

  open() {
    const socket = new WebSocket(`ws://${location.host}/phone/line`)
    socket.binaryType = "arraybuffer"
    socket.onopen = () => (this.tries = 0)
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.told(JSON.parse(data))
      else this.heard(data)
    }
    socket.onclose = () => {
      if (this.socket !== socket) return // closed by us
      this.told({ event: "lost" })
      setTimeout(() => this.socket === socket && this.open(), RETRY_MS[Math.min(this.tries++, 3)])
    }
    this.socket = socket
  }

  close() {
    const socket = this.socket
    this.socket = null
    socket?.close()
  }

  tell(event, detail = {}) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ event, ...detail }))
  }

  say(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(frame)
  }
}
