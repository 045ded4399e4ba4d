import { randomBytes } from 'node:crypto'
import { serveApi, type Access, type ApiAnswer } from './api.js'
import { startBank, type Bank, type BuiltBank, type Endpoint, type Foundation } from './bank.js'
import { behaviour, type BasisBehaviour } from './basis-behaviour.js'
import { createDialogue } from './basis-dialogue.js'
import { createGrants, type BasisGrants } from './basis-grants.js'
import { institutions } from '../../src/testing/quirks/basis-institutions.js'
import { createProfiles, type BasisProfiles } from './basis-profiles.js'
import { type BasisClient } from './basis-request.js'
import { basisInstitutionsScope, basisProfileScope } from '../../src/testing/quirks/basis.js'
import { serveTokens } from './basis-token.js'
import { sendJson, type Handler } from './http.js'
import { basisConnect as theme } from './themes.js'

/** What this bank can do at once. */
export type BasisAction = 'expireAccessTokens' | 'revokeGrants'

/** Options of {@link startBasis}. */
export interface BasisOptions {
  readonly redirectUris: readonly string[]
  readonly clientId?: string
  /** How the consent page names the app. */
  readonly clientName?: string
  /** The parameter that carries the initialization token. @defaultValue `init_token` */
  readonly initTokenParam?: BasisClient['initTokenParam']
  readonly port?: number
}

/** Basis, open, with the credentials it has issued. */
export interface BasisBank extends Bank<BasisBehaviour, BasisAction> {
  /** base64, and it holds `+`, `/` and `=`. */
  readonly clientSecret: string
}

function endpointOf(path: string): Endpoint | undefined {
  if (path === '/oauth/token') return 'token'
  return /^\/(?:institutions|profiles)(?:\/|$)/.test(path) ? 'api' : undefined
}

/**
 * Opens Basis: Connect with its initialization token, a token endpoint with HTTP Basic, `GET /institutions` and
 * `GET /profiles/{id}`. No discovery, no issuer, no ID Token, no `code_challenge_method`.
 */
export async function startBasis(options: BasisOptions): Promise<BasisBank> {
  const grants = createGrants()
  const client: BasisClient = {
    clientId: options.clientId ?? '06914d28-f034-4d52-b048-e11024957c11',
    clientSecret: createSecret(),
    clientName: options.clientName ?? 'Countersign demo',
    redirectUris: options.redirectUris,
    initTokenParam: options.initTokenParam ?? 'init_token',
  }
  const origins = options.redirectUris.map((uri) => new URL(uri).origin)
  const setup = {
    theme,
    clientId: client.clientId,
    port: options.port,
    portOption: 'ports.basis',
    fields: behaviour,
    endpoint: endpointOf,
    readers: (endpoint: Endpoint) => (endpoint === 'api' ? origins : []),
    actions: {
      expireAccessTokens: () => {
        grants.expireAccessTokens()
      },
      revokeGrants: () => {
        grants.revoke()
      },
    },
  }
  const bank = await startBank<BasisBehaviour, BasisAction>(setup, (foundation) =>
    build(client, grants, origins, foundation),
  )
  return { ...bank, clientSecret: client.clientSecret }
}

function build(
  client: BasisClient,
  grants: BasisGrants,
  origins: readonly string[],
  { origin, control }: Foundation<BasisBehaviour>,
): BuiltBank {
  const profiles = createProfiles()
  const dialogue = createDialogue({ theme, client, grants, profiles, control })
  const tokens = serveTokens(client, grants, control)
  const findAccess = (accessToken: string): BasisAccess | undefined => {
    const grant = grants.findAccess(accessToken)
    return grant && { scopes: new Set(grant.scope.split(' ')), profileId: grant.profileId }
  }
  const api = serveApi<BasisAccess>({
    method: 'GET',
    origins,
    findAccess: (accessToken) => Promise.resolve(findAccess(accessToken)),
    answer: (access, { path }) => answerApi(profiles, access, path),
  })
  const handler: Handler = async (request, response) => {
    const { path, method } = request
    if (path === '/oauth' && method === 'GET') await dialogue.begin(request, response)
    else if (path.startsWith('/connect/')) await dialogue.go(request, response)
    else if (path === '/oauth/token') await tokens(request, response)
    else if (endpointOf(path) === 'api') await api(request, response)
    else sendJson(response, 404, { error: 'not_found' })
  }
  return { issuer: origin, handler }
}

interface BasisAccess extends Pick<Access, 'scopes'> {
  readonly profileId: string | undefined
}

function answerApi(profiles: BasisProfiles, { scopes, profileId }: BasisAccess, path: string): ApiAnswer {
  const [, collection, id] = path.split('/')
  if (collection === 'institutions') return answerInstitutions(scopes, id)
  const may = scopes.has('profiles:read') || (scopes.has(basisProfileScope) && id === profileId)
  if (!may) return insufficient
  const profile = profiles.find(id ?? '')
  return profile ? { status: 200, body: profile } : notFound
}

function answerInstitutions(scopes: ReadonlySet<string>, id: string | undefined): ApiAnswer {
  if (!scopes.has(basisInstitutionsScope)) return insufficient
  if (id === undefined) return { status: 200, body: { institutions } }
  const institution = institutions.find((one) => one.id === id)
  return institution ? { status: 200, body: institution } : notFound
}

const notFound: ApiAnswer = { status: 404, body: { error: 'not_found' } }
const insufficient: ApiAnswer = {
  status: 403,
  body: { error: 'insufficient_scope' },
  headers: { 'www-authenticate': 'Bearer realm="api", error="insufficient_scope"' },
}

/** 64 random bytes as HS512 wants them, with every character of base64 that a form would encode. */
function createSecret(): string {
  for (;;) {
    const secret = randomBytes(64).toString('base64')
    if (secret.includes('+') && secret.includes('/')) return secret
  }
}
