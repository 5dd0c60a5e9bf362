// main: the vault's frame in a page of another origin. It lets that page speak to the vault worker of this partition, and
// shows a button with which a person opens the vault's own window.
import { workersHere } from '../engine/hosted'
import { browserLauncher } from '../engine/launch'
import type { AccessQuestion, Status } from '../protocol/messages'
import { makeButton, shownFor } from './button'
import { Door } from './door'
import { Switchboard } from './switchboard'

const WINDOW_FEATURES = 'popup,width=560,height=800'
const LOOK_EVERY_MS = 300

const door = new Door({
  self,
  parent,
  top,
  origin: location.origin,
  ancestors: location.ancestorOrigins?.length ?? null,
})
const switchboard = new Switchboard(() => workersHere().then(browserLauncher))
const show = makeButton(openWindow)
let opened: Window | null = null
let watching: ReturnType<typeof setInterval> | undefined
let blocked = false

door.onPort = (origin, port) => void switchboard.admit(origin, port)
switchboard.onNews = () => void look()
addEventListener('message', (event) => door.receive(event))
void look()

/** Only on a person's own click, which a page can neither make nor ask for (the browser would open nothing). */
function openWindow(): void {
  if (opened !== null && !opened.closed) return opened.focus()
  opened = open('unlock.html', '', WINDOW_FEATURES)
  door.window = opened
  blocked = opened === null
  if (blocked) door.tell({ news: 'blocked' })
  else watching ??= setInterval(watchWindow, LOOK_EVERY_MS)
  void look()
}

function watchWindow(): void {
  if (opened !== null && !opened.closed) return
  clearInterval(watching)
  watching = undefined
  opened = door.window = null
  door.tell({ news: 'closed' })
}

async function look(): Promise<void> {
  const connection = switchboard.now
  let status: Status | null = null
  let questions: AccessQuestion[] = []
  try {
    if (connection !== null) {
      status = await connection.ask({ op: 'status' })
      if (status.state === 'unlocked') questions = await connection.ask({ op: 'questions' })
    }
  } catch {
    // It has ended: the switchboard opens another, and tells.
  }
  show(
    shownFor(
      status,
      questions.filter(({ origin }) => origin === door.origin),
      blocked,
    ),
  )
}
