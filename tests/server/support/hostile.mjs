// hostile: what tests of hostile clients stand on: one server with its provider, and after each test a good call, that still passes.
import assert from 'node:assert/strict'
import { after, afterEach, before } from 'node:test'
import { ask, configOf, settled, startProvider, startServer } from './server.mjs'

/** For the whole file that calls this. @param ready  gets { provider, server } before the first test */
export function attackServer(user, ready) {
  const attacked = { provider: undefined, server: undefined }
  before(async () => {
    attacked.provider = await startProvider()
    attacked.server = await startServer(configOf(attacked.provider))
    await ready(attacked)
  })
  after(async () => {
    await attacked.server?.stop()
    await attacked.provider?.stop()
  })
  afterEach(async () => {
    const answer = await ask(attacked.server, user)
    assert.equal(answer.status, 200, 'a good call still passes')
    await answer.text()
    assert.equal((await settled(attacked.server, user)).held, 0)
  })
}
