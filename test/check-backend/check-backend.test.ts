import { afterEach, expect, test, vi } from 'vitest'
import { checkBackend, rules } from '../../src/check-backend/check-backend.js'
import { checkOptions } from './support/app.js'
import { startExpress } from './support/express.js'
import { startReference, type Listening } from './support/reference.js'

vi.setConfig({ testTimeout: 30_000 })

let backend: Listening | undefined
afterEach(() => backend?.close())

const names = rules.map(({ name }) => name).filter((name) => !name.startsWith('rate-limit'))

test.each([
  ['its transactions in the store', {}],
  ['sealed transactions', { carried: true }],
  ['pages on another origin', { cors: true }],
])('passes every rule against the reference backend with %s', async (_, options) => {
  const check = await checkOptions()
  backend = await startReference(check, options)
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(results.filter(({ result }) => result !== 'pass')).toEqual([])
  expect(results.map(({ name }) => name)).toEqual(names)
})

test('passes every rule against the Express example', async () => {
  const check = await checkOptions()
  backend = await startExpress(check)
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(results.filter(({ result }) => result !== 'pass')).toEqual([])
})

test('leaves no connection behind, and keeps those that were there', async () => {
  const check = await checkOptions({ only: ['token'] })
  backend = await startReference(check)
  const list = async (): Promise<unknown> => {
    const headers = { ...check.sessions.user, origin: check.origin, countersign: '1' }
    return (await fetch(`${backend?.baseUrl}/connections`, { headers })).json()
  }
  await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(await list()).toEqual({ connections: [] })
})

test('names every rule once, each with a reason and a section', () => {
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length)
  for (const { sent, why, section } of rules)
    for (const text of [sent, why, section]) expect(text).not.toBe('')
})

test.each([
  ['the reference backend', startReference],
  ['the Express example', startExpress],
] as const)('finds the rate limits of %s', async (_, start) => {
  const check = await checkOptions({ only: ['rate-limit', 'rate-limit-address'], rateLimit: true })
  backend =
    start === startReference
      ? await startReference(check, { rateLimit: true })
      : await startExpress(check, undefined, { perMinute: 60 })
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(results.map(({ name, result }) => [name, result])).toEqual([
    ['authorization', 'pass'],
    ['rate-limit', 'pass'],
    ['rate-limit-address', 'pass'],
  ])
})

test.each([
  ['at all', { perMinute: Infinity }, ['fail', 'fail']],
  ['by address', { perMinute: 60, perAddress: Infinity }, ['pass', 'fail']],
])('notices where there is no rate limit %s', async (_, limits, expected) => {
  const check = await checkOptions({ only: ['rate-limit', 'rate-limit-address'], rateLimit: true })
  backend = await startExpress(check, undefined, limits)
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(results.slice(1).map(({ result }) => result)).toEqual(expected)
})

test('stops where people are sent to another authorization server', async () => {
  const check = await checkOptions()
  backend = await startExpress(await checkOptions())
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(results[0]).toMatchObject({ name: 'authorization', result: 'fail' })
  expect(results[0]?.problem).toContain('--settings')
  expect(results.slice(1).every(({ result }) => result === 'skipped')).toBe(true)
})

test('says which rules need a second user', async () => {
  const check = await checkOptions()
  backend = await startReference(check)
  const sessions = { user: check.sessions.user, other: undefined }
  const { results } = await checkBackend({ ...check, sessions, baseUrl: backend.baseUrl })
  const skipped = results.filter(({ result }) => result === 'skipped')
  expect(skipped.map(({ name }) => name)).toEqual([
    'transaction-foreign',
    'connection-foreign',
    'resource-foreign',
  ])
  expect(skipped[0]?.problem).toContain('--other-cookie')
})

test('checks level 1 alone where there is no bff provider', async () => {
  const check = await checkOptions({ level: 1 })
  backend = await startReference(check)
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(results.filter(({ result }) => result !== 'pass')).toEqual([])
  expect(results.map(({ name }) => name)).toEqual(
    rules.filter(({ level, name }) => level === 1 && !name.startsWith('rate-limit')).map(({ name }) => name),
  )
})
