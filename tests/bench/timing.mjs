// timing: contenders take turns, so that whatever else the machine does meets all of them alike.

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Runs every contender once in each round, and before that twice without counting.
 * @param {(() => number | void | Promise<number | void>)[]} contenders one that returns a number took its own time
 * @returns {Promise<number[]>} median milliseconds of each
 */
export async function interleaved(contenders, rounds) {
  const times = contenders.map(() => [])
  for (let round = -2; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      // Each begins a round as often as the others: nobody always follows the same one.
      const which = (turn + round + 2) % contenders.length
      const started = performance.now()
      const took = (await contenders[which]()) ?? performance.now() - started
      if (round >= 0) times[which].push(took)
    }
  }
  return times.map(median)
}
