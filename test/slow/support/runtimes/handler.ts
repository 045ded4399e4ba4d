// The backend as it runs in every runtime: the providers of check-backend, and Stitch. It runs in runtimes that are not
// Node, so it names nothing of Node's.
import {
  createBackend,
  fdx,
  oidc,
  reseal,
  stitch,
  type Backend,
  type BackendOptions,
  type BackendProvider,
  type Store,
} from 'countersign/backend'
import { checkStore } from '../../../../src/store-commands/check-store.js'

/** Settings, as every runtime has them: strings. */
export interface RuntimeEnvironment {
  readonly APP_ORIGIN: string
  /** Where the provider of check-backend is. */
  readonly PROVIDER: string
  readonly CLIENT_SECRET: string
  readonly COUNTERSIGN_KEY: string
  /** The key that `/reseal` changes to. */
  readonly COUNTERSIGN_NEXT_KEY: string
  readonly COUNTERSIGN_SUBJECT_SECRET: string
  /** Where the simulated Stitch is. */
  readonly STITCH: string
  readonly STITCH_CLIENT_ID: string
  /** PKCS #8 as PEM. */
  readonly STITCH_KEY: string
  /** A server that asks for a client certificate. */
  readonly MTLS_URL: string
}

/** In Workers a client certificate is a binding. */
export interface CertificateBinding {
  readonly CERTIFICATE?: { fetch(url: string): Promise<Response> }
}

const daySeconds = 86_400
const now = (): number => Date.now() / 1000

/** @param other The same store, by another handle. */
export function createHandler(
  env: RuntimeEnvironment & CertificateBinding,
  store: Store,
  other = store,
): (request: Request) => Promise<Response> {
  const provider = (name: string, mode: 'mediated' | 'bff', scope = 'accounts payments') =>
    oidc({
      mode,
      issuer: env.PROVIDER,
      clientId: 'check',
      clientSecret: env.CLIENT_SECRET,
      redirectUri: `${env.APP_ORIGIN}/callback/${name}`,
      scope,
      ...(mode === 'bff' && {
        api: `${env.PROVIDER}/api/`,
        routes: [
          { method: 'GET', path: '/accounts', query: ['limit'] },
          { method: 'GET', path: '/accounts/{accountId}' },
          { method: 'GET', path: '/{customerId}/transactions' },
          { method: 'POST', path: '/payments' },
        ],
      }),
    })
  const bank = stitch({
    clientId: env.STITCH_CLIENT_ID,
    redirectUri: `${env.APP_ORIGIN}/callback/stitch`,
    scope: 'openid accounts balances offline_access',
    privateKey: env.STITCH_KEY,
    keyId: 'k1',
    issuer: env.STITCH,
    authorizationEndpoint: `${env.STITCH}/connect/authorize`,
    tokenEndpoint: `${env.STITCH}/connect/token`,
    api: `${env.STITCH}/`,
    // So that a connection is due tomorrow. Its index is read day by day.
    refreshTokenSlidingSeconds: 2 * daySeconds,
  })
  const options: BackendOptions = {
    origins: [env.APP_ORIGIN],
    keys: [env.COUNTERSIGN_KEY, env.COUNTERSIGN_NEXT_KEY],
    subjectKeySecret: env.COUNTERSIGN_SUBJECT_SECRET,
    store,
    rateLimit: 'off',
    session: ({ headers }) => {
      const subject = /\bsession=(\w+)/.exec(headers.get('cookie') ?? '')?.[1]
      return subject === undefined ? null : { subject }
    },
    providers: {
      check: provider('check', 'mediated'),
      'check-bff': provider('check-bff', 'bff'),
      'check-openid': provider('check-openid', 'mediated', 'openid accounts payments'),
      stitch: bank,
    },
  }
  const backend = createBackend(options)
  const tomorrow = createBackend({
    ...options,
    clock: { now: () => now() + 1.1 * daySeconds },
    providers: { ...options.providers, stitch: asOfToday(bank) },
  })
  return async (request) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/health') return Response.json(await backend.health())
    if (pathname === '/without-certificate') return new Response(faultWithoutCertificate(env))
    if (pathname.startsWith('/jobs/')) return Response.json(await runJob(pathname, tomorrow, env, store))
    if (pathname === '/mtls' && env.CERTIFICATE) return env.CERTIFICATE.fetch(env.MTLS_URL)
    if (pathname !== '/check-store') return backend(request)
    const pass = (seconds: number): Promise<void> =>
      new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    return Response.json(await checkStore({ store, other, pass }))
  }
}

/** A provider at which it is still today: it takes no client assertion of tomorrow, and its ID Tokens end today. */
function asOfToday<C extends object>(provider: BackendProvider<C>): BackendProvider<C> {
  const context = { now: () => Math.floor(now()) }
  return {
    ...provider,
    refresh: async (tokens, own) => ({ ...(await provider.refresh?.(tokens, { ...own, ...context })) }),
  }
}

/** What a server does without a page, a day later. */
async function runJob(
  pathname: string,
  { connections }: Backend,
  { COUNTERSIGN_KEY, COUNTERSIGN_NEXT_KEY }: RuntimeEnvironment,
  store: Store,
): Promise<unknown> {
  if (pathname === '/jobs/reindex') return connections.reindex()
  if (pathname === '/jobs/reseal') return reseal({ store, keys: [COUNTERSIGN_NEXT_KEY, COUNTERSIGN_KEY] })
  const due: string[] = []
  for await (const connection of connections.due({ renewBefore: now() + 3 * daySeconds })) {
    if (pathname === '/jobs/renew') await connection.renew()
    due.push(connection.id)
  }
  return due
}

/** What a backend says at its start whose FDX provider has the platform's `fetch`. */
function faultWithoutCertificate({ APP_ORIGIN, PROVIDER }: RuntimeEnvironment): string {
  try {
    fdx({
      clientId: 'check',
      redirectUri: `${APP_ORIGIN}/callback/fdx`,
      issuer: PROVIDER,
      api: `${PROVIDER}/api/`,
      scope: 'ACCOUNT_BASIC',
      fetch,
      consents: {},
    })
    return ''
  } catch (error) {
    return error instanceof TypeError ? error.message : String(error)
  }
}
