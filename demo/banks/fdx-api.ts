import type { AccessToken, ClientCredentials, Provider } from 'oidc-provider'
import { accountsOf, transactionsOf } from './fdx-accounts.js'
import type { Consents, HeldConsent } from './fdx-consents.js'
import {
  fdxRefusals,
  isUuid,
  objectToHeaders,
  readRevocation,
  toFdxAnswer,
} from '../../src/testing/quirks/fdx.js'
import { parseJson, sendJson, type BankRequest, type Handler } from './http.js'
import { presentedCertificate } from './requests.js'

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
    if (!token) return toFdxAnswer(fdxRefusals.token)
    const { 'x-fapi-interaction-id': interaction, 'fdx-api-actor-type': actor } = request.headers
    const objection = objectToHeaders(interaction, actor)
    if (objection) return toFdxAnswer(objection)
    const [resource, id = '', part, ...more] = request.path.slice(base.length).split('/')
    if (resource === 'accounts' && id === '') return answerAccounts(token, request)
    if (resource === 'accounts' && part === 'transactions') return answerTransactions(token, id, request)
    if (resource !== 'consents' || more.length > 0) return toFdxAnswer(fdxRefusals.path)
    if (token.kind !== 'ClientCredentials' && clientConsents()) return toFdxAnswer(fdxRefusals.forbidden)
    const held = visible(token, id)
    if (part === undefined && request.method === 'GET') return answerConsent(token, held)
    if (part === 'revocation') return answerRevocation(token, held, request)
    return toFdxAnswer(fdxRefusals.path)
  }

  /** A person's token opens its own consent, the client's own token all of the client's. */
  function visible(token: Token, id: string): HeldConsent | undefined {
    const held = consents.find(id)
    const own = token.kind === 'ClientCredentials' || token.grantId === id
    return held?.clientId === token.clientId && own ? held : undefined
  }

  function answerConsent(token: Token, held: HeldConsent | undefined): Answer {
    if (!token.scopes.has('READ_CONSENTS')) return toFdxAnswer(fdxRefusals.forbidden)
    return held ? { status: 200, body: held.consent } : toFdxAnswer(fdxRefusals.consent)
  }

  async function answerRevocation(
    token: Token,
    held: HeldConsent | undefined,
    request: BankRequest,
  ): Promise<Answer> {
    const writes = request.method === 'PUT'
    if (!token.scopes.has(writes ? 'UPDATE_CONSENTS' : 'READ_CONSENTS'))
      return toFdxAnswer(fdxRefusals.forbidden)
    if (!held || (!writes && !held.revocation)) return toFdxAnswer(fdxRefusals.consent)
    if (!writes) return { status: 200, body: held.revocation }
    const revocation = readRevocation(parseJson(request.body.toString()))
    if (!revocation) return toFdxAnswer(fdxRefusals.revocation)
    if (held.revocation) return toFdxAnswer(fdxRefusals.revoked)
    consents.revoke(held.consent.id, revocation)
    // With the consent go its tokens, the one of this request, too: afterwards only the client's own token can ask.
    await provider.RefreshToken.revokeByGrantId(held.consent.id)
    return { status: 204 }
  }

  function answerTransactions(token: Token, accountId: string, { method }: BankRequest): Answer {
    const held = consents.find((token as AccessToken).grantId)
    if (method !== 'GET') return toFdxAnswer(fdxRefusals.path)
    const shared = held?.consent.resources.find(({ id }) => id === accountId)
    const may = held?.consent.status === 'ACTIVE' && shared?.dataClusters.includes('TRANSACTIONS')
    if (!token.scopes.has('ACCOUNT_BASIC') || !may) return toFdxAnswer(fdxRefusals.forbidden)
    return { status: 200, body: { transactions: transactionsOf(held.person, accountId) } }
  }

  function answerAccounts(token: Token, { method }: BankRequest): Answer {
    const held = consents.find((token as AccessToken).grantId)
    if (method !== 'GET') return toFdxAnswer(fdxRefusals.path)
    if (!token.scopes.has('ACCOUNT_BASIC') || held?.consent.status !== 'ACTIVE')
      return toFdxAnswer(fdxRefusals.forbidden)
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
