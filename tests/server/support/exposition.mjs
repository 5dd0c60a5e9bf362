// exposition: Prometheus' text format 0.0.4, read strictly: what is not exactly as its document says is an error here.
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)$/
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped']

/**
 * @param {string} text
 * @returns {Map<string, { type: string, help: string, samples: { name: string, labels: Record<string, string>, value: number }[] }>}
 *   by the family's name
 */
export function parseExposition(text) {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map()
  const seen = new Set()
  let current
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (why) => {
      throw new Error(`${why}: ${line}`)
    }
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line)
    if (comment) {
      const [, kind, name, rest] = comment
      if (!NAME.test(name)) fail('not a name')
      if (kind === 'HELP') {
        if (families.has(name)) fail('a family is there twice')
        if (/\\(?![\\n])/.test(rest)) fail('a help with an escape that is none')
        families.set(name, (current = { name, help: rest, type: '', samples: [] }))
      } else {
        if (current?.name !== name || current.type || current.samples.length > 0) fail('TYPE does not follow HELP')
        if (!TYPES.includes(rest)) fail('no such type')
        current.type = rest
      }
      continue
    }
    if (line === '' || line.startsWith('#')) fail('nothing is expected here')
    const [name] = /^[^{ ]*/.exec(line)
    if (!NAME.test(name)) fail('not a name')
    const { labels, rest } = readLabels(line.slice(name.length), fail)
    const value = /^ (\S+)$/.exec(rest)?.[1]
    if (!value || !NUMBER.test(value)) fail('not one number')
    const base = current?.type === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name
    if (!current || base !== current.name || (current.type === 'histogram' && base === name)) fail('of another family')
    const key = `${name}${JSON.stringify(Object.entries(labels).sort())}`
    if (seen.has(key)) fail('a sample is there twice')
    seen.add(key)
    current.samples.push({ name, labels, value: Number(value.replace('Inf', 'Infinity')) })
  }
  for (const family of families.values()) check(family)
  return families
}

function readLabels(text, fail) {
  const labels = {}
  if (!text.startsWith('{')) return { labels, rest: text }
  let at = 1
  while (text[at] !== '}') {
    const pair = /^([^=]+)="((?:[^"\\]|\\["\\n])*)"(,?)/.exec(text.slice(at))
    if (!pair || !LABEL.test(pair[1])) fail('labels that cannot be read')
    if (pair[1] in labels) fail('a label is there twice')
    labels[pair[1]] = pair[2].replaceAll(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c))
    at += pair[0].length
    if (!pair[3] && text[at] !== '}') fail('labels that do not end')
  }
  return { labels, rest: text.slice(at + 1) }
}

function check({ name, type, help, samples }) {
  const fail = (why) => {
    throw new Error(`${name}: ${why}`)
  }
  if (!type || !help) fail('without TYPE or HELP')
  if (samples.length === 0) return
  if (type === 'counter') {
    if (!name.endsWith('_total')) fail('a counter whose name does not end in _total')
    if (samples.some(({ value }) => !(value >= 0))) fail('a counter below nothing')
  }
  if (type !== 'histogram') return
  const groups = Object.groupBy?.(samples, withoutLe) ?? groupBy(samples, withoutLe)
  for (const group of Object.values(groups)) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`)
    const only = (suffix) => {
      const found = group.filter((sample) => sample.name === `${name}_${suffix}`)
      if (found.length !== 1) fail(`not one ${suffix}`)
      return found[0].value
    }
    const bounds = buckets.map(({ labels }) => Number(labels.le.replace('Inf', 'Infinity')))
    if (bounds.at(-1) !== Infinity) fail('no last bucket')
    for (let i = 1; i < buckets.length; ++i) {
      if (!(bounds[i] > bounds[i - 1])) fail('bounds that do not grow')
      if (!(buckets[i].value >= buckets[i - 1].value)) fail('buckets that are not cumulative')
    }
    if (buckets.at(-1).value !== only('count')) fail('the last bucket is not the count')
    if (!(only('sum') >= 0)) fail('a sum below nothing')
  }
}

function withoutLe({ labels }) {
  const { le: _, ...others } = labels
  return JSON.stringify(Object.entries(others).sort())
}

function groupBy(list, by) {
  const groups = {}
  for (const one of list) (groups[by(one)] ??= []).push(one)
  return groups
}

/** The one sample with these labels. */
export function valueOf(families, name, labels = {}) {
  const family = families.get(name.replace(/_(bucket|sum|count)$/, '')) ?? families.get(name)
  const found = (family?.samples ?? []).filter(
    (sample) =>
      sample.name === name &&
      JSON.stringify(Object.entries(sample.labels).sort()) === JSON.stringify(Object.entries(labels).sort()),
  )
  if (found.length !== 1) throw new Error(`${name}${JSON.stringify(labels)} is there ${found.length} times`)
  return found[0].value
}

/** What only grows has not shrunk, and nothing is gone. */
export function checkGrown(before, after) {
  for (const [name, { type, samples }] of before) {
    if (type === 'gauge') continue
    for (const { name: sample, labels, value } of samples) {
      if (sample.endsWith('_sum') && type === 'histogram') continue
      const now = valueOf(after, sample, labels)
      if (!(now >= value)) throw new Error(`${name} went from ${value} to ${now}`)
    }
  }
}
