// money: how is an amount of millionths of a US dollar said to a person?
const CENTS = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' })
const FINE = new Intl.NumberFormat('en', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumFractionDigits: 4,
})
const FINEST = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', maximumFractionDigits: 6 })
const TENTH_OF_A_DOLLAR = 100_000
const HUNDREDTH_OF_A_CENT = 100

/** "$12.30", "$0.0042", "$0.000037"; a call costs fractions of a cent. */
export function money(microUsd: number): string {
  if (microUsd < HUNDREDTH_OF_A_CENT) return FINEST.format(microUsd / 1e6)
  return (microUsd < TENTH_OF_A_DOLLAR ? FINE : CENTS).format(microUsd / 1e6)
}

/** What a person typed as dollars, in millionths; null for nothing, undefined for what is no amount. */
export function typedMoney(text: string): number | null | undefined {
  const plain = text
    .trim()
    .replace(/^\$\s*/, '')
    .replaceAll(',', '')
  if (plain === '') return null
  if (!/^\d{1,7}(\.\d{0,6})?$/.test(plain)) return undefined
  const microUsd = Math.round(Number(plain) * 1e6)
  return microUsd <= 1e12 ? microUsd : undefined
}

/** For a field: as it would be typed. */
export function moneyField(microUsd: number | null): string {
  return microUsd === null ? '' : String(microUsd / 1e6)
}
