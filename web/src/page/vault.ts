// vault: the page's one connection to the vault. Kept out of Alpine's data, whose proxies private fields do not survive.
import { KeyholdEngine, type EngineEvents, type Hello } from '../engine'
import { fallbackTo } from './app-token'
import { workersHere } from '../engine/hosted'
import { isWindow, openerFrame } from './window'

let engine: KeyholdEngine | null = null

export async function connect(events: EngineEvents): Promise<Hello> {
  engine = await KeyholdEngine.connect({ ...(await workersHere()), ...(isWindow ? { opener: openerFrame() } : {}) })
  const { server } = engine.hello
  if (server !== null) engine.fallback = fallbackTo(server)
  engine.on('changed', events.changed)
  engine.on('unlocked', events.unlocked)
  engine.on('asked', events.asked)
  engine.on('locked', events.locked)
  return engine.hello
}

export function vault(): KeyholdEngine {
  if (engine === null) throw new Error('asked for before the vault was connected')
  return engine
}
