import { discover, type MetadataRules, type ServerMetadata } from '../../protocol/metadata.js'
import type { Context } from '../context.js'
import type { Provider } from '../provider.js'
import type { EarlyMetadata } from './early-metadata.js'
import { fetchToServer, type Network } from './explain.js'
import type { StoredMetadata } from './stored-metadata.js'

/** Finds a server's metadata: from the click's early lookup, from storage, or from the server. */
export async function findMetadata(
  { early, platform }: Context,
  name: string,
  { issuer = '' }: Provider,
  { rules, stored }: { readonly rules: MetadataRules; readonly stored: StoredMetadata },
): Promise<ServerMetadata> {
  const found = await early.get(name)?.catch(() => undefined)
  early.delete(name)
  const known = await stored.read(found)
  if (known) return known
  const fetched = await discover(fetchToServer(startingWith(found, platform)), issuer, rules)
  stored.write(fetched)
  return fetched
}

/** A network whose first request is already under way. */
function startingWith({ answer, limit }: Partial<EarlyMetadata> = {}, { fetch, isOnline }: Network): Network {
  let sent = answer
  return {
    isOnline,
    fetch(url, init) {
      const first = sent
      sent = undefined
      if (first)
        init?.signal?.addEventListener('abort', () => {
          limit?.abort()
        })
      return first ?? fetch(url, init)
    },
  }
}
