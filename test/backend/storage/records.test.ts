import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { createRecords } from '../../../src/backend/storage/records.js'
import { createSealing } from '../../../src/backend/storage/sealing.js'
import { createBench, type Answer, type Bench, type Proof } from '../support/bench.js'
import { openStore, type OpenStore } from '../support/open-store.js'
import { createUpstream } from '../support/upstream.js'

vi.setConfig({ testTimeout: 20_000 })

const newKey = (): string => randomBytes(32).toString('base64url')
const key = newKey()

/** A bench whose store can be looked into; `keys` as in the backend's options. */
async function createOpen(keys?: readonly string[], open: OpenStore = openStore()) {
  const upstream = createUpstream(() => Date.now() / 1000 + bench.passed)
  const backend = { rateLimit: 'off' as const, ...(keys && { keys }) }
  const bench: Bench = await createBench({ store: open.store, upstream, backend })
  /** The same backend, started anew with other keys. */
  const restart = (others?: readonly string[]): Promise<Bench> =>
    createBench({
      store: open.store,
      upstream,
      backend: { rateLimit: 'off', ...(others && { keys: others }) },
    })
  return { ...open, bench, restart }
}

const list = (bench: Bench) => bench.call('GET', '/connections')
const ids = async (bench: Bench) => (await list(bench)).body.connections.map(({ id }) => id)
const said = ({ status, body }: Answer) => [status, body.error]
const unavailable = [503, 'backend_unavailable']
const tokenRequests = ({ upstream }: Bench) => upstream.to('/connect/token').length
const unreadable = ({ events }: Bench) =>
  events
    .filter(({ name }) => name === 'record_unreadable')
    .map(({ reason, record, connection }) => ({ reason, record, ...(connection && { connection }) }))

describe('started with another key, the backend', () => {
  test.each([
    ['whose key is gone', [key], [newKey()], 'unknown_key'],
    ['that has lost its keys', [key], undefined, 'no_keys'],
    ['that has been given keys', undefined, [key], 'not_sealed'],
  ])('%s replaces nothing, and finds all again once that is undone', async (_name, before, after, reason) => {
    const { bench, restart, values } = await createOpen(before)
    const connected = [(await bench.connect()).id, (await bench.connect()).id]
    const proof = await bench.begin()
    const stored = await values()

    const wrong = await restart(after)
    expect(said(await list(wrong))).toEqual(unavailable)
    expect(unreadable(wrong)).toContainEqual({ reason, record: 'connections' })
    await expect(wrong.begin()).rejects.toThrow('backend_unavailable')
    const [first = ''] = connected
    for (const [method, path] of [
      ['POST', 'access-token'],
      ['DELETE', ''],
    ] as const) {
      const whole = path ? `/connections/${first}/${path}` : `/connections/${first}`
      expect(said(await wrong.call(method, whole, method === 'POST' ? {} : undefined))).toEqual(unavailable)
    }
    expect(await values()).toEqual(stored)

    const again = await restart(before)
    expect((await again.redeem(proof)).status).toBe(200)
    expect((await ids(again)).slice(0, 2)).toEqual(connected)
  })
})

/** What a record may have become, by what the backend is to say of it. */
const spoilt = {
  unknown_key: (text: string) => text.replace(/^1\.[\w-]{8}/, '1.AAAAAAAA'),
  damaged: (text: string) => `${text.slice(0, -6)}${text.endsWith('AAAA') ? 'BBBBBB' : 'AAAAAA'}`,
  cut: (text: string) => text.slice(0, 20),
  emptied: () => '',
  not_sealed: () => '{"v":1}',
} as const

describe.each([
  ['unknown_key', 'unknown_key', spoilt.unknown_key],
  ['damaged', 'damaged', spoilt.damaged],
  ['cut', 'damaged', spoilt.cut],
  ['emptied', 'damaged', spoilt.emptied],
  ['not sealed', 'not_sealed', spoilt.not_sealed],
] as const)('of a record that is %s', (_name, reason, change) => {
  /** Connected, an hour later, one record spoilt. */
  async function spoil(kind: string) {
    const scene = await createOpen([key])
    const { bench } = scene
    const { id } = await bench.connect()
    const proof = await bench.begin()
    const keys = await scene.rewrite(kind, change)
    expect(keys).toHaveLength(1)
    const stored = await scene.values()
    /** Nothing has been asked of the bank meanwhile, and every record lies as it lay. */
    const before = tokenRequests(bench)
    const expectUntouched = async () => {
      expect(tokenRequests(bench)).toBe(before)
      expect(await scene.values()).toEqual(stored)
    }
    return { ...scene, id, proof, expectUntouched }
  }

  test('the list of connections: nothing is listed, begun, redeemed or disconnected, and the operator is told', async () => {
    const { bench, id, proof, expectUntouched, values } = await spoil('connections')
    const stored = await values()
    expect(said(await list(bench))).toEqual(unavailable)
    expect(said(await bench.call('DELETE', `/connections/${id}`))).toEqual(unavailable)
    await expect(bench.begin()).rejects.toThrow('backend_unavailable')
    await expectUntouched()
    expect(unreadable(bench)).toEqual(Array(3).fill({ reason, record: 'connections' }))
    expect(bench.events.at(-1)).toMatchObject({
      name: 'failed',
      error: 'backend_unavailable',
      reason: `record:${reason}`,
    })
    expect(said(await bench.redeem(proof))).toEqual(unavailable)
    expect(tokenRequests(bench)).toBe(1)
    expect(await values()).toMatchObject(stored)
    // The connection itself is there.
    expect((await bench.call('POST', `/connections/${id}/access-token`, {})).status).toBe(200)
  })

  test('a connection: it is neither forgotten, refreshed, renewed nor left out of the list', async () => {
    const { bench, id, expectUntouched } = await spoil('connection')
    bench.passed += 3600
    const calls: [string, string, object?][] = [
      ['GET', '/connections'],
      ['POST', `/connections/${id}/access-token`, {}],
      ['DELETE', `/connections/${id}`],
    ]
    for (const [method, path, body] of calls)
      expect([path, ...said(await bench.call(method, path, body))]).toEqual([path, ...unavailable])
    await expect(bench.begin({ body: { connection: id } })).rejects.toThrow('backend_unavailable')
    await expectUntouched()
    expect(unreadable(bench)).toEqual(Array(4).fill({ reason, record: 'connection', connection: id }))
    // Others can be made all the same.
    expect((await bench.redeem(await bench.begin())).status).toBe(200)
  })

  test('the connection to renew: the code is not spent, and redeemed once it can be read', async () => {
    const scene = await createOpen([key])
    const { bench } = scene
    const { id } = await bench.connect()
    const proof = await bench.begin({ body: { connection: id } })
    const original = await scene.values()
    await scene.rewrite('connection', change)
    for (let time = 0; time < 3; time += 1) expect(said(await bench.redeem(proof))).toEqual(unavailable)
    expect(tokenRequests(bench)).toBe(1)
    await scene.rewrite('connection', (_, name) => original[name]!)
    const { status, body } = await bench.redeem(proof)
    expect([status, body.connection.id]).toEqual([200, id])
  })

  test('a transaction that is done: its connection is not given again, nor the code sent again', async () => {
    const scene = await createOpen([key])
    const { bench } = scene
    const proof = await bench.begin()
    await bench.redeem(proof)
    await scene.rewrite('transaction', change)
    const stored = await scene.values()
    expect(said(await bench.redeem(proof))).toEqual(unavailable)
    expect(unreadable(bench)).toEqual([{ reason, record: 'transaction' }])
    expect(tokenRequests(bench)).toBe(1)
    expect(await scene.values()).toEqual(stored)
  })

  test('the connection of a transaction that is done: the page does not hear that it is unknown', async () => {
    const scene = await createOpen([key])
    const { bench } = scene
    const proof = await bench.begin()
    await bench.redeem(proof)
    await scene.rewrite('connection', change)
    expect(said(await bench.redeem(proof))).toEqual(unavailable)
  })
})

describe('without keys', () => {
  const spoil = async (kind: string, change: (text: string) => string) => {
    const scene = await createOpen()
    const proof = await scene.bench.begin()
    await scene.rewrite(kind, change)
    return { ...scene, proof, stored: await scene.values() }
  }

  test.each([
    ['sealed', 'no_keys', () => `1.AAAAAAAA.${'A'.repeat(16)}.${'A'.repeat(40)}`],
    ['cut', 'damaged', (text: string) => text.slice(0, 20)],
    ['emptied', 'damaged', () => ''],
  ] as const)('a transaction that is %s is not redeemed', async (_name, reason, change) => {
    const { bench, proof, values, stored } = await spoil('transaction', change)
    expect(said(await bench.redeem(proof))).toEqual(unavailable)
    expect(unreadable(bench)).toEqual([{ reason, record: 'transaction' }])
    expect(await values()).toEqual(stored)
    expect(tokenRequests(bench)).toBe(0)
  })

  test('a count of pending transactions that cannot be read lets none begin, and none be lost', async () => {
    const { bench, proof, values, stored } = await spoil('transactions', () => '')
    await expect(bench.begin()).rejects.toThrow('backend_unavailable')
    expect(await values()).toEqual(stored)
    // The one that has come back is connected: counting is not what it is about.
    expect((await bench.redeem(proof)).status).toBe(200)
    expect(unreadable(bench)).toContainEqual({ reason: 'damaged', record: 'transactions' })
  })

  test('a handle is of no use, as any that the page makes up', async () => {
    const sealed = await createOpen([key])
    const proof = await sealed.bench.begin()
    const plain = await sealed.restart()
    expect(said(await plain.redeem(proof))).toEqual([409, 'transaction_invalid'])
    expect(unreadable(plain)).toEqual([])
  })
})

test('a handle that does not open is the page’s mistake, and nothing to tell the operator', async () => {
  const { bench, restart } = await createOpen([key])
  const { transaction = '', ...proof } = await bench.begin()
  expect(said(await (await restart([newKey()])).redeem({ ...proof, transaction }))).toEqual([
    409,
    'transaction_invalid',
  ])
  for (const change of Object.values(spoilt)) {
    expect(said(await bench.redeem({ ...proof, transaction: change(transaction) || 'x' }))).toEqual([
      409,
      'transaction_invalid',
    ])
  }
  expect(unreadable(bench)).toEqual([])
})

describe('records', () => {
  const now = 1_800_000_000
  const open = () => {
    const reports: unknown[] = []
    const { store, values } = openStore(() => now)
    const sealing = createSealing([key])
    const records = createRecords(
      store,
      sealing,
      () => now,
      (report) => reports.push(report),
    )
    return { store, values, records, reports, sealing }
  }

  test('that have expired are absent, and may be replaced', async () => {
    const { records, store, sealing, reports } = open()
    await store.put('a:1', await sealing.seal('old', 'record a:1', now), null, now + 1)
    expect(await records.read('a:1')).toBeUndefined()
    await records.change('a:1', () => ({ write: 'new', until: now + 1, result: undefined }))
    expect(await records.read('a:1')).toBe('new')
    expect(reports).toEqual([])
  })

  test('are taken as they were last, by one caller', async () => {
    const { records, store, values } = open()
    const write = (text: string) =>
      records.change('a:1', () => ({ write: text, until: now + 9, result: undefined }))
    await write('old')
    const seen: unknown[] = []
    const prepare = async (record: unknown) => {
      seen.push(record)
      // Another caller is faster, once.
      if (seen.length === 1) await write('new')
    }
    expect(await records.take('a:1', prepare)).toBe('new')
    expect(seen).toEqual(['old', 'new'])
    expect(await values()).toEqual({})
    expect(await records.take('a:1', prepare)).toBeUndefined()
    expect(seen).toHaveLength(2)

    await write('old')
    const { delete: remove } = store
    let inBetween: unknown
    store.delete = async (key) => {
      const others = records.take('a:1', prepare)
      inBetween = [await records.read('a:1'), await others]
      await remove(key)
    }
    expect(await records.take('a:1', () => Promise.resolve())).toBe('old')
    expect(inBetween).toEqual([undefined, undefined])
  })

  test('that are taken are absent, although the store fails to delete them', async () => {
    const { records, store } = open()
    await records.change('a:1', () => ({ write: 'old', until: now + 9, result: undefined }))
    store.delete = () => Promise.reject(new Error('the store is down'))
    expect(await records.take('a:1', () => Promise.resolve())).toBe('old')
    expect(await records.read('a:1')).toBeUndefined()
  })

  test('that another key has sealed are not replaced: two connections do not become the one that is new', async () => {
    const { records, store } = open()
    const until = now + 9
    await records.change('list', () => ({ write: ['one', 'two'], until, result: undefined }))
    const other = createRecords(
      store,
      createSealing([newKey()]),
      () => now,
      () => undefined,
    )
    const added = other.change<string[], undefined>('list', (ids = []) => ({
      write: [...ids, 'three'],
      until,
      result: undefined,
    }))
    await expect(added).rejects.toMatchObject({ error: 'backend_unavailable' })
    expect(await records.read('list')).toEqual(['one', 'two'])
  })

  test('of another key of the store do not open, and are neither replaced nor removed', async () => {
    const { records, store, values, reports } = open()
    await records.change('a:1', () => ({ write: 'one', until: now + 9, result: undefined }))
    const { value } = (await store.get('a:1'))!
    await store.put('a:2', value, null, now + 9)
    const before = await values()
    await expect(records.read('a:2')).rejects.toThrow()
    await expect(records.remove('a:2')).rejects.toThrow()
    let asked = 0
    const change = records.change('a:2', () => {
      asked += 1
      return { write: 'two', until: now + 9, result: undefined }
    })
    await expect(change).rejects.toMatchObject({ error: 'backend_unavailable' })
    expect(asked).toBe(0)
    expect(await values()).toEqual(before)
    expect(reports).toEqual(Array(3).fill({ key: 'a:2', reason: 'damaged' }))
  })
})

/** What a page may ask, of one that has connected twice and come back from the bank a third time. */
const operations = {
  list: (bench: Bench) => list(bench),
  begin: async (bench: Bench) => {
    const problem = await bench.begin().then(
      () => undefined,
      (error: unknown) => String(error),
    )
    expect(problem ?? 'backend_unavailable').toContain('backend_unavailable')
    return undefined
  },
  redeem: (bench: Bench, { proof }: Begun) => bench.redeem(proof),
  again: (bench: Bench, { done }: Begun) => bench.redeem(done),
  token: (bench: Bench, { id }: Begun) => bench.call('POST', `/connections/${id}/access-token`, {}),
  disconnect: (bench: Bench, { id }: Begun) => bench.call('DELETE', `/connections/${id}`),
} as const

interface Begun {
  readonly id: string
  readonly done: Proof
  readonly proof: Proof
}

const kinds = ['connections', 'connection', 'transaction', 'transactions'] as const
const manners = {
  sealed: [spoilt.unknown_key, spoilt.damaged, spoilt.cut, spoilt.emptied, spoilt.not_sealed],
  plain: [spoilt.cut, spoilt.emptied, () => `1.AAAAAAAA.${'A'.repeat(16)}.${'A'.repeat(40)}`],
} as const

test('whatever cannot be read, and whatever is asked: it lies as it lay, is never unknown, and all is there afterwards', async () => {
  const seen = new Set<number>()
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('sealed' as const, 'plain' as const),
      fc.uniqueArray(fc.constantFrom(...kinds), { minLength: 1 }),
      fc.nat(),
      fc.array(fc.constantFrom(...(Object.keys(operations) as (keyof typeof operations)[])), {
        minLength: 1,
        maxLength: 6,
      }),
      async (form, spoiltKinds, manner, asked) => {
        const scene = await createOpen(form === 'sealed' ? [key] : undefined)
        const { bench } = scene
        const done = await bench.begin()
        const first = (await bench.redeem(done)).body.connection.id
        const { id } = await bench.connect()
        const proof = await bench.begin()
        bench.passed += 600
        const original = await scene.values()
        const change = manners[form][manner % manners[form].length]!
        const spoiltKeys: string[] = []
        for (const kind of spoiltKinds) spoiltKeys.push(...(await scene.rewrite(kind, change)))
        const stored = await scene.values()

        let disconnected = false
        let redeemed = false
        for (const operation of asked) {
          const answer = await operations[operation](bench, { id, done, proof })
          if (!answer) continue
          seen.add(answer.status)
          disconnected ||= operation === 'disconnect' && answer.status === 200
          redeemed ||= operation === 'redeem' && answer.status === 200
          if (answer.status === 503) expect(answer.body.error).toBe('backend_unavailable')
          else if (!disconnected) expect([operation, answer.status]).toEqual([operation, 200])
        }
        const now = await scene.values()
        for (const name of spoiltKeys) expect([name, now[name]]).toEqual([name, stored[name]])

        for (const kind of kinds)
          await scene.rewrite(kind, (value, name) => (spoiltKeys.includes(name) ? original[name]! : value))
        const found = await ids(bench)
        expect(found.slice(0, 2)).toEqual(disconnected ? [first, ...found.slice(1, 2)] : [first, id])
        expect(found).toHaveLength(2 + Number(redeemed) - Number(disconnected))
        // Whatever was refused meanwhile has used nothing up.
        expect((await bench.redeem(proof)).status).toBe(200)
      },
    ),
    { numRuns: 60 },
  )
  expect([...seen]).toEqual(expect.arrayContaining([200, 503]))
}, 60_000)
