import {
  createBackend,
  defineBackendProvider,
  memoryStore,
  oauthClient,
  type AuthorizationSetup,
  type BackendProvider,
  type SessionOf,
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
