import { scopeValues } from '../servers/authorization-request.js'
import { credentialsOf, type Credentials } from '../servers/client-authentication.js'
import { formOf, jsonOf, type ServerRequest } from '../servers/http.js'
import type { ProviderEndpoint } from '../servers/server.js'

/** The endpoints of the backend contract. */
export type BackendEndpoint =
  'authorization' | 'token' | 'connections' | 'access-token' | 'disconnect' | 'resource'

/** Where a request goes. */
export type RequestTarget =
  | { readonly to: 'provider'; readonly provider: string; readonly endpoint: ProviderEndpoint }
  | { readonly to: 'backend'; readonly provider: string | undefined; readonly endpoint: BackendEndpoint }

/** Facts about a request, with no secret in them. */
interface RequestFacts {
  /** Who sent it: the page, the app's backend, or the person, who opens the authorization URL. */
  readonly from: 'page' | 'backend' | 'person'
  readonly method: string
  /** Origin and path. */
  readonly url: string
  /** Epoch seconds. */
  readonly at: number
  /** Status of the answer; `undefined` while there is none, and for ever when it was lost. */
  readonly status: number | undefined
  /** The scope values that were asked for. */
  readonly scope: readonly string[]
  /** The `grant_type` of a token request. */
  readonly grantType: string | undefined
  /** True for an authorization request with an S256 code challenge, and for a token request with a code verifier. */
  readonly pkce: boolean
  /** How the client authenticated, at an endpoint that takes forms. */
  readonly clientAuthentication: Credentials | 'tls_client_auth' | undefined
  /** Parameters of the query, the form or the JSON; values that are secret, or may be, read `[redacted]`. */
  readonly parameters: Readonly<Record<string, string>>
}

/** One request that the bank has received: from the page, from the app's backend, or from the person. */
export type BankRequest = RequestFacts & RequestTarget

/** A request while it is answered. */
export interface OpenRequest {
  readonly entry: BankRequest
  /** Notes the status of its answer. */
  readonly answered: (status: number) => void
}

const secretNames =
  /^(?:code|code_verifier|code_challenge|state|nonce|transaction|rejected|request|request_uri|init_token|dpop_jkt|sub|\w*token|client_secret|client_assertion|claims)$/

/** Describes a request. Nothing secret is in it, so that a failing assertion can print it. */
export function describeRequest(
  from: RequestFacts['from'],
  target: RequestTarget,
  request: ServerRequest,
  at: number,
): OpenRequest {
  const form = formOf(request)
  const isForm = form.size > 0
  const given = new URLSearchParams([...request.url.searchParams, ...form, ...jsonMembers(request)])
  const { to, provider, endpoint } = target
  const entry = {
    ...({ to, provider, endpoint } as RequestTarget),
    from,
    method: request.method,
    url: request.url.origin + request.url.pathname,
    at,
    status: undefined as number | undefined,
    scope: scopeValues(given.get('scope')),
    grantType: form.get('grant_type') ?? undefined,
    pkce:
      given.has('code_verifier') ||
      (given.has('code_challenge') && (given.get('code_challenge_method') ?? 'S256') === 'S256'),
    clientAuthentication: isForm ? authenticationOf(request, form) : undefined,
    parameters: Object.fromEntries([...given].map(([name, value]) => [name, redact(name, value)])),
  }
  return {
    entry,
    answered(status) {
      entry.status = status
    },
  }
}

const authenticationOf = (
  { headers, certificate }: ServerRequest,
  form: URLSearchParams,
): RequestFacts['clientAuthentication'] => (certificate ? 'tls_client_auth' : credentialsOf(headers, form))

const redact = (name: string, value: string): string =>
  secretNames.test(name) || /[\w-]{40}/.test(value) ? '[redacted]' : value

function jsonMembers(request: ServerRequest): [string, string][] {
  const isJson = request.headers.get('content-type')?.startsWith('application/json') ?? false
  if (!isJson || request.body === '') return []
  return Object.entries(jsonOf(request)).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
}
