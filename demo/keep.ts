import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from 'countersign/backend'
import { sqliteStore } from 'countersign/backend/node'

/** What outlives the demo. */
export interface Kept {
  readonly store: Store
  readonly keys: readonly string[]
  readonly subjectKeySecret: string
  readonly close: () => void
}

/**
 * Opens what earlier runs of the demo have kept in a folder, and makes it where there is nothing. A real backend has its secrets
 * from the environment; here they lie beside the file, readable by nobody else.
 *
 * @throws {TypeError} with the remedy, on a Node without SQLite
 */
export function openKept(folder: string): Kept {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const store = sqliteStore(join(folder, 'connections.db'))
  return {
    store,
    keys: [readKey(join(folder, 'key'))],
    subjectKeySecret: readKey(join(folder, 'subject-key-secret')),
    close: () => store.close(),
  }
}

function readKey(path: string): string {
  try {
    writeFileSync(path, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFileSync(path, 'utf8')
}
