// make-prices: writes build/wasm/prices.txt: what the models of our providers cost, from the npm package
// @pydantic/genai-prices, in the form that wasm/core/providers/price.h describes. Usage: node scripts/make-prices.mjs
//
// The package exports no table: findProvider gives one provider's. Whatever in it has a shape not known here ends the
// build, so that a new kind of price is never left out unseen.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { findProvider } from '@pydantic/genai-prices'

const OUTPUT = new URL('../build/wasm/prices.txt', import.meta.url)
const CATALOGUE = new URL('../wasm/catalogue/providers.json', import.meta.url)
const PACKAGE = new URL('../node_modules/@pydantic/genai-prices/package.json', import.meta.url)

/** When the version that is installed was published: the package itself does not say. Change both together. */
const MADE = { version: '0.1.8', date: '2026-09-23' }

/** What a call's usage can say, by the letter it has in the file. */
const UNITS = {
  input_mtok: 'i',
  output_mtok: 'o',
  cache_read_mtok: 'r',
  cache_write_mtok: 'w',
  cache_write_1h_mtok: 'h',
  output_reasoning_mtok: 't',
  input_audio_mtok: 'a',
  output_audio_mtok: 'A',
  cache_audio_read_mtok: 'c',
  requests_kcount: 'q',
}
/** What no usage that we read counts: a call's cost is without it, as calcPrice's is for the same usage. */
const UNCOUNTED = new Set([
  'audio_hours',
  'cache_image_read_mtok',
  'input_annotated_document_kpages',
  'input_audio_hours',
  'input_document_kpages',
  'input_image_mtok',
  'input_text_messages_kcount',
  'input_video_mtok',
  'output_citation_mtok',
  'output_image_mtok',
  'output_video_mtok',
  'storage_searches_kcount',
  'web_searches_kcount',
])

/** @returns {string} the file's text for providers of these ids; those that the package does not know are left out. */
export function pricesText(ids) {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8'))
  if (version !== MADE.version) throw new Error(`prices: when was genai-prices ${version} published? See MADE`)
  const known = ids.map((id) => ({ id, provider: findProvider({ providerId: id }) })).filter(({ provider }) => provider)
  const ours = (theirs) => known.find(({ provider }) => provider.id === theirs)?.id
  const lines = known.flatMap(({ id, provider }) => {
    const others = (provider.fallback_model_providers ?? []).map(ours).filter((other) => other !== undefined)
    return [['@' + id, ...others].join(' '), ...provider.models.map((model) => modelLine(id, model))]
  })
  return [`KHP1 ${MADE.date}`, ...lines, ''].join('\n')
}

function modelLine(provider, model) {
  const where = `prices: ${provider}, ${model.id}`
  try {
    return `${alternatives(model.match).join('|')}\t${ratesOf(model.prices)}`
  } catch (error) {
    throw new Error(`${where}: ${error.message}`, { cause: error })
  }
}

/** One of these must fit; each is one or more tests joined by '&'. */
function alternatives(rule) {
  const [[kind, value], ...more] = Object.entries(rule)
  if (more.length > 0) throw new Error('a rule of several kinds at once')
  switch (kind) {
    case 'or':
      return value.flatMap(alternatives)
    case 'and':
      return value.map(alternatives).reduce((all, next) => all.flatMap((one) => next.map((two) => `${one}&${two}`)))
    case 'equals':
      return ['=' + plain(value)]
    case 'starts_with':
      return ['^' + plain(value)]
    case 'ends_with':
      return ['$' + plain(value)]
    case 'contains':
      return ['*' + plain(value)]
    case 'regex':
      return [fromRegex(value)]
    default:
      throw new Error(`a rule of an unknown kind, ${kind}`)
  }
}

/** Rules are compared in small letters, as model names are. */
function plain(text) {
  const small = text.toLowerCase()
  if (!/^[!-~]+$/.test(small) || /[|&#]/.test(small)) throw new Error(`a text with signs of our own, ${text}`)
  return small
}

/**
 * Two shapes of regular expressions are known: literal text and digits from the beginning, with or without the end; and
 * "nowhere that word as the last or an inner part".
 */
function fromRegex(source) {
  const without = /^\^\(\?!\.\*((?:[-\w]|\[[a-z][A-Z]\])+)\(\?:\$\|-\)\)$/.exec(source)
  if (without) {
    const word = plain(without[1].replaceAll(/\[([a-z])[A-Z]\]/g, '$1'))
    return `!$${word}&!*${word}-`
  }
  const [, body, end] = /^\^(.*?)(\$?)$/.exec(source) ?? [null, '']
<<<<<<< HEAD
  const text = body.replaceAll(/\\d(?:\{(\d+)\})?/g, (_, times = '1') => '#'.repeat(Number(times)))
  // Names are in small letters when they are compared: a rule with others would fit none.
  if (body === '' || !/^(?:[-a-z0-9/_:#]|\\[./-])+$/.test(text)) throw new Error(`an unknown regex, ${source}`)
  return (end === '$' ? '~' : '<') + text.replaceAll('\\', '')
=======
  const text = body
    .replaceAll(/\\d(?:\{(\d+)\})?/g, (_, times = '1') => '#'.repeat(Number(times)))
    .replaceAll(/\\([./-])/g, '%$1')
  // Names are in small letters when they are compared: a rule with others would fit none.
  if (body === '' || body.includes('%') || !/^(?:[-a-z0-9/_:#]|%.)+$/.test(text))
    throw new Error(`an unknown regex, ${source}`)
  return (end === '$' ? '~' : '<') + text.replaceAll('%', '')
>>>>>>> 4800f86 (WIP)
}

function ratesOf(prices) {
  const sets = Array.isArray(prices) ? prices : [{ prices }]
  return sets
    .map(({ constraint, prices: rates, ...rest }) => {
      if (Object.keys(rest).length > 0) throw new Error(`a price with ${Object.keys(rest)}`)
      return [...condition(constraint), ...rateList(rates)].join(' ')
    })
    .join(';')
}

function condition(constraint) {
  if (constraint === undefined) return []
  const { type, start_date: date, start_time: from, end_time: to, ...rest } = constraint
  if (Object.keys(rest).length === 0 && type === 'start_date' && /^\d{4}-\d\d-\d\d$/.test(date)) {
    return [`@${Date.parse(`${date}T00:00:00Z`) / 86_400_000}`]
  }
  if (Object.keys(rest).length === 0 && type === 'time_of_date') return [`%${secondOf(from)}-${secondOf(to)}`]
  throw new Error(`an unknown condition, ${JSON.stringify(constraint)}`)
}

function secondOf(time) {
  const [, hours, minutes, seconds] = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)Z$/.exec(time) ?? []
  if (hours === undefined) throw new Error(`an unknown time of day, ${time}`)
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}

/** In the package's own order, in which calcPrice adds them up. */
function rateList(prices) {
  const counted = Object.entries(prices).filter(([unit, price]) => {
    if (!(unit in UNITS) && !UNCOUNTED.has(unit)) throw new Error(`an unknown unit, ${unit}`)
    return unit in UNITS && price !== undefined
  })
  const units = new Set(counted.map(([unit]) => UNITS[unit]))
  if (units.has('w') && units.has('a')) throw new Error('cache writes and sound, whose common part has no letter')
  if (units.has('t') && units.has('A')) throw new Error('reasoning and sound, whose common part has no letter')
  // Without a price for tokens or calls nothing can be said of a call's cost.
  if (!units.has('i') && !units.has('o') && !units.has('q')) return []
  return counted.map(([unit, price]) => UNITS[unit] + tiers(price))
}

function tiers(price) {
  if (typeof price === 'number') return decimal(price)
  const { base, tiers: steps, ...rest } = price
  if (!Array.isArray(steps) || Object.keys(rest).length > 0)
    throw new Error(`an unknown price, ${JSON.stringify(price)}`)
  const sorted = steps.toSorted((a, b) => a.start - b.start)
  return decimal(base) + sorted.map(({ start, price: step }) => `>${decimal(start)}:${decimal(step)}`).join('')
}

/** Read back exactly by one division: the digits as a whole number are one that a double holds. */
function decimal(number) {
  const text = String(number)
  if (!/^\d{1,15}(\.\d{1,20})?$/.test(text) || Number(text.replace('.', '')) > Number.MAX_SAFE_INTEGER) {
    throw new Error(`an unusual number, ${text}`)
  }
  return text
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { providers } = JSON.parse(readFileSync(CATALOGUE, 'utf8'))
  const text = pricesText(providers.map(({ id }) => id))
  const path = fileURLToPath(OUTPUT)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
