import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memoryStore, type Store } from 'countersign/backend'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { main } from '../../src/check-backend/main.js'
import { checkStore } from '../../src/store-commands/check-store.js'
import { checkKilledWriter } from '../../src/store-commands/kill-writer.js'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-check-store-'))
})

afterEach(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true })
})

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const code = await main(['check-store', ...args], {
    out: (text) => (written.out += `${text}\n`),
    err: (text) => (written.err += `${text}\n`),
  })
  return { code, ...written }
}

function moduleOf(code: string): string {
  const path = join(folder, 'store.mjs')
  writeFileSync(path, code)
  return path
}

test('the example of a store of one’s own passes, but for what it does not have', async () => {
  vi.stubEnv('MY_DATABASE', join(folder, 'own.db'))
  const { code, out } = await run(
    fileURLToPath(new URL('../../examples/own-store/my-store.js', import.meta.url)),
  )
  expect(out).not.toContain('✗')
  expect(out).toContain('18 of 19 passed, 1 not run')
  expect(code).toBe(0)
})

/** The titles of the rules that a store fails. */
async function faults(change: (store: Store) => Partial<Store>): Promise<string[]> {
  vi.useFakeTimers({ toFake: ['Date'] })
  const memory = memoryStore()
  const store = { ...memory, ...change(memory) }
  const pass = (seconds: number): void => void vi.advanceTimersByTime(seconds * 1000)
  const results = await checkStore({ store, other: store, pass })
  return results.filter(({ result }) => result === 'fail').map(({ title }) => title)
}

test('finds nothing wrong with the memory store', async () => {
  expect(await faults(() => ({}))).toEqual([])
})

test.each<[string, (store: Store) => Partial<Store>, string[]]>([
  [
    'writes without comparing',
    (store) => ({
      async put(key, value, _expected, expiresAt) {
        return store.put(key, value, (await store.get(key))?.version ?? null, expiresAt)
      },
    }),
    [
      'creates only where nothing is',
      'refuses a version that it never gave',
      'does not replace what was deleted',
    ],
  ],
  [
    'reads, compares and then writes',
    (store) => ({
      async put(key, value, expected, expiresAt) {
        const current = await store.get(key)
        if ((current?.version ?? null) !== expected) return false
        await new Promise((resolve) => setTimeout(resolve, 1))
        return store.put(key, value, (await store.get(key))?.version ?? null, expiresAt)
      },
    }),
    [
      'lets one of many writers win',
      'lets one of many creators win',
      'loses no update when all compare and swap',
    ],
  ],
  [
    'counts versions in the row',
    (store) => {
      const counts = new Map<string, number>()
      return {
        async get(key) {
          const entry = await store.get(key)
          return entry && { value: entry.value, version: String(counts.get(key)) }
        },
        async put(key, value, expected, expiresAt) {
          const real = await store.get(key)
          if ((real ? String(counts.get(key)) : null) !== expected) return false
          counts.set(key, (counts.get(key) ?? 0) + 1)
          return store.put(key, value, real?.version ?? null, expiresAt)
        },
        async delete(key) {
          counts.delete(key)
          await store.delete(key)
        },
      }
    },
    ['does not take a value made anew for the one that was read'],
  ],
  [
    'does not expire',
    (store) => ({ put: (key, value, expected) => store.put(key, value, expected, Infinity) }),
    ['drops what has expired, and lets it be made anew', 'replaces nothing that has expired'],
  ],
  [
    'keeps the expiry of the first write',
    (store) => {
      const first = new Map<string, number>()
      return {
        put(key, value, expected, expiresAt) {
          if (expected === null) first.set(key, expiresAt)
          return store.put(key, value, expected, first.get(key) ?? expiresAt)
        },
      }
    },
    ['takes a later expiry with a later write'],
  ],
  [
    'cuts text off',
    (store) => ({
      put: (key, value, expected, expiresAt) => store.put(key, value.slice(0, 65_535), expected, expiresAt),
    }),
    ['gives what was written, here and there'],
  ],
  [
    'ignores case',
    (store) => ({
      get: (key) => store.get(key.toLowerCase()),
      put: (key, ...rest) => store.put(key.toLowerCase(), ...rest),
      delete: (key) => store.delete(key.toLowerCase()),
    }),
    ['keeps keys apart'],
  ],
  [
    'lists nothing',
    () => ({
      // eslint-disable-next-line require-yield -- the mistake
      async *keys() {
        return
      },
    }),
    ['lists every key that is there, and none that is not'],
  ],
  [
    'throws',
    () => ({ delete: () => Promise.reject(new Error('read-only')) }),
    ['deletes what is not there without complaint', 'keeps keys apart'],
  ],
])('a store that %s is found out', async (_name, change, titles) => {
  expect(await faults(change)).toEqual(expect.arrayContaining(titles))
})

test('leaves nothing behind', async () => {
  const store = memoryStore()
  await checkStore({ store, other: store, pass: () => undefined })
  for await (const key of store.keys?.() ?? []) expect(key).toBeUndefined()
})

test('says what a store did and what comes of it, and ends with 1', async () => {
  const path = moduleOf(
    'export const open = () => ({ get: async () => undefined, put: async () => true, delete: async () => {} })',
  )
  const { code, out } = await run(path)
  expect(code).toBe(1)
  expect(out).toContain('✗ creates only where nothing is\n    wrong  `put` with null said true')
  expect(out).toContain('why    two replicas may use one refresh token')
})

test('a store in the memory of a process does not outlive that', async () => {
  const path = moduleOf(`
    const values = new Map()
    export const open = () => ({
      get: async (key) => values.get(key),
      put: async (key, value) => (values.set(key, { value, version: String(values.size) }), true),
      delete: async (key) => void values.delete(key),
    })`)
  const { out } = await run(path)
  expect(out).toMatch(
    /✗ keeps what a process has written that is killed\n {4}wrong {2}of \d+ values that counted as written, \d+ are gone/,
  )
})

test('what the killed process was writing is deleted, too: `reseal` would find no key for it', async () => {
  const data = join(folder, 'data')
  mkdirSync(data)
  // Each write makes the next one, too, as if the process had been killed in between.
  const path = moduleOf(`
    import { writeFileSync } from 'node:fs'
    export const open = () => ({
      async put(key, value) {
        const next = key.replace(/\\d+$/, (index) => String(Number(index) + 1))
        for (const name of [key, next]) writeFileSync(${JSON.stringify(data)} + '/' + name, value)
        return true
      },
    })`)
  const store: Store = {
    ...memoryStore(),
    get: (key) => Promise.resolve({ value: readFileSync(join(data, key), 'utf8'), version: '1' }),
    delete(key) {
      rmSync(join(data, key), { force: true })
      return Promise.resolve()
    },
  }
  expect((await checkKilledWriter(path, store)).result).toBe('pass')
  expect(readdirSync(data)).toEqual([])
})

test('a process that cannot open the store is told with the reason', async () => {
  const path = moduleOf(`
    import { argv } from 'node:process'
    if (argv.some((one) => one.startsWith('check:'))) throw new TypeError('there is no such database')
    export const open = () => ({ get: async () => undefined, put: async () => true, delete: async () => {} })`)
  const { out } = await run(path)
  expect(out).toContain('wrote nothing: TypeError: there is no such database')
})

test('gives a report for machines', async () => {
  const path = moduleOf(
    'export default () => ({ get: async () => undefined, put: async () => true, delete: async () => {} })',
  )
  const { out } = await run(path, '--json')
  expect((JSON.parse(out) as { results: object[] }).results).toHaveLength(19)
})

test.each([
  ['no module', [], 'Give one module'],
  ['a module that is not there', ['./none.js'], './none.js could not be loaded'],
  ['an option that it does not know', ['--fast'], "Unknown option '--fast'"],
])('says what to write for %s', async (_name, args, message) => {
  const { code, err } = await run(...args)
  expect(code).toBe(2)
  expect(err).toContain(message)
  expect(err).toContain('Usage: countersign check-store')
})

test.each([
  ['no function', 'export const store = {}', 'export it as `open`, or by default'],
  ['something else', 'export const open = () => ({ get() {} })', 'it needs the methods get, put and delete'],
])('says what a module that opens %s must export', async (_name, code, message) => {
  const { code: exit, err } = await run(moduleOf(code))
  expect(exit).toBe(2)
  expect(err).toContain(message)
})
