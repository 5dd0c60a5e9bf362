// watch: is somebody there? Tells the vault so, has it look at its clock when the page comes back, and knows the panic key.
import { session } from './session'
import { vault } from './vault'

/** Often enough for a lock after one minute. */
const TOUCH_EVERY_MS = 20_000
const PANIC_WITHIN_MS = 600

export function watchUse(): void {
  let touchedAt = 0
  const touch = (event: globalThis.Event) => {
    const now = Date.now()
    // A clock set back must not keep the vault from hearing of use.
    if (!event.isTrusted || !session().isOpen || Math.abs(now - touchedAt) < TOUCH_EVERY_MS) return
    touchedAt = now
    vault()
      .touch()
      .catch(() => {})
  }
  for (const type of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'])
    addEventListener(type, touch, { capture: true, passive: true })

  const look = () => {
    if (document.visibilityState === 'visible') void session().look()
  }
  document.addEventListener('visibilitychange', look)
  document.addEventListener('resume', look)
  addEventListener('pageshow', look)
  addEventListener('focus', look)

  addEventListener(
    'keydown',
    isPanic(() => void session().lock()),
  )
}

/**
 * Escape twice within 600 ms. An Escape that closes something (a dialog, a menu, a list) is for that and does not count, so
 * that nobody locks the vault by leaving two things; pressing on does lock. Listen on the window, after everything else.
 */
export function isPanic(lock: () => void): (event: KeyboardEvent) => void {
  let last = -Infinity
  return (event) => {
    if (event.key !== 'Escape') {
      last = -Infinity
      return
    }
    if (event.repeat || event.isComposing) return
    const closes = event.defaultPrevented || document.querySelector('dialog[open]') !== null
    if (!closes && event.timeStamp - last <= PANIC_WITHIN_MS) lock()
    last = closes ? -Infinity : event.timeStamp
  }
}
