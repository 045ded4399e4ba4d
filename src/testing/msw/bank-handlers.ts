import { http, type RequestHandler } from 'msw'
import type { FakeBank } from '../index.js'

/**
 * The bank as handlers of Mock Service Worker 2: for requests that go through the global `fetch`, such as those of an app that
 * asks its backend by itself, or of a client that has a browser of its own. Requests that are not for the bank go on to your
 * other handlers.
 *
 * @example
 * ```ts
 * import { singleUser } from 'countersign'
 * import { stitch } from 'countersign/providers'
 * import { fakeBank } from 'countersign/testing'
 * import { bankHandlers } from 'countersign/testing/msw'
 * import { setupServer } from 'msw/node'
 *
 * const bank = fakeBank({
 *   subject: singleUser,
 *   backend: '/connect',
 *   providers: { stitch: stitch({ clientId: 'test-18fbd892', scope: 'openid accounts' }) },
 * })
 * const server = setupServer(...bankHandlers(bank))
 * ```
 * @see https://mswjs.io
 */
export function bankHandlers(bank: Pick<FakeBank, 'handle'>): RequestHandler[] {
  return [http.all('*', ({ request }) => bank.handle(request))]
}
