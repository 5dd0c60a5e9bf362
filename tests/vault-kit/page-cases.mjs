// page-cases: what somebody made of the manifest's pages, which list the records.
import {
  base64url,
  BLOCK,
  concat,
  digestOf,
  edited,
  flipped,
  headerOf,
  seal,
  sealRaw,
  utf8,
  bodyOf,
} from './sealing.mjs'

const ZEROS = new Uint8Array(32)

export function pageCases({ own, foreign, now, before, names, words }) {
  const { first, second, third, gone, RECORD, OTHER, PAGE, OTHER_PAGE, GONE_PAGE } = names
  const { add, spoilt, hostilePage, hostileManifest, finding, altered } = words
  const page = now.get(PAGE)
  const swapped = (row) => finding(row, 'swapped', 'ERR_SWAPPED')
  const entries = (infos) => infos[PAGE].entries

  // Truncated, trailing, flipped, of another version, oversize.
  spoilt('page-cut', 'A page of the manifest ends early.', PAGE, page.subarray(0, -1))
  spoilt('page-header-only', 'Nothing is left of a page but its header.', PAGE, page.subarray(0, 5 + page[3]))
  spoilt('page-empty', 'A page of no bytes.', PAGE, new Uint8Array())
  spoilt('page-trailing-byte', 'One byte follows a page.', PAGE, concat(page, [0]))
  spoilt('page-trailing-block', '256 bytes follow a page.', PAGE, concat(page, new Uint8Array(BLOCK)), 'ERR_TAMPERED')
  spoilt('page-tag', 'A bit of a page’s tag is flipped.', PAGE, flipped(page, 1), 'ERR_TAMPERED')
  spoilt(
    'page-later',
    'A page says another revision than its own.',
    PAGE,
    edited(page, '"rev":2', '"rev":3'),
    'ERR_TAMPERED',
  )
  spoilt('page-version-newer', 'A page of format 2.', PAGE, edited(page, 'KH1', 'KH2'))
  spoilt('page-above-4-mib', 'A page larger than any row may be.', PAGE, { bytes: base64url(page), zeros: 4 << 20 })
  for (const [name, what, more] of [
    ['page-header-unknown-member', 'A page whose header has a member nobody knows.', { generation: 2 }],
    ['page-header-two-characters', 'A page for two characters.', { id: `${PAGE[5]}A` }],
    ['page-header-no-character', 'A page for no character.', { id: '' }],
    ['page-header-other-character', 'A page for a character that no id has.', { id: '+' }],
  ]) {
    spoilt(name, what, PAGE, own.sealPage(PAGE, own.pages.get(PAGE), { ...headerOf(page), ...more }))
  }

  // Swapped, dropped, replayed, of another vault.
  add(
    'pages-swapped',
    'Two pages in each other’s place.',
    { [PAGE]: now.get(OTHER_PAGE), [OTHER_PAGE]: page },
    { findings: [swapped(PAGE), swapped(OTHER_PAGE)] },
  )
  add('record-for-page', 'A record in a page’s place.', { [PAGE]: now.get(RECORD) }, { findings: [swapped(PAGE)] })
  add(
    'manifest-for-page',
    'The manifest in a page’s place.',
    { [PAGE]: now.get('manifest') },
    { findings: [swapped(PAGE)] },
  )
  add('page-for-record', 'A page in a record’s place.', { [RECORD]: page }, { findings: [swapped(RECORD)] })
  add(
    'page-for-manifest',
    'A page in the manifest’s place.',
    { manifest: page },
    { findings: [altered('manifest', 'ERR_SWAPPED')] },
  )
  add(
    'page-renamed',
    'A page under a character that is not its own.',
    { [GONE_PAGE]: page },
    { findings: [finding(GONE_PAGE, 'unexpected', 'ERR_SWAPPED')] },
  )
  add('page-dropped', 'A page is gone.', { [PAGE]: null }, { findings: [finding(PAGE, 'missing', 'ERR_NOT_FOUND')] })
  add(
    'page-and-record-dropped',
    'A page is gone and a record it lists, which nobody can miss then.',
    { [PAGE]: null, [`record/${third}`]: null },
    { findings: [finding(PAGE, 'missing', 'ERR_NOT_FOUND')], keys: [first, second] },
  )
  add(
    'all-pages-dropped',
    'No page is left: what the manifest itself lists is vouched for.',
    { [PAGE]: null, [OTHER_PAGE]: null, settings: before.get('settings') },
    {
      findings: [
        finding(PAGE, 'missing', 'ERR_NOT_FOUND'),
        finding(OTHER_PAGE, 'missing', 'ERR_NOT_FOUND'),
        finding('settings', 'stale', 'ERR_STALE_RECORD'),
      ],
    },
  )
  add(
    'page-dropped-others-vouch',
    'A page is gone and a record of another is flipped: that one is known.',
    { [PAGE]: null, [OTHER]: flipped(now.get(OTHER), 1) },
    { findings: [finding(PAGE, 'missing', 'ERR_NOT_FOUND'), altered(OTHER)] },
  )
  add(
    'page-dropped-record-flipped',
    'A page is gone and a record of it is flipped: it does not open.',
    { [PAGE]: null, [RECORD]: flipped(now.get(RECORD), 1) },
    { findings: [finding(PAGE, 'missing', 'ERR_NOT_FOUND'), altered(RECORD)] },
  )
  add(
    'page-replayed',
    'An older page, over the records of today.',
    { [PAGE]: before.get(PAGE) },
    { findings: [finding(PAGE, 'stale', 'ERR_STALE_RECORD')] },
  )
  add(
    'page-replayed-with-a-record',
    'An older page together with the record as it was then.',
    { [PAGE]: before.get(PAGE), [`record/${third}`]: before.get(`record/${third}`) },
    { findings: [finding(PAGE, 'stale', 'ERR_STALE_RECORD')] },
  )
  add(
    'page-resurrected',
    'The page of a deleted record is there again.',
    { [GONE_PAGE]: before.get(GONE_PAGE) },
    { findings: [finding(GONE_PAGE, 'unexpected', 'ERR_STALE_RECORD')] },
  )
  add(
    'page-resurrected-with-its-record',
    'The page of a deleted record is there again, and the record with it.',
    { [GONE_PAGE]: before.get(GONE_PAGE), [`record/${gone}`]: before.get(`record/${gone}`) },
    {
      findings: [
        finding(GONE_PAGE, 'unexpected', 'ERR_STALE_RECORD'),
        finding(`record/${gone}`, 'unexpected', 'ERR_STALE_RECORD'),
      ],
    },
  )
  add(
    'foreign-page',
    'Another vault’s page in the place of one’s own.',
    { [PAGE]: foreign.sealed.get(PAGE) },
    { findings: [swapped(PAGE)] },
  )

  // Sealed by whoever has the keys: pages that lie about records.
  hostilePage(
    'page-lists-more',
    'A page lists a record that never was.',
    (infos) =>
      (infos[GONE_PAGE] = { entries: { [`record/${gone}`]: [1, digestOf(ZEROS), 'https://api.openai.com/v1/'] } }),
    { findings: [finding(`record/${gone}`, 'missing', 'ERR_NOT_FOUND')] },
  )
  hostilePage('page-lists-less', 'A page does not list a record.', (infos) => delete entries(infos)[RECORD], {
    findings: [finding(RECORD, 'unexpected', 'ERR_STALE_RECORD')],
    keys: [second, third],
  })
  for (const [name, what, change, result] of [
    [
      'page-other-base',
      'A page has another address for a record.',
      (list) => (list[RECORD][2] = 'https://evil.example/v1/'),
      altered(RECORD, 'ERR_ENDPOINT_MISMATCH'),
    ],
    [
      'page-other-digest',
      'A page has another digest for a record.',
      (list) => (list[RECORD][1] = digestOf(ZEROS)),
      altered(RECORD),
    ],
    [
      'page-later-revision',
      'A page has a later revision of a record.',
      (list) => (list[RECORD][0] = 3),
      finding(RECORD, 'stale', 'ERR_STALE_RECORD'),
    ],
    // Pages of another form: not one entry of such a page is believed.
    [
      'page-short-digest',
      'A page with a digest of 31 bytes.',
      (list) => (list[RECORD][1] = base64url(ZEROS.subarray(1))),
      altered(PAGE, 'ERR_BAD_FORMAT'),
    ],
    ['page-entry-empty', 'An entry that says nothing.', (list) => (list[RECORD] = []), altered(PAGE, 'ERR_BAD_FORMAT')],
    [
      'page-revision-text',
      'A revision that is a text.',
      (list) => (list[RECORD][0] = '2'),
      altered(PAGE, 'ERR_BAD_JSON'),
    ],
    [
      'page-lists-of-another',
      'A page lists a record of another page.',
      (list) => (list[OTHER] = own.listed(now)[OTHER]),
      altered(PAGE, 'ERR_BAD_FORMAT'),
    ],
    [
      'page-lists-settings',
      'A page lists the settings.',
      (list) => (list.settings = own.listed(now).settings),
      altered(PAGE, 'ERR_BAD_FORMAT'),
    ],
    [
      'page-lists-slot',
      'A page lists a way in.',
      (list) => (list[`slot/${own.slot}`] = own.listed(now)[`slot/${own.slot}`]),
      altered(PAGE, 'ERR_BAD_FORMAT'),
    ],
  ]) {
    hostilePage(name, what, (infos) => change(entries(infos)), { findings: [result] })
  }
  for (const [name, what, change, code] of [
    ['page-unknown-member', 'A page with a member nobody knows.', (info) => (info.extra = 1), 'ERR_BAD_JSON'],
    ['page-without-entries', 'A page that lists nothing.', (info) => (info.entries = {}), 'ERR_BAD_FORMAT'],
    ['page-says-nothing', 'A page without a list.', (info) => delete info.entries, 'ERR_BAD_JSON'],
  ]) {
    hostilePage(name, what, (infos) => change(infos[PAGE]), { findings: [altered(PAGE, code)] })
  }
  const listedAs = (bytes) => ({
    [PAGE]: bytes,
    ...own.list(now, { head: ({ entries: list }) => (list[PAGE][1] = digestOf(bytes)) }).rows,
  })
  add(
    'page-entry-twice',
    'A page that lists a record twice.',
    listedAs(
      sealRaw(
        utf8(JSON.stringify(headerOf(page))),
        bodyOf(
          JSON.stringify(own.pages.get(PAGE)).replace(
            '}}',
            `,"${RECORD}":[9,"${digestOf(ZEROS)}","https://evil.example/"]}}`,
          ),
        ),
        own.keys.manifest,
      ),
    ),
    { findings: [altered(PAGE, 'ERR_BAD_JSON')] },
  )
  add(
    'page-under-settings-key',
    'A page sealed with the subkey of the settings.',
    listedAs(seal(headerOf(page), own.pages.get(PAGE), [], own.keys.settings)),
    { findings: [altered(PAGE)] },
  )

  // Manifests that lie about pages.
  hostileManifest(
    'manifest-lists-page-more',
    'The manifest lists a page that never was.',
    (body) => {
      body.entries[GONE_PAGE] = [1, digestOf(ZEROS)]
    },
    [finding(GONE_PAGE, 'missing', 'ERR_NOT_FOUND')],
  )
  hostileManifest(
    'manifest-lists-page-less',
    'The manifest does not list a page, nor so what that lists.',
    (body) => delete body.entries[PAGE],
    [
      finding(PAGE, 'unexpected', 'ERR_STALE_RECORD'),
      finding(RECORD, 'unexpected', 'ERR_STALE_RECORD'),
      finding(`record/${third}`, 'unexpected', 'ERR_STALE_RECORD'),
    ],
    [second],
  )
  hostileManifest(
    'manifest-lists-impossible-page',
    'The manifest lists a page for a character that no id has.',
    (body) => (body.entries['page/+'] = body.entries[PAGE]),
    [finding('page/+', 'missing', 'ERR_NOT_FOUND')],
  )
  hostileManifest(
    'manifest-page-later-revision',
    'The manifest has a later revision of a page.',
    (body) => {
      body.entries[PAGE][0] = 3
    },
    [finding(PAGE, 'stale', 'ERR_STALE_RECORD')],
  )
}
