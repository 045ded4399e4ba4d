import { useAuthorize, type Client, type RegisteredClient } from 'countersign'
import { expectTypeOf, test } from 'vitest'

test('any provider name is taken while no client is registered', () => {
  expectTypeOf<RegisteredClient>().toEqualTypeOf<Client>()
  expectTypeOf(useAuthorize).toBeCallableWith('whatever')
})
