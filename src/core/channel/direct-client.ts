import * as oauth from 'oauth4webapi'
import { checkMetadata, codeFlowCalls } from '../../protocol/metadata.js'
import { cacheMetadata } from '../../protocol/metadata-cache.js'
import type { Fetch } from '../../protocol/http.js'
import type { TokenEndpoint } from '../../protocol/token-endpoint.js'
import type { Context } from '../context.js'
import type { Provider } from '../provider.js'
import { fetchToServer } from './explain.js'
import { findMetadata } from './find-metadata.js'
import type { DirectSettings } from './direct-settings.js'
import { storedMetadata } from './stored-metadata.js'

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
  /** Has the next page ask for the metadata: it may have changed. */
  readonly forgetMetadata: () => void
  /** Has the DPoP key read anew, in case storage was cleared: the page that the person comes back to knows the stored one only. */
  readonly reopenDpop: () => void
}

/** People's clocks are wrong more often than servers'; the nonce is what keeps an old ID Token out. */
export const clockToleranceSeconds = 600

/** Makes the client; nothing is fetched yet. */
export function createDirectClient(context: Context, name: string, provider: Provider): DirectClient {
  const { clock } = context.platform
  const send = fetchToServer(context.platform)
  const { clientId, issuer = '', scope } = provider
  const { settings = {} } = provider.channel
  const calls = codeFlowCalls(scope, settings.par)
  const rules = { origins: settings.origins, calls, resolver: 'browser' } as const
  const stored = storedMetadata(context.platform, name, provider, rules)
  const metadata = cacheMetadata(() =>
    settings.metadata
      ? Promise.resolve(checkMetadata(settings.metadata, issuer, rules))
      : findMetadata(context, name, provider, { rules, stored }),
  )
  const fetch: Fetch = async (url, init) => {
    const response = await send(url, init)
    // The endpoint may have moved: the next page asks where it is.
    if (response.status === 404 || response.status === 410) stored.write(undefined)
    return response
  }
  const forgetMetadata = (): void => {
    stored.write(undefined)
  }
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
    forgetMetadata,
    reopenDpop: () => (handle = undefined),
    async endpoint() {
      const [server, key] = await Promise.all([metadata({ fetch, now: clock.now }), dpop()])
      return {
        server,
        clientId,
        authentication: oauth.None(),
        fetch,
        now: clock.now,
        clockToleranceSeconds,
        trustsNonce: true,
        ...(settings.idTokenAlgorithms && { idTokenAlgorithms: settings.idTokenAlgorithms }),
        idToken: settings.idToken ?? 'required',
        bearerAliases: settings.bearerAliases ?? [],
        dpop: key,
      }
    },
  }
}
