import type { AccessToken, ClientCredentials, Provider } from 'oidc-provider'
import { accountsOf, transactionsOf } from './fdx-accounts.js'
import type { Consents, HeldConsent } from './fdx-consents.js'
import { parseJson, sendJson, type BankRequest, type Handler } from './http.js'
import { presentedCertificate } from './requests.js'

/** Why a request to the API is refused: a status and FDX's error. */
interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** A status and JSON, or nothing for a 204. */
interface Answer {
  readonly status: number
  readonly body?: unknown
}

type Token = AccessToken | ClientCredentials

/**
 * Serves the consent API and the accounts below `base`. Who asks needs an access token and the certificate it is bound to.
 *
 * @param clientConsents Whether consents are opened to the client's own token only, as where apps manage them.
 * @see https://www.rfc-editor.org/rfc/rfc8705.html#section-3
 */
export function serveFdxApi(
  provider: Provider,
  consents: Consents,
  base: string,
  clientConsents: () => boolean,
): Handler {
  return async (request, response) => {
    const id = request.headers['x-fapi-interaction-id']
    if (isUuid(id)) response.setHeader('x-fapi-interaction-id', id)
    const { status, body } = await answer(request)
    if (status === 204) response.writeHead(204, { 'cache-control': 'no-store' }).end()
    else sendJson(response, status, body)
  }

  async function answer(request: BankRequest): Promise<Answer> {
    const token = await findToken(provider, request)
    if (!token) return toAnswer(unauthorized)
    const { 'x-fapi-interaction-id': interaction, 'fdx-api-actor-type': actor } = request.headers
    if (!isUuid(interaction)) return toAnswer(noInteractionId)
    if (!actors.includes(String(actor))) return toAnswer(noActorType)
    const [resource, id = '', part, ...more] = request.path.slice(base.length).split('/')
    if (resource === 'accounts' && id === '') return answerAccounts(token, request)
    if (resource === 'accounts' && part === 'transactions') return answerTransactions(token, id, request)
    if (resource !== 'consents' || more.length > 0) return toAnswer(unknownPath)
    if (token.kind !== 'ClientCredentials' && clientConsents()) return toAnswer(forbidden)
    const held = visible(token, id)
    if (part === undefined && request.method === 'GET') return answerConsent(token, held)
    if (part === 'revocation') return answerRevocation(token, held, request)
    return toAnswer(unknownPath)
  }

  /** A person's token opens its own consent, the client's own token all of the client's. */
  function visible(token: Token, id: string): HeldConsent | undefined {
    const held = consents.find(id)
    const own = token.kind === 'ClientCredentials' || token.grantId === id
    return held?.clientId === token.clientId && own ? held : undefined
  }

  function answerConsent(token: Token, held: HeldConsent | undefined): Answer {
    if (!token.scopes.has('READ_CONSENTS')) return toAnswer(forbidden)
    return held ? { status: 200, body: held.consent } : toAnswer(unknownConsent)
  }

  async function answerRevocation(
    token: Token,
    held: HeldConsent | undefined,
    request: BankRequest,
  ): Promise<Answer> {
    const writes = request.method === 'PUT'
    if (!token.scopes.has(writes ? 'UPDATE_CONSENTS' : 'READ_CONSENTS')) return toAnswer(forbidden)
    if (!held || (!writes && !held.revocation)) return toAnswer(unknownConsent)
    if (!writes) return { status: 200, body: held.revocation }
    const revocation = readRevocation(request)
    if (!revocation) return toAnswer(badRevocation)
    if (held.revocation) return toAnswer(alreadyRevoked)
    consents.revoke(held.consent.id, revocation)
    // With the consent go its tokens, the one of this request, too: afterwards only the client's own token can ask.
    await provider.RefreshToken.revokeByGrantId(held.consent.id)
    return { status: 204 }
  }

  function answerTransactions(token: Token, accountId: string, { method }: BankRequest): Answer {
    const held = consents.find((token as AccessToken).grantId)
    if (method !== 'GET') return toAnswer(unknownPath)
    const shared = held?.consent.resources.find(({ id }) => id === accountId)
    const may = held?.consent.status === 'ACTIVE' && shared?.dataClusters.includes('TRANSACTIONS')
    if (!token.scopes.has('ACCOUNT_BASIC') || !may) return toAnswer(forbidden)
    return { status: 200, body: { transactions: transactionsOf(held.person, accountId) } }
  }

  function answerAccounts(token: Token, { method }: BankRequest): Answer {
    const held = consents.find((token as AccessToken).grantId)
    if (method !== 'GET') return toAnswer(unknownPath)
    if (!token.scopes.has('ACCOUNT_BASIC') || held?.consent.status !== 'ACTIVE') return toAnswer(forbidden)
    const shared = held.consent.resources.map(({ id }) => id)
    return {
      status: 200,
      body: { accounts: accountsOf(held.person).filter(({ accountId }) => shared.includes(accountId)) },
    }
  }
}

async function findToken(provider: Provider, request: BankRequest): Promise<Token | undefined> {
  const [, value = ''] = /^bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  const tokens: (Token | undefined)[] = [
    await provider.AccessToken.find(value),
    await provider.ClientCredentials.find(value),
  ]
  const certificate = presentedCertificate(request)
  return tokens.find((token) => token?.isValid && token['x5t#S256'] === certificate)
}

/** Who may act: a person who is there, or the app by itself. */
const actors = ['USER', 'BATCH']

const isUuid = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^[\da-f]{8}-[\da-f]{4}-[1-5][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i.test(value)

const initiators = [
  'DATA_ACCESS_PLATFORM',
  'DATA_PROVIDER',
  'DATA_RECIPIENT',
  'INDIVIDUAL',
  'MERCHANT',
  'VENDOR',
]
const reasons = ['BUSINESS_RULE', 'USER_ACTION']

function readRevocation({ body }: BankRequest): { initiator: string; reason: string } | undefined {
  const { initiator, reason } = Object(parseJson(body.toString())) as Record<string, unknown>
  const known = initiators.find((name) => name === initiator)
  const why = reasons.find((name) => name === reason)
  return known !== undefined && why !== undefined ? { initiator: known, reason: why } : undefined
}

const unauthorized: Refusal = {
  status: 401,
  code: '401',
  message: 'The access token is missing, expired or bound to another certificate.',
}
const forbidden: Refusal = {
  status: 403,
  code: '403',
  message: 'The consent or the scope does not cover this.',
}
const noInteractionId: Refusal = {
  status: 400,
  code: '400',
  message: 'The header x-fapi-interaction-id is missing or no UUID.',
}
const noActorType: Refusal = {
  status: 400,
  code: '400',
  message: 'The header FDX-API-Actor-Type is missing, or neither USER nor BATCH.',
}
const unknownConsent: Refusal = { status: 404, code: '602', message: 'Consent not found.' }
const unknownPath: Refusal = { status: 404, code: '404', message: 'There is nothing here.' }
const badRevocation: Refusal = {
  status: 400,
  code: '400',
  message: 'reason or initiator is missing or unknown.',
}
const alreadyRevoked: Refusal = { status: 409, code: '409', message: 'The consent has been revoked already.' }

function toAnswer({ status, code, message }: Refusal): Answer {
  return { status, body: { error: { code, message } } }
}
