import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, reseal, type Store } from 'countersign/backend'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { main } from '../../../src/check-backend/main.js'
import { createBench } from '../support/bench.js'
import { createUpstream } from '../support/upstream.js'

const key = (): string => randomBytes(32).toString('base64url')
const [before, after] = [key(), key()]

/** A store with some connections, sealed by the key of before. */
async function filled(connections = 3): Promise<Store> {
  const store = { ...memoryStore(), inProcess: false }
  const bench = await createBench({ store, backend: { keys: [before], rateLimit: 'off' } })
  for (let index = 0; index < connections; index += 1) await bench.connect()
  return store
}

async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = []
  for await (const name of store.keys?.() ?? []) keys.push(name)
  return keys
}

test('seals every record with the first key, so that the other can go', async () => {
  const store = await filled()
  const { length } = await keysOf(store)
  const report = await reseal({ store, keys: [after, before] })
  expect(report).toEqual({ seen: length, current: 0, resealed: length, unreadable: 0 })
  const bench = await createBench({ store, backend: { keys: [after] } })
  const { body } = await bench.call('GET', '/connections')
  expect(body.connections).toHaveLength(3)
})

test('passes over what the first key has sealed, so that a run that was ended is started again', async () => {
  const store = await filled()
  const { length } = await keysOf(store)
  const controller = new AbortController()
  let reads = 0
  const ending: Store = {
    ...store,
    get(name) {
      reads += 1
      if (reads === 4) controller.abort(new Error('ended'))
      return store.get(name)
    },
  }
  await expect(
    reseal({ store: ending, keys: [after, before], signal: controller.signal, concurrency: 1 }),
  ).rejects.toThrow('ended')
  const { current, resealed } = await reseal({ store, keys: [after, before] })
  expect(current).toBe(4)
  expect(resealed).toBe(length - 4)
})

test('counts only, where that is wanted', async () => {
  const store = await filled(1)
  const values = async () => Promise.all((await keysOf(store)).map(async (name) => store.get(name)))
  const untouched = await values()
  const { resealed } = await reseal({ store, keys: [after, before], check: true })
  expect(resealed).toBe(untouched.length)
  expect(await values()).toEqual(untouched)
})

test('leaves what no key opens as it is, and counts it', async () => {
  const store = await filled(1)
  const { length } = await keysOf(store)
  expect(await reseal({ store, keys: [after, key()] })).toEqual({
    seen: length,
    current: 0,
    resealed: 0,
    unreadable: length,
  })
  const { handle } = await createBench({ store, backend: { keys: [before] } })
  await expect(handle.ready).resolves.toBeUndefined()
})

test('keeps the time at which a record expires', async () => {
  const store = await filled(1)
  const [name = ''] = (await keysOf(store)).filter((one) => one.startsWith('transaction:'))
  const expiries: number[] = []
  const watched: Store = {
    ...store,
    put(...parameters) {
      if (parameters[0] === name) expiries.push(parameters[3])
      return store.put(...parameters)
    },
  }
  await reseal({ store: watched, keys: [after, before] })
  const now = Date.now() / 1000
  expect(expiries).toHaveLength(1)
  expect(expiries[0]).toBeGreaterThan(now)
  expect(expiries[0]).toBeLessThan(now + 7200)
})

test('goes on while replicas refresh: no token is lost, and every record ends under the first key', async () => {
  const store = { ...memoryStore(), inProcess: false }
  const upstream = createUpstream(() => Date.now() / 1000)
  const backend = { keys: [after, before], rateLimit: 'off' as const }
  const old = await createBench({ upstream, store, backend: { ...backend, keys: [before, after] } })
  upstream.expiresIn = 5
  const ids: string[] = []
  for (let index = 0; index < 10; index += 1) ids.push((await old.connect()).id)
  const replica = await createBench({ upstream, store, backend })
  const asking = ids.map((id) => replica.call('POST', `/connections/${id}/access-token`, {}))
  await reseal({ store, keys: [after, before] })
  const answers = await Promise.all(asking)
  expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200))
  const { resealed, unreadable } = await reseal({ store, keys: [after], check: true })
  expect([resealed, unreadable]).toEqual([0, 0])
  const later = await createBench({ upstream, store, backend: { ...backend, keys: [after] } })
  for (const id of ids)
    expect((await later.call('POST', `/connections/${id}/access-token`, {})).status).toBe(200)
})

test('reports its progress', async () => {
  const store = { ...memoryStore(), inProcess: false }
  const bench = await createBench({ store, backend: { keys: [before] } })
  await bench.connect()
  const [name = ''] = (await keysOf(store)).filter((one) => one.startsWith('connection:'))
  const { value = '' } = (await store.get(name)) ?? {}
  for (let index = 0; index < 2500; index += 1)
    await store.put(`copy:${String(index)}`, value, null, Date.now() / 1000 + 60)
  const seen: number[] = []
  // A value opens under its own key only, so the copies are unreadable, as they would be to a backend.
  const { unreadable } = await reseal({
    store,
    keys: [after, before],
    onProgress: (progress) => seen.push(progress.seen),
  })
  expect(seen).toEqual([1000, 2000])
  expect(unreadable).toBe(2500)
})

test('needs a store that lists its keys, and a key', async () => {
  const { get, put, delete: remove } = memoryStore()
  await expect(reseal({ store: { get, put, delete: remove }, keys: [after] })).rejects.toThrow(
    'has no `keys()`',
  )
  await expect(reseal({ store: memoryStore(), keys: [] })).rejects.toThrow('`keys` is empty')
})

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-reseal-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** The command, with a module that exports this store and these keys. */
async function run(store: Store, keys: readonly string[], ...args: string[]) {
  const path = join(folder, `${crypto.randomUUID()}.mjs`)
  Object.assign(globalThis, { resealed: { store, keys } })
  writeFileSync(path, 'export const { store, keys } = globalThis.resealed')
  const written = { out: '', err: '' }
  const code = await main(['reseal', path, ...args], {
    out: (text) => (written.out += `${text}\n`),
    err: (text) => (written.err += `${text}\n`),
  })
  return { code, ...written }
}

test('the command seals again, says so, and names no key', async () => {
  const store = await filled()
  expect(await run(store, [after, before], '--check')).toMatchObject({ code: 1 })
  const { code, out } = await run(store, [after, before])
  expect(code).toBe(0)
  expect(out).toContain('0 by the first key')
  expect(out).toContain('Every record is sealed with the first key.')
  expect(out).not.toContain(after)
  expect(await run(store, [after], '--check', '--json')).toMatchObject({ code: 0 })
})

test('the command ends with 1 where a key is missing', async () => {
  const { code, out } = await run(await filled(1), [after])
  expect(code).toBe(1)
  expect(out).toContain('Remove no key')
})

test('the command says what its module must export', async () => {
  const { code, err } = await run(undefined as never, [])
  expect(code).toBe(2)
  expect(err).toContain('exports `store`, a store, and `keys`')
})
