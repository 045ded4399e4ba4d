import { createClient, singleUser, useAuthorize, useConnection, type RegisteredClient } from 'countersign'
import { apiture, basis, fdx, moneyhub, stitch } from 'countersign/providers'
import { expectTypeOf, test } from 'vitest'

export const bank = createClient({
  subject: singleUser,
  backend: '/connect',
  providers: {
    apiture: apiture({ clientId: 'client', scope: 'openid' }),
    stitch: stitch({ clientId: 'test-client', scope: 'openid', mode: 'bff' }),
    basis: basis({ clientId: 'client', environment: 'development' }),
    moneyhub: moneyhub({ clientId: 'client' }),
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
  expectTypeOf([useStitch, useNobody]).toBeArray()
})

test('getAccessToken exists unless the mode is bff', () => {
  const useApiture = () => useConnection('apiture')
  const useStitch = () => useConnection('stitch')
  expectTypeOf(useApiture).returns.extract<{ status: 'connected' }>().toHaveProperty('getAccessToken')
  expectTypeOf(useStitch).returns.extract<{ status: 'connected' }>().not.toHaveProperty('getAccessToken')
})

test('an input is of this provider, and has no field of another', () => {
  const useBasis = () => useAuthorize('basis', { platformId: '4f2cc69b', returnTo: '/' })
  // @ts-expect-error that is no input of Stitch
  const useAnother = () => useAuthorize('stitch', { platformId: '4f2cc69b' })
  // @ts-expect-error nor beside one that is
  const useAnotherBeside = () => useAuthorize('stitch', { platformId: '4f2cc69b', returnTo: '/' })
  // @ts-expect-error a platform is named by its id
  const useNumber = () => useAuthorize('basis', { platformId: 1 })
  expectTypeOf(useBasis).toBeFunction()
  expectTypeOf([useAnother, useAnotherBeside, useNumber]).toBeArray()
})
