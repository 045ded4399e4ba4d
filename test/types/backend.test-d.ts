import {
  createBackend,
  type Backend,
  type BackendConnection,
  defineBackendProvider,
  memoryStore,
  oauthClient,
  oidc,
  type AuthorizationSetup,
  type BackendProvider,
  type DueConnection,
  type JsonObject,
  type Revocation,
  type SessionOf,
  type WebhookEvent,
} from 'countersign/backend'
import { expectTypeOf, test } from 'vitest'

interface Mail {
  readonly email: string
}
interface User {
  readonly bankUser?: string
}

declare const plain: BackendProvider
declare const mailing: BackendProvider<Mail>
declare const numbered: BackendProvider<User>

const common = { origins: ['https://app.example'], store: memoryStore() }

test('the session gives what every provider needs to know, and no less', () => {
  expectTypeOf<SessionOf<{ a: typeof mailing; b: typeof numbered }>['claims']>().toEqualTypeOf<Mail & User>()
  createBackend({
    ...common,
    providers: { mailing, numbered },
    session: () => ({ subject: 'robin', claims: { email: 'robin@example.com' } }),
  })
  createBackend({
    ...common,
    providers: { mailing },
    // @ts-expect-error -- the provider needs an e-mail address
    session: () => ({ subject: 'robin', claims: {} }),
  })
  createBackend({
    ...common,
    providers: { mailing },
    // @ts-expect-error -- the provider needs claims
    session: () => ({ subject: 'robin' }),
  })
})

test('claims may be left out where no provider insists on any', () => {
  createBackend({ ...common, providers: { plain }, session: () => ({ subject: 'robin' }) })
  createBackend({ ...common, providers: { plain, numbered }, session: () => null })
  createBackend({
    ...common,
    providers: { plain, numbered },
    session: (request) => Promise.resolve({ subject: request.url, claims: { bankUser: '1' } }),
  })
  createBackend({
    ...common,
    providers: { numbered },
    // @ts-expect-error -- a user id is a string
    session: () => ({ subject: 'robin', claims: { bankUser: 1 } }),
  })
})

test('a provider of one’s own demands of the session what its functions read', () => {
  const own = defineBackendProvider({
    label: 'Example Bank',
    mode: 'bff',
    redirectUri: 'https://app.example/callback/own',
    scope: 'openid',
    client: oauthClient({ issuer: 'https://bank.example', clientId: 'c', authentication: 'none' }),
    toParameters: ({ session }: AuthorizationSetup<Mail>) => ({ login_hint: session.claims.email }),
  })
  expectTypeOf(own.mode).toEqualTypeOf<'bff'>()
  expectTypeOf<SessionOf<{ own: typeof own }>['claims']>().toEqualTypeOf<Mail>()
  // @ts-expect-error a client authenticates, or says that it is public
  oauthClient({ issuer: 'https://bank.example', clientId: 'c' })
})

declare const backend: Backend
const robins = { subject: 'robin', id: 'c-1' }

test('connections are used by the id and its user, and never by the id alone', () => {
  const { connections } = backend
  expectTypeOf(connections.list({ subject: 'robin' })).resolves.toEqualTypeOf<readonly BackendConnection[]>()
  expectTypeOf(connections.find(robins)).resolves.toEqualTypeOf<BackendConnection | undefined>()
  expectTypeOf(
    connections.fetch(robins, '/accounts', { method: 'POST', body: '{}' }),
  ).resolves.toEqualTypeOf<Response>()
  expectTypeOf(connections.accessToken(robins, { rejected: 'old' })).resolves.toExtend<{
    accessToken: string
    expiresAt?: number
  }>()
  expectTypeOf(connections.disconnect(robins)).resolves.toEqualTypeOf<Revocation>()
  expectTypeOf(connections.reindex()).resolves.toEqualTypeOf<number>()
  // @ts-expect-error -- nobody is named
  void connections.find({ id: 'c-1' })
  // @ts-expect-error -- no connection is named
  void connections.accessToken({ subject: 'robin' })
  // @ts-expect-error -- a path below the API, and no request
  void connections.fetch(robins, new Request('https://api.example/accounts'))
  // @ts-expect-error -- a body is JSON as text
  void connections.fetch(robins, '/accounts', { method: 'POST', body: { amount: 1 } })
  // @ts-expect-error -- a list is one user's
  void connections.list()
})

test('a connection on the server holds no token', () => {
  expectTypeOf<Extract<keyof BackendConnection, 'accessToken' | 'refreshToken' | 'tokens'>>().toBeNever()
  expectTypeOf<BackendConnection['status']>().toEqualTypeOf<
    'connected' | 'reauthorization_required' | 'failed'
  >()
})

test('only a connection that is due is renewed, and it says whose it is', () => {
  const due = backend.connections.due({ renewBefore: 0 })
  expectTypeOf(due).toExtend<AsyncIterable<DueConnection>>()
  expectTypeOf<DueConnection>().toExtend<{
    subject: string
    id: string
    provider: string
    renewBy: number
  }>()
  expectTypeOf<ReturnType<DueConnection['renew']>>().resolves.toEqualTypeOf<BackendConnection>()
  // @ts-expect-error -- without a time everything would be due
  backend.connections.due({})
  // @ts-expect-error -- epoch seconds, and no Date
  backend.connections.due({ renewBefore: new Date() })
  expectTypeOf(backend.connections).not.toHaveProperty('renew')
})

test('a webhook is a handler of its own, and tells details only where they are signed', () => {
  const webhooks = backend.webhooks({
    onEvent(event) {
      expectTypeOf(event).toEqualTypeOf<WebhookEvent>()
      expectTypeOf(event.kind).toEqualTypeOf<'synced' | 'data_changed' | 'renewal_needed' | 'other'>()
      expectTypeOf(event.subject).toEqualTypeOf<string>()
      // @ts-expect-error -- nothing is known of an event that nobody has signed
      expectTypeOf(event.detail).not.toBeAny()
      if (event.verified) expectTypeOf(event.detail).toEqualTypeOf<JsonObject>()
    },
  })
  expectTypeOf(webhooks).toEqualTypeOf<(request: Request) => Promise<Response>>()
  // @ts-expect-error -- somebody must take the events
  backend.webhooks({})
  // @ts-expect-error -- an option that there is not
  backend.webhooks({ onEvent: () => undefined, session: () => null })
})

test('a provider of one’s own may list institutions, of which a page gets an id and a name at least', () => {
  const common = {
    label: 'Example Bank',
    mode: 'bff',
    redirectUri: 'https://app.example/callback/own',
    scope: 'openid',
    client: oauthClient({ issuer: 'https://bank.example', clientId: 'c', authentication: 'none' }),
  } as const
  defineBackendProvider({
    ...common,
    institutions: { read: () => Promise.resolve([{ id: '1', name: 'A' }]) },
  })
  // @ts-expect-error -- an institution has a name
  defineBackendProvider({ ...common, institutions: { read: () => Promise.resolve([{ id: '1' }]) } })
})

test('`fapi` of oidc takes what the profile allows, and nothing else', () => {
  const common = {
    issuer: 'https://as.example',
    clientId: 'client',
    redirectUri: 'https://app.example/callback/bank',
    scope: 'openid',
    api: 'https://api.as.example/',
    routes: [],
  } as const
  const send = () => Promise.resolve(new Response())
  const key = { privateKey: 'PEM', keyId: 'key' } as const
  const profile = { ...common, mode: 'bff', fapi: true, fetch: send } as const
  expectTypeOf(oidc({ ...profile, ...key, algorithm: 'ES256' }).mode).toEqualTypeOf<'bff'>()
  expectTypeOf(oidc({ ...profile, authentication: 'tls_client_auth' }).mode).toEqualTypeOf<'bff'>()
  // Bound to a key, and no certificate.
  const { fetch: _fetch, ...bare } = profile
  expectTypeOf(oidc({ ...bare, ...key, dpop: true }).mode).toEqualTypeOf<'bff'>()
  // @ts-expect-error tokens are bound to a certificate or a key
  oidc({ ...bare, ...key })
  // A certificate without the profile, in any mode.
  expectTypeOf(
    oidc({ ...common, authentication: 'tls_client_auth', fetch: send }).mode,
  ).toEqualTypeOf<'mediated'>()
  expectTypeOf(oidc({ ...common, ...key, fapi: false }).mode).toEqualTypeOf<'mediated'>()
  // @ts-expect-error a secret is no authentication of the profile
  oidc({ ...profile, clientSecret: 'x' })
  // @ts-expect-error the client of the profile is no public one
  oidc({ ...profile, authentication: 'none' })
  // @ts-expect-error assertions are not signed with RS256
  oidc({ ...profile, ...key, algorithm: 'RS256' })
  // @ts-expect-error assertions are for the issuer
  oidc({ ...profile, ...key, assertionAudience: 'https://as.example/token' })
  // @ts-expect-error a page could not use the tokens
  oidc({ ...profile, ...key, mode: 'mediated' })
  // @ts-expect-error tokens are bound to a certificate
  oidc({ ...profile, ...key, fetch: undefined })
  // @ts-expect-error every request is pushed
  oidc({ ...profile, ...key, par: false })
  // @ts-expect-error a certificate must be presented
  oidc({ ...common, authentication: 'tls_client_auth' })
})
