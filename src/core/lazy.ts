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
