/** An entry of an account's ledger. */
export interface LedgerEntry {
  readonly id: string
  /** The day, as `2026-11-30`. */
  readonly date: string
  readonly description: string
  /** In minor units, such as cents; negative when it was paid. */
  readonly amount: number
}

interface Plan {
  readonly description: string
  /** On which days, counted back from today. */
  readonly days: (day: Day) => boolean
  /** Cents at the least and at the most. */
  readonly from: number
  readonly to: number
}

interface Day {
  readonly back: number
  readonly ofMonth: number
  readonly ofWeek: number
  readonly chance: number
}

const longest = 90
const dayMs = 24 * 3600 * 1000

/** What a small food company lives on, and what it pays. */
const current: readonly Plan[] = [
  {
    description: 'Card takings',
    days: ({ ofWeek }) => ofWeek === 1 || ofWeek === 4,
    from: 142_000,
    to: 268_000,
  },
  {
    description: 'Trattoria Nonna, invoice',
    days: ({ ofMonth }) => ofMonth === 12,
    from: 310_000,
    to: 420_000,
  },
  { description: 'Payroll', days: ({ ofMonth }) => ofMonth === 25, from: -940_000, to: -910_000 },
  { description: 'Kitchen rent', days: ({ ofMonth }) => ofMonth === 1, from: -285_000, to: -285_000 },
  { description: 'San Marzano Imports', days: ({ ofWeek }) => ofWeek === 2, from: -98_000, to: -54_000 },
  {
    description: 'Mozzarella & Daughters',
    days: ({ ofWeek, chance }) => ofWeek === 5 && chance > 0.3,
    from: -61_000,
    to: -22_000,
  },
  { description: 'Northgate Rail', days: ({ chance }) => chance > 0.93, from: -9_800, to: -2_400 },
  { description: 'Semolina Mills', days: ({ chance }) => chance < 0.08, from: -44_000, to: -18_000 },
  { description: 'City Power & Water', days: ({ ofMonth }) => ofMonth === 18, from: -61_000, to: -48_000 },
  { description: 'Oven lease', days: ({ ofMonth }) => ofMonth === 5, from: -76_500, to: -76_500 },
]

const savings: readonly Plan[] = [
  { description: 'Interest', days: ({ ofMonth }) => ofMonth === 1, from: 900, to: 4_200 },
  { description: 'Set aside for taxes', days: ({ ofMonth }) => ofMonth === 20, from: 80_000, to: 120_000 },
]

/**
 * The last ninety days of an account, newest first: the same for the same account and day, and always near today.
 *
 * @param account Its id. @param kind What it is for.
 */
export function ledgerOf(
  account: string,
  kind: 'current' | 'savings',
  now: number = Date.now(),
): LedgerEntry[] {
  const plans = kind === 'current' ? current : savings
  const random = createRandom(account)
  return Array.from({ length: longest }, (_, back) => back).flatMap((back) => {
    const date = new Date(now - back * dayMs)
    const iso = date.toISOString().slice(0, 10)
    const day = { back, ofMonth: date.getUTCDate(), ofWeek: date.getUTCDay() }
    return plans.flatMap((plan, index) => {
      const [chance, size] = [random(`${iso} ${String(index)}`), random(`${iso} ${String(index)} size`)]
      if (!plan.days({ ...day, chance })) return []
      const amount = Math.round(plan.from + (plan.to - plan.from) * size)
      return [{ id: `${account}-${iso}-${String(index)}`, date: iso, description: plan.description, amount }]
    })
  })
}

/** A number from 0 to 1 for each text: of the same seed always the same. */
const createRandom =
  (seed: string) =>
  (text: string): number => {
    let hash = 0x811c9dc5
    for (const character of seed + text) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    return ((hash ^ (hash >>> 12)) >>> 0) / 0x1_0000_0000
  }
