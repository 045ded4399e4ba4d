import * as oauth from 'oauth4webapi'
import type { Database } from '../../platform/database.js'
import { sendWithProof as send } from '../../protocol/send-with-proof.js'
import type { Context } from '../context.js'
import type { AccessToken } from '../held-tokens.js'
import { dpopKey } from '../records/keys.js'

/**
 * The DPoP key of a provider: made once, stored as a key that cannot be exported, and never shared with another
 * provider. A stolen token is of no use without it.
 *
 * @throws {StorageError} when it cannot be stored.
 * @see https://www.rfc-editor.org/rfc/rfc9449.html#section-4
 */
export async function openDpop(
  { platform: { database } }: Context,
  name: string,
  clientId: string,
): Promise<oauth.DPoPHandle> {
  const key = dpopKey(name)
  const stored = await database.get(key)
  const pair = isKeyPair(stored) ? stored : await createPair(database, key)
  return oauth.DPoP({ client_id: clientId } as oauth.Client, pair)
}

async function createPair(database: Database, key: string): Promise<CryptoKeyPair> {
  const fresh = await oauth.generateKeyPair('ES256', { extractable: false })
  // Another tab may have made one meanwhile: the first one stays.
  return database.change([key], ([stored]) => (isKeyPair(stored) ? [{}, stored] : [{ [key]: fresh }, fresh]))
}

function isKeyPair(value: unknown): value is CryptoKeyPair {
  const { privateKey } = Object(value) as Partial<CryptoKeyPair>
  return privateKey instanceof CryptoKey && !privateKey.extractable
}

/** A request to the API with a proof of the key. Whatever the application says, a redirect must not take the token elsewhere. */
export const sendWithProof = (
  { platform }: Context,
  dpop: oauth.DPoPHandle,
  url: string,
  init: RequestInit,
  token: AccessToken,
): Promise<Response> =>
  send(dpop, token.value, (href, given) =>
    platform.fetch(href, {
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      ...given,
      redirect: 'error',
    }),
  )(url, init)
