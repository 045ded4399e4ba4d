import { findEarly } from './channel/early-metadata.js'
import type { Context } from './context.js'
import type * as LazyParts from './lazy-parts.js'
import { loadModule } from './load-module.js'
import type { Provider } from './provider.js'

/** The part of the core that nobody needs before a click or a callback. @throws {NetworkError} when it does not arrive. */
export const lazyParts = (): Promise<typeof LazyParts> => loadModule(import('./lazy-parts.js'))

/** The same, with the code of a provider's channel on its way at the same time. */
export function lazyPartsFor(provider: Provider | undefined): Promise<typeof LazyParts> {
  // Where it does not arrive, the channel says so to whom needs it.
  provider?.channel.load().catch(() => undefined)
  return lazyParts()
}

/** The same for a click: also starts looking up the server's metadata. */
export function lazyPartsForClick(context: Context, name: string): Promise<typeof LazyParts> {
  const { channels, early, platform, providers, subject } = context
  const { channel, issuer } = providers[name] ?? {}
  const isAsked = channel?.mode === 'browser' && !channel.settings?.metadata && !channels.has(name)
  if (isAsked && issuer !== undefined && subject() !== null && !early.has(name)) {
    const found = findEarly(platform, name, issuer)
    // Without storage, the channel looks it up again and reports the error.
    found.catch(() => undefined)
    early.set(name, found)
  }
  return lazyPartsFor(providers[name])
}
