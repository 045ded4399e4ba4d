import { createClient, singleUser, useAuthorize, useTokens, type RegisteredClient } from 'countersign'
import { apiture, basis, fdx, stitch } from 'countersign/providers'
import { expectTypeOf, test } from 'vitest'

export const bank = createClient({
  subject: singleUser,
  backend: '/connect',
  providers: {
    apiture: apiture({ clientId: 'client', scope: 'openid' }),
    stitch: stitch({ clientId: 'test-client', scope: 'openid', mode: 'bff' }),
    basis: basis({ clientId: 'client', environment: 'development' }),
    fdx: fdx({ clientId: 'client', issuer: 'https://fdx.example', scope: 'READ_CONSENTS' }),
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
  const useNobody = () => useAuthorize('nobody')
  expectTypeOf(useStitch).toEqualTypeOf(useNobody)
})

test('getAccessToken exists unless the mode is bff', () => {
  const useApiture = () => useTokens('apiture')
  const useStitch = () => useTokens('stitch')
  expectTypeOf(useApiture).returns.extract<{ status: 'connected' }>().toHaveProperty('getAccessToken')
  expectTypeOf(useStitch).returns.extract<{ status: 'connected' }>().not.toHaveProperty('getAccessToken')
})

test('an input that a provider needs cannot be left out, nor be of another provider', () => {
  const useBasis = () =>
    useAuthorize('basis', { platformId: '4f2cc69b-576d-4eef-8fde-c36f1841b434', returnTo: '/' })
  // @ts-expect-error Basis needs to know the platform
  const useNothing = () => useAuthorize('basis')
  // @ts-expect-error that is no input of Stitch
  const useAnother = () => useAuthorize('stitch', { platformId: '4f2cc69b' })
  expectTypeOf(useBasis).toEqualTypeOf(useNothing)
  expectTypeOf(useBasis).toEqualTypeOf(useAnother)
})
