// main: an app of the vault's own origin, with an interface of its own. `npx keyhold copy` has put the vault's files into keyhold/.
import { filesAt, keyBytes, KeyholdEngine, passphraseBytes } from 'keyhold/engine'

const answer = document.querySelector('output')

document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault()
  try {
    const vault = await KeyholdEngine.connect(filesAt('./keyhold/'))
    const { state } = await vault.status()
    const passphrase = passphraseBytes(document.querySelector('#passphrase').value)
    if (state === 'absent') await vault.create(passphrase)
    if (state === 'locked') await vault.unlock(passphrase)
    await vault.add({ provider: 'openai', label: 'Mine', secret: keyBytes(document.querySelector('#key').value) })
    const response = await vault.fetch('https://api.openai.com/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hello' }] }),
    })
    const body = await response.json()
    answer.textContent = response.ok ? body.choices[0].message.content : body.title
  } catch (error) {
    answer.textContent = error.message
  }
})
