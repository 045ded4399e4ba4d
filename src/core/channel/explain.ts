import type { Platform } from '../../platform/platform.js'
import { TokenEndpointError, ValidationError } from '../../protocol/errors.js'
import type { Fetch } from '../../protocol/http.js'
import type { ServerMetadata } from '../../protocol/metadata.js'

// The sentences are loaded when something fails. Where they do not arrive, the error stays as it was.
const loadFaults = () => import('./direct-faults.js').catch(() => undefined)

/** The way to servers. */
export type Network = Pick<Platform, 'fetch' | 'isOnline'>

/** The page's `fetch`, for requests to an authorization server: where no answer came, the error says why. */
export const fetchToServer =
  (network: Network): Fetch =>
  async (url, init) => {
    try {
      return await network.fetch(url, init)
    } catch (error) {
      // Once it was too slow, there is nothing to find out.
      const faults = init.signal?.aborted ? undefined : await loadFaults()
      const found = await faults?.lookAgain(network, url, init)
      if (found instanceof Response) return found
      throw found ?? error
    }
  }

/** Throws a refusal again; that of the client as such with its own sentence. */
export async function explainRefusedClient(server: ServerMetadata, error: unknown): Promise<never> {
  if (!(error instanceof TokenEndpointError) || error.error !== 'invalid_client') throw error
  throw (await loadFaults())?.refusedClient(server, error) ?? error
}

/** Throws an error of a renewal again; with a code of its own where another person has signed in, or nothing says who. */
export async function explainOtherPerson(error: unknown): Promise<never> {
  const claim = error instanceof ValidationError && error.code === 'id_token_invalid' && error.parameter
  if (claim !== 'sub' && claim !== 'id_token') throw error
  throw (await loadFaults())?.otherPerson(claim) ?? error
}
