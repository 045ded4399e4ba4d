import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from 'node-sqlite3-wasm'
import { afterEach, expect, test, vi } from 'vitest'
import { sqliteStore, sweep } from '../../../examples/sqlite-store/sqlite-store.js'
import { createBench } from '../support/bench.js'
import { describeStore } from './store-contract.js'

// Its locks are folders, so a statement takes milliseconds, and forty writers make hundreds of them.
vi.setConfig({ testTimeout: 60_000 })

const opened: { close(): void }[] = []

afterEach(() => {
  for (const one of opened.splice(0).reverse()) one.close()
})

/** Two connections to one file. */
function open(): [Database, Database] {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-sqlite-'))
  const databases = [1, 2].map(() => new Database(join(folder, 'app.db'))) as [Database, Database]
  opened.push({ close: () => rmSync(folder, { recursive: true }) }, ...databases)
  return databases
}

describeStore('the example’s SQLite store', () => {
  let passed = 0
  const now = (): number => Date.now() / 1000 + passed
  const [one, other] = open()
  return {
    store: sqliteStore(one, now),
    other: sqliteStore(other, now),
    pass: (seconds) => {
      passed += seconds
    },
  }
})

test('two backends on the example’s SQLite store share connections', async () => {
  const stores = open().map((database) => sqliteStore(database))
  const [one, other] = await Promise.all(
    stores.map((store) => createBench({ store, backend: { unsealed: true } })),
  )
  const { id } = await one!.connect()
  const { body } = await other!.call('GET', '/connections')
  expect(body.connections.map((connection) => connection.id)).toEqual([id])
})

test('a sweep removes what has expired, and nothing else', async () => {
  const [database] = open()
  const store = sqliteStore(database, () => 0)
  await store.put('old', 'x', null, 10)
  await store.put('new', 'x', null, 20)
  sweep(database, 15)
  expect(await store.get('old')).toBeUndefined()
  expect((await store.get('new'))?.value).toBe('x')
})
