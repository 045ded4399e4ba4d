// Money and times as the reader writes them: the browser's language decides.

const cache = new Map<string, Intl.NumberFormat>()

/** An amount in major units, such as euros, with its currency. */
export function money(amount: number, currency: string, digits?: 0): string {
  const key = `${currency} ${String(digits)}`
  const format =
    cache.get(key) ??
    new Intl.NumberFormat(undefined, {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
      ...(digits !== undefined && { maximumFractionDigits: digits }),
    })
  cache.set(key, format)
  // A hyphen is too short for a sign beside digits.
  return format.format(amount).replace('-', '−')
}

/** An amount for an axis: short. */
export const shortMoney = (amount: number, currency: string): string =>
  new Intl.NumberFormat(undefined, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    notation: 'compact',
  }).format(amount)

const times = (options: Intl.DateTimeFormatOptions) => {
  const formatter = new Intl.DateTimeFormat(undefined, options)
  return (epochSeconds: number): string => formatter.format(new Date(epochSeconds * 1000))
}

/** A day, as people write it. */
export const day: (epochSeconds: number) => string = times({ dateStyle: 'long' })

/** A day, where there is little room. */
export const shortDay: (epochSeconds: number) => string = times({ day: 'numeric', month: 'short' })

/** A day and its time, as people write them. */
export const moment: (epochSeconds: number) => string = times({ dateStyle: 'medium', timeStyle: 'short' })

/** The same to the second: two connections of one minute differ. */
export const instant: (epochSeconds: number) => string = times({ dateStyle: 'medium', timeStyle: 'medium' })

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' })
const dated = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long' })
const dayMs = 24 * 3600 * 1000

/** How many days a calendar day such as `2026-11-30` is ago. */
export function daysAgo(date: string, now: number): number {
  const today = new Date(now)
  const midnight = Date.UTC(today.getFullYear(), today.getMonth(), today.getDate())
  return Math.round((midnight - Date.parse(date)) / dayMs)
}

/** A calendar day as people say it: today, yesterday, a weekday, and then a date. */
export function sayDay(date: string, now: number): string {
  const ago = daysAgo(date, now)
  const noon = new Date(`${date}T12:00:00`)
  if (ago < 2) return capital(relative.format(-ago, 'day'))
  return ago < 7 ? weekday.format(noon) : dated.format(noon)
}

/** How far away a moment is: in 65 days, 3 hours ago. */
export function fromNow(epochSeconds: number, now: number): string {
  const seconds = epochSeconds - now / 1000
  const size = Math.abs(seconds)
  if (size < 90) return relative.format(0, 'second')
  if (size < 3600) return relative.format(Math.round(seconds / 60), 'minute')
  if (size < 48 * 3600) return relative.format(Math.round(seconds / 3600), 'hour')
  return relative.format(Math.round(seconds / (24 * 3600)), 'day')
}

const capital = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1)

/** The last digits of an account's number, behind dots. */
export const lastDigits = (masked: string): string => `•••• ${masked.replace(/\D/g, '').slice(-4)}`

const scopeWords: Readonly<Record<string, string>> = {
  accounts: 'accounts',
  'banking/read': 'accounts',
  balances: 'balances',
  transactions: 'transactions',
  accountholders: 'account holders',
  offline_access: 'access while you are away',
}

/** What a scope value means to a person. */
export const scopeWord = (scope: string): string => scopeWords[scope] ?? scope
