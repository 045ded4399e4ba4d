import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll } from 'vitest'

/** The network of a test file: nothing answers but the handlers a test adds by `use`. */
export function openNetwork(): ReturnType<typeof setupServer> {
  const network = setupServer()
  beforeAll(() => {
    network.listen({ onUnhandledRequest: 'error' })
  })
  afterEach(() => {
    network.resetHandlers()
  })
  afterAll(() => {
    network.close()
  })
  return network
}
