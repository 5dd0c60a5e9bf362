// token: tokens that jose makes, as an app's backend would, and what the server's verifier says of them. jose verifies
// each one too, by the same keys and rules: the two have to agree on whether it is good.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CompactSign,
  SignJWT,
  UnsecuredJWT,
  createLocalJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  jwtVerify,
} from 'jose'

const NOW = 1_795_000_000_000
const SECONDS = NOW / 1000
const AUDIENCE = 'keyhold'
const SECRET = 'a secret of forty bytes, for tests only!'
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'Ed25519']

const build = process.env.KEYHOLD_SERVER_BUILD ?? 'server-checked'
const check = spawn(fileURLToPath(new URL(`../../build/${build}/tests/server/keyhold_token_check`, import.meta.url)))
const lines = createInterface({ input: check.stdout })[Symbol.asyncIterator]()
const started = new Promise((done, failed) => {
  check.once('spawn', done)
  check.once('error', failed)
})
check.stdin.on('error', () => {}) // said by `started`
after(() => check.stdin.end())

/** What the server says. */
async function asked(token, keys, rules = {}) {
  await started
  check.stdin.write(JSON.stringify({ audience: AUDIENCE, now: NOW, ...keys, ...rules, token }) + '\n')
  const { value, done } = await lines.next()
  assert.ok(!done, 'the program ended')
  return value
}

/** What the server says, where jose has to agree on whether the token is good. */
async function said(token, keys, rules = {}) {
  const value = await asked(token, keys, rules)
  const { audience = AUDIENCE, issuer, now = NOW } = rules
  const key = keys.jwks ? createLocalJWKSet(keys.jwks) : new TextEncoder().encode(keys.secret)
  const options = { audience, issuer, currentDate: new Date(now), clockTolerance: 30, requiredClaims: ['exp', 'sub'] }
  const theirs = await jwtVerify(token, key, options).then(
    ({ payload }) => `ok ${payload.sub}`,
    (error) => error.code,
  )
  assert.equal(value.startsWith('ok '), theirs.startsWith('ok '), `the server says '${value}', jose '${theirs}'`)
  return value
}

/** A key pair with its public half as a JWK, and what signs with it. */
async function pair(alg, kid) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), alg, use: 'sig', ...(kid && { kid }) }
  return { alg, kid, jwk, publicKey, privateKey, header: { alg, ...(kid && { kid }) } }
}
const secretKey = (secret = SECRET) => ({ privateKey: new TextEncoder().encode(secret), header: { alg: 'HS256' } })

/** A token that is good unless `claims` or `header` say otherwise; a claim that is undefined is not in it. */
const signed = (key, claims = {}, header = {}) =>
  new SignJWT({ sub: 'user-1', aud: AUDIENCE, iat: SECONDS, exp: SECONDS + 600, ...claims })
    .setProtectedHeader({ ...key.header, typ: 'JWT', ...header })
    .sign(key.privateKey)

const every = [
  { alg: 'HS256', key: secretKey(), keys: { secret: SECRET } },
  ...(await Promise.all(
    ALGORITHMS.map(async (alg) => {
      const key = await pair(alg, `key of ${alg}`)
      return { alg, key, keys: { jwks: { keys: [key.jwk] }, url: true } }
    }),
  )),
]

for (const { alg, key, keys } of every) {
  test(`${alg}: a good token of jose's is taken, for its audience alone or among others`, async () => {
    assert.equal(await said(await signed(key), keys), 'ok user-1')
    assert.equal(await said(await signed(key, { sub: 'Zoë 用户 🙂' }), keys), 'ok Zoë 用户 🙂')
    assert.equal(await said(await signed(key, { aud: ['other', AUDIENCE] }), keys), 'ok user-1')
    assert.equal(
      await said(await signed(key, { iss: 'https://app.example' }), keys, { issuer: 'https://app.example' }),
      'ok user-1',
    )
  })

  test(`${alg}: what is wrong with a token's claims is said`, async () => {
    const of = async (claims, rules) => said(await signed(key, claims), keys, rules)
    assert.equal(await of({ exp: SECONDS - 29 }), 'ok user-1')
    assert.equal(await of({ exp: SECONDS - 30 }), 'expired')
    assert.equal(await of({ exp: undefined }), 'no_expiry')
    assert.equal(await of({ nbf: SECONDS + 30 }), 'ok user-1')
    assert.equal(await of({ nbf: SECONDS + 31 }), 'not_yet_valid')
    assert.equal(await of({ aud: 'other' }), 'wrong_audience')
    assert.equal(await of({ aud: ['other', 'another'] }), 'wrong_audience')
    assert.equal(await of({ aud: undefined }), 'wrong_audience')
    assert.equal(await of({ iss: 'https://other.example' }, { issuer: 'https://app.example' }), 'wrong_issuer')
    assert.equal(await of({}, { issuer: 'https://app.example' }), 'wrong_issuer')
    assert.equal(await of({ sub: undefined }), 'no_subject')
  })

  test(`${alg}: a token with other claims, another header or another signature is refused`, async () => {
    const [header, , signature] = (await signed(key)).split('.')
    const [otherHeader, claims] = (await signed(key, { sub: 'admin' }, { typ: 'other' })).split('.')
    const [, goodClaims] = (await signed(key)).split('.')
    assert.equal(await said(`${header}.${claims}.${signature}`, keys), 'bad_signature')
    assert.equal(await said(`${otherHeader}.${goodClaims}.${signature}`, keys), 'bad_signature')
    assert.equal(await said(`${header}.${goodClaims}.`, keys), 'bad_signature')
    assert.equal(await said(`${header}.${goodClaims}.${signature.slice(4)}`, keys), 'bad_signature')
    assert.equal(await said(`${header}.${goodClaims}.${signature}`, keys), 'ok user-1')
  })

  test(`${alg}: a token without any signature is refused, with alg none in every spelling`, async () => {
    const claims = { sub: 'user-1', aud: AUDIENCE, exp: SECONDS + 600 }
    assert.equal(await said(new UnsecuredJWT(claims).encode(), keys), 'algorithm')
    const [, payload, signature] = (await signed(key)).split('.')
    for (const none of ['none', 'None', 'NONE', 'nOnE', '']) {
      const header = Buffer.from(JSON.stringify({ ...key.header, alg: none })).toString('base64url')
      assert.equal(await said(`${header}.${payload}.`, keys), 'algorithm')
      assert.equal(await said(`${header}.${payload}.${signature}`, keys), 'algorithm')
    }
  })

  test(`${alg}: critical headers are not understood, so the token is refused`, async () => {
    const claims = JSON.stringify({ sub: 'user-1', aud: AUDIENCE, exp: SECONDS + 600 })
    const token = await new CompactSign(Buffer.from(claims))
      .setProtectedHeader({ ...key.header, crit: ['more'], more: 1 })
      .sign(key.privateKey, { crit: { more: true } })
    assert.equal(await said(token, keys), 'header_refused')
  })
}

for (const alg of ALGORITHMS) {
  test(`${alg}: a token of another key is refused, with that key's name or without`, async () => {
    const ours = await pair(alg, 'ours')
    const theirs = await pair(alg, 'theirs')
    const keys = { jwks: { keys: [ours.jwk] } }
    assert.equal(await said(await signed(theirs), keys), 'unknown_key')
    assert.equal(await said(await signed(theirs, {}, { kid: 'ours' }), keys), 'bad_signature')
    assert.equal(await said(await signed(theirs, {}, { kid: undefined }), keys), 'bad_signature')
    assert.equal(await said(await signed(ours, {}, { kid: undefined }), keys), 'ok user-1')
  })

  test(`${alg}: after a rotation the old key's tokens are refused, and taken while both keys are there`, async () => {
    const old = await pair(alg, '2026-10')
    const fresh = await pair(alg, '2026-11')
    const token = await signed(old)
    assert.equal(await said(token, { jwks: { keys: [old.jwk] } }), 'ok user-1')
    assert.equal(await said(token, { jwks: { keys: [fresh.jwk] } }), 'unknown_key')
    const both = { jwks: { keys: [fresh.jwk, old.jwk] } }
    assert.equal(await said(token, both), 'ok user-1')
    assert.equal(await said(await signed(fresh), both), 'ok user-1')
    assert.equal(await said(await signed(old, {}, { kid: undefined }), both), 'unknown_key')
  })
}

test('HS256 with a public key for its secret is refused, in every form the key is published in', async () => {
  const rsa = await pair('RS256')
  const keys = { jwks: { keys: [rsa.jwk] } }
  const pem = await exportSPKI(rsa.publicKey)
  for (const published of [pem, pem.trim(), JSON.stringify(rsa.jwk), JSON.stringify(keys.jwks), rsa.jwk.n]) {
    const forged = secretKey(published)
    assert.equal(await said(await signed(forged), keys), 'algorithm')
    const [, claims, signature] = (await signed(forged)).split('.')
    const header = Buffer.from('{"alg":"RS256"}').toString('base64url')
    assert.equal(await said(`${header}.${claims}.${signature}`, keys), 'bad_signature')
  }
  assert.equal(await said(await signed(rsa), keys), 'ok user-1')
})

test('a token that brings its own key is refused, though the signature is that of a key known here', async () => {
  const key = await pair('ES256')
  const stranger = await pair('ES256')
  const keys = { jwks: { keys: [key.jwk] } }
  // jose lets the first one pass: there the embedded key is for whoever asks for it.
  for (const signer of [key, stranger]) {
    assert.equal(await asked(await signed(signer, {}, { jwk: stranger.jwk }), keys), 'header_refused')
  }
})

test('keys that are not to be verified with are not taken: private ones, and secrets from a URL', async () => {
  const { privateKey } = await pair('ES256')
  const token = await signed(secretKey())
  const answer = (keys) => asked(token, keys)
  const k = Buffer.from(SECRET).toString('base64url')
  assert.equal(await answer({ jwks: { keys: [await exportJWK(privateKey)] } }), 'keys private_key')
  assert.equal(await answer({ jwks: { keys: [{ kty: 'oct', k }] }, url: true }), 'keys published_secret')
  assert.equal(await answer({ jwks: { keys: [{ kty: 'oct', k }] } }), 'ok user-1')
  assert.equal(await answer({ secret: 'too short' }), 'keys wrong_size')
})
