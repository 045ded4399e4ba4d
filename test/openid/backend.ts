import { createBackend, memoryStore, oidc, type BackendEvent } from 'countersign/backend'
import type { setupServer } from 'msw/node'
import { calculateCodeChallenge, createCodeVerifier, createState } from '../../src/protocol/pkce.js'
import { createAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.js'
import { secret } from '../support/secrets.js'

const app = 'https://app.example'
const redirectUri = `${app}/callback/bank`

type Change = (server: AuthorizationServer) => void | Promise<void>

/** Has the server say that it signs ID Tokens by each algorithm that the modules are about; metadata is read before they begin. */
export function announceAlgorithms({ metadata }: AuthorizationServer): void {
  metadata['id_token_signing_alg_values_supported'] = ['ES256', 'RS256']
}

/** What a backend made of one connection. */
export interface Connected {
  readonly server: AuthorizationServer
  readonly status: number
  /** Why it was refused, as the log has it. */
  readonly reason: string | undefined
  readonly connections: readonly unknown[]
}

/**
 * Connects at a backend.
 *
 * @param change What the server does wrong from the moment in which the person is at it.
 * @param before What it does wrong before.
 * @param clientSecret The backend is a confidential client with this secret. @defaultValue none: it is a public one
 */
export async function connectAtBackend(
  network: ReturnType<typeof setupServer>,
  change: Change,
  before: Change = () => undefined,
  clientSecret?: string,
): Promise<Connected> {
  const server = createAuthorizationServer()
  announceAlgorithms(server)
  network.use(...server.handlers)
  await before(server)
  const events: BackendEvent[] = []
  const backend = createBackend({
    origins: [app],
    store: memoryStore(),
    session: () => ({ subject: 'robin' }),
    fetch: (url, init) => fetch(url, init),
    log: (event) => events.push(event),
    providers: {
      bank: oidc({
        issuer: server.issuer,
        clientId: server.clientId,
        redirectUri,
        scope: 'openid accounts offline_access',
        ...(clientSecret === undefined ? { authentication: 'none' } : { clientSecret }),
      }),
    },
  })
  const call = async (method: string, path: string, body?: object) => {
    const response = await backend(
      new Request(`${app}/connect${path}`, {
        method,
        headers: { origin: app, countersign: '1', 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      }),
    )
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const result = async (status: number): Promise<Connected> => ({
    server,
    status,
    reason: events.filter(({ name }) => name === 'refused').at(-1)?.reason,
    connections: (await call('GET', '/connections')).body['connections'] as unknown[],
  })

  const verifier = secret(createCodeVerifier())
  const state = createState()
  const begun = await call('POST', '/bank/authorization', {
    state,
    code_challenge: await calculateCodeChallenge(verifier),
    nonce: createState(),
    redirect_uri: redirectUri,
  })
  if (begun.status !== 201) return result(begun.status)
  const back = new URL(server.visit(String(begun.body['authorization_url'])))
  await change(server)
  const { status } = await call('POST', '/bank/token', {
    code: back.searchParams.get('code'),
    state,
    code_verifier: verifier,
    iss: back.searchParams.get('iss'),
    ...(begun.body['transaction'] !== undefined && { transaction: begun.body['transaction'] }),
  })
  return result(status)
}
