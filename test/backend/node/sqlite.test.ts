import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStore, type SqliteDatabase } from 'countersign/backend/node'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createBench } from '../support/bench.js'
import { describeStore } from '../storage/store-contract.js'
import { openSqlite } from '../../support/open-sqlite.js'
import { provideSqlite } from '../../support/sqlite.js'

const opened: { close(): void }[] = []
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-sqlite-'))
})

afterEach(() => {
  vi.restoreAllMocks()
  for (const one of opened.splice(0)) one.close()
  rmSync(folder, { recursive: true })
})

const path = (): string => join(folder, 'app.db')
const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8)

/** A store on the file of this test, by a connection of its own. */
async function open(now?: () => number): Promise<ReturnType<typeof sqliteStore>> {
  const database = await openSqlite(path())
  opened.push({ close: () => void database.close() })
  return sqliteStore(database, now && { now })
}

describeStore('the SQLite store', async () => {
  let passed = 0
  const now = (): number => Date.now() / 1000 + passed
  return {
    store: await open(now),
    other: await open(now),
    pass: (seconds) => {
      passed += seconds
    },
  }
})

test('two backends on one file share connections', async () => {
  const [one, other] = await Promise.all(
    [await open(), await open()].map((store) => createBench({ store, backend: { unsealed: true } })),
  )
  const { id } = await one!.connect()
  const { body } = await other!.call('GET', '/connections')
  expect(body.connections.map((connection) => connection.id)).toEqual([id])
})

test('a removal takes what has expired, and nothing else', async () => {
  let time = 0
  const store = await open(() => time)
  await store.put('old', 'x', null, 10)
  await store.put('new', 'x', null, 20)
  time = 15
  expect([store.removeExpired(), store.removeExpired()]).toEqual([1, 0])
  expect((await store.get('new'))?.value).toBe('x')
})

test('removes what has expired by itself once in 256 writes', async () => {
  let time = 0
  const store = await open(() => time)
  await store.put('old', 'x', null, 10)
  time = 15
  for (let write = 1; write < 256; write += 1) await store.put(`new ${String(write)}`, 'x', null, 20)
  expect(store.removeExpired()).toBe(0)
})

describe('opened by a path', () => {
  beforeEach(provideSqlite)

  test('keeps its files to their owner', async () => {
    const store = sqliteStore(path())
    opened.push(store)
    await store.put('key', 'x', null, Date.now() / 1000 + 60)
    expect([path(), `${path()}-wal`, `${path()}-shm`].map(mode)).toEqual(['600', '600', '600'])
  })

  test('takes a file that others can read away from them', () => {
    writeFileSync(path(), '')
    chmodSync(path(), 0o644)
    opened.push(sqliteStore(path()))
    expect(mode(path())).toBe('600')
  })

  test('has what was written before it was closed', async () => {
    const before = sqliteStore(path())
    await before.put('key', 'x', null, Date.now() / 1000 + 60)
    before.close()
    const after = sqliteStore(path())
    opened.push(after)
    expect((await after.get('key'))?.value).toBe('x')
  })

  test('says what to do where the folder is missing', () => {
    expect(() => sqliteStore(join(folder, 'none', 'app.db'))).toThrow(
      /cannot be opened or protected \(ENOENT\)/,
    )
  })
})

test('says what to do on a runtime without node:sqlite', () => {
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined)
  expect(() => sqliteStore(path())).toThrow(/Node has from 22\.13.*better-sqlite3, libsql or bun:sqlite/)
})

test('refuses a time-out that is no number of milliseconds', () => {
  expect(() =>
    sqliteStore({ exec() {}, prepare() {} } as unknown as SqliteDatabase, { busyTimeoutMilliseconds: -1 }),
  ).toThrow('busyTimeoutMilliseconds')
})
