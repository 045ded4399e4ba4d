import { Buffer } from 'node:buffer'
import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Mismatch } from './mismatch.js'

/** A request as the scripted provider received it. */
export interface ProviderRequest {
  readonly method: string
  /** The target as it was sent, with its query. */
  readonly target: string
  readonly headers: Headers
  readonly text: string
  readonly form: URLSearchParams
}

/** The provider's endpoints. */
export type ProviderEndpoint = 'token' | 'revoke' | 'api'

/** An answer that the check puts in place of the provider's own; `drop` closes the connection without one. */
export type ScriptedAnswer =
  | 'drop'
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string | Uint8Array
    }

/** What no answer of a backend may hold. */
export interface ProviderSecrets {
  readonly clientSecrets: Set<string>
  readonly refreshTokens: Set<string>
  /** Access tokens, with the name of the provider for which they were issued. */
  readonly accessTokens: Map<string, string>
  /** A word that stands in all that the provider says in errors. */
  readonly words: string
}

/** What the person at the provider does. */
export interface Consent {
  /** The backend's name for the provider. */
  readonly provider: string
  /** The granted scope. Default: what was asked for. */
  readonly scope?: string
}

/** A small authorization server with an API, which does what its script says. */
export interface ScriptedProvider {
  readonly issuer: string
  readonly requests: readonly ProviderRequest[]
  readonly secrets: ProviderSecrets
  /** Requests to one endpoint. */
  readonly to: (endpoint: ProviderEndpoint) => readonly ProviderRequest[]
  /** A person consents at an authorization URL: gives the code. @throws {Mismatch} when it leads elsewhere. */
  readonly consent: (authorizationUrl: string, consent: Consent) => string
  /** Puts an answer in place of the next one that has none yet. */
  readonly next: (endpoint: ProviderEndpoint, answer: ScriptedAnswer) => void
  /** Keeps the next answer back for so many milliseconds. */
  readonly delay: (endpoint: ProviderEndpoint, milliseconds: number) => void
  /** Forgets what {@link next} and {@link delay} left over. */
  readonly reset: () => void
  readonly close: () => Promise<void>
}

interface Grant {
  readonly provider: string
  readonly challenge: string
  readonly redirectUri: string
  readonly scope: string
}

const random = (): string => randomBytes(24).toString('base64url')
const sha256 = (value: string): string => createHash('sha256').update(value).digest('base64url')

/** Starts the provider on 127.0.0.1. @throws {Error} when the port is taken. */
export async function startProvider(port: number): Promise<ScriptedProvider> {
  const issuer = `http://127.0.0.1:${String(port)}`
  const requests: ProviderRequest[] = []
  const codes = new Map<string, Grant>()
  const refreshTokens = new Map<string, Grant>()
  const scripts = new Map<string, ScriptedAnswer[]>()
  const delays = new Map<string, number>()
  const secrets: ProviderSecrets = {
    clientSecrets: new Set(),
    refreshTokens: new Set(),
    accessTokens: new Map(),
    words: `internal-${random()}`,
  }

  const error = (status: number, code: string): ScriptedAnswer =>
    json(status, {
      error: code,
      error_description: `The provider's own words: ${secrets.words}`,
      error_uri: `${issuer}/errors/${secrets.words}`,
    })

  function issue(grant: Grant): ScriptedAnswer {
    const accessToken = random()
    const refreshToken = random()
    secrets.accessTokens.set(accessToken, grant.provider)
    secrets.refreshTokens.add(refreshToken)
    refreshTokens.set(refreshToken, grant)
    return json(200, {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: refreshToken,
      scope: grant.scope,
    })
  }

  function token(request: ProviderRequest): ScriptedAnswer {
    const { form } = request
    const secret = clientSecret(request)
    if (secret === undefined) return error(401, 'invalid_client')
    secrets.clientSecrets.add(secret)
    const refresh = form.get('grant_type') === 'refresh_token'
    const presented = form.get(refresh ? 'refresh_token' : 'code') ?? ''
    const grants = refresh ? refreshTokens : codes
    const grant = grants.get(presented)
    // Everything is single use: refresh tokens rotate.
    grants.delete(presented)
    const proven =
      refresh ||
      (sha256(form.get('code_verifier') ?? '') === grant?.challenge &&
        form.get('redirect_uri') === grant.redirectUri)
    return grant && proven ? issue(grant) : error(400, 'invalid_grant')
  }

  function api({ method, target, headers, text }: ProviderRequest): ScriptedAnswer {
    const bearer = /^Bearer (.+)$/.exec(headers.get('authorization') ?? '')?.[1] ?? ''
    if (!secrets.accessTokens.has(bearer))
      return { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
    const { pathname, search } = new URL(target, issuer)
    return json(200, { method, path: pathname, query: search, body: text })
  }

  function answer(endpoint: string, request: ProviderRequest): ScriptedAnswer {
    switch (endpoint) {
      case 'token':
        return token(request)
      case 'revoke': {
        const presented = request.form.get('token') ?? ''
        refreshTokens.delete(presented)
        return { status: 200 }
      }
      case 'api':
        return api(request)
      case '.well-known':
        return json(200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          revocation_endpoint: `${issuer}/revoke`,
          response_types_supported: ['code'],
          code_challenge_methods_supported: ['S256'],
          token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        })
      default:
        return { status: 404 }
    }
  }

  async function respond(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await receive(incoming)
    requests.push(request)
    const endpoint = endpointOf(request.target)
    const scripted = scripts.get(endpoint)?.shift()
    const wait = delays.get(endpoint)
    delays.delete(endpoint)
    if (wait !== undefined) await new Promise((resolve) => setTimeout(resolve, wait))
    write(scripted ?? answer(endpoint, request), outgoing)
  }

  const server = createServer((incoming, outgoing) => {
    respond(incoming, outgoing).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })

  return {
    issuer,
    requests,
    secrets,
    to: (endpoint) => requests.filter(({ target }) => endpointOf(target) === endpoint),
    consent(authorizationUrl, { provider, scope }) {
      const url = URL.canParse(authorizationUrl) ? new URL(authorizationUrl) : undefined
      if (url?.origin !== issuer || url.pathname !== '/authorize')
        throw new Mismatch(`the authorization_url does not lead to ${issuer}/authorize`)
      const code = random()
      codes.set(code, {
        provider,
        challenge: url.searchParams.get('code_challenge') ?? '',
        redirectUri: url.searchParams.get('redirect_uri') ?? '',
        scope: scope ?? url.searchParams.get('scope') ?? '',
      })
      return code
    },
    next(endpoint, scripted) {
      scripts.set(endpoint, [...(scripts.get(endpoint) ?? []), scripted])
    },
    delay(endpoint, milliseconds) {
      delays.set(endpoint, milliseconds)
    },
    reset() {
      scripts.clear()
      delays.clear()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

const endpointOf = (target: string): string => /^\/([\w.-]*)/.exec(target)?.[1] ?? ''

const json = (status: number, body: object): ScriptedAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

async function receive(incoming: IncomingMessage): Promise<ProviderRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  const headers = new Headers()
  for (let index = 0; index < incoming.rawHeaders.length; index += 2)
    headers.append(incoming.rawHeaders[index] ?? '', incoming.rawHeaders[index + 1] ?? '')
  const { method = '', url: target = '' } = incoming
  return { method, target, headers, text, form: new URLSearchParams(text) }
}

function write(answer: ScriptedAnswer, outgoing: ServerResponse): void {
  if (answer === 'drop') outgoing.destroy()
  else outgoing.writeHead(answer.status, answer.headers).end(answer.body)
}

/** What authenticates the client: any secret will do, since what it is does not matter here, only that there is one. */
function clientSecret({ headers, form }: ProviderRequest): string | undefined {
  const basic = /^Basic ([\w+/=-]+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  if (basic !== undefined) {
    const [, secret = ''] = /^[^:]*:(.*)$/s.exec(Buffer.from(basic, 'base64').toString()) ?? []
    return secret === '' ? undefined : decode(secret)
  }
  return form.get('client_secret') ?? form.get('client_assertion') ?? undefined
}

/** RFC 6749 §2.3.1 has the secret form-encoded in HTTP Basic. */
function decode(secret: string): string {
  try {
    return decodeURIComponent(secret.replaceAll('+', ' '))
  } catch {
    return secret
  }
}
