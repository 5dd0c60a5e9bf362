// requests: what a message must look like before anything acts on it. Every field has a shape and a bound.
import * as v from 'valibot'
import {
  MAX_BODY_BYTES,
  MAX_UPLOAD_BYTES,
  type AskOf,
  type Op,
  type Request,
  type WorkerStart,
} from '../protocol/messages'
import { Failure } from './failure'
import { isFileHandle } from './file'

export const LIMITS = {
  id: 64,
  label: 64,
  name: 64,
  url: 8_192,
  secretBytes: 4_096,
  model: 256,
  messages: 256,
  textLength: 1024 * 1024,
  maxTokens: 1_000_000,
  headers: 128,
  headerName: 256,
  headerValue: 16_384,
  bodyBytes: MAX_BODY_BYTES,
  uploadBytes: MAX_UPLOAD_BYTES,
  keys: 2_000,
  slots: 16,
  slotName: 64,
  host: 253,
  credentialBytes: 1_023,
  prfBytes: 64,
  codeBytes: 256,
  backupBytes: 8 * 1024 * 1024,
  envBytes: 256 * 1024,
  word: 64,
  /** The largest that a row's key has room for: in the year 4707. */
  day: 999_999,
  loginState: 64,
  loginCode: 2_048,
  origin: 300,
  grantProviders: 64,
  grantModels: 32,
  grantModel: 200,
  token: 8_192,
  serverBody: 4_096,
} as const

/** The reply to a message whose own id cannot be read. */
export const NO_ID = -1

const text = (longest: number) => v.pipe(v.string(), v.maxLength(longest))
const name = (longest: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(longest))
const count = (most: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(most))
const bytes = (most: number) =>
  v.pipe(
    v.instance(Uint8Array<ArrayBuffer>),
    // Shared memory could change after it was checked.
    v.check((value) => value.buffer instanceof ArrayBuffer && value.byteLength <= most),
  )
const blob = (most: number) =>
  v.pipe(
    v.instance(Blob),
    v.check((value) => value.size <= most),
  )
const number = count(Number.MAX_SAFE_INTEGER)
const id = name(LIMITS.id)
const port = v.instance(MessagePort)
const flag = v.boolean()
const message = v.strictObject({ role: v.picklist(['system', 'user', 'assistant']), text: text(LIMITS.textLength) })
const proof = v.variant('way', [
  v.strictObject({ way: v.literal('passphrase'), kdf: port }),
  v.strictObject({ way: v.literal('passkey'), slot: id, prf: bytes(LIMITS.prfBytes) }),
  v.strictObject({ way: v.literal('recovery'), code: bytes(LIMITS.codeBytes) }),
])
const typed = bytes(LIMITS.codeBytes)
const terms = v.strictObject({
  providers: v.pipe(v.array(id), v.minLength(1), v.maxLength(LIMITS.grantProviders)),
  models: v.pipe(v.array(name(LIMITS.grantModel)), v.maxLength(LIMITS.grantModels)),
  scopes: v.pipe(v.array(v.picklist(['files', 'images', 'audio', 'batch'])), v.maxLength(4)),
  dayMicroUsd: v.nullable(number),
  monthMicroUsd: v.nullable(number),
  expiresAt: v.nullable(number),
})
const offer = v.strictObject({ server: name(LIMITS.url), chosen: flag, newcomer: flag })
const token = v.nullable(name(LIMITS.token))
const header = v.strictTuple([name(LIMITS.headerName), text(LIMITS.headerValue)])

const ask = <O extends Op, E extends v.ObjectEntries>(op: O, fields: E) =>
  v.strictObject({ id: number, op: v.literal(op), ...fields })

const SHAPES: { [O in Op]: v.GenericSchema<unknown, { id: number } & AskOf<O>> } = {
  hello: ask('hello', { protocol: number, build: text(LIMITS.id) }),
  status: ask('status', {}),
  create: ask('create', { call: number, kdf: port }),
  unlock: ask('unlock', { call: number, by: proof }),
  lock: ask('lock', {}),
  touch: ask('touch', {}),
  providers: ask('providers', {}),
  keys: ask('keys', {}),
  lookAt: ask('lookAt', { provider: text(LIMITS.id), secret: bytes(LIMITS.secretBytes) }),
  add: ask('add', { provider: id, label: text(LIMITS.label), secret: bytes(LIMITS.secretBytes), unchecked: flag }),
  replace: ask('replace', { key: id, secret: bytes(LIMITS.secretBytes), unchecked: flag }),
  beginLogin: ask('beginLogin', { provider: id }),
  finishLogin: ask('finishLogin', {
    state: name(LIMITS.loginState),
    code: name(LIMITS.loginCode),
    key: v.nullable(id),
    label: text(LIMITS.label),
  }),
  check: ask('check', { key: id }),
  label: ask('label', { key: id, label: text(LIMITS.label) }),
  delete: ask('delete', { key: id }),
  setDefault: ask('setDefault', { key: id }),
  setFailover: ask('setFailover', { provider: id, on: flag }),
  addEndpoint: ask('addEndpoint', { name: name(LIMITS.name), base: name(LIMITS.url), like: v.nullable(id) }),
  removeEndpoint: ask('removeEndpoint', { provider: id }),
  order: ask('order', { keys: v.pipe(v.array(id), v.maxLength(LIMITS.keys)) }),
  expires: ask('expires', { key: id, at: v.nullable(number) }),
  setCaps: ask('setCaps', { key: id, day: v.nullable(number), month: v.nullable(number) }),
  spending: ask('spending', {}),
  usage: ask('usage', { from: count(LIMITS.day), to: count(LIMITS.day) }),
  newPasskey: ask('newPasskey', {}),
  addPasskey: ask('addPasskey', {
    call: number,
    proof,
    slot: id,
    credential: bytes(LIMITS.credentialBytes),
    rp: name(LIMITS.host),
    prf: bytes(LIMITS.prfBytes),
    name: name(LIMITS.slotName),
  }),
  newRecovery: ask('newRecovery', {}),
  addRecovery: ask('addRecovery', { call: number, proof, typed }),
  changePassphrase: ask('changePassphrase', { call: number, proof, kdf: port }),
  removeSlot: ask('removeSlot', { call: number, proof, slot: id }),
  nameSlot: ask('nameSlot', { slot: id, name: name(LIMITS.slotName) }),
  rotateRoot: ask('rotateRoot', {
    call: number,
    proof,
    typed,
    passkeys: v.pipe(v.array(v.strictObject({ slot: id, prf: bytes(LIMITS.prfBytes) })), v.maxLength(LIMITS.slots)),
  }),
  setLockAfter: ask('setLockAfter', { minutes: number }),
  backup: ask('backup', { call: number, proof, kdf: port, copiedTo: text(LIMITS.origin) }),
  autoSave: ask('autoSave', { call: number, proof, kdf: port, file: v.custom<FileSystemFileHandle>(isFileHandle) }),
  autoSaveAgain: ask('autoSaveAgain', {}),
  autoSaveFile: ask('autoSaveFile', {}),
  endAutoSave: ask('endAutoSave', {}),
  openBackup: ask('openBackup', { call: number, file: bytes(LIMITS.backupBytes), kdf: port, large: flag }),
  openEnv: ask('openEnv', { file: bytes(LIMITS.envBytes) }),
  restore: ask('restore', {
    choices: v.pipe(v.array(v.picklist(['skip', 'add', 'replace'])), v.maxLength(LIMITS.keys)),
  }),
  closeImport: ask('closeImport', {}),
  repair: ask('repair', {}),
  keepState: ask('keepState', {}),
  recoverCopy: ask('recoverCopy', {}),
  exportRaw: ask('exportRaw', {}),
  audit: ask('audit', {}),
  wipe: ask('wipe', { word: text(LIMITS.word) }),
  models: ask('models', { key: id }),
  chat: ask('chat', {
    call: number,
    key: v.nullable(id),
    app: v.nullable(v.strictObject({ provider: id, offer })),
    model: name(LIMITS.model),
    messages: v.pipe(v.array(message), v.minLength(1), v.maxLength(LIMITS.messages)),
    maxTokens: v.pipe(count(LIMITS.maxTokens), v.minValue(1)),
  }),
  fetch: ask('fetch', {
    call: number,
    url: name(LIMITS.url),
    method: name(16),
    headers: v.pipe(v.array(header), v.maxLength(LIMITS.headers)),
    body: v.nullable(v.union([bytes(LIMITS.bodyBytes), blob(LIMITS.uploadBytes)])),
    key: v.nullable(id),
    app: v.nullable(offer),
  }),
  token: ask('token', { call: number, token }),
  setAppKeyUse: ask('setAppKeyUse', { provider: id, use: v.picklist(['never', 'ask', 'auto']) }),
  appKeyUses: ask('appKeyUses', {}),
  receipts: ask('receipts', {}),
  server: ask('server', {
    path: v.picklist(['v1/account', 'v1/plans', 'v1/checkout', 'v1/portal']),
    token,
    body: v.nullable(text(LIMITS.serverBody)),
  }),
  credit: ask('credit', { call: number, bytes: number }),
  abort: ask('abort', { call: number }),
  admit: ask('admit', { origin: v.nullable(name(LIMITS.origin)), port }),
  questions: ask('questions', {}),
  decide: ask('decide', { question: number, terms: v.nullable(terms) }),
  grants: ask('grants', {}),
  revoke: ask('revoke', { grant: id }),
  helloHost: ask('helloHost', { protocol: number }),
  access: ask('access', {}),
  requestAccess: ask('requestAccess', { call: number, wish: terms }),
}

const START = v.strictObject({
  start: v.literal(true),
  wasmUrl: name(LIMITS.url),
  keepingUrl: name(LIMITS.url),
  pricesUrl: name(LIMITS.url),
  configUrl: name(LIMITS.url),
})

/** ERR_BAD_INPUT for anything that is not exactly a request. */
export function parseRequest(data: unknown): Request {
  const op = field(data, 'op')
  if (typeof op === 'string' && Object.hasOwn(SHAPES, op)) {
    const parsed = v.safeParse(SHAPES[op as Op], data)
    if (parsed.success) return parsed.output
  }
  throw new Failure('ERR_BAD_INPUT')
}

export function parseStart(data: unknown): WorkerStart | null {
  if (field(data, 'start') === undefined) return null
  const parsed = v.safeParse(START, data)
  return parsed.success ? parsed.output : null
}

export function idOf(data: unknown): number {
  const value = field(data, 'id')
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : NO_ID
}

function field(data: unknown, key: string): unknown {
  return typeof data === 'object' && data !== null && Object.hasOwn(data, key)
    ? (data as Record<string, unknown>)[key]
    : undefined
}
