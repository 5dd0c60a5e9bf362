// ledger: what must hold in the database at any moment, whoever was killed: asked of PostgreSQL itself, past the server.

/** How many accounts differ from their ledger, and how many are over their limit. */
export async function wrongIn(postgres, database) {
  const text = await postgres.sql(
    `SELECT
       COUNT(*) FILTER (WHERE held <> (SELECT COALESCE(SUM(reserved), 0) FROM calls c WHERE c.user_id = a.user_id AND state = 'held')
         OR running <> (SELECT COUNT(*) FROM calls c WHERE c.user_id = a.user_id AND state = 'held')
         OR settled <> (SELECT COALESCE(SUM(charged), 0) FROM calls c WHERE c.user_id = a.user_id AND state = 'settled'
           AND ended_at >= a.period_start AND ended_at < a.period_end)),
       COUNT(*) FILTER (WHERE settled + held > limit_micro_usd)
     FROM accounts a`,
    database,
  )
  const [unlikeLedger, overLimit] = text.split('|').map(Number)
  return { unlikeLedger, overLimit }
}
