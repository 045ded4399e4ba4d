import {
  apiture,
  basis,
  createBackend,
  fdx,
  memoryStore,
  moneyhub,
  stitch,
  type WebhookEvent,
} from 'countersign/backend'
import { toNodeListener } from 'countersign/backend/node'
import type { RequestListener } from 'node:http'
import type { ApitureSettings } from './apiture.js'
import { basisClaims, type BasisSettings } from './basis.js'
import type { FdxSettings } from './fdx.js'
import type { Kept } from './keep.js'
import type { MoneyhubSettings } from './moneyhub.js'
import type { OpenidSettings } from './openid.js'
import type { StitchSettings } from './stitch.js'
import type { User } from './users.js'

/** Where each provider is, and who the app is there: the embedded bank, or the real one. */
export interface Settings {
  readonly apiture: ApitureSettings
  readonly basis: BasisSettings
  readonly fdx: FdxSettings
  readonly moneyhub: MoneyhubSettings
  readonly openid: OpenidSettings
  readonly stitch: StitchSettings
}

/** What {@link startBackend} needs. */
export interface BackendOptions {
  /** The origin of the app's pages. */
  readonly origin: string
  readonly settings: Settings
  /** Who is signed in to the app. */
  readonly userOf: (request: Request) => User | undefined
  /** Where connections outlive the demo. @defaultValue they end with it */
  readonly kept?: Pick<Kept, 'store' | 'keys' | 'subjectKeySecret'> | undefined
  /** Is told what the providers' webhooks say. */
  readonly onEvent: (event: WebhookEvent) => void
}

/** The reference backend's two handlers. */
export interface BackendListeners {
  /** For pages, below `/connect`. */
  readonly contract: RequestListener
  /** For providers, below `/webhooks`. */
  readonly webhooks: RequestListener
}

/** The reference backend, with each provider that is not the page's alone. */
export function startBackend(options: BackendOptions): BackendListeners {
  const { origin, settings, userOf, kept, onEvent } = options
  // What only the page, or only the demo, has to know.
  const { claims: _claims, ...basisOptions } = settings.basis
  const { authorizationEndpoint: _endpoint, ...fdxOptions } = settings.fdx
  const { list: institutionList, ...atMoneyhub } = settings.moneyhub
  const moneyhubOptions = { ...atMoneyhub, institutionList }
  const callback = (name: string): string => `${origin}/callback/${name}`
  const backend = createBackend({
    origins: [origin],
    store: kept?.store ?? memoryStore(),
    ...(kept && { keys: kept.keys, subjectKeySecret: kept.subjectKeySecret }),
    session: (request) => {
      const user = userOf(request)
      return user ? { subject: user.id, claims: basisClaims(user, settings.basis) } : null
    },
    providers: {
      apiture: apiture({ ...apitureOf(settings), redirectUri: callback('apiture') }),
      basis: basis({ ...basisOptions, redirectUri: callback('basis') }),
      fdx: fdx({ ...fdxOptions, redirectUri: callback('fdx') }),
      moneyhub: moneyhub({ ...moneyhubOptions, redirectUri: callback('moneyhub') }),
      moneyhubOnce: moneyhub({
        ...moneyhubOptions,
        redirectUri: callback('moneyhubOnce'),
        useCase: 'one-time',
      }),
      stitch: stitch(settings.stitch.backend(callback('stitch'))),
    },
  })
  return { contract: toNodeListener(backend), webhooks: toNodeListener(backend.webhooks({ onEvent })) }
}

/** Apiture is the page's own affair unless the page says `mediated`. */
const apitureOf = ({ apiture: { clientId, issuer, scope, origins = [] } }: Settings) => ({
  clientId,
  issuer,
  scope,
  origins,
})
