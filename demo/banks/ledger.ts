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

/** Who pays a small food company, and whom it pays: each account deals with some of them. */
const customers = [
  'Trattoria Nonna',
  'Hotel Belvedere',
  'Canteen No. 9',
  'Corner Grocer',
  'Harvest Market',
  'Studio Kitchen',
]
const suppliers = [
  'San Marzano Imports',
  'Mozzarella & Daughters',
  'Semolina Mills',
  'Basil & Sons',
  'Po Valley Dairy',
  'Olive Press Cooperative',
]
const costs = [
  'Oven lease',
  'City Power & Water',
  'Kitchen rent',
  'Van insurance',
  'Payroll service',
  'Northgate Rail',
]

function currentOf(random: (text: string) => number): readonly Plan[] {
  const shift = Math.floor(random('shift') * 28)
  const pick = (names: readonly string[], index: number) => names[(shift + index) % names.length] ?? ''
  const weekly = (by: number) => (day: Day) => day.ofWeek === (shift + by) % 7
  const monthly = (by: number) => (day: Day) => day.ofMonth === ((shift + by) % 28) + 1
  return [
    { description: 'Card takings', days: weekly(1), from: 142_000, to: 268_000 },
    { description: `${pick(customers, 0)}, invoice`, days: monthly(3), from: 310_000, to: 420_000 },
    {
      description: `${pick(customers, 1)}, invoice`,
      days: ({ chance }) => chance > 0.94,
      from: 48_000,
      to: 160_000,
    },
    { description: 'Payroll', days: monthly(20), from: -690_000, to: -640_000 },
    { description: pick(suppliers, 0), days: weekly(3), from: -98_000, to: -54_000 },
    { description: pick(suppliers, 1), days: ({ chance }) => chance < 0.1, from: -61_000, to: -22_000 },
    {
      description: pick(suppliers, 2),
      days: ({ chance }) => chance > 0.4 && chance < 0.47,
      from: -44_000,
      to: -9_000,
    },
    { description: pick(costs, 0), days: monthly(10), from: -76_500, to: -61_000 },
    {
      description: pick(costs, 1),
      days: ({ chance }) => chance > 0.7 && chance < 0.75,
      from: -9_800,
      to: -2_400,
    },
  ]
}

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
  const random = createRandom(account)
  const plans = kind === 'current' ? currentOf(random) : savings
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
