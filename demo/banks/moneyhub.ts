import { randomBytes } from 'node:crypto'
import type { ClientMetadata, Configuration, JWKS, Provider } from 'oidc-provider'
import type { Bank, Endpoint } from './bank.js'
import type { Fault, Fields, ReadableControl } from './control.js'
import { applyFault } from './fault.js'
import { sendJson, type Handler } from './http.js'
import { serveBackends } from './moneyhub-api.js'
import {
  claimsOf,
  longestConsentDays,
  moneyhubCodeSeconds,
  moneyhubDataScopes,
  moneyhubTokenSeconds,
  renewals,
  scopeOfUsers,
  type RequestedClaims,
} from '../../src/testing/quirks/moneyhub.js'
import { institutionText, scopeTexts, type ScopeTexts } from '../../src/testing/quirks/scopes.js'
import { answerData } from './moneyhub-data.js'
import { createHop, type Hop } from './moneyhub-hop.js'
import {
  groups,
  institutions,
  institutionsOf,
  toListEntry,
  type Institution,
} from '../../src/testing/quirks/moneyhub-institutions.js'
import { createProfiles, type ConnectionTerms, type Profiles } from './moneyhub-profiles.js'
import { checkMoneyhubRequest, createRequestObjects, refuseUnknownScopes } from './moneyhub-requests.js'
import { checkSubject, registerClientCredentials } from './moneyhub-tokens.js'
import { answerUsers } from './moneyhub-users.js'
import { createWebhooks, type Webhooks } from './moneyhub-webhooks.js'
import {
  chain,
  oidcFields,
  type Middleware,
  type OidcAction,
  type OidcBehaviour,
  type OidcHooks,
} from './oidc-setup.js'
import { startOidcBank } from './oidc.js'
import type { Person } from './people.js'
import { brandOf } from '../brands.js'
import type { Theme } from './theme.js'
import { moneyhubTheme as theme, themeOf } from './themes.js'

/** What this bank can be told to do. */
export interface MoneyhubBehaviour extends OidcBehaviour {
  readonly users?: Fault
  readonly sessionLost?: boolean
  readonly connectionId?: string
  readonly connectionError?: string
  readonly connectionsDeleted?: boolean
  readonly reminder?: number
}

const fields: Fields<MoneyhubBehaviour> = {
  ...oidcFields,
  users: 'how the users API fails',
  sessionLost: 'true refuses a code exchange without sub, as when the person came back in another browser',
  connectionsDeleted:
    'true: the users API lists no connection, as after the person has ended them at Moneyhub',
  connectionError: 'the error of every connection that the users API lists, such as credentials_error',
  reminder: 'sends a reauthReminder at the next read of data, which says so many days',
  connectionId: 'the mh:con_id of the ID Token, in place of the right one',
}

/** Options of {@link startMoneyhub}. */
export interface MoneyhubOptions {
  readonly redirectUris: readonly string[]
  /** The client's public keys, for request objects and private_key_jwt. */
  readonly jwks: JWKS
  /** With it the client authenticates by client_secret_basic. @defaultValue none: private_key_jwt */
  readonly clientSecret?: string
  readonly clientId?: string
  /** How the consent page names the app. */
  readonly clientName?: string
  /** Where webhooks go. @defaultValue none is sent */
  readonly webhookUrl?: string
  readonly port?: number
}

/** The institution's own pages, where Moneyhub sends people. */
const themeAt = ({ name }: Institution): Theme => ({ ...themeOf(brandOf(name), theme), name })

const scopes: ScopeTexts = {
  ...scopeTexts.moneyhub,
  ...Object.fromEntries(
    institutions.map(({ id, name }) => [`id:${id}`, { text: `read accounts at ${name}` }]),
  ),
  ...Object.fromEntries(groups.map((group) => [`id:${group}`, { text: institutionText }])),
}

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/oidc/request': 'par',
  '/oidc/token': 'token',
  '/oidc/token/revocation': 'revocation',
  '/oidc/.well-known/openid-configuration': 'discovery',
  '/oidc/certs': 'jwks',
  '/v3/accounts': 'api',
  '/v3/transactions': 'api',
}

/**
 * Opens Moneyhub: an identity service that connects a profile to institutions, where the token of the connection reads
 * no data and the partner asks for one that does.
 */
export function startMoneyhub(options: MoneyhubOptions): Promise<Bank<MoneyhubBehaviour, OidcAction>> {
  const client = toClient(options)
  return startOidcBank<MoneyhubBehaviour>({
    id: 'moneyhub',
    theme,
    clientId: client.client_id,
    client,
    scopes,
    fields,
    port: options.port,
    portOption: 'ports.moneyhub',
    mount: '/oidc',
    endpoint: (path) => endpoints[path],
    accessTokenSeconds: moneyhubTokenSeconds,
    hooks: ({ origin, control, signEvent: sign }) => {
      const { client_id: clientId } = client
      const webhooks = createWebhooks({ url: options.webhookUrl, issuer: origin, clientId, sign })
      return createHooks(`${origin}/oidc`, client, options.jwks, { control, webhooks })
    },
  })
}

/** What decides what happens next, and what is told of it. */
interface Surroundings {
  readonly control: ReadableControl<MoneyhubBehaviour>
  readonly webhooks: Webhooks
}

function createHooks(
  issuer: string,
  client: ReturnType<typeof toClient>,
  jwks: JWKS,
  { control, webhooks }: Surroundings,
): OidcHooks {
  const profiles = createProfiles()
  const requestObjects = createRequestObjects(client.client_id, issuer, jwks)
  const unattended = () => control.peek('automatic') === true || control.peek('error') !== undefined
  const hop = createHop(theme, client.client_name, profiles, unattended)
  return {
    configuration: configure(profiles),
    around: chain(
      withoutCors,
      requestObjects.resolve,
      refuseUnknownScopes(issuer, new Set(Object.keys(scopes))),
      checkSubject(() => control.take('sessionLost') ?? false),
      hop.middleware,
    ),
    checkRequest: (parameters) => {
      checkMoneyhubRequest(parameters, profiles)
    },
    theme: (interaction) => {
      const institution = hop.institution(interaction)
      return institution ? themeAt(institution) : theme
    },
    ...createConnecting(profiles, hop, control),
    routes: (provider) => {
      registerClientCredentials(provider, profiles)
      return {
        '/request': requestObjects.handler,
        ...serveUsers(provider, profiles, client.client_id, control),
        ...serveData(provider, profiles, { control, webhooks }),
        ...lists,
      }
    },
  }
}

/** These endpoints are for backends: they know nothing of CORS, so that no page can read what they answer. */
const withoutCors: Middleware = async (ctx, next) => {
  if (!/^\/(?:token|request)\b/.test(ctx.path)) return next()
  delete ctx.req.headers.origin
  await next()
  ctx.remove('access-control-allow-origin')
  return undefined
}

function configure(profiles: Profiles): Configuration {
  return {
    routes: {
      authorization: '/auth',
      token: '/token',
      jwks: '/certs',
      revocation: '/token/revocation',
      pushed_authorization_request: '/request',
    },
    clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
    claims: { openid: ['sub'], 'mh:con_id': null, 'mh:consent': null, 'mh:sync': null },
    pkce: { required: () => false },
    findAccount: (_ctx, id) =>
      profiles.find(id) ? { accountId: id, claims: () => ({ sub: id }) } : undefined,
    ttl: { AuthorizationCode: moneyhubCodeSeconds },
    features: {
      claimsParameter: { enabled: true },
      clientCredentials: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      requestObjects: { enabled: true },
      revocation: { enabled: true },
      userinfo: { enabled: false },
    },
  }
}

function toClient({ clientId, clientName, clientSecret, redirectUris, jwks }: MoneyhubOptions) {
  return {
    client_id: clientId ?? '7d0f2c1e-9b64-4a7d-8a51-3e5f60c9b2d4',
    client_name: clientName ?? 'Countersign demo',
    redirect_uris: [...redirectUris],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    jwks,
    ...(clientSecret === undefined
      ? { token_endpoint_auth_method: 'private_key_jwt' }
      : { token_endpoint_auth_method: 'client_secret_basic', client_secret: clientSecret }),
  } satisfies ClientMetadata
}

/** What an interaction has led to, until its code is redeemed and the connection is made. */
interface Visit {
  readonly claims: RequestedClaims
  readonly institution: Institution
  readonly person: Person
  readonly renews: boolean
  connectionId?: string | undefined
}

/** Makes the connection when the code is redeemed, and names it in the ID Token. */
function createConnecting(
  profiles: Profiles,
  hop: Hop,
  control: ReadableControl<MoneyhubBehaviour>,
): Pick<OidcHooks, 'account' | 'grant' | 'idToken'> {
  const people = new Map<string, Person>()
  const visits = new Map<string, Visit>()

  function connect(userId: string, visit: Visit): string | undefined {
    const { claims, institution, person, renews } = visit
    const asked = claims['mh:consent']?.value?.expirationDateTime
    const days = claims.sub?.value === undefined ? 1 : longestConsentDays
    const terms: ConnectionTerms = {
      institution,
      person,
      expiresAt: new Date(asked ?? Date.now() + days * 24 * 3600 * 1000),
      tppConsent: asked === undefined,
      renews: renews ? claims['mh:con_id']?.value : undefined,
    }
    return profiles.connect(userId, terms)?.id
  }

  return {
    account(interaction, person) {
      people.set(interaction.uid, person)
      return claimsOf(interaction.params).sub?.value ?? profiles.create().userId
    },
    grant(grant, interaction) {
      const { params, uid } = interaction
      const claims = claimsOf(params)
      grant.addOIDCClaims(Object.keys(claims))
      grant.jti = randomBytes(16).toString('base64url')
      const [person, institution] = [people.get(uid), hop.institution(interaction)]
      const renews = renewals.some((scope) => String(params['scope']).split(' ').includes(scope))
      if (person && institution) visits.set(grant.jti, { claims, person, institution, renews })
    },
    idToken(claims, _response, ctx) {
      const visit = visits.get(ctx.oidc.grant?.jti ?? '')
      if (!visit) return claims
      visit.connectionId ??= connect(String(claims.sub), visit)
      const id = control.take('connectionId') ?? visit.connectionId
      return 'mh:con_id' in visit.claims && id !== undefined ? { ...claims, 'mh:con_id': id } : claims
    },
  }
}

function serveUsers(
  provider: Provider,
  profiles: Profiles,
  clientId: string,
  control: ReadableControl<MoneyhubBehaviour>,
): Readonly<Record<string, Handler>> {
  const serve = serveBackends(
    provider,
    ({ method, path }) => scopeOfUsers(method, path),
    (request) =>
      answerUsers(profiles, clientId, request, {
        error: control.peek('connectionError'),
        areDeleted: control.peek('connectionsDeleted') === true,
      }),
  )
  const handler: Handler = (request, response) => {
    const fault = control.take('users')
    if (fault !== undefined && !applyFault(fault, request, response, {})) return undefined
    return serve(request, response)
  }
  return { '/users': handler, '/users/*': handler }
}

function serveData(
  provider: Provider,
  profiles: Profiles,
  { control, webhooks }: Surroundings,
): Readonly<Record<string, Handler>> {
  // The data are there by the time that they are read.
  const tell = (userId: string | undefined): void => {
    const profile = userId === undefined ? undefined : profiles.find(userId)
    if (!profile) return
    webhooks.synced(profile)
    const days = control.take('reminder')
    if (days !== undefined) webhooks.remind(profile, days)
  }
  return Object.fromEntries(
    Object.entries(moneyhubDataScopes).map(([path, scope]) => [
      path,
      serveBackends(
        provider,
        ({ method }) => (method === 'GET' ? scope : undefined),
        (request, caller) => {
          tell(caller.userId)
          return answerData(profiles, request, caller)
        },
      ),
    ]),
  )
}

/** The public lists of institutions, for pickers. */
const lists: Readonly<Record<string, Handler>> = Object.fromEntries(
  groups.map((group): [string, Handler] => [
    `/oidc/.well-known/${group}-connections`,
    (_request, response) => {
      sendJson(response, 200, institutionsOf(group).map(toListEntry))
    },
  ]),
)
