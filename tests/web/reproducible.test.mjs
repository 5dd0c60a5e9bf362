// reproducible: do the same sources make the same site, wherever they lie, and does integrity.json list what was made?
import assert from 'node:assert/strict'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { digestsOf, integrityFile } from '../../web/hosting/integrity.mjs'
import { buildCopy, digestsOfAll } from './support/web-build.mjs'

const builds = []
let first
let second
let hosting

before(async () => {
  for (const below of ['a', 'another/folder/of longer name']) builds.push(await buildCopy({ below }))
  ;[first, second] = await Promise.all(builds.map(({ dist }) => digestsOfAll(dist)))
  hosting = await Promise.all(builds.map(({ dist }) => digestsOfAll(`${dist}-hosting`)))
})
after(() => Promise.all(builds.map(({ remove }) => remove())))

const listOf = async ({ dist }) => JSON.parse(await readFile(join(dist, 'integrity.json'), 'utf8')).files

test('two builds in two folders are the same files with the same bytes', () => {
  assert.ok(Object.keys(first).length > 40, 'the whole site was compared')
  assert.deepEqual(second, first)
  assert.equal(Object.keys(hosting[0]).length, 5)
  assert.deepEqual(hosting[1], hosting[0])
})

test('one byte of a source altered gives another list; control of the comparison', async () => {
  const altered = await buildCopy({ alter: (folder) => appendFile(join(folder, 'web/public/theme.js'), '\n') })
  try {
    const [mine, theirs] = [await listOf(builds[0]), await listOf(altered)]
    assert.notEqual(theirs['theme.js'], mine['theme.js'])
    assert.notDeepEqual(await digestsOfAll(altered.dist), first)
  } finally {
    await altered.remove()
  }
})

test('integrity.json lists every file that is served, by its digest, in one order', async () => {
  const listed = await listOf(builds[0])
  const served = Object.keys(first).filter((name) => !/^(integrity\.json|_headers)$|\.br$/.test(name))
  assert.deepEqual(Object.keys(listed), served.sort())
  for (const name of served) assert.equal(listed[name], first[name], name)
  for (const name of ['index.html', 'keyhold.config.json', 'theme.js']) assert.ok(served.includes(name), name)
})

test('the list is the same in whatever order the files are found', () => {
  const { dist } = builds[0]
  const names = Object.keys(first)
  assert.equal(integrityFile(digestsOf(dist, names.toReversed())), integrityFile(digestsOf(dist, names)))
})
