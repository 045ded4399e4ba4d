import type { TokenAnswer } from '../../protocol/contract.js'
import { isCodeChallenge, isCodeVerifier } from '../../protocol/pkce.js'
import { usableTokens } from '../connections/access-tokens.js'
import { readJsonBody } from '../http/body.js'
import type { ConnectionRecord } from '../connections/record.js'
import { toAccessTokenAnswer } from '../connections/stored-tokens.js'
import { storeConnection, checkReadable, findConnection } from '../connections/stored-connections.js'
import { toDocument } from '../connections/document.js'
import { providerOf, type Context } from '../context.js'
import { providerContext } from '../provider-context.js'
import { toRefusal } from '../http/to-refusal.js'
import type { ProviderGrant, Redemption, Session } from '../provider.js'
import { countRequest } from '../http/rate-limit.js'
import { Refusal } from '../http/refusal.js'
import type { Attempt } from '../storage/attempt.js'
import { redeemOnce } from './redeem-once.js'

const members = ['code', 'state', 'code_verifier', 'iss', 'scope', 'transaction'] as const

/** An issuer, a scope or a handle. */
const printable = /^[\x20-\x7e]{1,2048}$/

/** An authorization code: there are those of 4,096 characters, and RFC 6749 §4.1.2 names no size. */
const codeForm = /^[\x20-\x7e]{1,4096}$/

/**
 * `POST /{provider}/token`: redeems a code for a connection. The same request again gives the same connection.
 *
 * @throws {Refusal} for a request that the contract does not allow, and when the transaction or the provider fails.
 */
export async function redeem(
  context: Context,
  session: Session,
  name: string,
  request: Request,
): Promise<TokenAnswer> {
  const provider = providerOf(context, name)
  const {
    code,
    state,
    code_verifier: codeVerifier,
    iss,
    scope: named,
    transaction: handle,
  } = await readJsonBody(request, members)
  if (
    !(typeof code === 'string' && codeForm.test(code)) ||
    !isCodeChallenge(state) ||
    !isCodeVerifier(codeVerifier) ||
    !(iss === undefined || isPrintable(iss)) ||
    !(handle === undefined || isPrintable(handle))
  ) {
    throw new Refusal('invalid_request', {
      description: 'code, state, code_verifier, iss or transaction is missing or malformed.',
      reason: 'parameters',
    })
  }
  const { subject } = session
  // It comes through the address bar: what is none takes nothing away, and keeps nobody from connecting.
  const grantedScope = isPrintable(named) ? named : undefined
  const proof = { subject, provider: name, state, codeVerifier, handle }
  const redeemed = await redeemOnce(context, proof, {
    prepare: ({ connection }) => checkReadable(context, subject, connection),
    spend: ({ nonce, redirectUri, scope, data, asked }, attempt, answers) =>
      spend(context, name, attempt, {
        ...{ session, code, codeVerifier, state, iss },
        ...{ nonce, redirectUri, scope, data, asked },
        ...answers,
      }),
    keep: async ({ scope, connection: renews }, grant) => {
      if (provider.mode === 'mediated' && !grant.tokens)
        throw new Refusal('provider_error', { reason: 'no_tokens' })
      const purpose = { subject, provider: name, requestedScope: scope, grantedScope, renews }
      const record = await storeConnection(context, purpose, grant)
      context.emit('connected', { provider: name, connection: record.id, reason: grant.incomplete })
      return record
    },
  })
  const record = typeof redeemed === 'string' ? await findConnection(context, subject, redeemed) : redeemed
  const connection = toDocument(record, context.now())
  if (provider.mode !== 'mediated') return { connection }
  return { connection, ...(await accessTokenIfAny(context, record)) }
}

/**
 * The stored access token while it lasts: it has just been issued, or the page asks again for an answer it missed. A
 * connection without one still stands: the page asks for a token when it needs it.
 */
async function accessTokenIfAny(context: Context, record: ConnectionRecord): Promise<Partial<TokenAnswer>> {
  const { status, tokens } = record
  const now = context.now()
  if (status === 'connected' && tokens && (tokens.expiresAt ?? Infinity) > now)
    return toAccessTokenAnswer(tokens, now)
  try {
    return toAccessTokenAnswer(await usableTokens(context, record), context.now())
  } catch (error) {
    if (error instanceof Refusal) return {}
    throw error
  }
}

const isPrintable = (value: unknown): value is string => typeof value === 'string' && printable.test(value)

async function spend(
  context: Context,
  name: string,
  { through }: Attempt,
  redemption: Redemption,
): Promise<ProviderGrant> {
  const provider = providerOf(context, name)
  const own = providerContext(context, provider)
  try {
    const { subject } = redemption.session
    await countRequest(context, { by: 'provider', key: name, action: 'token', subject })
    return await provider.redeem(redemption, { ...own, fetch: through(own.fetch) })
  } catch (error) {
    throw toRefusal(error)
  }
}
