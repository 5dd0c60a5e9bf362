// frame: the vault's frame in the host page: made, greeted, asked for ports, shown when a person is needed.
import { HOST_HELLO, type FrameAsk, type FrameNews } from '../protocol/frame'
import { KeyholdError } from '../wire/error'
import { messagePort, type WorkerPort } from '../wire/port'

/** Room for two requests on a slow line. */
const READY_WITHIN_MS = 15_000
/** What the vault's pages may ask the browser for; a frame has of it what its host passes on. */
const ALLOW = 'local-network-access; clipboard-write'

/** The same whatever the frame shows: its size tells the host nothing. */
const SIZE: Partial<CSSStyleDeclaration> = {
  width: '14rem',
  height: '2.75rem',
  border: '0',
  borderRadius: '0.625rem',
}
const CORNER: Partial<CSSStyleDeclaration> = {
  position: 'fixed',
  right: '1rem',
  bottom: '1rem',
  zIndex: '2147483647',
  boxShadow: '0 4px 24px #0006',
}

export class VaultFrame {
  onNews: (news: FrameNews) => void = () => {}
  readonly #element: HTMLIFrameElement
  readonly #control: MessagePort
  readonly #placed: boolean

  private constructor(element: HTMLIFrameElement, control: MessagePort, placed: boolean) {
    this.#element = element
    this.#control = control
    this.#placed = placed
    control.addEventListener('message', ({ data }: MessageEvent<FrameNews>) => this.onNews(data))
  }

  /**
   * @param place where the button is to be, always to be seen; null: in the window's corner, when a person is needed.
   * @throws KeyholdError ERR_NOT_PERMITTED_BY_SITE when the frame refuses this page, ERR_TIMEOUT when it does not answer.
   */
  static open(url: URL, place: Element | null): Promise<VaultFrame> {
    const element = document.createElement('iframe')
    element.src = url.href
    element.title = 'Keyhold'
    element.allow = ALLOW
    Object.assign(element.style, SIZE, place === null ? { ...CORNER, display: 'none' } : {})
    const { port1: control, port2 } = new MessageChannel()
    return new Promise<VaultFrame>((resolve, reject) => {
      const fail = (code: 'ERR_NOT_PERMITTED_BY_SITE' | 'ERR_TIMEOUT') => {
        clearTimeout(limit)
        control.close()
        element.remove()
        reject(new KeyholdError(code))
      }
      const limit = setTimeout(() => fail('ERR_TIMEOUT'), READY_WITHIN_MS)
      const first = ({ data }: MessageEvent<FrameNews>) => {
        if (data.news !== 'ready') return fail('ERR_NOT_PERMITTED_BY_SITE')
        clearTimeout(limit)
        resolve(new VaultFrame(element, control, place !== null))
      }
      control.addEventListener('message', first, { once: true })
      control.start()
      // Only to the vault's origin: what else may have been loaded here gets no port. A statement, no returned value: WebKit
      // leaves a function's frame for the call it returns, and then takes the frame's own window for the sender (measured).
      const greet = () => {
        element.contentWindow?.postMessage(HOST_HELLO, url.origin, [port2])
      }
      element.addEventListener('load', greet, { once: true })
      ;(place ?? document.body).append(element)
    })
  }

  /** One end of a new conversation with the vault worker. The other is on its way there: no copy is made underway. */
  openPort(): WorkerPort {
    const { port1, port2 } = new MessageChannel()
    this.#control.postMessage({ ask: 'port' } satisfies FrameAsk, [port2])
    return messagePort(port1)
  }

  show(shown: boolean): void {
    if (!this.#placed) this.#element.style.display = shown ? '' : 'none'
  }

  close(): void {
    this.#control.close()
    this.#element.remove()
  }
}
