import { fdx as fdxBackend, type FdxConsentTemplate, type JsonObject } from '../../backend/index.js'
import { sampleAccounts } from '../data/accounts.js'
import {
  endOfConsent,
  fdxClusters,
  fdxDetailType,
  fdxRefusals,
  objectToDetail,
  objectToHeaders,
  readRevocation,
  toFdxAnswer,
  type ConsentDetail,
  type ConsentRequest,
  type GrantedResource,
} from '../quirks/fdx.js'
import { scopeTexts } from '../quirks/scopes.js'
import { ok, type ApiAnswer } from '../servers/api.js'
import { ResponseError, scopeValues, type AuthorizationRequest } from '../servers/authorization-request.js'
import type { Dialect } from '../servers/dialect.js'
import type { AccessToken, Grant } from '../servers/grants.js'
import { jsonOf, type ServerRequest } from '../servers/http.js'
import type { Kind, ProviderSetup } from './kind.js'
import { anyRoute } from './routes.js'

/** Name of the template for a page that names none. */
const usualTemplate = 'kit'

/** What the kit's backend asks for under any name: which consents there are is the real backend's affair. */
const template: FdxConsentTemplate = {
  durationType: 'TIME_BOUND',
  durationPeriod: 365,
  lookbackPeriod: 730,
  resources: [
    {
      resourceType: 'ACCOUNT',
      dataClusters: ['ACCOUNT_BASIC', 'ACCOUNT_DETAILED', 'TRANSACTIONS', 'STATEMENTS'],
    },
    { resourceType: 'CUSTOMER', dataClusters: ['CUSTOMER_CONTACT', 'CUSTOMER_PERSONAL'] },
  ],
  adjustable: ['durationPeriod', 'lookbackPeriod', 'resources'],
}

/** An FDX data provider: pushed consents, a client that is its certificate, and an API for consents and accounts. */
export const fdx: Kind = ({ provider, redirectUri, fetchWithCertificate, now, memory }) => {
  const { clientId, issuer = '', authorizationEndpoint = '', scope, requireIss = false } = provider
  const consents: Record<string, FdxConsentTemplate> = { [usualTemplate]: template }
  return {
    dialect: toDialect(issuer, authorizationEndpoint, scopeValues(scope), { now, memory }),
    authentication: { method: 'tls_client_auth' },
    backend: fdxBackend({
      clientId,
      redirectUri,
      issuer,
      scope,
      fetch: fetchWithCertificate,
      api: `${issuer}/`,
      consents,
      origins: [new URL(authorizationEndpoint).origin],
      fapi: requireIss,
      routes: [
        ...anyRoute.filter(({ path }) => path === '/{a}' || path === '/{a}/{b}'),
        { method: 'GET', path: '/accounts/{accountId}/transactions' },
      ],
    }),
    admit(input = {}) {
      const { consent_request: asked = usualTemplate } = input
      const choice: JsonObject =
        typeof asked === 'string' ? { template: asked } : { ...(asked as JsonObject) }
      const { template: name = usualTemplate } = choice
      if (typeof name === 'string') consents[name] ??= template
      return { consent_request: { ...choice, template: name } }
    },
  }
}

interface Consent extends ConsentRequest<GrantedResource> {
  readonly id: string
  readonly status: 'ACTIVE' | 'EXPIRED' | 'REVOKED'
  readonly expirationTime?: string
  readonly [member: string]: unknown
}

/** A consent, and its revocation where it was revoked. */
interface HeldConsent {
  /** As the token response has it. */
  readonly detail: ConsentDetail<GrantedResource>
  readonly consent: Consent
  readonly revocation?: object
}

const heldBy = ({ notes }: Grant): HeldConsent => notes['consent'] as HeldConsent

/** The consent of a grant as it is at a time. @param now Epoch seconds. */
function consentOf(grant: Grant, now: number): Consent {
  const { consent, revocation } = heldBy(grant)
  if (revocation) return { ...consent, status: 'REVOKED' }
  const { expirationTime } = consent
  const isOver = expirationTime !== undefined && Date.parse(expirationTime) <= now * 1000
  return isOver ? { ...consent, status: 'EXPIRED' } : consent
}

function toDialect(
  issuer: string,
  authorization: string,
  configured: readonly string[],
  { now, memory }: Pick<ProviderSetup, 'now' | 'memory'>,
): Dialect {
  const grants = memory.map<Grant>(`${issuer} consents`)
  const isUnknown = (scope: string): boolean => !(scope in scopeTexts.fdx) && !configured.includes(scope)
  return {
    issuer,
    endpoints: {
      authorization,
      token: `${issuer}/oauth2/token`,
      jwks: `${issuer}/.well-known/jwks.json`,
      par: `${issuer}/par`,
      revocation: `${issuer}/oauth2/revoke`,
    },
    metadata: {
      require_pushed_authorization_requests: true,
      tls_client_certificate_bound_access_tokens: true,
    },
    apis: [`${issuer}/consents`, `${issuer}/accounts`],
    accessTokenSeconds: 3600,
    scopeTexts: scopeTexts.fdx,
    consentTexts,
    requiresPar: true,
    check({ parameters, scope }) {
      if (scope.some(isUnknown))
        throw new ResponseError('invalid_scope', 'the scope is not allowed for this client')
      const detail = readDetail(parameters)
      const problem = detail ? objectToDetail(detail) : 'a consent request is required'
      if (problem !== undefined) throw new ResponseError('invalid_authorization_details', problem)
    },
    connect(grant, { parameters }) {
      const asked = readDetail(parameters)
      if (!asked) return
      const detail = toGrantedDetail(grant, asked)
      const consent = toConsent(grant, detail, now() * 1000)
      grant.notes['consent'] = { detail, consent } satisfies HeldConsent
      grants.set(consent.id, grant)
    },
    toTokenResponse: (body, grant) => ({
      ...body,
      token_type: 'bearer',
      authorization_details: [heldBy(grant).detail],
      grant_id: heldBy(grant).consent.id,
    }),
    objectToOwnToken: (scope) =>
      scope.some(isUnknown)
        ? { error: 'invalid_scope', description: 'the scope is not allowed for this client' }
        : undefined,
    answer: (request, access) =>
      answerApi(request, access, {
        path: request.url.href.slice(issuer.length + 1).split('?')[0] ?? '',
        find: (id) => grants.get(id),
        now: now(),
      }),
  }
}

/** The consent that is asked for; `undefined` where there is none that can be read. */
function readDetail(parameters: URLSearchParams): ConsentDetail | undefined {
  const { details } = jsonOf({ body: `{"details":${parameters.get('authorization_details') ?? '[]'}}` })
  return (Array.isArray(details) ? (details as ConsentDetail[]) : []).find(
    (detail) => (Object(detail) as Partial<ConsentDetail>).type === fdxDetailType,
  )
}

/** The kinds of data that are asked for, in words. */
const consentTexts = ({ parameters }: AuthorizationRequest): readonly string[] =>
  readDetail(parameters)?.consentRequest.resources.flatMap(({ resourceType, dataClusters }) =>
    dataClusters.map((cluster) => `see ${fdxClusters[resourceType]?.[cluster] ?? cluster}`),
  ) ?? []

/** What the person agrees to: of accounts, one entry each. */
const toGrantedDetail = (
  grant: Grant,
  { type, consentRequest }: ConsentDetail,
): ConsentDetail<GrantedResource> => ({
  type,
  consentRequest: {
    ...consentRequest,
    resources: consentRequest.resources.flatMap((resource) =>
      resource.resourceType === 'ACCOUNT'
        ? accountsOf(grant).map((account, index) => ({ ...resource, id: accountIdOf(account, index) }))
        : [resource],
    ),
  },
})

function toConsent(grant: Grant, { consentRequest }: ConsentDetail<GrantedResource>, now: number): Consent {
  const { grantId } = { ...(grant.approval.details as { readonly grantId?: string } | undefined) }
  const end = endOfConsent(consentRequest, now)
  return {
    ...consentRequest,
    id: grantId ?? grant.id,
    status: 'ACTIVE',
    parties: [
      { name: grant.registration.label, type: 'DATA_PROVIDER' },
      { name: grant.registration.clientId, type: 'DATA_RECIPIENT' },
    ],
    createdTime: new Date(now).toISOString(),
    ...(end !== undefined && { expirationTime: new Date(end).toISOString() }),
  }
}

const accountsOf = ({ approval }: Grant): readonly object[] => approval.accounts ?? sampleAccounts.fdx

const accountIdOf = (account: object, index: number): string =>
  (account as { readonly accountId?: string }).accountId ?? `account-${String(index + 1)}`

/** What an answer of the API is made from. */
interface Question {
  /** Below the API, without the query. */
  readonly path: string
  readonly find: (id: string) => Grant | undefined
  /** Epoch seconds. */
  readonly now: number
}

function answerApi(
  request: ServerRequest,
  access: AccessToken | undefined,
  { path, find, now }: Question,
): ApiAnswer {
  if (!access) return toFdxAnswer(fdxRefusals.token)
  const { headers } = request
  const objection = objectToHeaders(headers.get('x-fapi-interaction-id'), headers.get('fdx-api-actor-type'))
  if (objection) return toFdxAnswer(objection)
  const [resource, id = '', part, ...more] = path.split('/')
  if (resource === 'accounts' && id === '' && request.method === 'GET') return answerAccounts(access, now)
  if (resource !== 'consents' || more.length > 0) return toFdxAnswer(fdxRefusals.path)
  const grant = find(id)
  // A person's token opens its own consent, the client's own token all of the client's.
  const visible = grant && (access.grant === undefined || access.grant === grant) ? grant : undefined
  if (part === undefined && request.method === 'GET') return answerConsent(visible, access, now)
  return part === 'revocation'
    ? answerRevocation(visible, request, access, now)
    : toFdxAnswer(fdxRefusals.path)
}

const answerAccounts = ({ grant, scope }: AccessToken, now: number): ApiAnswer =>
  grant && scope.includes('ACCOUNT_BASIC') && consentOf(grant, now).status === 'ACTIVE'
    ? ok({ accounts: sharedAccounts(grant) })
    : toFdxAnswer(fdxRefusals.forbidden)

/** The accounts that the consent names. */
function sharedAccounts(grant: Grant): readonly object[] {
  const shared = heldBy(grant).consent.resources.map(({ id }) => id)
  return accountsOf(grant).filter((account, index) => shared.includes(accountIdOf(account, index)))
}

function answerConsent(grant: Grant | undefined, { scope }: AccessToken, now: number): ApiAnswer {
  if (!scope.includes('READ_CONSENTS')) return toFdxAnswer(fdxRefusals.forbidden)
  return grant ? ok(consentOf(grant, now)) : toFdxAnswer(fdxRefusals.consent)
}

function answerRevocation(
  grant: Grant | undefined,
  request: ServerRequest,
  { scope }: AccessToken,
  now: number,
): ApiAnswer {
  const writes = request.method === 'PUT'
  if (!scope.includes(writes ? 'UPDATE_CONSENTS' : 'READ_CONSENTS')) return toFdxAnswer(fdxRefusals.forbidden)
  const held = grant && heldBy(grant)
  if (!held || (!writes && !held.revocation)) return toFdxAnswer(fdxRefusals.consent)
  if (!writes) return ok(held.revocation)
  const revocation = readRevocation(jsonOf(request))
  if (!revocation) return toFdxAnswer(fdxRefusals.revocation)
  if (held.revocation) return toFdxAnswer(fdxRefusals.revoked)
  const updatedTime = new Date(now * 1000).toISOString()
  grant.notes['consent'] = { ...held, revocation: { ...revocation, status: 'REVOKED', updatedTime } }
  // With the consent go its tokens, the one of this request, too.
  return { status: 204, ends: grant }
}
