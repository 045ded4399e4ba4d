import { createClient, useAuthorize, useTokens, type RegisteredClient } from 'countersign'
import { apiture, stitch } from 'countersign/providers'
import { expectTypeOf, test } from 'vitest'

export const bank = createClient({
  backend: '/connect',
  providers: {
    apiture: apiture({ clientId: 'client', scope: 'openid' }),
    stitch: stitch({ clientId: 'test-client', scope: 'openid', mode: 'bff' }),
  },
})

declare module 'countersign' {
  interface Register {
    client: typeof bank
  }
}

test('hooks know the providers of the registered client', () => {
  expectTypeOf<RegisteredClient>().toEqualTypeOf<typeof bank>()
  const useStitch = () => useAuthorize('stitch')
  // @ts-expect-error no provider has this name
  const useBasis = () => useAuthorize('basis')
  expectTypeOf(useStitch).toEqualTypeOf(useBasis)
})

test('getAccessToken exists unless the mode is bff', () => {
  const useApiture = () => useTokens('apiture')
  const useStitch = () => useTokens('stitch')
  expectTypeOf(useApiture).returns.extract<{ status: 'connected' }>().toHaveProperty('getAccessToken')
  expectTypeOf(useStitch).returns.extract<{ status: 'connected' }>().not.toHaveProperty('getAccessToken')
})
