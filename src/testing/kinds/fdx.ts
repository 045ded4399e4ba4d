import { fdx as fdxBackend, type FdxConsentTemplate, type JsonObject } from '../../backend/index.js'
import { sampleAccounts } from '../data/accounts.js'
import { insufficientScope, notFound, ok, unauthorized, type ApiAnswer } from '../servers/api.js'
import { ResponseError } from '../servers/authorization-request.js'
import type { Dialect } from '../servers/dialect.js'
import type { AccessToken, Grant } from '../servers/grants.js'
import { jsonOf, type ServerRequest } from '../servers/http.js'
import type { Kind } from './kind.js'
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
export const fdx: Kind = ({ provider, redirectUri, fetchWithCertificate, now }) => {
  const { clientId, issuer = '', authorizationEndpoint = '', scope, requireIss = false } = provider
  const consents: Record<string, FdxConsentTemplate> = { [usualTemplate]: template }
  return {
    dialect: toDialect(issuer, authorizationEndpoint, now),
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
      routes: anyRoute.filter(({ path }) => path === '/{a}' || path === '/{a}/{b}'),
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

interface Consent {
  readonly id: string
  readonly status: 'ACTIVE' | 'REVOKED'
  readonly [member: string]: unknown
}

const consentOf = ({ notes }: Grant): Consent => notes['consent'] as Consent

function toDialect(issuer: string, authorization: string, now: () => number): Dialect {
  const grants = new Map<string, Grant>()
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
    requiresPar: true,
    check({ parameters }) {
      if (!parameters.has('authorization_details'))
        throw new ResponseError('invalid_authorization_details', 'a consent request is required')
    },
    connect(grant, { parameters }) {
      const consent = toConsent(grant, parameters.get('authorization_details') ?? '[]', now())
      grant.notes['consent'] = consent
      grants.set(consent.id, grant)
    },
    toTokenResponse: (body, grant) => ({ ...body, token_type: 'bearer', grant_id: consentOf(grant).id }),
    issuesOwnTokens: () => true,
    answer(request, access) {
      if (!access) return unauthorized
      const [resource, id = '', part] = request.url.href.slice(issuer.length + 1).split(/[/?]/)
      if (resource === 'accounts') return answerAccounts(access)
      const grant = grants.get(id)
      // A person's token opens its own consent, the client's own token all of the client's.
      return grant && (access.grant === undefined || access.grant === grant)
        ? answerConsent(grant, part, request, access)
        : notFound
    },
  }
}

function toConsent(grant: Grant, details: string, now: number): Consent {
  const [{ consentRequest = {} } = {}] = JSON.parse(details) as readonly {
    readonly consentRequest?: {
      readonly durationPeriod?: number
      readonly resources?: readonly { readonly resourceType: string }[]
    }
  }[]
  const { grantId } = { ...(grant.approval.details as { readonly grantId?: string }) }
  const { durationPeriod = 1, resources = [] } = consentRequest
  return {
    ...consentRequest,
    id: grantId ?? grant.id,
    status: 'ACTIVE',
    parties: [{ name: 'Foxglove Federal', type: 'DATA_PROVIDER' }],
    createdTime: new Date(now * 1000).toISOString(),
    expirationTime: new Date((now + durationPeriod * 24 * 3600) * 1000).toISOString(),
    // Of accounts, one entry each.
    resources: resources.flatMap((resource) =>
      resource.resourceType === 'ACCOUNT'
        ? accountsOf(grant).map((account, index) => ({ ...resource, id: accountIdOf(account, index) }))
        : [resource],
    ),
  }
}

const accountsOf = ({ approval }: Grant): readonly object[] => approval.accounts ?? sampleAccounts.fdx

const accountIdOf = (account: object, index: number): string =>
  (account as { readonly accountId?: string }).accountId ?? `account-${index + 1}`

const answerAccounts = ({ grant, scope }: AccessToken): ApiAnswer =>
  grant && scope.includes('ACCOUNT_BASIC') && consentOf(grant).status === 'ACTIVE'
    ? ok({ accounts: accountsOf(grant) })
    : insufficientScope

function answerConsent(
  grant: Grant,
  part: string | undefined,
  request: ServerRequest,
  { scope }: AccessToken,
): ApiAnswer {
  const revokes = part === 'revocation' && request.method === 'PUT'
  if (!scope.includes(revokes ? 'UPDATE_CONSENTS' : 'READ_CONSENTS')) return insufficientScope
  if (part === undefined) return ok(consentOf(grant))
  if (!revokes) return notFound
  const { reason, initiator } = jsonOf(request)
  if (typeof reason !== 'string' || typeof initiator !== 'string')
    return { status: 400, body: { error: { code: '400' } } }
  grant.notes['consent'] = { ...consentOf(grant), status: 'REVOKED' }
  return { status: 204 }
}
