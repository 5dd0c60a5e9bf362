// door: whom the frame listens to: the page it is in, once, and the window it opened itself. Everything else is silence.
import { HOST_HELLO, isExactly, WINDOW_PORT, type FrameAsk, type FrameNews } from '../protocol/frame'

/** What the browser says of a message and of where this frame is; a test says it in its place. */
export interface Arrival {
  data: unknown
  origin: string
  source: unknown
  ports: readonly MessagePort[]
}
export interface Place {
  self: unknown
  parent: unknown
  top: unknown
  origin: string
  /** Where the engine tells: the origins of all windows around this one. */
  ancestors: number | null
}

const ASK_PORT = { ask: 'port' } satisfies FrameAsk

export class Door {
  /** A port to be served: for the page of this origin, or for the vault's own window. */
  onPort: (origin: string | null, port: MessagePort) => void = () => {}
  /** The window opened by a click in this frame, while it is open. */
  window: unknown = null
  /** Of the page this frame is in, once it has said hello. */
  origin: string | null = null
  readonly #place: Place
  #control: MessagePort | null = null

  constructor(place: Place) {
    this.#place = place
  }

  receive(arrival: Arrival): void {
    const { source, origin, data, ports } = arrival
    const [port, ...more] = ports
    if (port === undefined || more.length > 0) return
    if (source === this.#place.parent && source !== this.#place.self) {
      if (isExactly(data, HOST_HELLO)) this.#greet(origin, port)
    } else if (this.window !== null && source === this.window && origin === this.#place.origin) {
      if (isExactly(data, WINDOW_PORT)) this.onPort(null, port)
    }
  }

  tell(news: FrameNews): void {
    this.#control?.postMessage(news)
  }

  #greet(origin: string, port: MessagePort): void {
    const why = this.#obstacle(origin)
    if (why !== null) {
      port.postMessage({ news: 'refused', why } satisfies FrameNews)
      port.close()
      return
    }
    this.origin = origin
    this.#control = port
    port.addEventListener('message', ({ data, ports }) => {
      const [given, ...more] = ports
      if (given !== undefined && more.length === 0 && isExactly(data, ASK_PORT)) this.onPort(origin, given)
    })
    port.start()
    this.tell({ news: 'ready' })
  }

  #obstacle(origin: string): 'origin' | 'nested' | 'again' | null {
    const { ancestors, parent, top } = this.#place
    if (this.#control !== null) return 'again'
    if (origin === 'null' || !/^https?:\/\//.test(origin)) return 'origin'
    return (ancestors === null ? parent !== top : ancestors > 1) ? 'nested' : null
  }
}
