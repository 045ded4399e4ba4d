import {
  createClient,
  singleUser,
  useAuthorizationCallback,
  useAuthorize,
  useCallback,
  useClient,
  useConnection,
  useConnections,
  useInstitutions,
  useTokens,
  type AnyClient,
  type AuthorizationState,
  type Client,
  type CallbackState,
  type ConnectionOf,
  type ConnectionsState,
  type CountersignProvider,
  type EventLike,
} from 'countersign'
import { apiture, type BasisDetails, type BasisInput, type MoneyhubInputs } from 'countersign/providers'
import type { ComponentProps, FocusEvent, MouseEvent, MouseEventHandler, PointerEventHandler } from 'react'
import { describe, expectTypeOf, test } from 'vitest'
import type { bank } from './registered.test-d.js'

const second = createClient({
  subject: singleUser,
  providers: { only: apiture({ clientId: 'client', scope: 'openid' }) },
})

type Banks = typeof bank.providers
type Name = 'apiture' | 'stitch' | 'basis' | 'moneyhub' | 'fdx'

test('the provider component takes the registered client', () => {
  expectTypeOf<ComponentProps<typeof CountersignProvider>['client']>().toEqualTypeOf<typeof bank>()
})

test('a client is any client, whatever its providers', () => {
  const any: readonly AnyClient[] = [second, {} as typeof bank, {} as Client]
  expectTypeOf(any).toExtend<readonly object[]>()
  const useFirst = () => useClient()
  expectTypeOf(useFirst).returns.toEqualTypeOf<typeof bank>()
  const useSecond = () => useClient({ client: second })
  expectTypeOf(useSecond).returns.toEqualTypeOf<typeof second>()
})

test('any client has every store that a hook reads', () => {
  expectTypeOf<AnyClient>().toHaveProperty('institutions')
  // @ts-expect-error useInstitutions would find nothing there
  expectTypeOf<Omit<AnyClient, 'institutions'>>().toExtend<AnyClient>()
})

describe('the name of a provider tells the details of its connection, and no other name exists', () => {
  test('in useAuthorizationCallback', () => {
    expectTypeOf(useCallback).toEqualTypeOf(useAuthorizationCallback)
    const useProfile = () => {
      const callback = useAuthorizationCallback()
      expectTypeOf(callback).toEqualTypeOf<CallbackState<ConnectionOf<Banks>>>()
      if (callback.status !== 'connected') return undefined
      expectTypeOf(callback.provider).toEqualTypeOf<Name>()
      // @ts-expect-error no provider has this name
      expectTypeOf(callback.provider === 'typo').toBeBoolean()
      // @ts-expect-error it may be another provider's
      expectTypeOf(callback.connection.details.profileId).toBeAny()
      return callback.provider === 'basis' ? callback.connection.details.profileId : undefined
    }
    expectTypeOf(useProfile).returns.toEqualTypeOf<string | undefined>()
  })

  test('in every other outcome, where it is the name alone', () => {
    type Of<Status> = Extract<CallbackState<ConnectionOf<Banks>>, { readonly status: Status }>
    expectTypeOf<Of<'cancelled' | 'denied' | 'sign_in_required'>['provider']>().toEqualTypeOf<Name>()
    expectTypeOf<Of<'failed'>['provider']>().toEqualTypeOf<Name | undefined>()
  })

  test('in useConnections, with and without select', () => {
    const useProfiles = () => {
      const { connections = [], abandoned = [] } = useConnections()
      expectTypeOf(connections).toEqualTypeOf<readonly ConnectionOf<Banks>[]>()
      for (const { provider } of abandoned) expectTypeOf(provider).toEqualTypeOf<Name>()
      return connections.flatMap((connection) => {
        // @ts-expect-error no provider has this name
        if (connection.provider === 'typo') return []
        return connection.provider === 'basis' ? [connection.details.profileId] : []
      })
    }
    expectTypeOf(useProfiles).returns.toEqualTypeOf<string[]>()
    const useSelection = () =>
      useConnections({
        select: (state) => {
          expectTypeOf(state).toEqualTypeOf<ConnectionsState<ConnectionOf<Banks>>>()
          if (state.status !== 'ready') return undefined
          // @ts-expect-error no provider has this name
          state.connections.find(({ provider }) => provider === 'typo')
          return state.connections.find((connection) => connection.provider === 'basis')?.details.profileId
        },
      })
    expectTypeOf(useSelection).returns.toEqualTypeOf<string | undefined>()
  })

  test('in the outcome of a popup', () => {
    const useOne = () => {
      const attempt = useAuthorize('basis', { display: 'popup' })
      return attempt.status === 'connected' ? attempt.connection.details.profileId : undefined
    }
    expectTypeOf(useOne).returns.toEqualTypeOf<string | undefined>()
    const useAny = (name: Name) => {
      const attempt = useAuthorize(name, { display: 'popup' })
      if (attempt.status !== 'connected') return undefined
      // @ts-expect-error no provider has this name
      if (attempt.provider === 'typo') return undefined
      return attempt.provider === 'basis' ? attempt.connection.details.profileId : undefined
    }
    expectTypeOf(useAny).returns.toEqualTypeOf<string | undefined>()
    // @ts-expect-error no provider has this name
    const useNobody = () => useAuthorize('typo')
    expectTypeOf(useNobody).toBeFunction()
  })

  test('in useConnection', () => {
    expectTypeOf(useTokens).toEqualTypeOf(useConnection)
    const useOne = () => {
      const basis = useConnection('basis')
      if (basis.status !== 'connected') return undefined
      expectTypeOf(basis.connection.provider).toEqualTypeOf<'basis'>()
      return basis.connection.details.profileId
    }
    expectTypeOf(useOne).returns.toEqualTypeOf<string | undefined>()
    const useAny = (name: Name) => {
      const state = useConnection(name)
      if (state.status !== 'connected') return undefined
      const { connection } = state
      // @ts-expect-error no provider has this name
      if (connection.provider === 'typo') return undefined
      return connection.provider === 'basis' ? connection.details : undefined
    }
    expectTypeOf(useAny).returns.toEqualTypeOf<BasisDetails | undefined>()
    // @ts-expect-error no provider has this name
    const useNobody = () => useConnection('typo')
    expectTypeOf(useNobody).toBeFunction()
  })
})

test('a state of known providers is one of unknown providers, which a component for any client takes', () => {
  expectTypeOf<CallbackState<ConnectionOf<Banks>>>().toExtend<CallbackState>()
  expectTypeOf<ConnectionsState<ConnectionOf<Banks>>>().toExtend<ConnectionsState>()
  expectTypeOf<AuthorizationState<ConnectionOf<Banks>>>().toExtend<AuthorizationState>()
})

test('a hook that is given another client knows the providers of that one', () => {
  const useSecond = () => useConnection('only', { client: second })
  expectTypeOf(useSecond).returns.extract<{ status: 'connected' }>().toHaveProperty('getAccessToken')
  // @ts-expect-error the registered client has it, this one has not
  const useWrong = () => useConnection('stitch', { client: second })
  expectTypeOf(useWrong).toBeFunction()
  // @ts-expect-error the registered client has it, this one has not
  const useWrongToo = () => useAuthorize('stitch', {}, { client: second })
  expectTypeOf(useWrongToo).toBeFunction()
  const useOutcome = () => useAuthorizationCallback({ client: second })
  expectTypeOf(useOutcome).returns.toEqualTypeOf<CallbackState<ConnectionOf<typeof second.providers>>>()
  const useNames = () =>
    useConnections({
      client: second,
      select: (state) => (state.status === 'ready' ? state.connections.map(({ provider }) => provider) : []),
    })
  expectTypeOf(useNames).returns.toEqualTypeOf<'only'[]>()
})

test('an error can be read from every state of an authorization, and says so', () => {
  const useError = () => useAuthorize('stitch').error?.code
  expectTypeOf(useError).returns.extract<string>().not.toBeNever()
})

describe('authorize and prepare', () => {
  test('are event handlers as they are, where nothing is missing', () => {
    const useStitch = () => useAuthorize('stitch')
    const useBasis = () => useAuthorize('basis', { platformId: '4f2cc69b' })
    type Handlers = { authorize: MouseEventHandler; prepare: PointerEventHandler }
    expectTypeOf(useStitch).returns.toExtend<Handlers>()
    expectTypeOf(useBasis).returns.toExtend<Handlers>()
    const { authorize } = {} as ReturnType<typeof useBasis>
    expectTypeOf(authorize).toBeCallableWith()
    expectTypeOf(authorize).toBeCallableWith({ returnTo: '/accounts' })
    for (const event of [] as (MouseEvent | FocusEvent | Event)[]) authorize(event)
    // React Aria's
    expectTypeOf<{ type: 'press'; pointerType: 'touch'; target: Element }>().toExtend<EventLike>()
  })

  test('are none where the hook left out a field that is needed: it is given at the click', () => {
    const useBasis = () => useAuthorize('basis', { returnTo: '/accounts' })
    expectTypeOf(useBasis).toBeFunction()
    type Result = ReturnType<typeof useBasis>
    expectTypeOf<Result['authorize']>().not.toExtend<MouseEventHandler>()
    expectTypeOf<Result['prepare']>().not.toExtend<PointerEventHandler>()
    const { authorize, authorizeAsync, prepareAsync } = {} as Result
    authorize({ platformId: '4f2cc69b' })
    authorize({ platformId: '4f2cc69b', returnTo: '/elsewhere' })
    // @ts-expect-error Basis needs to know the platform
    authorize()
    // @ts-expect-error Basis needs to know the platform
    void authorizeAsync({ returnTo: '/' })
    // @ts-expect-error that is no input of Basis
    void prepareAsync({ platformId: '4f2cc69b', bankId: 'x' })
    // @ts-expect-error an event is no platform
    authorize({} as MouseEvent)
  })

  test('take what a field that may be undefined leaves open', () => {
    const useMaybe = (platformId: string | undefined) => useAuthorize('basis', { platformId })
    expectTypeOf(useMaybe).returns.toHaveProperty('authorize').not.toExtend<MouseEventHandler>()
  })

  test('know the alternatives of an input', () => {
    const useNothing = () => useAuthorize('moneyhub')
    const useRenewal = () => useAuthorize('moneyhub', { mode: 'reauth', connection: 'x' })
    expectTypeOf([useNothing, useRenewal]).toBeArray()
    const nothing = {} as ReturnType<typeof useNothing>
    nothing.authorize({ bankId: 'test' })
    nothing.authorize({ mode: 'reconsent', connectionId: 'y', connection: 'x' })
    // @ts-expect-error a renewal names the connection
    nothing.authorize({ mode: 'reconsent' })
    const renewal = {} as ReturnType<typeof useRenewal>
    renewal.authorize({ connectionId: 'y' })
    // @ts-expect-error a renewal names the connection
    renewal.authorize({})
    const useWhole = () => useAuthorize('moneyhub', { mode: 'reauth', connectionId: 'y', connection: 'x' })
    expectTypeOf(useWhole).returns.toHaveProperty('authorize').toExtend<MouseEventHandler>()
  })
})

test('what a handler calls returns nothing, and has a twin that returns a promise', () => {
  type Attempt = ReturnType<typeof useAuthorize<typeof bank, 'apiture'>>
  expectTypeOf<Attempt['authorize']>().returns.toBeVoid()
  expectTypeOf<Attempt['prepare']>().returns.toBeVoid()
  expectTypeOf<Attempt['prepareAsync']>().returns.toEqualTypeOf<Promise<void>>()
  type Callback = CallbackState<ConnectionOf<Banks>>
  type SignIn = Extract<Callback, { status: 'sign_in_required' }>
  expectTypeOf<SignIn['resume']>().toEqualTypeOf<() => void>()
  const outcome: Promise<Callback> = ({} as SignIn).resumeAsync()
  expectTypeOf(outcome).toEqualTypeOf<Promise<Callback>>()
  type Denied = Extract<Callback, { status: 'denied' }>
  expectTypeOf<Denied['restart']>().toEqualTypeOf<() => void>()
  type Lost = Extract<ConnectionsState<ConnectionOf<Banks>>, { status: 'ready' }>['abandoned'][number]
  expectTypeOf<Lost['dismiss'] | Lost['restart']>().toEqualTypeOf<() => void>()
  expectTypeOf<Lost>().not.toHaveProperty('resume')
  const useRefresh = () => {
    const { refresh, refreshAsync } = useConnections()
    return [refresh, refreshAsync] as const
  }
  expectTypeOf(useRefresh).returns.toEqualTypeOf<readonly [() => void, () => Promise<void>]>()
})

test('a selection is of the type that select gives', () => {
  const useCount = () =>
    useConnections({ select: (state) => (state.status === 'ready' ? state.connections.length : 0) })
  expectTypeOf(useCount).returns.toEqualTypeOf<number>()
  const useIds = () =>
    useConnections({
      select: (state) => (state.status === 'ready' ? state.connections.map(({ id }) => id) : []),
      isEqual: (previous, next) => previous.join() === next.join(),
    })
  expectTypeOf(useIds).returns.toEqualTypeOf<string[]>()
})

test('an institution’s input is what authorize takes at that provider', () => {
  const usePicker = () => {
    const { institutions } = useInstitutions('basis', { query: 'lark' })
    expectTypeOf(institutions[0]?.input).toEqualTypeOf<BasisInput | undefined>()
    const banks = useInstitutions('moneyhub')
    expectTypeOf(banks.institutions[0]?.input).toEqualTypeOf<MoneyhubInputs['ongoing'] | undefined>()
    // @ts-expect-error -- there is no such provider
    useInstitutions('other')
    // @ts-expect-error -- a query is a text
    useInstitutions('basis', { query: 1 })
    useAuthorize('basis').authorize(institutions[0]?.input ?? { platformId: '' })
  }
  expectTypeOf(usePicker).returns.toBeVoid()
})
