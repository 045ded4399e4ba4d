import { Refusal } from '../http/refusal.js'
import type { Records } from './records.js'

/** The key of a record that is written once and read at every start. */
export const canaryKey = 'canary'

/** Seconds for which it is kept: longer than any connection. */
const keptSeconds = 315_360_000

interface Canary {
  readonly v: 1
  /** Tells whether `subjectKeySecret` is the one of before; absent in one that an earlier version has written. */
  readonly subjects?: string
  /** Whether each day of the index of `due` names all shards in use; absent while entries of an earlier version may be unnamed. */
  readonly namesAllShards?: true
}

/** The keys, or the secret, are not those of the store. It stays so until the process is started with others. */
export class MisconfiguredError extends TypeError {}

/** Rejects with a {@link MisconfiguredError} with the remedy, the same every time; or with the store's own error. */
export type CanaryCheck = () => Promise<void>

const remedies: Readonly<Record<string, string>> = {
  'record:unknown_key':
    'No key in `keys` opens what is in this store. Put the key that sealed it back into `keys`, or give the store that belongs to these keys. Nothing was written.',
  'record:no_keys':
    'What is in this store was sealed, and createBackend has no `keys`. Give it the `keys` that sealed it. Nothing was written.',
  'record:not_sealed':
    'What is in this store was written without `keys`, and is not read with them. Give createBackend an empty store. Nothing was written.',
  'record:damaged':
    'A record of this store has been changed by something other than this backend. Find out what writes to it. Nothing was written.',
  subjects:
    '`subjectKeySecret` is not the one with which this store was filled, so nobody’s connections would be found. Put that one back: it is not changed with `keys`. Nothing was written.',
}

/**
 * Makes the check whether `keys` and `subjectKeySecret` belong to the store: opens a record that the first backend on it has sealed. A wrong key is
 * told before anything is served, and not by the first person whose connection cannot be opened.
 *
 * After an error of the store's own it looks again the next time. That may be a `TypeError`, too: `fetch` throws one.
 */
export function createCanaryCheck(
  records: Records,
  now: () => number,
  subjectProof: () => Promise<string> | string,
): CanaryCheck {
  let checked: Promise<void> | undefined

  async function check(): Promise<void> {
    const subjects = await subjectProof()
    try {
      const found = await records.change<Canary, string>(canaryKey, (current) =>
        current?.subjects === undefined
          ? {
              // In a store with nothing of an earlier version every shard is named from the first entry on.
              write: { v: 1, ...(current ?? { namesAllShards: true }), subjects },
              until: now() + keptSeconds,
              result: subjects,
            }
          : { result: current.subjects },
      )
      if (found !== subjects) throw new MisconfiguredError(remedies['subjects'])
    } catch (error) {
      const remedy = error instanceof Refusal ? remedies[error.details.reason ?? ''] : undefined
      if (remedy !== undefined) throw new MisconfiguredError(remedy, { cause: error })
      throw error
    }
  }

  return () =>
    (checked ??= check().catch((error: unknown) => {
      // A store that is away comes back.
      if (!(error instanceof MisconfiguredError)) checked = undefined
      throw error
    }))
}

/** Whether the days of the index of `due` name all their shards: nothing else need be looked at. */
export async function namesAllShards(records: Records): Promise<boolean> {
  return (await records.read<Canary>(canaryKey))?.namesAllShards === true
}

/** Notes that they do from now on. @throws {Refusal} `backend_unavailable` */
export async function noteAllNamed(records: Records, now: () => number): Promise<void> {
  await records.change<Canary, undefined>(canaryKey, (current) =>
    current && !current.namesAllShards
      ? { write: { ...current, namesAllShards: true }, until: now() + keptSeconds, result: undefined }
      : { result: undefined },
  )
}
