import type * as LazyParts from './lazy-parts.js'
import { loadModule } from './load-module.js'

/** The part of the core that nobody needs before a click or a callback. @throws {NetworkError} when it does not arrive. */
export const lazyParts = (): Promise<typeof LazyParts> => loadModule(import('./lazy-parts.js'))
