import { sha256 } from '../crypto/hash.js'
import { setLast } from './set-last.js'

/** Remembers, in memory and as hashes only, which credentials were somebody's session. */
export interface KnownSessions {
  /** True for a request whose cookies, or `Authorization`, have been a session before. */
  readonly has: (request: Request) => Promise<boolean>
  readonly add: (request: Request) => Promise<void>
  /** Forgets what is nobody's session any more. */
  readonly remove: (request: Request) => Promise<void>
}

const remembered = 10_000

export function createKnownSessions(): KnownSessions {
  const known = new Map<string, true>()
  return {
    async has(request) {
      const key = await keyOf(request)
      return key !== undefined && known.has(key)
    },
    async add(request) {
      const key = await keyOf(request)
      if (key !== undefined) setLast(known, key, true, remembered)
    },
    async remove(request) {
      const key = await keyOf(request)
      if (key !== undefined) known.delete(key)
    },
  }
}

function keyOf({ headers }: Request): Promise<string> | string | undefined {
  const credentials = [headers.get('cookie'), headers.get('authorization')]
  return credentials.every((one) => one === null) ? undefined : sha256(JSON.stringify(credentials))
}
