// offline: no service worker, and the news that another version waits where the address says so (?newversion).
import { session } from '../../web/src/page/session'
import { wishes } from './vault-extras'

export async function keepOffline(): Promise<void> {
  session().newVersion = wishes.has('newversion')
}
