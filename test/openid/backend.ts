import {
  createBackend,
  memoryStore,
  oidc,
  type BackendEvent,
  type OidcBackendOptions,
} from 'countersign/backend'
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
  readonly connections: readonly { readonly id: string; readonly status: string }[]
  /** Where the person was sent; empty where nobody was. */
  readonly authorizationUrl: string
  /** Seconds for which that URL may be opened. */
  readonly expiresIn: unknown
  /** A request to the API through the backend, in `bff` mode. */
  readonly fromApi: (path: string) => Promise<Response>
  /** The access token that a page is given, in `mediated` mode. */
  readonly accessToken: () => Promise<Answer>
  /** Lets the first access token run out. */
  readonly expire: () => void
  /** Why the last request was refused. */
  readonly refusal: () => string | undefined
}

/** An answer of the contract. */
export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** What is peculiar to a module, beside what the server does wrong once the person is there. */
export interface Module {
  /** What the server does wrong before. */
  readonly before?: Change
  /** Options of the provider. @defaultValue a public client */
  readonly provider?: object
  /** Parameters of a pushed request, for the authorization endpoint. @defaultValue nothing is pushed */
  readonly pushed?: (requestUri: string) => string
  /** Changes what the page tells the backend of the authorization response. */
  readonly response?: (told: Record<string, unknown>) => void
}

/**
 * Connects at a backend.
 *
 * @param change What the server does wrong from the moment in which the person is at it.
 */
export async function connectAtBackend(
  network: ReturnType<typeof setupServer>,
  change: Change,
  { before = () => undefined, provider = { authentication: 'none' }, pushed, response }: Module = {},
): Promise<Connected> {
  const server = createAuthorizationServer()
  announceAlgorithms(server)
  network.use(...server.handlers)
  await before(server)
  const events: BackendEvent[] = []
  let secondsLater = 0
  const backend = createBackend({
    origins: [app],
    store: memoryStore(),
    session: () => ({ subject: 'robin' }),
    fetch: (url, init) => fetch(url, init),
    log: (event) => events.push(event),
    clock: { now: () => Date.now() / 1000 + secondsLater },
    providers: {
      bank: oidc({
        issuer: server.issuer,
        clientId: server.clientId,
        redirectUri,
        scope: 'openid accounts offline_access',
        ...provider,
      } as OidcBackendOptions<'bff'>),
    },
  })
  const send = (method: string, path: string, body?: object): Promise<Response> =>
    backend(
      new Request(`${app}/connect${path}`, {
        method,
        headers: { origin: app, countersign: '1', 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      }),
    )
  const call = async (method: string, path: string, body?: object): Promise<Answer> => {
    const answer = await send(method, path, body)
    return { status: answer.status, body: (await answer.json()) as Answer['body'] }
  }
  const result = async (status: number): Promise<Connected> => {
    const { connections } = (await call('GET', '/connections')).body as unknown as Pick<
      Connected,
      'connections'
    >
    const path = `/connections/${connections[0]?.id ?? 'none'}`
    const refusal = () => events.filter(({ name }) => name === 'refused').at(-1)?.reason
    return {
      ...{ server, status, connections },
      ...{ reason: refusal(), refusal },
      authorizationUrl: (begun.body['authorization_url'] ?? '') as string,
      expiresIn: begun.body['expires_in'],
      fromApi: (below) => send('GET', `${path}/resource${below}`),
      accessToken: () => call('POST', `${path}/access-token`, {}),
      expire() {
        secondsLater = 3700
      },
    }
  }

  const verifier = secret(createCodeVerifier())
  const state = createState()
  const begun = await call('POST', '/bank/authorization', {
    state,
    code_challenge: await calculateCodeChallenge(verifier),
    nonce: createState(),
    redirect_uri: redirectUri,
  })
  if (begun.status !== 201) return result(begun.status)
  const url = new URL(String(begun.body['authorization_url']))
  if (pushed) url.search = pushed(url.searchParams.get('request_uri') ?? '')
  const back = new URL(server.visit(url.href))
  await change(server)
  const told: Record<string, unknown> = {
    code: back.searchParams.get('code'),
    state,
    code_verifier: verifier,
    iss: back.searchParams.get('iss'),
    ...(begun.body['transaction'] !== undefined && { transaction: begun.body['transaction'] }),
  }
  response?.(told)
  const { status } = await call('POST', '/bank/token', told)
  return result(status)
}
