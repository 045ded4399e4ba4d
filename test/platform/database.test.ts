import { IDBDatabase, IDBFactory, IDBObjectStore } from 'fake-indexeddb'
import { describe, expect, test, vi } from 'vitest'
import { openDatabase } from '../../src/platform/database.js'
import { createBrowser } from '../support/browser.js'
import { errorOf } from '../support/refusal.js'
import { eventually, settled } from '../support/until.js'

const put = (key: string, value: unknown) =>
  openDatabase('app').change([], () => [{ [key]: value }, undefined])

describe('a database', () => {
  test('gives what was put, on any connection', async () => {
    await put('a', { n: 1 })
    await put('b', [2])
    expect(await openDatabase('app').get('a')).toEqual({ n: 1 })
    expect(await openDatabase('app').get('c')).toBeUndefined()
    expect(await openDatabase('app').entries()).toEqual([
      ['a', { n: 1 }],
      ['b', [2]],
    ])
  })

  test('gives a few of the last where no more are wanted, and all before them', async () => {
    for (const key of ['y2', 'a', 'y1', 'z', 'b']) await put(key, key)
    expect(await openDatabase('app').entries({ from: 'y', count: 2 })).toEqual([
      ['a', 'a'],
      ['b', 'b'],
      ['y1', 'y1'],
      ['y2', 'y2'],
    ])
    expect(await openDatabase('app').entries({ from: 'y', count: 9 })).toEqual(
      await openDatabase('app').entries(),
    )
  })

  test('is one of its own for each name', async () => {
    await put('a', 1)
    expect(await openDatabase('another app').entries()).toEqual([])
  })

  test('changes several keys at once, reading what it changes', async () => {
    await put('a', 1)
    await put('gone', 1)
    const result = await openDatabase('app').change(['a', 'missing'], ([a, missing]) => [
      { a: Number(a) + 1, b: 'new', gone: undefined },
      [a, missing],
    ])
    expect(result).toEqual([1, undefined])
    expect(await openDatabase('app').entries()).toEqual([
      ['a', 2],
      ['b', 'new'],
    ])
  })

  test('writes nothing where nothing is to be written', async () => {
    await openDatabase('app').change(['a', 'b'], () => [{}, undefined])
    expect(await openDatabase('app').entries()).toEqual([])
  })

  test('lets one of many take a value', async () => {
    await put('code', 'abc')
    const take = () => openDatabase('app').change(['code'], ([code]) => [{ code: undefined }, code])
    expect((await Promise.all([take(), take(), take()])).filter(Boolean)).toEqual(['abc'])
  })

  test('passes on what a change throws, and has written nothing', async () => {
    await put('a', 1)
    const mistake = new RangeError('a mistake of the caller')
    const change = vi.fn(() => {
      throw mistake
    })
    await expect(openDatabase('app').change(['a'], change)).rejects.toBe(mistake)
    expect(change).toHaveBeenCalledTimes(1)
    expect(await openDatabase('app').entries()).toEqual([['a', 1]])
  })

  test('has committed when the promise resolves', async () => {
    const order: string[] = []
    const database = openDatabase('app')
    await database.get('a')
    const real = IDBDatabase.prototype.transaction
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...args) {
      const transaction = real.apply(this, args)
      transaction.addEventListener('complete', () => order.push('committed'))
      return transaction
    })
    await database.change([], () => [{ a: 1 }, undefined])
    order.push('resolved')
    expect(order).toEqual(['committed', 'resolved'])
  })

  test('keeps a key that cannot be exported', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
      'verify',
    ])
    await put('key', pair)
    const kept = (await openDatabase('app').get('key')) as CryptoKeyPair
    expect(kept.privateKey.extractable).toBe(false)
    const data = new Uint8Array([1, 2, 3])
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    const signature = await crypto.subtle.sign(algorithm, kept.privateKey, data)
    expect(await crypto.subtle.verify(algorithm, pair.publicKey, signature, data)).toBe(true)
  })
})

describe('a database that fails', () => {
  const unavailable = { name: 'StorageError', code: 'storage_unavailable', recovery: 'authorize' }
  const operations = (database = openDatabase('app')) => [
    () => database.get('a'),
    () => database.entries(),
    () => database.change(['a'], () => [{ a: 1 }, undefined]),
  ]

  test('because there is no IndexedDB says so', async () => {
    vi.stubGlobal('indexedDB', undefined)
    for (const operation of operations()) expect(await errorOf(operation)).toMatchObject(unavailable)
  })

  test('because the browser forbids even to look at it says so', async () => {
    const forbidden = vi.fn(() => {
      throw new DOMException('denied', 'SecurityError')
    })
    const before = Object.getOwnPropertyDescriptor(globalThis, 'indexedDB')
    Object.defineProperty(globalThis, 'indexedDB', { get: forbidden, configurable: true })
    try {
      for (const operation of operations()) expect(await errorOf(operation)).toMatchObject(unavailable)
    } finally {
      Object.defineProperty(globalThis, 'indexedDB', before ?? {})
    }
    expect(forbidden).toHaveBeenCalled()
  })

  test('because the browser forbids it says so, and tries again at the next call', async () => {
    const open = vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw new DOMException('denied', 'SecurityError')
    })
    const database = openDatabase('app')
    for (const operation of operations(database)) expect(await errorOf(operation)).toMatchObject(unavailable)
    open.mockRestore()
    await database.change([], () => [{ a: 1 }, undefined])
    expect(await database.get('a')).toBe(1)
  })

  test.each<[string, (database: IDBDatabase) => void]>([
    ['without a store', () => undefined],
    ['with stores of others', (database) => void database.createObjectStore('theirs')],
  ])(
    'because another one of this name lies there %s leaves that alone and is one beside it',
    async (_how, fill) => {
      const open = (version?: number) =>
        new Promise<IDBDatabase>((resolve, reject) => {
          const request = indexedDB.open('app', version)
          request.onupgradeneeded = () => fill(request.result)
          request.onsuccess = () => resolve(request.result)
          request.onblocked = () => reject(new Error('somebody keeps it open'))
        })
      const theirs = await open()
      const stores = [...theirs.objectStoreNames]
      theirs.close()
      await put('a', 1)
      expect(await openDatabase('app').get('a')).toBe(1)
      fill = () => undefined
      const again = await open(7)
      expect([...again.objectStoreNames]).toEqual(stores)
      again.close()
      expect(await openDatabase('app').get('a')).toBe(1)
    },
  )

  test('because its connection was closed is opened again, once', async () => {
    await put('a', 1)
    const database = openDatabase('app')
    await database.get('a')
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(() => {
      throw new DOMException('The database connection is closing.', 'InvalidStateError')
    })
    expect(await database.get('a')).toBe(1)
    expect(transaction).toHaveBeenCalledTimes(2)

    transaction.mockImplementation(() => {
      throw new DOMException('The database connection is closing.', 'InvalidStateError')
    })
    transaction.mockClear()
    expect(await errorOf(() => database.get('a'))).toMatchObject(unavailable)
    expect(transaction).toHaveBeenCalledTimes(2)
  })

  test('because somebody deletes it holds nobody up, and is made anew', async () => {
    const database = openDatabase('app')
    await database.change([], () => [{ a: 1 }, undefined])
    await new Promise((resolve, reject) => {
      const deletion = indexedDB.deleteDatabase('app')
      deletion.onsuccess = resolve
      deletion.onblocked = reject
    })
    expect(await database.get('a')).toBeUndefined()
    await database.change([], () => [{ a: 2 }, undefined])
    expect(await database.get('a')).toBe(2)
  })

  test('because it is full has changed nothing', async () => {
    await put('a', 1)
    const real = IDBObjectStore.prototype.put
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
      if (key === 'b') throw new DOMException('full', 'QuotaExceededError')
      return real.call(this, value, key)
    })
    expect(
      await errorOf(() => openDatabase('app').change(['a'], () => [{ a: 2, b: 2 }, undefined])),
    ).toMatchObject(unavailable)
    expect(await openDatabase('app').entries()).toEqual([['a', 1]])
  })

  test('because the transaction is aborted has changed nothing', async () => {
    await put('a', 1)
    const real = IDBObjectStore.prototype.put
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
      const request = real.call(this, value, key)
      this.transaction.abort()
      return request
    })
    expect(await errorOf(() => openDatabase('app').change(['a'], () => [{ a: 2 }, undefined]))).toMatchObject(
      unavailable,
    )
    expect(await openDatabase('app').entries()).toEqual([['a', 1]])
  })

  test('because it never opens says so, and changes nothing when it opens after all', async () => {
    const { clock } = createBrowser()
    const real = IDBFactory.prototype.open
    const requests: (() => void)[] = []
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementationOnce(function (this: IDBFactory, name) {
      const request = real.call(this, name)
      const held = new EventTarget() as IDBOpenDBRequest
      Object.defineProperty(held, 'result', { get: () => request.result })
      request.onupgradeneeded = (event) => void held.onupgradeneeded?.(event)
      request.onsuccess = (event) => requests.push(() => void held.onsuccess?.(event))
      return held
    })
    const database = openDatabase('app', clock)
    const change = vi.fn(() => [{ a: 1 }, undefined] as const)
    const error = errorOf(() => database.change([], change))
    clock.advance(15)
    expect(await error).toMatchObject(unavailable)
    await eventually(() => expect(requests).toHaveLength(1))
    for (const open of requests) open()
    // The next one opens the database anew, and finds nothing.
    expect(await database.entries()).toEqual([])
    await settled()
    expect(await database.get('a')).toBeUndefined()
  })

  test('because a transaction never ends says so, and undoes it', async () => {
    const { clock } = createBrowser()
    await put('a', 1)
    const database = openDatabase('app', clock)
    const read = vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(
      // An answer that never comes, while others keep the transaction alive.
      function (this: IDBObjectStore) {
        const again = (): void => {
          this.count().onsuccess = again
        }
        again()
        return new EventTarget() as IDBRequest
      },
    )
    const error = errorOf(() => database.change(['a'], () => [{ a: 2 }, undefined]))
    await eventually(() => expect(read).toHaveBeenCalled())
    clock.advance(15)
    expect(await error).toMatchObject(unavailable)
    expect(await database.get('a')).toBe(1)
  })

  test('because it never opens for a second attempt says so', async () => {
    const { clock } = createBrowser()
    await put('a', 1)
    const open = vi.spyOn(IDBFactory.prototype, 'open')
    const real = IDBObjectStore.prototype.get
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(function (this: IDBObjectStore, key) {
      const request = real.call(this, key)
      this.transaction.abort()
      open.mockReturnValueOnce(new EventTarget() as IDBOpenDBRequest)
      return request
    })
    const error = errorOf(() => openDatabase('app', clock).get('a'))
    await eventually(() => expect(open).toHaveBeenCalledTimes(2))
    clock.advance(15)
    expect(await error).toMatchObject(unavailable)
  })

  test('is not opened again for what was given up: the next operation is the one that waits', async () => {
    const { clock } = createBrowser()
    const database = openDatabase('app', clock)
    await put('a', 1)
    await database.get('a')
    const open = vi.spyOn(IDBFactory.prototype, 'open')
    const real = IDBObjectStore.prototype.get
    const read = vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(
      // An answer that comes only when the transaction is aborted, while others keep it alive.
      function (this: IDBObjectStore, key) {
        const held = new EventTarget() as IDBRequest
        const again = (): void => {
          this.count().onsuccess = again
        }
        again()
        real.call(this, key)
        this.transaction.onabort = (event) => void held.onerror?.(event)
        return held
      },
    )
    const error = errorOf(() => database.get('a'))
    await eventually(() => expect(read).toHaveBeenCalled())
    clock.advance(15)
    expect(await error).toMatchObject(unavailable)
    await settled()
    expect(open).not.toHaveBeenCalled()
    expect(await database.get('a')).toBe(1)
  })

  test('says nothing of keys and values', async () => {
    vi.stubGlobal('indexedDB', undefined)
    const error = await errorOf(() =>
      openDatabase('app').change(['state-of-a-transaction'], () => [{ verifier: 'secret' }, undefined]),
    )
    expect(error.message).not.toMatch(/state-of|secret|verifier/)
  })
})
