// classes: the custom elements, not registered yet. <keyhold-button> is the vault's frame, with what is around it done by itself:
// put in, taken out, told of in state and events. <keyhold-vault> adds in words what this page may do.
import { connect, type Access, type Vault } from '../client'

/** On a server there are no elements: a class can be imported there, and not be made. */
const Base = (globalThis.HTMLElement ?? Object) as typeof HTMLElement

const STYLE = `
:host { display: inline-block }
:host([hidden]), [hidden] { display: none }
[part=button] { width: var(--keyhold-button-width, 14rem); height: var(--keyhold-button-height, 2.75rem) }
[part=panel] { display: block; font: inherit; color: inherit }
[part=providers] { margin: .25rem 0; padding-inline-start: 1.25rem }
[part~=no-key]::after { content: var(--keyhold-vault-no-key, ' (no key yet)') }
[part=left] { margin: .25rem 0 }
`

/**
 * - `idle`: not in a page, or without an address
 * - `connecting`
 * - `failed`: `error` says why
 * - `needs-user`: connected; this page may do nothing until somebody presses the button
 * - `granted`: `access` says what this page may do
 */
export type KeyholdState = 'idle' | 'connecting' | 'failed' | 'needs-user' | 'granted'

/** Names of events, and what `event.detail` is. All of them bubble, out of shadow trees as well. */
export interface KeyholdEventDetails {
  'keyhold-ready': { vault: Vault }
  'keyhold-change': { state: KeyholdState; access: Access | null }
  'keyhold-lock': null
  'keyhold-unlock': null
  'keyhold-blocked': null
  'keyhold-error': { error: Error }
}

/**
 * The vault's button. What it says and what a click leads to is the vault's: set it up, unlock it, decide what this page may do,
 * look after the keys. Its place and size are this page's.
 *
 * @tagname keyhold-button
 * @csspart button - Holds the frame.
 * @csspart frame - The vault's frame. Of what is in it, a page can style nothing.
 * @csspart failed - Holds what is shown in place of a vault that cannot be reached.
 * @slot failed - What is shown when the vault cannot be reached.
 * @cssproperty [--keyhold-button-width=14rem] - Of the frame.
 * @cssproperty [--keyhold-button-height=2.75rem] - Of the frame.
 * @cssproperty [--keyhold-button-radius=0.625rem] - Of the frame's corners.
 * @cssstate connecting
 * @cssstate failed
 * @cssstate needs-user
 * @cssstate granted
 * @fires {CustomEvent<{ vault: Vault }>} keyhold-ready - Connected: `vault` is there.
 * @fires {CustomEvent<{ state: KeyholdState, access: Access | null }>} keyhold-change - What this page may do has changed.
 * @fires {CustomEvent<null>} keyhold-lock - This page's access has ended until the vault is unlocked.
 * @fires {CustomEvent<null>} keyhold-unlock - The vault is open, for this page, too.
 * @fires {CustomEvent<null>} keyhold-blocked - The browser opened no window at a click.
 * @fires {CustomEvent<{ error: Error }>} keyhold-error - The vault cannot be reached.
 */
export class KeyholdButtonElement extends Base {
  /** @internal */
  static readonly observedAttributes: readonly string[] = ['src']
  readonly #internals: ElementInternals | null
  #vault: Vault | null = null
  #state: KeyholdState = 'idle'
  #access: Access | null = null
  #error: Error | null = null
  #ready = deferred<Vault>()
  /** Of the connection that is there or on its way; another after each move and each change of the address. */
  #place: HTMLElement | null = null

  constructor() {
    super()
    this.#internals = this.attachInternals?.() ?? null
  }

  /**
   * Address of the folder where the vault is served, such as `https://vault.example.com/`.
   * @attr
   */
  get src(): string {
    return this.getAttribute('src') ?? ''
  }
  set src(value: string | URL) {
    this.setAttribute('src', String(value))
  }

  /**
   * `lazy`: nothing is asked of the vault before the page asks for something, so its worker is not started, and the button does not
   * say yet whether it is locked. Otherwise that is asked at once.
   * @attr
   */
  get loading(): 'eager' | 'lazy' {
    return this.getAttribute('loading') === 'lazy' ? 'lazy' : 'eager'
  }
  set loading(value: 'eager' | 'lazy') {
    this.setAttribute('loading', value)
  }

  /** What to use keys with, once connected: give an SDK its `fetch`. */
  get vault(): Vault | null {
    return this.#vault
  }

  /** The same, waited for. Rejects with a KeyholdError when the vault cannot be reached. */
  get ready(): Promise<Vault> {
    return this.#ready.promise
  }

  get state(): KeyholdState {
    return this.#state
  }

  /** As the vault's status() had it last. */
  get access(): Access | null {
    return this.#access
  }

  /** Of state `failed`: a KeyholdError, or a TypeError where `src` is no address. */
  get error(): Error | null {
    return this.#error
  }

  /** @internal */
  connectedCallback(): void {
    for (const name of ['src', 'loading'] as const) takeOver(this, name)
    this.#start()
  }

  /** @internal */
  disconnectedCallback(): void {
    this.#end()
  }

  /** By moveBefore(): the frame stays as it is. @internal */
  connectedMoveCallback(): void {}

  /** @internal */
  attributeChangedCallback(_name: string, before: string | null, now: string | null): void {
    if (!this.isConnected || before === now) return
    this.#end()
    this.#start()
  }

  /**
   * What is around the frame.
   * @internal
   */
  protected render(root: ShadowRoot, button: HTMLElement, failed: HTMLElement): void {
    root.append(button, failed)
  }

  /** @internal */
  protected show(_state: KeyholdState, _access: Access | null): void {}

  #start(): void {
    if (this.src === '') return
    const place = this.#freshPlace()
    this.#place = place
    this.#say('connecting', null)
    connect(this.src, { button: place }).then(
      (vault) => this.#connected(vault, place),
      (error: Error) => this.#failed(error, place),
    )
    const frame = place.querySelector('iframe')
    if (frame === null) return
    frame.part.add('frame')
    frame.style.width = frame.style.height = '100%'
    frame.style.borderRadius = 'var(--keyhold-button-radius, 0.625rem)'
  }

  #connected(vault: Vault, place: HTMLElement): void {
    if (this.#place !== place) return vault.close()
    this.#vault = vault
    vault.on('change', () => void this.#look(vault))
    vault.on('unlock', () => this.#look(vault).then(() => this.#emit('keyhold-unlock', null)))
    vault.on('lock', () => this.#emit('keyhold-lock', null))
    vault.on('blocked', () => this.#emit('keyhold-blocked', null))
    this.#say('needs-user', null)
    this.#ready.resolve(vault)
    this.#emit('keyhold-ready', { vault })
    if (this.loading === 'eager') void this.#look(vault)
  }

  #failed(error: Error, place: HTMLElement): void {
    if (this.#place !== place) return
    this.#error = error
    this.#say('failed', null)
    this.#ready.reject(error)
    this.#emit('keyhold-error', { error })
  }

  async #look(vault: Vault): Promise<void> {
    try {
      const access = await vault.status()
      if (this.#vault === vault) this.#say(access.state, access)
    } catch {
      // Its worker does not answer now: whoever asks next starts another, and the button says what a person can do.
    }
  }

  #end(): void {
    this.#place?.remove()
    this.#vault?.close()
    if (this.#vault !== null || this.#error !== null) this.#ready = deferred<Vault>()
    this.#place = this.#vault = this.#error = null
    this.#say('idle', null)
  }

  #freshPlace(): HTMLElement {
    const root = this.shadowRoot ?? this.#firstRoot()
    const place = document.createElement('div')
    root.querySelector('[part=button]')?.append(place)
    place.style.height = '100%'
    return place
  }

  #firstRoot(): ShadowRoot {
    const root = this.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(STYLE)
    root.adoptedStyleSheets = [sheet]
    this.render(root, part('div', 'button'), part('div', 'failed', slot('failed', 'The vault cannot be reached.')))
    return root
  }

  #say(state: KeyholdState, access: Access | null): void {
    const changed = state !== this.#state || access !== this.#access
    this.#state = state
    this.#access = access
    for (const one of ['connecting', 'failed', 'needs-user', 'granted']) {
      if (one === state) this.#internals?.states?.add(one)
      else this.#internals?.states?.delete(one)
    }
    const { shadowRoot } = this
    if (shadowRoot !== null) {
      hide(shadowRoot, 'button', state === 'failed')
      hide(shadowRoot, 'failed', state !== 'failed')
      this.show(state, access)
    }
    if (changed) this.#emit('keyhold-change', { state, access })
  }

  #emit<E extends keyof KeyholdEventDetails>(name: E, detail: KeyholdEventDetails[E]): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }))
  }
}

/**
 * The vault's button, with what this page may do above it: for a page of settings. The keys themselves are looked after in the
 * vault's own window, which the button opens: a frame has no room for that that a page could not cover.
 *
 * @tagname keyhold-vault
 * @csspart panel - All of it.
 * @csspart text - What this page may do, in a sentence.
 * @csspart providers - The list of providers.
 * @csspart provider - One of them, by its id.
 * @csspart no-key - One of them without a key.
 * @cssproperty [--keyhold-vault-no-key=" (no key yet)"] - Said behind it.
 * @csspart left - How much of an amount is left.
 * @slot needs-user - Said while this page may do nothing.
 * @slot granted - Said above the list of providers.
 * @slot day - Said before what is left for today.
 * @slot month - Said before what is left for this month.
 */
export class KeyholdVaultElement extends KeyholdButtonElement {
  /** @internal */
  protected override render(root: ShadowRoot, button: HTMLElement, failed: HTMLElement): void {
    const panel = part(
      'section',
      'panel',
      part('p', 'text', slot('needs-user', 'This page may use none of your keys now. The button asks you.')),
      part('p', 'text', slot('granted', 'This page may use your keys for:')),
      part('ul', 'providers'),
      part('p', 'left', slot('day', 'Left for today:'), ' ', document.createElement('span')),
      part('p', 'left', slot('month', 'Left for this month:'), ' ', document.createElement('span')),
      button,
      failed,
    )
    root.append(panel)
  }

  /** @internal */
  protected override show(_state: KeyholdState, access: Access | null): void {
    const root = this.shadowRoot
    if (root === null) return
    const granted = access?.state === 'granted' ? access : null
    hide(slotOf(root, 'needs-user'), null, granted !== null)
    hide(slotOf(root, 'granted'), null, granted === null)
    const items = (granted?.providers ?? []).map(({ id, ready }) => {
      const item = part('li', 'provider', id)
      if (!ready) item.part.add('no-key')
      return item
    })
    root.querySelector('[part=providers]')?.replaceChildren(...items)
    showAmount(slotOf(root, 'day'), granted?.dayLeftMicroUsd ?? null)
    showAmount(slotOf(root, 'month'), granted?.monthLeftMicroUsd ?? null)
  }
}

function showAmount(line: HTMLElement | null, microUsd: number | null): void {
  hide(line, null, microUsd === null)
  const place = line?.querySelector('span')
  const money = new Intl.NumberFormat(line?.lang || document.documentElement.lang || undefined, {
    style: 'currency',
    currency: 'USD',
  })
  place?.replaceChildren(microUsd === null ? '' : money.format(microUsd / 1e6))
}

/** The part that a slot is in. */
function slotOf(root: ShadowRoot, name: string): HTMLElement | null {
  return root.querySelector(`slot[name="${name}"]`)?.parentElement ?? null
}

function hide(where: ParentNode | HTMLElement | null, name: string | null, hidden: boolean): void {
  const one = name === null ? where : where?.querySelector(`[part=${name}]`)
  if (one instanceof HTMLElement) one.hidden = hidden
}

function part(tag: string, name: string, ...content: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag)
  element.part.add(name)
  element.append(...content)
  return element
}

function slot(name: string, otherwise: string): HTMLSlotElement {
  const element = document.createElement('slot')
  element.name = name
  element.append(otherwise)
  return element
}

/** What was set before the class was there is a property of the object's own, and would hide the class's. */
function takeOver(element: KeyholdButtonElement, name: 'src' | 'loading'): void {
  if (!Object.hasOwn(element, name)) return
  const given = element[name] as never
  Reflect.deleteProperty(element, name)
  element[name] = given
}

interface Deferred<T> {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (error: unknown) => void
}

function deferred<T>(): Deferred<T> {
  let settle: Pick<Deferred<T>, 'resolve' | 'reject'> | undefined
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }))
  // Nobody has to wait for it.
  promise.catch(() => {})
  return { promise, ...(settle as Pick<Deferred<T>, 'resolve' | 'reject'>) }
}

type KeyholdEvents = { [E in keyof KeyholdEventDetails]: CustomEvent<KeyholdEventDetails[E]> }

declare global {
  interface HTMLElementTagNameMap {
    'keyhold-button': KeyholdButtonElement
    'keyhold-vault': KeyholdVaultElement
  }
  // They bubble: any element may hear them.
  interface HTMLElementEventMap extends KeyholdEvents {}
}
