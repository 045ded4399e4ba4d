import { expect, test } from 'vitest'
import { ledgerOf } from '../../../demo/banks/ledger.js'

const now = Date.UTC(2026, 10, 30, 12)

test('holds the last ninety days of an account, newest first, and more than thirty entries', () => {
  const entries = ledgerOf('acc-1', 'current', now)
  expect(entries.length).toBeGreaterThan(30)
  const dates = entries.map(({ date }) => date)
  expect(dates).toEqual([...dates].sort().reverse())
  expect(dates.every((date) => date > '2026-08-31' && date <= '2026-11-30')).toBe(true)
})

test('is the same for the same account and day, moves on with the days, and differs from account to account', () => {
  const entries = ledgerOf('acc-1', 'current', now)
  expect(ledgerOf('acc-1', 'current', now)).toEqual(entries)
  const tomorrow = ledgerOf('acc-1', 'current', now + 24 * 3600 * 1000)
  const ids = new Set(entries.map(({ id }) => id))
  expect(
    tomorrow.filter(({ date }) => date > '2026-09-02' && date <= '2026-11-30').every(({ id }) => ids.has(id)),
  ).toBe(true)
  expect(ledgerOf('acc-2', 'current', now)).not.toEqual(entries)
})

test('has an id for each entry', () => {
  const ids = ledgerOf('acc-1', 'savings', now).map(({ id }) => id)
  expect(ids.length).toBeGreaterThan(3)
  expect(new Set(ids).size).toBe(ids.length)
})
