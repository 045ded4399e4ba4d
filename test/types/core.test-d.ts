import {
  createClient,
  singleUser,
  type AuthorizationResponseError,
  type AuthorizationState,
  type CallbackState,
  type Connection,
  type ConnectionOf,
  type ConnectionsState,
  type CountersignError,
  type DetailsOf,
  type ErrorCode,
  type InputOf,
  type ModeOf,
  type Recovery,
  type TokensState,
} from 'countersign/core'
import { english, type Messages } from 'countersign/messages'
import {
  apiture,
  backend,
  basis,
  defineProvider,
  oidc,
  stitch,
  type BasisDetails,
} from 'countersign/providers'
import { expectTypeOf, test } from 'vitest'

const client = createClient({
  subject: singleUser,
  backend: '/connect',
  providers: {
    apiture: apiture({ clientId: 'client', scope: 'openid' }),
    stitch: stitch({ clientId: 'client', scope: 'openid' }),
    basis: basis({ clientId: 'client', environment: 'development' }),
    closed: stitch({ clientId: 'client', scope: 'openid', mode: 'bff' }),
  },
})

test('a client knows its providers by name', () => {
  expectTypeOf(client.tokens).parameter(0).toEqualTypeOf<'apiture' | 'stitch' | 'basis' | 'closed'>()
  // @ts-expect-error no provider has this name
  client.authorization('nobody')
  // @ts-expect-error no provider has this name
  client.tokens('nobody')
})

test('the input of a provider is its own and what all have', () => {
  expectTypeOf<InputOf<(typeof client.providers)['basis']>>().toExtend<{
    readonly platformId: string
    readonly returnTo?: string | undefined
    readonly scope?: string | undefined
    readonly connection?: string | undefined
    readonly display?: 'redirect' | 'popup' | undefined
  }>()
  client.authorization('apiture')
  client.authorization('apiture', { returnTo: '/accounts', scope: 'openid', display: 'popup' })
  // @ts-expect-error a state is made by the library
  client.authorization('apiture', { state: 'fixed' })
  // @ts-expect-error nor is a redirect URI chosen here
  client.authorization('apiture', { redirectUri: 'https://evil.example' })
  // @ts-expect-error there are two ways
  client.authorization('apiture', { display: 'iframe' })
})

test('access tokens are reachable in browser and mediated mode, and not in bff mode', () => {
  type Connected<Name extends keyof typeof client.providers> = Extract<
    ReturnType<ReturnType<typeof client.tokens<Name>>['get']>,
    { readonly status: 'connected' }
  >
  expectTypeOf<Connected<'apiture'>['getAccessToken']>().toEqualTypeOf<() => Promise<string>>()
  expectTypeOf<Connected<'stitch'>['expiresAt']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<Connected<'closed'>>().not.toHaveProperty('getAccessToken')
  expectTypeOf<Connected<'closed'>>().not.toHaveProperty('expiresAt')
  expectTypeOf<Connected<'closed'>['fetch']>().toEqualTypeOf<
    (path: string, init?: RequestInit) => Promise<Response>
  >()
})

test('the details of a connection are those of its provider', () => {
  expectTypeOf<DetailsOf<(typeof client.providers)['basis']>>().toEqualTypeOf<BasisDetails>()
  const state = client.tokens('basis').get()
  if (state.status === 'connected') expectTypeOf(state.connection.details.profileId).toEqualTypeOf<string>()
})

test('what was granted before a renewal has the details of its provider', () => {
  const state = client.callback.get()
  if (state.status === 'connected' && state.provider === 'basis' && state.previous)
    expectTypeOf(state.previous.details).toEqualTypeOf<BasisDetails>()
})

test('a callback is told apart by its status, and has only what there is then', () => {
  const narrow = (state: CallbackState) => {
    switch (state.status) {
      case 'none':
      case 'pending':
        expectTypeOf(state).not.toHaveProperty('returnTo')
        return
      case 'connected':
        expectTypeOf(state.connection).toEqualTypeOf<Connection>()
        expectTypeOf(state.previous).toEqualTypeOf<Pick<Connection, 'grantedScope' | 'details'> | undefined>()
        expectTypeOf(state.returnTo).toEqualTypeOf<string>()
        expectTypeOf(state).not.toHaveProperty('error')
        return
      case 'cancelled':
        expectTypeOf(state.restart).toEqualTypeOf<() => void>()
        expectTypeOf(state.restartAsync).toEqualTypeOf<() => Promise<unknown>>()
        expectTypeOf(state).not.toHaveProperty('error')
        return
      case 'denied':
        expectTypeOf(state.error).toEqualTypeOf<AuthorizationResponseError>()
        return
      case 'sign_in_required':
        expectTypeOf(state.resume).toEqualTypeOf<() => void>()
        expectTypeOf(state.resumeAsync).toEqualTypeOf<() => Promise<CallbackState>>()
        return
      case 'interaction_finished':
        expectTypeOf(state.returnTo).toEqualTypeOf<string>()
        expectTypeOf(state).not.toHaveProperty('connection')
        return
      case 'failed':
        expectTypeOf(state.error).toEqualTypeOf<CountersignError>()
        expectTypeOf(state.resume).toEqualTypeOf<(() => void) | undefined>()
        expectTypeOf(state.resumeAsync).toEqualTypeOf<(() => Promise<CallbackState>) | undefined>()
        return
      default:
        expectTypeOf(state).toBeNever()
    }
  }
  expectTypeOf(narrow).returns.toBeVoid()
})

test('the other states are unions by status as well', () => {
  expectTypeOf<TokensState['status']>().toEqualTypeOf<
    'restoring' | 'connected' | 'disconnected' | 'reauthorization_required' | 'sign_in_required' | 'failed'
  >()
  expectTypeOf<ConnectionsState['status']>().toEqualTypeOf<
    'restoring' | 'ready' | 'sign_in_required' | 'failed'
  >()
  expectTypeOf<AuthorizationState>().extract<{ status: 'idle' | 'leaving' }>().not.toHaveProperty('error')
  expectTypeOf<AuthorizationState>().extract<{ status: 'failed' }>().toHaveProperty('error')
})

test('an error has a code and a recovery from closed lists', () => {
  expectTypeOf<CountersignError['code']>().toEqualTypeOf<ErrorCode>()
  expectTypeOf<CountersignError['recovery']>().toEqualTypeOf<Recovery>()
  expectTypeOf<Recovery>().toEqualTypeOf<'resume' | 'authorize' | 'sign_in' | 'configure'>()
  expectTypeOf<'state_unknown'>().toExtend<ErrorCode>()
  expectTypeOf<string>().not.toExtend<ErrorCode>()
})

test('no option takes a secret', () => {
  // @ts-expect-error a page is a public client
  apiture({ clientId: 'client', scope: 'openid', clientSecret: 'x' })
  // @ts-expect-error a page is a public client
  stitch({ clientId: 'client', scope: 'openid', privateKey: 'x' })
  // @ts-expect-error a page is a public client
  oidc({ issuer: 'https://as.example', clientId: 'client', scope: 'openid', clientSecret: 'x' })
})

test('no provider can be used in a mode that is weaker than it allows', () => {
  // @ts-expect-error its clients authenticate with a private key
  stitch({ clientId: 'client', scope: 'openid', mode: 'browser' })
  // @ts-expect-error its clients authenticate with a secret
  basis({ clientId: 'client', environment: 'development', mode: 'browser' })
  // @ts-expect-error there is no such mode
  apiture({ clientId: 'client', scope: 'openid', mode: 'implicit' })
})

test('an expected state of an authorization is what authorizeAsync resolves with', () => {
  const { authorizeAsync, prepareAsync, ...handlers } = client.authorization('apiture')
  type State = AuthorizationState<ConnectionOf<typeof client.providers, 'apiture'>>
  expectTypeOf(authorizeAsync).returns.toEqualTypeOf<Promise<State>>()
  expectTypeOf(prepareAsync).returns.toEqualTypeOf<Promise<void>>()
  expectTypeOf(handlers.authorize).returns.toBeVoid()
  expectTypeOf(handlers.prepare).returns.toBeVoid()
})

test('the subject is always given', () => {
  const providers = { apiture: apiture({ clientId: 'client', scope: 'openid' }) }
  createClient({ subject: 'anna', providers })
  createClient({ subject: null, providers })
  createClient({ subject: Promise.resolve<string | null>(null), providers })
  // @ts-expect-error undefined is no id, nor a way to say that there is none
  createClient({ subject: undefined, providers })
  // @ts-expect-error it is left out
  createClient({ providers })
  const user = Object({}) as { id: string } | undefined
  // @ts-expect-error while the user loads the id is undefined: give a promise
  createClient({ subject: user?.id, providers })
  // @ts-expect-error an id is a string
  createClient({ subject: 7, providers })
  // @ts-expect-error only the exported symbol stands for an app without users
  createClient({ subject: Symbol('singleUser'), providers })
  expectTypeOf(client.setSubject).parameter(0).toEqualTypeOf<string | null>()
})

test('what an authorization came to is told apart by the names of the providers', () => {
  const providers = {
    apiture: apiture({ clientId: 'client', scope: 'openid' }),
    basis: basis({ clientId: 'client', environment: 'development' }),
  }
  createClient({
    ...{ subject: singleUser, backend: '/connect', providers },
    onOutcome(outcome) {
      expectTypeOf(outcome.status).toEqualTypeOf<'connected' | 'cancelled' | 'denied' | 'failed'>()
      if (outcome.status !== 'connected') return
      expectTypeOf(outcome.provider).toEqualTypeOf<'apiture' | 'basis'>()
      // @ts-expect-error no provider has this name
      if (outcome.provider === 'stitch') return
      if (outcome.provider === 'basis') expectTypeOf(outcome.connection.details).toEqualTypeOf<BasisDetails>()
    },
  })
})

test('what comes back of the app’s own state is unknown: any script of the origin can have written it', () => {
  client.authorization('apiture', { appState: { cart: ['a'] } })
  const callback = client.callback.get()
  if (callback.status === 'connected' || callback.status === 'cancelled') {
    expectTypeOf(callback.appState).toBeUnknown()
    // @ts-expect-error check it first
    expectTypeOf(callback.appState.cart).toBeUnknown()
  }
  createClient({
    ...{ subject: singleUser, backend: '/connect', providers: client.providers },
    onOutcome: ({ appState }) => {
      expectTypeOf(appState).toBeUnknown()
    },
  })
})

test('a translation has a sentence for every code, and none for another', () => {
  const { cancelled: _, ...others } = english
  // @ts-expect-error one is missing
  const incomplete: Messages = others
  // @ts-expect-error no error has this code
  const mistyped: Messages = { ...english, canceled: 'You stopped at your bank.' }
  expectTypeOf({ ...others, cancelled: 'Vous avez arrêté.' }).toExtend<Messages>()
  expectTypeOf([incomplete, mistyped]).toEqualTypeOf<Messages[]>()
})

test('what is ready is neither restoring nor failed', () => {
  const _read = () => client.ready('basis', { signal: new AbortController().signal })
  type Ready = Awaited<ReturnType<typeof _read>>
  expectTypeOf<Ready['status']>().toEqualTypeOf<
    'connected' | 'disconnected' | 'reauthorization_required' | 'sign_in_required'
  >()
  expectTypeOf<
    Extract<Ready, { status: 'connected' }>['connection']['details']
  >().toEqualTypeOf<BasisDetails>()
})

test('a provider of one’s own has the input and the details that its functions take and give', () => {
  const own = defineProvider({
    label: 'Example Bank',
    clientId: 'client',
    scope: 'openid',
    authorizationEndpoint: 'https://bank.example/authorize',
    channel: backend('bff'),
    toInput: ({ branch }: { branch: string }) => ({ branch }),
    toDetails: ({ customer }) => ({ customer: typeof customer === 'string' ? customer : '' }),
  })
  expectTypeOf<DetailsOf<typeof own>>().toEqualTypeOf<{ customer: string }>()
  expectTypeOf<ModeOf<typeof own>>().toEqualTypeOf<'bff'>()
  const { authorization } = createClient({ subject: singleUser, backend: '/connect', providers: { own } })
  authorization('own', { branch: 'north' })
  // @ts-expect-error the branch is missing
  authorization('own').authorize()
})

test('userinfo and the named claims are those of an OpenID provider, and no userinfo is in bff mode', () => {
  const common = { issuer: 'https://as.example', clientId: 'client', scope: 'openid' }
  const page = oidc({ ...common, details: ['name', 'email'] })
  const endpoint = { authorizationEndpoint: 'https://as.example/authorize' }
  const closed = oidc({ ...common, ...endpoint, mode: 'bff' })
  expectTypeOf<keyof DetailsOf<typeof page>>().toEqualTypeOf<'name' | 'email'>()
  const { tokens } = createClient({
    subject: singleUser,
    backend: '/connect',
    providers: { page, closed, stitch: stitch({ clientId: 'client', scope: 'openid' }) },
  })
  const known = <S extends { readonly status: string }>(state: S) =>
    state as Extract<S, { readonly status: 'connected' }>
  expectTypeOf(known(tokens('page').get())).toHaveProperty('userinfo')
  expectTypeOf(known(tokens('closed').get())).not.toHaveProperty('userinfo')
  expectTypeOf(known(tokens('stitch').get())).not.toHaveProperty('userinfo')
})
