import { randomBytes } from 'node:crypto'
import { basis, createBackend, memoryStore, type Backend } from 'countersign/backend'

/** The page of the app, for its Origin header. */
export const origin = 'https://app.example'

/** The app's user, by the one header that says so here. */
export const userHeader = 'cookie'

const profileClaims = {
  userEmail: 'robin@example.com',
  userName: 'Robin Doe',
  companyEin: '12-3456789',
  companyName: 'Example Inc.',
}

/** What a measurement changes about the backend. */
export interface Changes {
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Epoch seconds. */
  readonly now?: () => number
  readonly rateLimit?: 'off'
}

/**
 * Basis in both modes, with everything as in production but for the place of the records: this process's memory.
 *
 * @param server Where the provider is.
 */
export async function createMeasuredBackend(server: string, changes: Changes = {}): Promise<Backend> {
  const { fetch, now = () => Date.now() / 1000, rateLimit } = changes
  const provider = (name: string, mode: 'mediated' | 'bff') =>
    basis({
      mode,
      clientId: '06914d28-f034-4d52-b048-e11024957c11',
      clientSecret: randomBytes(64).toString('base64'),
      redirectUri: `${origin}/callback/${name}`,
      authorizationEndpoint: `${server}/authorize`,
      tokenEndpoint: `${server}/token`,
      api: `${server}/api/`,
    })
  const backend = createBackend({
    origins: [origin],
    store: memoryStore({ now }),
    keys: [randomBytes(32).toString('base64url')],
    session: ({ headers }) => ({ subject: headers.get(userHeader) ?? 'nobody', claims: profileClaims }),
    clock: { now },
    providers: { basis: provider('basis', 'mediated'), bff: provider('bff', 'bff') },
    ...(fetch && { fetch }),
    ...(rateLimit && { rateLimit }),
  })
  await backend.ready
  return backend
}
