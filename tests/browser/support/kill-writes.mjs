// kill-writes: what runs in the browser that is to be killed: the writes, and in the vault's worker a word to the test
// when one of them is about to reach the disk.

/** How long before: a message needs about as long to reach the test. */
const LEAD_MS = 12

/** Runs in the vault worker before its own code. A plan is the one thing written there that holds `envelopes`. */
export const TELL_WRITES = `{
  const moments = new BroadcastChannel('moments')
  const transaction = IDBDatabase.prototype.transaction
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    if (mode === 'readwrite' && [stores].flat().includes('envelopes')) {
      moments.postMessage('write')
      const until = performance.now() + ${LEAD_MS}
      while (performance.now() < until);
    }
    return transaction.call(this, stores, mode, options)
  }
}`

/** Runs in the page until the browser dies, or a write is refused. */
export async function writeOn() {
  const { passphraseBytes } = window.keyhold
  const { engine } = window
  const bytes = (text) => new TextEncoder().encode(text)
  new BroadcastChannel('moments').addEventListener('message', () => window.aboutToWrite())
  for (;;) {
    const { kind, id, label, secret, passphrase, newPassphrase, backup } = await window.nextWrite()
    const proof = () => passphraseBytes(passphrase)
    if (kind === 'add') await engine.add({ provider: 'demo', label, secret: bytes(secret), unchecked: true })
    else if (kind === 'replace') await engine.replace(id, bytes(secret), { unchecked: true })
    else if (kind === 'delete') await engine.delete(id)
    else if (kind === 'passphrase')
      await engine.changePassphrase({ passphrase: proof() }, passphraseBytes(newPassphrase))
    else if (kind === 'rotate') {
      const code = new TextDecoder().decode(await engine.newRecovery())
      await window.shown(code)
      await engine.rotateRoot(proof(), bytes(code.replaceAll('-', '').slice(-8)), [])
    } else {
      const file = Uint8Array.from(atob(backup.file), (one) => one.charCodeAt(0))
      const { items } = await engine.openBackup(file, passphraseBytes(backup.passphrase))
      await engine.restore(await window.choose(items))
    }
    await window.written(await engine.keys())
  }
}

/** In the page: the engine's client. @returns the status */
export async function connect() {
  window.engine = await window.keyhold.KeyholdEngine.connect()
  window.told = []
  for (const news of ['changed', 'unlocked', 'locked']) {
    window.engine.on(news, () => window.told.push(`${news} after ${Math.round(performance.now())} ms`))
  }
  return window.engine.status()
}

/** In the page: the vault opened, if it is not. @returns the status, or the refusal's code */
export async function open(passphrase) {
  const status = await window.engine.status()
  if (status.state === 'unlocked') return status
  return window.engine.unlock(window.keyhold.passphraseBytes(passphrase)).catch(({ code }) => code)
}

/** In the page. @returns the file in Base64 */
export async function backUp([passphrase, own]) {
  const { passphraseBytes } = window.keyhold
  const { file } = await window.engine.backup({ passphrase: passphraseBytes(passphrase) }, passphraseBytes(own))
  return btoa(String.fromCharCode(...file))
}
