import type { ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { answerPreflight, crossOriginHeaders } from './cross-origin.js'
import { createProofChecker } from './dpop.js'
import { sendJson, type BankRequest, type Handler } from './http.js'
import { findPerson, type Person } from './people.js'

/** What an access token stands for. */
export interface Access {
  readonly person: Person
  readonly scopes: ReadonlySet<string>
  /** The thumbprint of the key it is bound to (RFC 9449). */
  readonly thumbprint?: string
}

/** Answer of an API: a status and JSON. */
export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** An API that wants an access token. */
export interface Api {
  readonly method: 'GET' | 'POST'
  /** Origins whose pages may call it. */
  readonly origins: readonly string[]
  /** Whether those pages may send cookies along. */
  readonly credentials?: boolean
  readonly findAccess: (accessToken: string) => Promise<Access | undefined>
  readonly answer: (access: Access, request: BankRequest) => ApiAnswer
  /** The body of a refusal. @defaultValue an RFC 6750 error */
  readonly refusal?: (error: string) => unknown
}

/** Serves an API: CORS, the access token in an Authorization header, the DPoP proof where the token is bound. */
export function serveApi(api: Api): Handler {
  const check = createAccessCheck(api)
  return async (request, response) => {
    const headers = crossOriginHeaders(request, api.origins, { credentials: api.credentials ?? false })
    if (request.method === 'OPTIONS') {
      answerPreflight(request, response, headers, api.method)
      return
    }
    const answer =
      request.method === api.method
        ? await check(request)
        : { status: 405, body: { error: 'invalid_request' } }
    sendAnswer(response, answer, headers)
  }
}

function sendAnswer(
  response: ServerResponse,
  answer: ApiAnswer,
  headers: Readonly<Record<string, string>>,
): void {
  sendJson(response, answer.status, answer.body, { ...headers, ...answer.headers })
}

function createAccessCheck(api: Api): (request: BankRequest) => Promise<ApiAnswer> {
  const proofs = createProofChecker()
  const refuse = (scheme: string, error?: string, description?: string) =>
    unauthorized(api, scheme, error, description)
  return async (request) => {
    const [scheme = '', token, ...rest] = request.headers.authorization?.split(' ') ?? []
    if (token === undefined || rest.length > 0 || !/^(bearer|dpop)$/i.test(scheme)) return refuse('Bearer')
    const access = await api.findAccess(token)
    if (!access) return refuse(scheme, 'invalid_token', 'The access token is expired or unknown.')
    const problem = await bindingProblem(access, scheme)
    return problem === undefined ? api.answer(access, request) : refuse('DPoP', 'invalid_token', problem)

    async function bindingProblem({ thumbprint }: Access, used: string): Promise<string | undefined> {
      const bound = thumbprint !== undefined
      if (bound !== (used.toLowerCase() === 'dpop')) return 'the scheme is not that of the access token'
      return bound ? proofs.problem(request, token ?? '', thumbprint) : undefined
    }
  }
}

/** RFC 6750 §3: without a token the challenge carries no error. */
function unauthorized(api: Api, scheme: string, error?: string, description?: string): ApiAnswer {
  const details = error === undefined ? '' : `, error="${error}", error_description="${description ?? ''}"`
  const challenge = `${scheme} realm="api"${details}`
  const body = api.refusal?.(error ?? 'invalid_request') ?? { error: error ?? 'invalid_request' }
  return { status: 401, body, headers: { 'www-authenticate': challenge } }
}

/** Looks an access token up in oidc-provider. */
export function accessFrom(provider: Provider): Api['findAccess'] {
  return async (accessToken) => {
    const token = await provider.AccessToken.find(accessToken)
    const grant = token?.grantId === undefined ? undefined : await provider.Grant.find(token.grantId)
    const person = findPerson(token?.accountId ?? '')
    if (!token || !grant || !person) return undefined
    return { person, scopes: token.scopes, ...(token.jkt === undefined ? {} : { thumbprint: token.jkt }) }
  }
}
