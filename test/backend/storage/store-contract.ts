import type { Store } from 'countersign/backend'
import { beforeEach, describe, expect, test } from 'vitest'

/** A store under test. */
export interface StoreUnderTest {
  readonly store: Store
  /** The same data, seen by another process. */
  readonly other: Store
  /** Lets time pass, for the store's expiry. */
  pass(seconds: number): Promise<void> | void
}

/** What every store must do. Run it with one of your own, too. */
export function describeStore(name: string, open: () => Promise<StoreUnderTest> | StoreUnderTest): void {
  describe(name, () => {
    let opened: StoreUnderTest
    const inAnHour = () => Math.floor(Date.now() / 1000) + 3600

    beforeEach(async () => {
      opened = await open()
    })

    test('has nothing under a key that nobody wrote', async () => {
      expect(await opened.store.get('key')).toBeUndefined()
    })

    test('gives what was written, here and there', async () => {
      const { store, other } = opened
      const value = JSON.stringify({ text: 'é \u0000 \u{1F511} "' + 'x'.repeat(100_000) })
      expect(await store.put('key', value, null, inAnHour())).toBe(true)
      expect((await store.get('key'))?.value).toBe(value)
      expect((await other.get('key'))?.value).toBe(value)
    })

    test('keeps keys apart', async () => {
      const { store } = opened
      await store.put('a', '1', null, inAnHour())
      await store.put('b', '2', null, inAnHour())
      await store.delete('a')
      expect(await store.get('a')).toBeUndefined()
      expect((await store.get('b'))?.value).toBe('2')
    })

    test('creates only where nothing is', async () => {
      const { store, other } = opened
      expect(await store.put('key', '1', null, inAnHour())).toBe(true)
      expect(await other.put('key', '2', null, inAnHour())).toBe(false)
      expect((await store.get('key'))?.value).toBe('1')
    })

    test('replaces the version that was read, and changes it', async () => {
      const { store } = opened
      await store.put('key', '1', null, inAnHour())
      const { version = '' } = (await store.get('key')) ?? {}
      expect(await store.put('key', '2', version, inAnHour())).toBe(true)
      expect(await store.put('key', '3', version, inAnHour())).toBe(false)
      const now = await store.get('key')
      expect(now?.value).toBe('2')
      expect(now?.version).not.toBe(version)
    })

    test('does not replace what was deleted', async () => {
      const { store, other } = opened
      await store.put('key', '1', null, inAnHour())
      const { version = '' } = (await store.get('key')) ?? {}
      await other.delete('key')
      expect(await store.put('key', '2', version, inAnHour())).toBe(false)
      expect(await store.get('key')).toBeUndefined()
    })

    test('does not take a value made anew for the one that was read', async () => {
      const { store, other } = opened
      await store.put('key', '1', null, inAnHour())
      const { version = '' } = (await store.get('key')) ?? {}
      await other.delete('key')
      await other.put('key', '1', null, inAnHour())
      expect(await store.put('key', '2', version, inAnHour())).toBe(false)
    })

    test('deletes what is not there without complaint', async () => {
      await expect(opened.store.delete('key')).resolves.toBeUndefined()
    })

    test('lets one of many writers win', async () => {
      const { store, other } = opened
      await store.put('key', '0', null, inAnHour())
      const { version = '' } = (await store.get('key')) ?? {}
      const writes = Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? store : other).put('key', String(index), version, inAnHour()),
      )
      expect((await Promise.all(writes)).filter(Boolean)).toHaveLength(1)
    })

    test('loses no update when all compare and swap', async () => {
      const { store, other } = opened
      const add = async (from: Store): Promise<void> => {
        for (;;) {
          const entry = await from.get('key')
          const next = String(Number(entry?.value ?? 0) + 1)
          if (await from.put('key', next, entry?.version ?? null, inAnHour())) return
        }
      }
      await Promise.all(Array.from({ length: 40 }, (_, index) => add(index % 2 ? store : other)))
      expect((await store.get('key'))?.value).toBe('40')
    })

    test('drops what has expired, and lets it be made anew', async () => {
      const { store, pass } = opened
      const soon = Math.ceil(Date.now() / 1000) + 1
      await store.put('key', '1', null, soon)
      expect((await store.get('key'))?.value).toBe('1')
      await pass(2.1)
      expect(await store.get('key')).toBeUndefined()
      expect(await store.put('key', '2', null, inAnHour())).toBe(true)
    })

    test('takes a later expiry with a later write', async () => {
      const { store, pass } = opened
      await store.put('key', '1', null, Math.ceil(Date.now() / 1000) + 1)
      const { version = '' } = (await store.get('key')) ?? {}
      await store.put('key', '2', version, inAnHour())
      await pass(2.1)
      expect((await store.get('key'))?.value).toBe('2')
    })
  })
}
