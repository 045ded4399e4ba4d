import type * as Later from './lazy-parts.js'
import { NetworkError } from '../protocol/errors.js'

/**
 * Loads a part of this library on demand.
 *
 * @throws {NetworkError} when it does not arrive; the next call tries again.
 */
export async function loadModule<Module>(part: Promise<Module>): Promise<Module> {
  try {
    return await part
  } catch {
    throw new NetworkError('A part of this app could not be loaded. Check the connection, then try again.')
  }
}

/** The part of the core that nobody needs before a click or a callback. @throws {NetworkError} when it does not arrive. */
export const lazyParts = (): Promise<typeof Later> => loadModule(import('./lazy-parts.js'))
