import { unauthorized, type ApiAnswer } from './api.js'
import {
  checkAuthorizationRequest,
  endVisit,
  readAuthorizationRequest,
  toResponseUrl,
} from './authorization.js'
import { PageError, ResponseError, type AuthorizationRequest, type Ending } from './authorization-request.js'
import type { Dialect } from './dialect.js'
import { checkProof } from './dpop.js'
import { createGrants, type Grants } from './grants.js'
import { formOf, json, OAuthRefusal, type ServerRequest } from './http.js'
import { createKeyPair, publicJwk, signJwt } from './jwt.js'
import type { Memory } from '../memory.js'
import type { Randomness } from '../random.js'
import type { Registration } from './registration.js'
import { tamperWithIdToken, tamperWithResponse, type TakeTampering } from './tamper.js'
import { answerTokenRequest, findClient, systemNow, type ServerState } from './token-endpoint.js'

/** The endpoints of a provider. */
export type ProviderEndpoint =
  'discovery' | 'jwks' | 'par' | 'authorization' | 'token' | 'revocation' | 'userinfo' | 'api'

/** An authorization server with its API. Its keys are made when it starts; what it signs is really signed. */
export interface Server {
  readonly registrations: readonly Registration[]
  readonly grants: Grants
  /** True where a person who cancels is not sent back. */
  readonly keepsCancelled: boolean
  /** Which of its endpoints an address is. */
  readonly endpointOf: (url: URL) => ProviderEndpoint | undefined
  readonly answer: (request: ServerRequest, endpoint: ProviderEndpoint) => Promise<Response>
  /**
   * Reads and checks the authorization request that a person opens.
   *
   * @throws {PageError} for one that is refused on the provider's own page.
   */
  readonly open: (url: URL) => Promise<AuthorizationRequest>
  /** What the person is asked for, in the words of the consent page. */
  readonly consentTexts: (request: AuthorizationRequest) => readonly string[]
  /** Ends the person's visit: the URL of the authorization response. */
  readonly end: (request: AuthorizationRequest, ending: Ending) => string
}

/** What the servers of one bank share. */
export interface ServerContext {
  /** Epoch seconds. */
  readonly now: () => number
  readonly random: Randomness
  readonly takeTampering: TakeTampering
  readonly memory: Memory
}

const pushedSeconds = 60

/** Starts a server. */
// eslint-disable-next-line max-lines-per-function -- one short member for each endpoint
export function createServer(
  dialect: Dialect,
  registrations: readonly Registration[],
  { now, random, takeTampering, memory }: ServerContext,
): Server {
  const { issuer, codeSeconds } = dialect
  const { kid, keys } = signingKeyOf(memory.map(`${issuer} signing key`), random)
  const strangersKeys = createKeyPair()
  // Whoever awaits them learns of a failure.
  keys.catch(() => undefined)
  strangersKeys.catch(() => undefined)
  const grants = createGrants({ issuer, memory, now, random, codeSeconds })
  const state: ServerState = {
    dialect,
    registrations,
    grants,
    now,
    random,
    used: new Set(),
    pushed: memory.map(`${issuer} pushed requests`),
    async sign(claims, { name }) {
      const target = takeTampering(name, 'id_token')
      const { privateKey } = await (target === 'signature' ? strangersKeys : keys)
      return signJwt(privateKey, { kid }, tamperWithIdToken(claims, target))
    },
  }
  const addresses = addressesOf(dialect)

  async function answer(request: ServerRequest, endpoint: ProviderEndpoint): Promise<Response> {
    switch (endpoint) {
      case 'discovery':
        return json(metadataOf(dialect, registrations))
      case 'jwks':
        return json({
          keys: [{ ...(await publicJwk((await keys).publicKey)), alg: 'ES256', use: 'sig', kid }],
        })
      case 'par':
        return push(state, request)
      case 'token':
        return answerTokenRequest(state, request)
      case 'revocation':
        return revoke(state, request)
      case 'authorization':
        return new Response('A person opens this, not a program.', { status: 405 })
      case 'userinfo':
      case 'api':
        return askApi(state, request, endpoint)
    }
  }

  return {
    registrations,
    grants,
    keepsCancelled: dialect.keepsCancelled ?? false,
    endpointOf(url) {
      const address = url.origin + url.pathname
      return (
        addresses.get(address) ?? (dialect.apis.some((base) => address.startsWith(base)) ? 'api' : undefined)
      )
    },
    answer: (request, endpoint) =>
      answer(request, endpoint).catch((error: unknown) => {
        if (error instanceof OAuthRefusal) return error.toResponse()
        throw error
      }),
    async open(url) {
      const request = openRequest(state, url)
      try {
        await checkAuthorizationRequest(request, dialect)
        return request
      } catch (refusal) {
        if (!(refusal instanceof ResponseError)) throw refusal
        if (dialect.refusesOnPage) throw new PageError(refusal.message)
        return { ...request, refusal }
      }
    },
    consentTexts: (request) => consentTextsOf(dialect, request),
    end(request, ending) {
      const { redirectUri, registration, refusal } = request
      const decided: Ending = refusal
        ? { kind: 'error', error: refusal.error, description: refusal.message }
        : ending
      const parameters = endVisit(request, decided, { dialect, grants, now: now(), random })
      const target = takeTampering(registration.name, 'response')
      return toResponseUrl(redirectUri, tamperWithResponse(parameters, target))
    },
  }
}

interface SigningKey {
  readonly kid: string
  readonly keys: CryptoKeyPair
}

/** The key that ID Tokens are signed with: pages keep it for a while, so it is the same when a server goes on. */
function signingKeyOf(map: Map<string, SigningKey>, random: Randomness) {
  const kept = map.get('own')
  const kid = kept?.kid ?? random.text(6)
  const keys = kept
    ? Promise.resolve(kept.keys)
    : createKeyPair().then((made) => {
        map.set('own', { kid, keys: made })
        return made
      })
  return { kid, keys }
}

function consentTextsOf(
  { scopeTexts, textOfScope, consentTexts }: Dialect,
  request: AuthorizationRequest,
): readonly string[] {
  const ofScope = request.scope.map((value) => scopeTexts[value]?.text ?? textOfScope?.(value) ?? value)
  return [...ofScope, ...(consentTexts?.(request) ?? [])]
}

function addressesOf({ endpoints, metadata, issuer }: Dialect): ReadonlyMap<string, ProviderEndpoint> {
  const { origin, pathname } = new URL(issuer)
  const own = Object.entries(endpoints).map(([name, address]) => [address as string, name] as const)
  const path = pathname.replace(/\/$/, '')
  const documents = metadata
    ? [
        `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
        `${origin}/.well-known/oauth-authorization-server${path}`,
      ]
    : []
  return new Map([...own, ...documents.map((address) => [address, 'discovery'] as const)]) as Map<
    string,
    ProviderEndpoint
  >
}

function metadataOf(
  { issuer, endpoints, metadata }: Dialect,
  registrations: readonly Registration[],
): object {
  const named = { jwks_uri: endpoints.jwks, pushed_authorization_request_endpoint: endpoints.par }
  const optional = { revocation_endpoint: endpoints.revocation, userinfo_endpoint: endpoints.userinfo }
  const isPublic = registrations.every(({ authentication }) => authentication.method === 'none')
  return {
    issuer,
    authorization_endpoint: endpoints.authorization,
    token_endpoint: endpoints.token,
    ...named,
    ...optional,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    id_token_signing_alg_values_supported: ['ES256'],
    token_endpoint_auth_methods_supported: isPublic
      ? ['none']
      : ['client_secret_basic', 'private_key_jwt', 'tls_client_auth'],
    authorization_response_iss_parameter_supported: true,
    dpop_signing_alg_values_supported: ['ES256'],
    ...metadata,
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc9126.html#section-2 */
async function push(state: ServerState, request: ServerRequest): Promise<Response> {
  const form = formOf(request)
  const registration = await findClient(state, request, form)
  const parameters = withoutCredentials(form, registration.clientId)
  try {
    await checkAuthorizationRequest(readAuthorizationRequest(parameters, state.registrations), state.dialect)
  } catch (error) {
    if (error instanceof ResponseError) throw new OAuthRefusal(error.error, error.message)
    if (error instanceof PageError) throw new OAuthRefusal('invalid_request', error.message)
    throw error
  }
  const uri = `urn:ietf:params:oauth:request_uri:${state.random.text()}`
  state.pushed.set(uri, { form: parameters.toString(), expiresAt: state.now() + pushedSeconds })
  return json({ request_uri: uri, expires_in: pushedSeconds }, 201)
}

function withoutCredentials(form: URLSearchParams, clientId: string): URLSearchParams {
  const parameters = new URLSearchParams(form)
  for (const name of ['client_secret', 'client_assertion', 'client_assertion_type']) parameters.delete(name)
  parameters.set('client_id', clientId)
  return parameters
}

/** @throws {PageError} */
function openRequest({ pushed, dialect, registrations, now }: ServerState, url: URL): AuthorizationRequest {
  const given = url.searchParams
  const uri = given.get('request_uri')
  if (uri === null) {
    if (dialect.requiresPar) throw new PageError('the request was not pushed')
    return readAuthorizationRequest(given, registrations)
  }
  const found = pushed.get(uri)
  // Good once, as RFC 9126 §4 has it.
  pushed.delete(uri)
  if (!found || found.expiresAt <= now())
    throw new PageError('the request_uri is unknown, used or has expired')
  const parameters = new URLSearchParams(found.form)
  const clientId = given.get('client_id')
  const mayLack = dialect.knowsClientByRequest && clientId === null
  if (!mayLack && clientId !== parameters.get('client_id'))
    throw new PageError('the client_id is not that of the pushed request')
  return readAuthorizationRequest(parameters, registrations)
}

/** @see https://www.rfc-editor.org/rfc/rfc7009.html#section-2 */
async function revoke(state: ServerState, request: ServerRequest): Promise<Response> {
  const form = formOf(request)
  await findClient(state, request, form)
  state.grants.revokeToken(form.get('token') ?? '')
  return new Response(null, { status: 200 })
}

async function askApi(
  { dialect, grants, used }: ServerState,
  request: ServerRequest,
  endpoint: 'userinfo' | 'api',
): Promise<Response> {
  const [, scheme = '', value = ''] =
    /^(bearer|dpop) (\S+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
  const found = grants.findAccessToken(value)
  const jkt = found?.jkt && (await checkProof(request, { seen: used, now: systemNow(), accessToken: value }))
  const fits =
    found !== undefined &&
    found.jkt === jkt &&
    scheme.toLowerCase() === (found.jkt === undefined ? 'bearer' : 'dpop') &&
    (!found.bound || request.certificate)
  const access = fits ? found : undefined
  const answer: ApiAnswer | Response =
    endpoint === 'userinfo'
      ? access?.grant
        ? { status: 200, body: { ...access.grant.approval.claims, sub: access.grant.sub } }
        : unauthorized
      : await dialect.answer(request, access)
  if (answer instanceof Response) return answer
  const { ends } = answer
  if (ends) grants.revoke((grant) => grant === ends)
  const { status, body } = answer
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer error="invalid_token"' } : {}
  return status === 204 ? new Response(null, { status }) : json(body, status, challenge)
}
