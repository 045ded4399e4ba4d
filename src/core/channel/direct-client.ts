import * as oauth from 'oauth4webapi'
import { checkMetadata, codeFlowCalls, discover } from '../../protocol/metadata.js'
import { cacheMetadata } from '../../protocol/metadata-cache.js'
import type { TokenEndpoint } from '../../protocol/token-endpoint.js'
import type { Context } from '../context.js'
import type { Provider } from '../provider.js'
import { fetchToServer } from './explain.js'
import type { DirectSettings } from './direct-settings.js'

/** This page as a public client of one authorization server. */
export interface DirectClient {
  readonly context: Context
  /** The name of the provider in the client's options. */
  readonly name: string
  readonly provider: Provider
  readonly settings: DirectSettings
  /** Token endpoint for a request: the server's metadata, from a cache, and the DPoP key where tokens are bound. */
  readonly endpoint: () => Promise<TokenEndpoint>
  /** The DPoP key of this browser, where tokens are bound to it. */
  readonly dpop: () => Promise<oauth.DPoPHandle | undefined>
  /** Has the DPoP key read anew, in case storage was cleared: the page that the person comes back to knows the stored one only. */
  readonly reopenDpop: () => void
}

/** People's clocks are wrong more often than servers'; the nonce is what keeps an old ID Token out. */
const clockToleranceSeconds = 600

/** Makes the client; nothing is fetched yet. */
export function createDirectClient(context: Context, name: string, provider: Provider): DirectClient {
  const { clock } = context.platform
  const fetch = fetchToServer(context.platform)
  const { clientId, issuer = '', scope } = provider
  const { settings = {} } = provider.channel
  const rules = {
    origins: settings.origins,
    calls: codeFlowCalls(scope, settings.par),
    resolver: 'browser',
  } as const
  const metadata = cacheMetadata(async (through) =>
    settings.metadata
      ? checkMetadata(settings.metadata, issuer, rules)
      : discover(through.fetch, issuer, rules),
  )
  let handle: Promise<oauth.DPoPHandle> | undefined

  async function dpop(): Promise<oauth.DPoPHandle | undefined> {
    if (!settings.dpop) return undefined
    handle ??= import('./dpop.js').then(({ openDpop }) => openDpop(context, name, clientId))
    handle.catch(() => (handle = undefined))
    return handle
  }

  return {
    context,
    name,
    provider,
    settings,
    dpop,
    reopenDpop() {
      handle = undefined
    },
    endpoint: async () => ({
      server: await metadata({ fetch, now: clock.now }),
      clientId,
      authentication: oauth.None(),
      fetch,
      now: clock.now,
      clockToleranceSeconds,
      idToken: settings.idToken ?? 'required',
      bearerAliases: settings.bearerAliases ?? [],
      dpop: await dpop(),
    }),
  }
}
