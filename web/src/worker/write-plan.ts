// write-plan: a planned change becomes one transaction. When another worker wrote in between, its rows are read and the
// change is planned anew.
import type { Engine, Outcome, Plan } from './engine-module'
import { Failure, take } from './failure'
import type { Storage } from './storage'

const REPLANS = 5

export interface Writing {
  engine(): Engine
  storage: Storage
  /** Reads what another worker wrote. */
  reload(): Promise<void>
  /** A newer build owns the format now. */
  outdated(): void
}

/** @returns the id of what was made or changed. A failure anywhere leaves everything as it was. */
export async function writePlan(plan: () => Outcome<Plan> | Promise<Outcome<Plan>>, on: Writing): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    const planned = take(await plan())
    // Nothing to write, nothing staged.
    if (planned.puts.length === 0) return planned.id
    try {
      await on.storage.write(planned)
    } catch (error) {
      on.engine().abandon()
      const code = error instanceof Failure ? error.problem.code : null
      if (code === 'ERR_VERSION') on.outdated()
      if (code !== 'ERR_STALE' || attempt === REPLANS) throw error
      await on.reload()
      continue
    }
    take(on.engine().commit())
    return planned.id
  }
}
