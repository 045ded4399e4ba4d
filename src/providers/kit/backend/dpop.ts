import * as oauth from 'oauth4webapi'
import type { ProviderRecords } from '../../../backend/provider-given.js'
import type { ServerIdentity } from '../../../backend/provider.js'
import { sha256 } from '../../../protocol/digest.js'
import type { RequestContext } from '../../../protocol/metadata-cache.js'

/** Context of a request with a proof: what the handler gives to every method of a provider. */
export type DpopContext = RequestContext & { readonly records?: ProviderRecords }

/** Gives the DPoP key of a client at its server, with the nonces that the servers have given. */
export type OpenDpop = (context: DpopContext) => Promise<oauth.DPoPHandle>

/** Seconds for which a key is kept: ten years, so longer than any token. */
const keptSeconds = 315_360_000

/** A private key as a JWK. Sealed as everything in the store is. */
interface KeyRecord {
  readonly key: JsonWebKey
}

/**
 * The DPoP key of one client at one server: made once, and kept in the backend's store, so that a token can be used after a restart
 * and in every replica. Another client, and the same one at another server, has another key.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449.html#section-4
 */
export function createDpop({ issuer, clientId }: Pick<ServerIdentity, 'issuer' | 'clientId'>): OpenDpop {
  let opened: { readonly x: string | undefined; readonly handle: Promise<oauth.DPoPHandle> } | undefined
  return async ({ records, now }) => {
    if (!records) throw new TypeError('`dpop` needs the `records` of the context that a provider is given.')
    // Read each time: another replica may have made it, or a backup may have brought an earlier one back.
    const key = await openKey(records, now, `dpop:${await sha256(JSON.stringify([issuer, clientId]))}`)
    // The nonces of servers stay with the handle.
    if (opened && opened.x === key.x) return opened.handle
    opened = { x: key.x, handle: importHandle(clientId, key) }
    return opened.handle
  }
}

async function openKey(records: ProviderRecords, now: () => number, name: string): Promise<JsonWebKey> {
  const stored = await records.read<KeyRecord>(name)
  if (stored) return stored.key
  const { privateKey } = await oauth.generateKeyPair('ES256', { extractable: true })
  const key = await crypto.subtle.exportKey('jwk', privateKey)
  const until = Math.floor(now()) + keptSeconds
  // Another replica may have made one meanwhile: the first one stays.
  return records.change<KeyRecord, JsonWebKey>(name, (current) =>
    current ? { result: current.key } : { write: { key }, until, result: key },
  )
}

async function importHandle(clientId: string, jwk: JsonWebKey): Promise<oauth.DPoPHandle> {
  const { kty, crv, x, y, d } = jwk
  const importKey = (given: JsonWebKey, usage: KeyUsage): Promise<CryptoKey> =>
    // The public part goes into every proof.
    crypto.subtle.importKey('jwk', given, { name: 'ECDSA', namedCurve: 'P-256' }, usage === 'verify', [usage])
  const pair = {
    privateKey: await importKey({ kty, crv, x, y, d } as JsonWebKey, 'sign'),
    publicKey: await importKey({ kty, crv, x, y } as JsonWebKey, 'verify'),
  }
  return oauth.DPoP({ client_id: clientId } as oauth.Client, pair)
}
