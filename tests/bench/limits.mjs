// limits: what a figure may be at most (limits.json), by its name.
import { readFileSync } from 'node:fs'

const limits = JSON.parse(readFileSync(new URL('limits.json', import.meta.url), 'utf8'))

/** @returns {{ name: string, value: number, unit: string, limit: number | null, ok: boolean }} rounded for reading */
export function judged({ name, value, unit }) {
  const limit = limits[name] ?? null
  return { name, value: Number(value.toPrecision(5)), unit, limit, ok: limit === null || value <= limit }
}
