import { createClient, singleUser, type CountersignEvent } from 'countersign'
import { CountersignDevtools, inspect, type CountersignDevtoolsProps } from 'countersign/devtools'
import { stitch } from 'countersign/providers'
import { expectTypeOf, test } from 'vitest'

const client = createClient({
  subject: singleUser,
  backend: '/connect',
  providers: { stitch: stitch({ clientId: 'test-client', scope: 'openid accounts' }) },
})

test('inspect takes any client, and nothing else', () => {
  expectTypeOf(inspect).toBeCallableWith(client)
  // @ts-expect-error -- no client
  inspect({})
})

test('the component needs nothing, and takes a client and a nonce', () => {
  expectTypeOf<object>().toExtend<CountersignDevtoolsProps>()
  expectTypeOf(CountersignDevtools).toBeCallableWith({ client, nonce: 'n' })
  expectTypeOf<CountersignDevtoolsProps['nonce']>().toEqualTypeOf<string | undefined>()
})

test('an event may tell how long a flow took', () => {
  expectTypeOf<CountersignEvent['seconds']>().toEqualTypeOf<number | undefined>()
})
