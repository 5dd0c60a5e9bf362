// fill-vault: makes a vault in the storage of the page that embeds it, through the engine's client there. Runs in that page.

/**
 * @param {object} wanted
 * @param {{ provider: string, keys: string[] }[]} [wanted.keys] the first of each is the one that is used
 * @param {{ name: string, base: string, secret: string }[]} [wanted.endpoints] of the user's own, with a key each
 * @returns {Promise<Record<string, string[]>>} ids of the keys by provider, or by name of an endpoint
 */
export async function fillVault({ keys = [], endpoints = [] }) {
  const { KeyholdEngine, passphraseBytes, keyBytes } = globalThis.keyhold
  const engine = (globalThis.engine = await KeyholdEngine.connect())
  await engine.create(passphraseBytes('violet tractor hums quietly at noon'))
  const ids = {}
  const add = async (as, provider, secret, label) => {
    const { key } = await engine.add({ provider, label, secret: keyBytes(secret), unchecked: true })
    ;(ids[as] ??= []).push(key.id)
  }
  for (const { provider, keys: secrets } of keys) {
    for (const [index, secret] of secrets.entries()) await add(provider, provider, secret, `key ${index + 1}`)
  }
  for (const { name, base, secret } of endpoints) {
    const { id } = await engine.addEndpoint(name, base)
    await add(name, id, secret, name)
    globalThis.endpoint = id
  }
  return ids
}

/** What the page asked for is allowed as it was asked, without a person: for what is not about consent. */
export async function allowAsked() {
  const { engine } = globalThis
  for (;;) {
    const [question] = await engine.questions()
    if (question !== undefined) return engine.decide(question.id, question.wish)
    await new Promise((done) => setTimeout(done, 20))
  }
}
