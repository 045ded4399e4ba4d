import { basis, createBackend, fdx, memoryStore, moneyhub, stitch } from 'countersign/backend'
import { toNodeListener } from 'countersign/backend/node'
import type { RequestListener } from 'node:http'
import type { Banks } from './banks/index.js'
import { basisClaims, type BasisSettings } from './basis.js'
import type { FdxSettings } from './fdx.js'
import type { MoneyhubSettings } from './moneyhub.js'
import type { User } from './users.js'

/** What {@link startBackend} needs. */
export interface BackendOptions {
  /** The origin of the app's pages. */
  readonly origin: string
  readonly banks: Banks
  readonly basisSettings: BasisSettings
  readonly fdxSettings: FdxSettings
  readonly moneyhubSettings: MoneyhubSettings
  /** The private key of the app as a client of Stitch. */
  readonly assertionKey: CryptoKey
  /** Who is signed in to the app. */
  readonly userOf: (request: Request) => User | undefined
}

/** The reference backend, with each bank as its provider. */
export function startBackend(options: BackendOptions): RequestListener {
  const { origin, banks, basisSettings, fdxSettings, moneyhubSettings, assertionKey, userOf } = options
  const callback = (name: string): string => `${origin}/callback/${name}`
  return toNodeListener(
    createBackend({
      origins: [origin],
      store: memoryStore(),
      session: (request) => {
        const user = userOf(request)
        return user ? { subject: user.id, claims: basisClaims(user, basisSettings) } : null
      },
      providers: {
        basis: basis({ ...basisSettings, redirectUri: callback('basis') }),
        fdx: fdx({ ...fdxSettings, redirectUri: callback('fdx') }),
        moneyhub: moneyhub({ ...moneyhubSettings, redirectUri: callback('moneyhub') }),
        moneyhubOnce: moneyhub({
          ...moneyhubSettings,
          redirectUri: callback('moneyhubOnce'),
          useCase: 'one-time',
        }),
        stitch: stitch({
          clientId: banks.stitch.clientId,
          redirectUri: callback('stitch'),
          scope: 'openid accounts balances offline_access',
          privateKey: assertionKey,
          keyId: 'demo',
          issuer: banks.stitch.issuer,
          authorizationEndpoint: `${banks.stitch.origin}/connect/authorize`,
          tokenEndpoint: `${banks.stitch.origin}/connect/token`,
          api: `${banks.stitch.origin}/`,
        }),
      },
    }),
  )
}
