import type { Store } from 'countersign/backend'
import { beforeEach, describe, test } from 'vitest'
import { storeRules } from '../../../src/store-commands/rules.js'

/** A store under test. */
interface StoreUnderTest {
  readonly store: Store
  /** The same data, seen by another process. */
  readonly other: Store
  /** Lets time pass, for the store's expiry. */
  pass(seconds: number): Promise<void> | void
}

/** Every rule of `countersign check-store`, as a test of its own. */
export function describeStore(name: string, open: () => Promise<StoreUnderTest> | StoreUnderTest): void {
  describe(name, () => {
    let opened: StoreUnderTest

    beforeEach(async () => {
      opened = await open()
    })

    test.each(storeRules.map(({ title, run }) => [title, run] as const))('%s', async (_title, run) => {
      const prefix = crypto.randomUUID()
      await run({ ...opened, key: (ending = 'key') => `${prefix}:${ending}` })
    })
  })
}
