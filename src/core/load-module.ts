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
