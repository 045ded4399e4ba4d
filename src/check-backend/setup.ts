import { member, outcomeOf } from './harness/expectations.js'
import { Mismatch } from './harness/mismatch.js'
import type { Exchange } from './harness/client.js'
import type { Scene } from './harness/scene.js'
import { contractHeader } from '../protocol/contract.js'
import { nameOf, settingsOf, type Role } from './options.js'

/** Thrown when the check cannot be made as it was asked for. The message says what to change. */
export class SetupError extends Error {
  override readonly name = 'SetupError'
}

/**
 * Asks the first questions of every rule, so that one mistake in the command line is one sentence, and not a table of failures.
 *
 * @param roles The providers that the rules need.
 * @throws {SetupError} when nothing answers, or base URL, origin, session, or a provider's name is not the backend's.
 */
export async function checkSetup(scene: Scene, roles: readonly Role[]): Promise<void> {
  const { options } = scene
  await checkSession(scene, 'user')
  if (options.sessions.other) await checkSession(scene, 'other')
  for (const role of roles) await checkProvider(scene, role)
}

async function checkSession({ client, options }: Scene, as: 'user' | 'other'): Promise<void> {
  const { baseUrl, origin, sessions } = options
  const answer = await client.send('GET', '/connections', { as }).catch((error: unknown) => {
    if (!(error instanceof Mismatch)) throw error
    throw new SetupError(`Nothing answers at ${baseUrl}: ${error.message}. Is the backend running there?`)
  })
  const outcome = outcomeOf(answer)
  if (!speaksContract(answer) || answer.status === 404)
    throw new SetupError(
      `There is no countersign backend at ${baseUrl}: GET /connections was answered with ${outcome}. Give the URL below which the backend serves the contract.`,
    )
  if (outcome === '403 forbidden_origin')
    throw new SetupError(
      `The backend accepts no requests from ${origin}. Give the origin of the app's pages with --origin.`,
    )
  if (outcome !== '401 unauthenticated') {
    if (answer.status === 200) return
    throw new SetupError(`The backend answers GET /connections with ${outcome}; nothing can be checked.`)
  }
  const flags = as === 'user' ? '--cookie or --header' : '--other-cookie or --other-header'
  const isGiven = Object.keys(sessions[as] ?? {}).length > 0
  throw new SetupError(
    isGiven
      ? `The backend does not know the session that ${flags} gives. Sign a test user in to the app, and copy the session from there.`
      : `The backend says that nobody is signed in. Give the session of a test user with ${flags}.`,
  )
}

const speaksContract = (answer: Exchange): boolean =>
  answer.headers.has(contractHeader) ||
  typeof member(answer, 'error') === 'string' ||
  Array.isArray(member(answer, 'connections'))

async function checkProvider(scene: Scene, role: Role): Promise<void> {
  const { issuer, redirect_uri: redirectUri } = settingsOf(scene.options, role)
  const name = nameOf(scene.options, role)
  const answer = await scene.ask(scene.authorization({}, {}, role))
  if (answer.status === 404)
    throw new SetupError(
      `The backend has no provider "${name}". Configure it (--settings prints how), or give the name that it has: ${namedBy[role]}`,
    )
  const hint = 'Configure it (--settings prints how)'
  const outcome = outcomeOf(answer)
  if (outcome === '400 invalid_request')
    throw new SetupError(
      `The backend refuses an ordinary authorization request for "${name}" (${outcome}). Is ${redirectUri} registered there? ${hint}, or give its own with --redirect-uri.`,
    )
  if (answer.status !== 201)
    throw new SetupError(
      `The backend answers an ordinary authorization request for "${name}" with ${outcome}. It must reach the check's provider at ${issuer}. ${hint}, or give its port with --provider-port.`,
    )
  if (!String(member(answer, 'authorization_url')).startsWith(`${issuer}/`))
    throw new SetupError(
      `The backend sends people of the provider "${name}" elsewhere than to ${issuer}. ${hint}, or give its port with --provider-port.`,
    )
}

const namedBy: Readonly<Record<Role, string>> = {
  mediated: '--provider.',
  bff: '--bff-provider. A backend without bff is checked with --level 1.',
  openid: '--openid-provider. A backend without OpenID Connect is checked with --no-openid.',
}
