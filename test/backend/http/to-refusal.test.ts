import { describe, expect, test } from 'vitest'
import { toRefusal } from '../../../src/backend/http/to-refusal.js'

/** As `pg` has it: its name is "error". */
class DatabaseError extends Error {
  override readonly name = 'error'
  readonly code: string
  constructor(code: string) {
    super('permission denied for secret-canary')
    this.code = code
  }
}

/** As `redis` has it: what Redis answers begins with a word of its own. */
class SimpleError extends Error {}

class ClientClosedError extends Error {}

describe('the reason of a failure of the store', () => {
  test.each<[title: string, error: unknown, reason: string]>([
    ['of PostgreSQL has its SQLSTATE', new DatabaseError('25006'), 'DatabaseError:25006'],
    [
      'of Redis has its first word',
      new SimpleError("OOM command not allowed when used memory > 'maxmemory'."),
      'SimpleError:OOM',
    ],
    ['of Redis without such a word has none', new SimpleError('secret-canary'), 'SimpleError'],
    ['of a client has its class', new ClientClosedError('secret-canary'), 'ClientClosedError'],
    [
      'of Node’s SQLite has its number',
      Object.assign(new Error('secret-canary'), { code: 'ERR_SQLITE_ERROR', errcode: 13 }),
      'Error:ERR_SQLITE_ERROR:13',
    ],
    [
      'of better-sqlite3 has its code',
      Object.assign(new Error('x'), { code: 'SQLITE_FULL' }),
      'Error:SQLITE_FULL',
    ],
    ['that names a secret has none of it', Object.assign(new Error('x'), { code: 'secret-canary' }), 'Error'],
    ['that is no error has none', 'secret-canary', 'unexpected'],
  ])('%s', (_title, error, reason) => {
    const { error: code, details, message } = toRefusal(error)
    expect([code, details.reason]).toEqual(['backend_unavailable', reason])
    expect(message).not.toContain('canary')
  })
})
