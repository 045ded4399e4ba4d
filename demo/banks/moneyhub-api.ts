import type { ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { moneyhubProblems } from '../../src/testing/quirks/moneyhub.js'
import { sendJson, type BankRequest, type Handler } from './http.js'

/** What an access token stands for at Moneyhub's APIs. */
export interface Caller {
  readonly scopes: ReadonlySet<string>
  /** The profile it speaks for; none for a token of the partner's own. */
  readonly userId: string | undefined
}

/** An answer of an API: a status and, unless it is 204, JSON. */
export interface MoneyhubAnswer {
  readonly status: number
  readonly body?: unknown
}

/** Answers a request whose token is good and has the scope. */
export type Answering = (request: BankRequest, caller: Caller) => MoneyhubAnswer

/** Serves an API for backends: no CORS, a Bearer token, errors in Moneyhub's envelope. */
export function serveBackends(
  provider: Provider,
  demands: (request: BankRequest) => string | undefined,
  answer: Answering,
): Handler {
  return async (request, response) => {
    const scope = demands(request)
    const caller = await findCaller(provider, request)
    if (!caller) return send(response, moneyhubProblems.token)
    if (scope === undefined) return send(response, moneyhubProblems.nothing)
    if (!caller.scopes.has(scope)) {
      return send(response, moneyhubProblems.scope(scope))
    }
    return send(response, answer(request, caller))
  }
}

function send(response: ServerResponse, { status, body }: MoneyhubAnswer): void {
  if (body !== undefined) sendJson(response, status, body)
  else response.writeHead(status, { 'cache-control': 'no-store' }).end()
}

async function findCaller(provider: Provider, request: BankRequest): Promise<Caller | undefined> {
  const value = /^bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const token = value === undefined ? undefined : await provider.AccessToken.find(value)
  if (!token) return undefined
  // Tokens of the partner's own have neither.
  const { grantId, accountId } = token as { readonly grantId?: string; readonly accountId?: string }
  const alive = grantId === undefined || (await provider.Grant.find(grantId)) !== undefined
  return alive ? { scopes: token.scopes, userId: accountId } : undefined
}
