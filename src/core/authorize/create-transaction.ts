import { createCodeVerifier, createState, calculateCodeChallenge, createNonce } from '../../protocol/pkce.js'
import { requestedScope } from '../../protocol/requested-scope.js'
import { parseScope } from '../../protocol/scope.js'
import { withAppState } from '../app-state.js'
import { type Context, providerOf } from '../context.js'
import type { CommonInput } from '../input.js'
import { type Transaction, longestSeconds } from '../records/transaction.js'
import { checkReturnTo } from '../return-to.js'

/** Makes a transaction. @throws {TypeError} for an input that cannot be stored. */
export async function createTransaction(
  context: Context,
  name: string,
  subject: string,
  input: CommonInput,
): Promise<Transaction> {
  const provider = providerOf(context, name)
  const { clock, random } = context.platform
  const codeVerifier = createCodeVerifier(random?.draw)
  const redirectUri = context.redirectUri(name)
  const scope = requestedScope(provider.scope, input.scope)
  const now = clock.now()
  return {
    v: 1,
    phase: 'prepared',
    state: createState(random?.draw),
    codeVerifier,
    codeChallenge: await calculateCodeChallenge(codeVerifier),
    ...(parseScope(scope).includes('openid') && { nonce: createNonce(random?.draw) }),
    provider: name,
    clientId: provider.clientId,
    ...(provider.issuer !== undefined && { issuer: provider.issuer }),
    redirectUri,
    scope,
    subject,
    // What cannot be stored is a mistake of the application and fails as one, not as trouble with the storage.
    input: structuredClone(withAppState(input)),
    returnTo: checkReturnTo(context, input.returnTo),
    createdAt: now,
    expiresAt: now + Math.min(provider.transactionSeconds ?? 900, longestSeconds),
  }
}
