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

/** The grant behind an access token, of a person or of a client. */
type AnyAccess = Omit<Access, 'person'>

/** An API that wants an access token. */
export interface Api<A extends AnyAccess = Access> {
  readonly method: 'GET' | 'POST'
  /** Origins whose pages may call it. */
  readonly origins: readonly string[]
  /** Whether those pages may send cookies along. */
  readonly credentials?: boolean
  readonly findAccess: (accessToken: string) => Promise<A | undefined>
  readonly answer: (access: A, request: BankRequest) => ApiAnswer
  /** Whether DPoP proofs need this server's nonce. */
  readonly demandsNonce?: () => boolean
  /** The body of a 401. @defaultValue an RFC 6750 error */
  readonly refusal?: (error: string) => unknown
}

/** Serves an API: CORS, the access token in the Authorization header, the DPoP proof of a token that is bound. */
export function serveApi<A extends AnyAccess>(api: Api<A>): Handler {
  const check = createAccessCheck(api)
  return async (request, response) => {
    const headers = crossOriginHeaders(request, api.origins, { credentials: api.credentials ?? false })
    if (request.method === 'OPTIONS') {
      answerPreflight(request, response, headers, api.method)
      return
    }
    const { status, body, ...answer } = request.method === api.method ? await check(request) : wrongMethod
    sendJson(response, status, body, { ...headers, ...answer.headers })
  }
}

const wrongMethod: ApiAnswer = { status: 405, body: { error: 'invalid_request' } }

/** Why a request is refused; without an error when it carries no access token (RFC 6750 §3). */
interface Refusal {
  readonly scheme: string
  readonly error?: string
  readonly description?: string
}

function createAccessCheck<A extends AnyAccess>(api: Api<A>): (request: BankRequest) => Promise<ApiAnswer> {
  const proofs = createProofChecker(api.demandsNonce ?? (() => false))
  return async (request) => {
    const token = readAuthorization(request)
    if (!token) return refuse({ scheme: 'Bearer' })
    const access = await api.findAccess(token.value)
    if (!access) {
      return refuse({
        ...token,
        error: 'invalid_token',
        description: 'The access token is expired or unknown.',
      })
    }
    const problem = await findBindingProblem(request, token, access)
    return problem ? refuse({ scheme: 'DPoP', ...problem }) : api.answer(access, request)
  }

  function findBindingProblem(request: BankRequest, token: Authorization, { thumbprint }: AnyAccess) {
    if ((thumbprint === undefined) === (token.scheme === 'DPoP')) {
      return Promise.resolve({
        error: 'invalid_token',
        description: 'The scheme is not that of the access token.',
      })
    }
    return thumbprint === undefined ? undefined : proofs.problem(request, token.value, thumbprint)
  }

  function refuse({ scheme, error, description = '' }: Refusal): ApiAnswer {
    const details = error === undefined ? '' : `, error="${error}", error_description="${description}"`
    const nonce = error === 'use_dpop_nonce' ? { 'dpop-nonce': proofs.nonce } : {}
    const headers = { 'www-authenticate': `${scheme} realm="api"${details}`, ...nonce }
    const code = error ?? 'invalid_request'
    return { status: 401, body: api.refusal?.(code) ?? { error: code }, headers }
  }
}

interface Authorization {
  readonly scheme: 'Bearer' | 'DPoP'
  readonly value: string
}

/** RFC 9110 §11.1: the scheme is case-insensitive; `Bearer:` is none. */
function readAuthorization(request: BankRequest): Authorization | undefined {
  const [, scheme, value] = /^(bearer|dpop) (\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  if (scheme === undefined || value === undefined) return undefined
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', value }
}

/** Looks an access token up in oidc-provider; it is as dead as its grant. */
export function accessFrom(provider: Provider): Api['findAccess'] {
  return async (accessToken) => {
    const token = await provider.AccessToken.find(accessToken)
    const grant = await provider.Grant.find(token?.grantId ?? '')
    const person = findPerson(token?.accountId ?? '')
    if (!token || !grant || !person) return undefined
    return { person, scopes: token.scopes, ...(token.jkt === undefined ? {} : { thumbprint: token.jkt }) }
  }
}
