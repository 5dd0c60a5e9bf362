// backup-cases: one sound backup file, and what somebody made of it.
import {
  base64url,
  BLOCK,
  concat,
  edited,
  flipped,
  KDF,
  newId,
  random,
  seal,
  sealRaw,
  slotKeyOf,
  sodium,
  SUBKEYS,
  utf8,
} from './sealing.mjs'

const backupPassphrase = utf8('backup pässwörd🔑 of the kit')
const FILE_KEYS = [
  {
    provider: 'openai',
    base: 'https://api.openai.com/v1/',
    label: 'from the file',
    secret: 'sk-kit-backup-one-abcdef',
  },
  { provider: 'mistral', base: 'https://api.mistral.ai/v1/', label: 'another', secret: 'kit-backup-two-abcdefghijkl' },
]
const ENDPOINT = { id: 'own-kitkitkitkitkitkitkitg', name: 'Mine', base: 'https://llm.example/v1/' }

/** "KHB1" | u32le slot length | slot | content. */
const joined = (slot, content, magic = 'KHB1', length = slot.length) =>
  concat(utf8(magic), new Uint8Array(new Uint32Array([length]).buffer), slot, content)

class BackupSource {
  constructor(passphrase) {
    this.id = newId()
    this.root = random(32)
    this.salt = random(16)
    this.slotKey = slotKeyOf(passphrase, this.salt)
    this.contentKey = sodium.crypto_kdf_derive_from_key(32, SUBKEYS.backup, 'keyhold1', this.root)
    this.slot = this.sealSlot()
    this.content = this.sealContent()
  }
  sealSlot(kdf = {}, root = this.root, more = {}) {
    const salt = base64url(this.salt)
    const own = { kind: 'passphrase', kdf: { ...KDF, ...kdf, salt } }
    return seal({ purpose: 'slot', vault: this.id, id: 'backup', rev: 1, ...own, ...more }, {}, root, this.slotKey)
  }
  key(one, more = {}) {
    const { secret, ...facts } = one
    const rest = { header: 'authorization', prefix: 'Bearer ', hint: '', created: 1000, changed: 1000 }
    return { ...facts, ...rest, secret: secret.length, ...more }
  }
  info(more = {}) {
    return { made: 5000, keys: FILE_KEYS.map((one) => this.key(one)), endpoints: [], ...more }
  }
  sealContent(info = this.info(), secrets = FILE_KEYS.map(({ secret }) => secret).join(''), more = {}) {
    const header = { purpose: 'backup', vault: this.id, id: 'backup', rev: 1, ...more }
    return seal(header, info, utf8(secrets), this.contentKey)
  }
  file(content = this.content, slot = this.slot) {
    return joined(slot, content)
  }
}

/** Rows of the vaults are for the cases that put them where they do not belong. */
export function backupCases({ record, slot, manifest, foreignRecord }) {
  const cases = []
  const backup = new BackupSource(backupPassphrase)
  const elsewhere = new BackupSource(utf8('another passphrase of another file'))
  const file = backup.file()
  const USABLE = FILE_KEYS.map(({ provider, label }) => ({ provider, label, usable: true, state: 'new' }))

  /** `expected`: a code, or the items of the preview. */
  function addBackup(name, what, bytes, expected, more = {}) {
    const { zeros, ...rest } = more
    const stored = zeros === undefined ? { bytes: base64url(bytes) } : { bytes: base64url(bytes), zeros }
    const expect = typeof expected === 'string' ? { open: expected } : { open: 'ok', items: expected }
    cases.push({ name: `backup-${name}`, kind: 'backup', what, file: stored, ...rest, expect })
  }
  const content = (name, what, info, expected = 'ERR_BAD_FORMAT', secrets = undefined) =>
    addBackup(name, what, backup.file(backup.sealContent(info, secrets)), expected)
  const strength = (name, what, kdf, code, more) =>
    addBackup(name, what, backup.file(backup.content, backup.sealSlot(kdf)), code, more)

  addBackup('sound', 'Nothing was done to it.', file, USABLE)
  addBackup('wrong-passphrase', 'Sound, opened with another passphrase.', file, 'ERR_CANNOT_UNLOCK', {
    slotKey: base64url(elsewhere.slotKey),
  })

  addBackup('empty', 'A file of no bytes.', new Uint8Array(), 'ERR_BAD_FORMAT')
  addBackup('cut-in-magic', 'Two bytes of a file.', file.subarray(0, 2), 'ERR_BAD_FORMAT')
  addBackup('cut-in-length', 'The file ends in the slot’s length.', file.subarray(0, 6), 'ERR_BAD_FORMAT')
  addBackup('cut-in-slot', 'The file ends in the slot.', file.subarray(0, 100), 'ERR_BAD_FORMAT')
  addBackup(
    'cut-after-slot',
    'No content follows the slot.',
    file.subarray(0, 8 + backup.slot.length),
    'ERR_BAD_FORMAT',
  )
  addBackup('cut-by-one', 'The last byte is missing.', file.subarray(0, -1), 'ERR_BAD_FORMAT')
  addBackup('cut-by-a-block', 'The last 256 bytes are missing.', file.subarray(0, -BLOCK), 'ERR_TAMPERED')
  addBackup('trailing-byte', 'One byte follows the file.', concat(file, [0]), 'ERR_BAD_FORMAT')
  addBackup('trailing-block', '256 bytes follow the file.', concat(file, new Uint8Array(BLOCK)), 'ERR_TAMPERED')
  addBackup('above-8-mib', 'A file larger than any may be.', file, 'ERR_TOO_LARGE', { zeros: 8 * 1024 * 1024 })

  const lengthOf = (name, what, length) =>
    addBackup(`length-${name}`, what, joined(backup.slot, backup.content, 'KHB1', length), 'ERR_BAD_FORMAT')
  lengthOf('zero', 'A slot said to be of no bytes.', 0)
  lengthOf('one-less', 'A slot said to be one byte shorter than it is.', backup.slot.length - 1)
  lengthOf('one-more', 'A slot said to be one byte longer than it is.', backup.slot.length + 1)
  lengthOf('all', 'A slot said to be all there is.', backup.slot.length + backup.content.length)
  lengthOf('4-gib', 'A slot said to be 4 GiB long, less one byte.', 0xffffffff)
  lengthOf('2-gib', 'A slot said to be 2 GiB long.', 0x80000000)

  addBackup('version-older', 'A file of format 0.', edited(file, 'KHB1', 'KHB0'), 'ERR_BAD_FORMAT')
  addBackup('version-newer', 'A file of format 2.', edited(file, 'KHB1', 'KHB2'), 'ERR_BAD_FORMAT')
  addBackup('slot-version-newer', 'Its slot is of format 2.', edited(file, 'KH1', 'KH2'), 'ERR_BAD_FORMAT')
  addBackup('a-row', 'A record of a vault, no backup.', record, 'ERR_BAD_FORMAT')

  strength('kdf-one-pass', 'One pass of Argon2id.', { t: 1 }, 'ERR_KDF_BOUNDS')
  strength('kdf-below-floor', 'One KiB below the floor.', { m: KDF.m - 1 }, 'ERR_KDF_BOUNDS')
  strength('kdf-4-gib', '4 GiB: refused before any memory is taken.', { m: 4 * 1024 * 1024 }, 'ERR_KDF_BOUNDS')
  strength('kdf-4-gib-agreed', '4 GiB, and the user agreed to much.', { m: 4 * 1024 * 1024 }, 'ERR_KDF_BOUNDS', {
    large: true,
  })
  strength('kdf-too-much-work', 'Passes and memory together too much.', { t: 10, m: 1024 * 1024 }, 'ERR_KDF_BOUNDS')
  strength('kdf-large', '512 MiB: only if the user agrees.', { m: 512 * 1024 }, 'ERR_KDF_LARGE')
  strength('kdf-large-agreed', '512 MiB, and the user agreed.', { m: 512 * 1024 }, USABLE, { large: true })
  strength('kdf-other', 'Another algorithm.', { alg: 'argon2i' }, 'ERR_BAD_FORMAT')

  addBackup(
    'flipped-slot-tag',
    'A bit of the slot’s tag is flipped.',
    backup.file(backup.content, flipped(backup.slot, 1)),
    'ERR_CANNOT_UNLOCK',
  )
  addBackup('flipped-tag', 'A bit of the content’s tag is flipped.', flipped(file, 1), 'ERR_TAMPERED')
  addBackup('flipped-content', 'A bit of the content is flipped.', flipped(file, 100), 'ERR_TAMPERED')
  addBackup(
    'flipped-revision',
    'The content’s header says another revision.',
    backup.file(edited(backup.content, '"rev":1', '"rev":2')),
    'ERR_TAMPERED',
  )

  addBackup('foreign-content', 'Another file’s content.', backup.file(elsewhere.content), 'ERR_SWAPPED')
  addBackup('foreign-slot', 'Another file’s slot.', backup.file(backup.content, elsewhere.slot), 'ERR_SWAPPED')
  addBackup(
    'foreign-content-renamed',
    'Another file’s content, under this file’s id.',
    backup.file(edited(elsewhere.content, elsewhere.id, backup.id)),
    'ERR_TAMPERED',
  )
  addBackup(
    'foreign-key',
    'A slot that holds another file’s key.',
    backup.file(backup.content, backup.sealSlot({}, elsewhere.root)),
    'ERR_TAMPERED',
  )
  addBackup('record-for-content', 'A vault’s record in the content’s place.', backup.file(record), 'ERR_BAD_FORMAT')
  addBackup('foreign-record', 'Another vault’s record there.', backup.file(foreignRecord), 'ERR_BAD_FORMAT')
  addBackup('vault-slot', 'A vault’s way in as the slot.', backup.file(backup.content, slot), 'ERR_SWAPPED')
  addBackup(
    'manifest-for-slot',
    'A vault’s manifest as the slot.',
    backup.file(backup.content, manifest),
    'ERR_BAD_FORMAT',
  )
  addBackup(
    'short-root',
    'A slot that holds 31 bytes.',
    backup.file(backup.content, backup.sealSlot({}, backup.root.subarray(1))),
    'ERR_BAD_FORMAT',
  )

  const [one, two] = FILE_KEYS
  const member = JSON.stringify(backup.info())
  content('no-json', 'Content that is no JSON.', 'made=1')
  content('unknown-member', 'Content with a member nobody knows.', backup.info({ extra: 1 }))
  content('member-twice', 'Content that lists its keys twice.', member.replace('{', '{"keys":[],'))
  content(
    'key-member-twice',
    'A key that says its address twice.',
    member.replace('"base"', '"base":"https://evil.example/v1/","base"'),
  )
  content('without-keys', 'Content without a list of keys.', { made: 5000, endpoints: [] })
  content('keys-no-list', 'Keys that are no list.', backup.info({ keys: {} }))
  content('made-negative', 'Made before 1970.', backup.info({ made: -1 }))
  content(
    'too-many-keys',
    'One key more than a vault holds.',
    backup.info({ keys: Array(2001).fill(0) }),
    'ERR_TOO_MANY',
  )
  content(
    'endpoint-twice',
    'Two endpoints of one id: a key of the second would be sealed to an address its provider does not have.',
    {
      made: 5000,
      keys: [backup.key({ ...one, provider: ENDPOINT.id, base: 'https://evil.example/v1/' })],
      endpoints: [ENDPOINT, { ...ENDPOINT, base: 'https://evil.example/v1/' }],
    },
    'ERR_BAD_FORMAT',
    one.secret,
  )
  content(
    'too-many-endpoints',
    'One endpoint more than a vault has.',
    backup.info({ endpoints: Array.from({ length: 33 }, (_, at) => ({ ...ENDPOINT, id: `own-${at}` })) }),
  )
  content('secret-beyond', 'A secret said to be longer than what is there.', {
    ...backup.info(),
    keys: [backup.key(one), backup.key(two, { secret: two.secret.length + 1 })],
  })
  content('secret-huge', 'A secret of 2^53 bytes.', { ...backup.info(), keys: [backup.key(one, { secret: 2 ** 53 })] })
  content('secret-negative', 'A secret of fewer than no bytes.', {
    ...backup.info(),
    keys: [backup.key(one, { secret: -1 })],
  })
  content('secret-left-over', 'Bytes that belong to no key.', { ...backup.info(), keys: [backup.key(one)] })
  content(
    'label-control',
    'A label with a line end.',
    { ...backup.info(), keys: [backup.key(one, { label: 'a\nb' })] },
    'ERR_BAD_FORMAT',
    one.secret,
  )
  addBackup(
    'body-length-beyond',
    'Facts said to be longer than the content.',
    backup.file(
      sealRaw(
        utf8(JSON.stringify({ purpose: 'backup', vault: backup.id, id: 'backup', rev: 1 })),
        sodium.pad(concat([255, 255, 255, 255], utf8('{}')), BLOCK),
        backup.contentKey,
      ),
    ),
    'ERR_BAD_FORMAT',
  )
  // Of a right form, and still not to be used: said in the preview, key by key.
  const unusable = (name, what, more) =>
    content(
      name,
      what,
      { ...backup.info(), keys: [backup.key(one, more)] },
      [{ provider: more.provider ?? one.provider, label: one.label, usable: false, state: 'new' }],
      one.secret,
    )
  unusable('key-for-elsewhere', 'A key of a known provider, for another address.', { base: 'https://evil.example/v1/' })
  unusable('key-of-nobody', 'A key of a provider nobody knows.', { provider: 'nobody' })
  unusable('key-in-another-header', 'A key that would go in another header.', { header: 'x-elsewhere' })

  const facts = {
    passphrase: base64url(backupPassphrase),
    slotKey: base64url(backup.slotKey),
    secrets: FILE_KEYS.map(({ secret }) => secret),
  }
  return { cases, facts }
}
