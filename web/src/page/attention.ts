// attention: is a person looking at this question? A page behind can choose the moment a window comes up, so that a click meant
// for something else lands on it. Buttons wait until the window has had the focus for a while and somebody has moved or typed.

const FOCUS_MS = 700

/** @returns what gives up waiting. */
export function whenLookedAt(then: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let focused = false
  let moved = false
  const check = () => {
    if (!focused || !moved) return
    stop()
    then()
  }
  const look = () => {
    clearTimeout(timer)
    focused = false
    if (!document.hasFocus() || document.visibilityState !== 'visible') return
    timer = setTimeout(() => {
      focused = true
      check()
    }, FOCUS_MS)
  }
  const move = (event: globalThis.Event) => {
    // Browsers say that a pointer moved, too, when something came up under one that rests.
    const rests =
      event.type === 'pointermove' && (event as PointerEvent).movementX === 0 && (event as PointerEvent).movementY === 0
    if (!event.isTrusted || rests) return
    moved = true
    check()
  }
  const looks = ['focus', 'blur'] as const
  // Fingers do not hover: the first touch counts, and the next one is the answer.
  const moves = ['pointermove', 'pointerdown', 'keydown'] as const
  const stop = () => {
    clearTimeout(timer)
    for (const type of looks) removeEventListener(type, look)
    document.removeEventListener('visibilitychange', look)
    for (const type of moves) removeEventListener(type, move, { capture: true })
  }
  for (const type of looks) addEventListener(type, look)
  document.addEventListener('visibilitychange', look)
  for (const type of moves) addEventListener(type, move, { capture: true })
  look()
  return stop
}
