import {
  createClient,
  singleUser,
  type CountersignProvider,
  useAuthorizationCallback,
  useAuthorize,
  useConnections,
  useTokens,
  type CallbackState,
  type ConnectionsState,
} from 'countersign'
import { apiture } from 'countersign/providers'
import type { ComponentProps, MouseEventHandler, PointerEventHandler } from 'react'
import { expectTypeOf, test } from 'vitest'
import type { bank } from './registered.test-d.js'

const second = createClient({
  subject: singleUser,
  providers: { only: apiture({ clientId: 'client', scope: 'openid' }) },
})

test('the provider component takes the registered client', () => {
  expectTypeOf<ComponentProps<typeof CountersignProvider>['client']>().toEqualTypeOf<typeof bank>()
})

test('authorize and prepare are event handlers as they are', () => {
  const useHandlers = () => useAuthorize('stitch')
  expectTypeOf(useHandlers).returns.toExtend<{ authorize: MouseEventHandler; prepare: PointerEventHandler }>()
})

test('an error can be read from every state of an authorization, and says so', () => {
  const useError = () => useAuthorize('stitch').error?.code
  expectTypeOf(useError).returns.extract<string>().not.toBeNever()
})

test('a hook that is given another client knows the providers of that one', () => {
  const useSecond = () => useTokens('only', { client: second })
  expectTypeOf(useSecond).returns.extract<{ status: 'connected' }>().toHaveProperty('getAccessToken')
  // @ts-expect-error the registered client has it, this one has not
  const useWrong = () => useTokens('stitch', { client: second })
  expectTypeOf(useWrong).toBeFunction()
})

test('the details of a connection are those of the provider', () => {
  const useProfile = () => {
    const basis = useTokens('basis')
    return basis.status === 'connected' ? basis.connection.details.profileId : undefined
  }
  expectTypeOf(useProfile).returns.toEqualTypeOf<string | undefined>()
})

test('the other hooks give the states of the core', () => {
  const useState = () => [useAuthorizationCallback(), useConnections()] as const
  expectTypeOf(useState).returns.toEqualTypeOf<readonly [CallbackState, ConnectionsState]>()
  const useCount = () =>
    useConnections({ select: (state) => (state.status === 'ready' ? state.connections.length : 0) })
  expectTypeOf(useCount).returns.toEqualTypeOf<number>()
})
