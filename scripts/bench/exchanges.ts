import { createHash, randomBytes } from 'node:crypto'

/** A request that is ready to be sent. */
export interface Exchange {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly user: string
  readonly body?: object
}

/** Sends a request and reads the answer. */
export type Send = (exchange: Exchange) => Promise<AnswerBody>

/** The members of answers that are looked at. */
export interface AnswerBody {
  readonly transaction?: string
  readonly connection?: { readonly id: string }
  readonly access_token?: string
}

const random = (): string => randomBytes(32).toString('base64url')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

let users = 0
/** Somebody who has not been here before, so that nobody has too many transactions pending. */
const newUser = (): string => `user-${(users += 1)}`

/** Begins, with what the code needs afterwards. */
export function authorization(
  provider: string,
  user = newUser(),
): { exchange: Exchange; state: string; verifier: string } {
  const [state, verifier] = [random(), random()]
  const body = {
    state,
    code_challenge: sha256(verifier),
    redirect_uri: `https://app.example/callback/${provider}`,
    input: { platform_id: '06914d28-f034-4d52-b048-e11024957c12' },
  }
  return {
    exchange: { method: 'POST', path: `/connect/${provider}/authorization`, user, body },
    state,
    verifier,
  }
}

/** Begins, and gives the token request that is to follow. */
export async function begun(send: Send, provider: string, user = newUser()): Promise<Exchange> {
  const { exchange, state, verifier } = authorization(provider, user)
  const { transaction } = await send(exchange)
  const body = { code: random(), state, code_verifier: verifier, transaction }
  return { method: 'POST', path: `/connect/${provider}/token`, user, body }
}

/** A connection of a new user. */
export interface Connected {
  readonly id: string
  readonly user: string
  accessToken: string
}

export async function connect(send: Send, provider: string, user = newUser()): Promise<Connected> {
  const { connection, access_token: accessToken = '' } = await send(await begun(send, provider, user))
  return { id: connection?.id ?? '', user, accessToken }
}

/** Says that the API refused the connection's token, so that it is refreshed. */
export const refresh = ({ id, user, accessToken }: Connected): Exchange => ({
  method: 'POST',
  path: `/connect/connections/${id}/access-token`,
  user,
  body: { rejected: sha256(accessToken) },
})

export const resource = ({ id, user }: Connected): Exchange => ({
  method: 'GET',
  path: `/connect/connections/${id}/resource/profiles/profile-1`,
  user,
})

export const disconnect = ({ id, user }: Connected): Exchange => ({
  method: 'DELETE',
  path: `/connect/connections/${id}`,
  user,
})
