import type { Providers } from '../core/index.js'
import type { FakeBank, FakeBankOptions } from './bank.js'
import { openKit } from './kit.js'
import { joinRealms } from './realm.js'
import { toBank } from './to-bank.js'

/**
 * Stands in for every bank of an app, so that a component test can connect one: the app's real client on a browser in memory,
 * the real reference backend, and an authorization server for every configured provider, with real signatures, PKCE and client
 * authentication. There are no ports, and no global is replaced by a fake.
 *
 * @throws {TypeError} as `createClient`, and for `platform`.
 * @example
 * ```ts
 * import { singleUser } from 'countersign'
 * import { stitch } from 'countersign/providers'
 * import { fakeBank } from 'countersign/testing'
 *
 * const bank = fakeBank({
 *   subject: singleUser,
 *   backend: '/connect',
 *   providers: { stitch: stitch({ clientId: 'test-18fbd892', scope: 'openid accounts' }) },
 * })
 * bank.client.authorization('stitch').authorize()
 * const outcome = await bank.approve('stitch')
 * ```
 */
export function fakeBank<const P extends Providers>(options: FakeBankOptions<P>): FakeBank<P> {
  if ('platform' in options)
    throw new TypeError('fakeBank: it brings a `platform` of its own. Leave it out of the options.')
  joinRealms()
  const kit = openKit(options)
  return toBank(kit) as unknown as FakeBank<P>
}
