import type { Context } from './context.js'
import type { BackendProvider } from './provider.js'
import { MisconfiguredError, type CanaryCheck } from './storage/canary.js'
import { createWriteCheck } from './storage/write-check.js'
import type { Records } from './storage/records.js'

/** What {@link createStart} looks at. */
interface Parts {
  readonly providers: ReadonlyMap<string, BackendProvider>
  readonly records: Records
  /** Asks the store for something. */
  readonly read: () => Promise<unknown>
  readonly now: () => number
  /** Absent where the store ends with this process. */
  readonly canary: CanaryCheck | undefined
}

/** What must be right before anything is served: the keys of the providers, and of the store where it outlives this process. */
export function createStart({
  providers,
  records,
  read,
  now,
  canary,
}: Parts): Pick<Context, 'ready' | 'lookAtStore'> {
  const imported = Promise.all([...providers.values()].map(async (provider) => provider.ready))
  // Those who do not await it learn of it by the answers to their requests.
  imported.catch(() => undefined)
  const checkWrites = canary && createWriteCheck(records, now)

  return {
    async ready() {
      await imported
      await canary?.()
    },

    async lookAtStore(onRead) {
      try {
        await imported
      } catch {
        return 'misconfigured'
      }
      try {
        await canary?.()
        await read()
      } catch (error) {
        return error instanceof MisconfiguredError ? 'misconfigured' : 'unreachable'
      }
      onRead()
      try {
        await checkWrites?.()
      } catch {
        return 'unwritable'
      }
      return 'ok'
    },
  }
}
