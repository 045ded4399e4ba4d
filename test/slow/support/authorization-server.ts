import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** An authorization server that replaces refresh tokens at every use and ends the grant when one is used twice. */
export interface AuthorizationServer {
  readonly url: string
  /** The token requests so far, by `grant_type`. */
  count(grantType: 'authorization_code' | 'refresh_token'): number
  /** The person consents: gives the code. */
  consent(authorizationUrl: string): string
  /** Whether an access token is the last one that was issued. */
  isNewest(accessToken: string): boolean
  /** Withholds one answer, `before` the request has any effect or `after` it. */
  hold(when: 'before' | 'after'): Hold
  close(): Promise<void>
}

/** A withheld answer. */
export interface Hold {
  /** Resolves when the request is there, and has had its effect where that is not withheld, too. */
  readonly reached: Promise<void>
  release(): void
}

interface Grant {
  refreshToken: string
  over: boolean
}

interface Moment extends Hold {
  readonly when: 'before' | 'after'
  readonly arrive: () => void
  readonly released: Promise<void>
}

/** @param rotates Whether a used refresh token is good no more. */
export async function startAuthorizationServer({ rotates = true } = {}): Promise<AuthorizationServer> {
  const challenges = new Map<string, string>()
  const grants = new Map<string, Grant>()
  const seen: string[] = []
  let moment: Moment | undefined
  let newest = ''

  function redeem(form: URLSearchParams): Grant | undefined {
    const code = form.get('code') ?? ''
    const challenge = challenges.get(code)
    challenges.delete(code)
    const verifier = createHash('sha256').update(form.get('code_verifier') ?? '')
    return verifier.digest('base64url') === challenge ? { refreshToken: '', over: false } : undefined
  }

  function refresh(form: URLSearchParams): Grant | undefined {
    const used = form.get('refresh_token') ?? ''
    const grant = grants.get(used)
    if (grant && rotates && grant.refreshToken !== used) grant.over = true
    return grant?.over ? undefined : grant
  }

  function answerTo(form: URLSearchParams): { status: number; body: object } {
    const isRefresh = form.get('grant_type') === 'refresh_token'
    const grant = isRefresh ? refresh(form) : redeem(form)
    if (!grant) return { status: 400, body: { error: 'invalid_grant' } }
    if (rotates || !isRefresh) grant.refreshToken = random()
    grants.set(grant.refreshToken, grant)
    newest = random()
    const body = {
      access_token: newest,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: grant.refreshToken,
      ...(!isRefresh && { profile_id: 'profile-1' }),
    }
    return { status: 200, body }
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(incoming))
    seen.push(form.get('grant_type') ?? '')
    const held = moment
    moment = undefined
    if (held?.when === 'before') await reach(held)
    const { status, body } = answerTo(form)
    if (held?.when === 'after') await reach(held)
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: (grantType) => seen.filter((type) => type === grantType).length,
    consent(authorizationUrl) {
      const code = random()
      challenges.set(code, new URL(authorizationUrl).searchParams.get('code_challenge') ?? '')
      return code
    },
    isNewest: (accessToken) => accessToken === newest,
    hold(when) {
      moment = createMoment(when)
      return moment
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const random = (): string => randomBytes(24).toString('base64url')

function createMoment(when: 'before' | 'after'): Moment {
  let arrive = (): void => undefined
  let release = (): void => undefined
  const reached = new Promise<void>((resolve) => (arrive = resolve))
  const released = new Promise<void>((resolve) => (release = resolve))
  return { when, reached, released, arrive, release: () => release() }
}

function reach(moment: Moment): Promise<void> {
  moment.arrive()
  return moment.released
}
