// offline: the site without a connection, and its next version. The service worker keeps both; a new version is taken over
// only by a page that was just loaded and whose vault is not open.
import { serviceWorkerUrl } from '../trusted'
import { session } from './session'

/** Once the page is there: what it keeps for later must not be in its way now. */
export async function keepOffline(): Promise<void> {
  const workers = navigator.serviceWorker
  try {
    // Not there in some private windows.
    const registration = await workers?.register(serviceWorkerUrl as string, { updateViaCache: 'none' })
    if (registration === undefined) return
    const { waiting } = registration
    if (waiting !== null && !session().isOpen) {
      waiting.addEventListener('statechange', () => {
        if (waiting.state === 'activated' && !session().isOpen) session().reload()
      })
      waiting.postMessage('take over')
      return
    }
    const announce = () => {
      // The first one of all is no news.
      if (registration.waiting !== null && workers.controller !== null) session().newVersion = true
    }
    announce()
    registration.addEventListener('updatefound', () =>
      registration.installing?.addEventListener('statechange', announce),
    )
    // Taken over by another tab.
    workers.addEventListener('controllerchange', () => (session().newVersion = true))
  } catch {
    // Then nothing is kept, and all else is as it was.
  }
}
