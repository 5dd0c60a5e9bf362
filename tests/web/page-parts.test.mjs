// page-parts: the HTML that comes later leaves the page whole, in order, and nothing else does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { divide } from '../../web/src/page/build/plugins.mjs'

test('what is in a marked template goes to its part, in order', () => {
  const html =
    '<p>a</p><template data-part="x" x-if="one"><b>1</b></template>\n<template data-part="y"></template><template data-part="x"><i>2</i></template>z'
  const { rest, parts } = divide(html)
  assert.equal(
    rest,
    '<p>a</p><template data-part="x" x-if="one"></template>\n<template data-part="y"></template><template data-part="x"></template>z',
  )
  assert.deepEqual(
    [...parts],
    [
      ['x', '<template><b>1</b></template><template><i>2</i></template>'],
      ['y', '<template></template>'],
    ],
  )
})

test('templates in a marked one go with it, and one in another template stays', () => {
  const inner = '<template x-for="a"><template data-part="x">1</template></template>'
  assert.deepEqual(divide(inner), { rest: inner, parts: new Map() })
  const { rest, parts } = divide(`<template data-part="x"><div>${inner}</div></template>.`)
  assert.equal(rest, '<template data-part="x"></template>.')
  assert.equal(parts.get('x'), `<template><div>${inner}</div></template>`)
})

test('a page without one is as it was, and an open template is a mistake', () => {
  const html = '<template x-if="a"><p>b</p></template>c'
  assert.deepEqual(divide(html), { rest: html, parts: new Map() })
  assert.throws(() => divide('<template data-part="x">a'), /not closed/)
})
