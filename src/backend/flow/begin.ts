import type { AskedChecks } from '../../protocol/asked-checks.js'
import { fromWire } from '../../protocol/step-up.js'
import type { AuthorizationAnswer, Json, JsonObject } from '../../protocol/contract.js'
import { isCodeChallenge } from '../../protocol/pkce.js'
import { requestedScope } from '../../protocol/requested-scope.js'
import { parseScope } from '../../protocol/scope.js'
import { isObject, readJsonBody } from '../http/body.js'
import { sha256 } from '../crypto/hash.js'
import { bindingOf } from '../connections/binding.js'
import { toHeld } from '../connections/held-connection.js'
import { checkHasRoom, checkReadable, findConnection } from '../connections/stored-connections.js'
import { providerOf, type Context } from '../context.js'
import { providerContext } from '../provider-context.js'
import { toRefusal } from '../http/to-refusal.js'
import type { AuthorizationStart, BackendProvider, InputForm, Session } from '../provider.js'
import { countRequest } from '../http/rate-limit.js'
import { Refusal } from '../http/refusal.js'
import { createTransaction, reserveTransaction } from './transactions.js'

const members = [
  ...(['state', 'code_challenge', 'nonce', 'redirect_uri', 'scope'] as const),
  ...(['connection', 'input', 'acr_values', 'max_age'] as const),
]

/** Seconds that a person may take at the provider. */
const transactionSeconds = 900

/** Seconds more for the code to come back: the person may have opened the URL in its last second. */
const graceSeconds = 60

const refuse = (description: string, reason: string): Refusal =>
  new Refusal('invalid_request', { description, reason })

/**
 * `POST /{provider}/authorization`: binds a challenge to the user and answers with the authorization URL.
 *
 * @throws {Refusal} for a request that the contract or the provider does not allow, and when the provider fails.
 */
export async function beginAuthorization(
  context: Context,
  session: Session,
  name: string,
  request: Request,
): Promise<AuthorizationAnswer> {
  const provider = providerOf(context, name)
  const body = await readJsonBody(request, members)
  const { state, code_challenge: codeChallenge, nonce } = body
  if (
    !isCodeChallenge(state) ||
    !isCodeChallenge(codeChallenge) ||
    !(nonce === undefined || isCodeChallenge(nonce))
  )
    throw refuse('state, code_challenge and nonce are 43 base64url characters each.', 'parameters')
  const redirectUri = chooseRedirectUri(provider, body.redirect_uri)
  const scope = chooseScope(provider, body.scope)
  const record =
    body.connection === undefined
      ? undefined
      : await findConnection(context, session.subject, body.connection)
  if (nonce === undefined && parseScope(scope).includes('openid'))
    throw refuse('The scope holds openid, here or in the backend, so the request needs a nonce.', 'nonce')
  if (record && record.provider !== name) throw new Refusal('unknown_connection')
  const setup = {
    ...{ session, state, codeChallenge, nonce, redirectUri, scope },
    input: chooseInput(provider, body.input),
    connection: record && toHeld(record),
    asked: chooseChecks(provider, body, nonce),
  }
  // Nobody is sent to the bank for a connection that could not be stored.
  await checkReadable(context, session.subject)
  if (!record) await checkHasRoom(context, session.subject)
  const owner = { subject: session.subject, provider: name, state }
  const seconds = provider.transactionSeconds ?? transactionSeconds
  const expiresAt = context.now() + seconds + graceSeconds
  const takeBack = await reserveTransaction(context, owner, expiresAt)
  const start = await authorize(context, name, provider, setup).catch(async (error: unknown) => {
    await takeBack()
    throw error
  })
  const handle = await createTransaction(context, owner, {
    ...{ challenge: codeChallenge, nonce, redirectUri, scope, connection: record?.id },
    inputHash: await sha256(JSON.stringify(setup.input)),
    ...{ data: start.data, asked: setup.asked },
    binding: bindingOf(context, name),
    expiresAt,
  })
  context.emit('authorization_begun', { provider: name })
  return {
    authorization_url: start.url,
    expires_in: Math.min(start.expiresInSeconds ?? seconds, seconds),
    ...(handle !== undefined && { transaction: handle }),
  }
}

async function authorize(
  context: Context,
  name: string,
  provider: BackendProvider,
  setup: Parameters<BackendProvider['authorize']>[0],
): Promise<AuthorizationStart> {
  try {
    await countRequest(context, {
      by: 'provider',
      key: name,
      action: 'authorization',
      subject: setup.session.subject,
    })
    return await provider.authorize(setup, providerContext(context, provider))
  } catch (error) {
    throw toRefusal(error)
  }
}

function chooseRedirectUri({ redirectUris }: BackendProvider, value: unknown): string {
  const found = redirectUris.find((uri) => uri === value)
  if (found !== undefined) return found
  throw refuse(
    'The backend has not registered this redirect_uri for the provider: the two must match exactly.',
    'redirect_uri',
  )
}

/** A page may ask for less than the backend would, but for `openid`, and never for more. */
function chooseScope({ scope: allowed }: BackendProvider, value: unknown): string {
  if (value === undefined) return allowed
  const asked = typeof value === 'string' ? parseScope(value) : []
  const within = asked.length > 0 && asked.every((one) => parseScope(allowed).includes(one))
  if (within) return requestedScope(allowed, asked.join(' '))
  throw refuse('The scope holds a value that the backend does not allow for this provider.', 'scope')
}

/** What the page asks the ID Token to confirm; `undefined` where it asks for nothing. */
function chooseChecks(
  { confirmsAuthentication = false }: BackendProvider,
  { acr_values, max_age }: { readonly acr_values?: Json; readonly max_age?: Json },
  nonce: string | undefined,
): AskedChecks | undefined {
  if (acr_values === undefined && max_age === undefined) return undefined
  if (!confirmsAuthentication || nonce === undefined)
    throw refuse(
      'acr_values and max_age need a provider that can be asked for them, and a scope with openid.',
      'authentication',
    )
  const asked = fromWire({ acr_values, max_age })
  if (asked) return asked
  throw refuse(
    'acr_values are words with a space between them, max_age is a whole number of seconds.',
    'authentication',
  )
}

function chooseInput({ input: forms = {} }: BackendProvider, value: unknown): JsonObject {
  const input = value ?? {}
  const valid =
    isObject(input) &&
    Object.keys(input).every((name) => Object.hasOwn(forms, name)) &&
    Object.entries(forms).every(([name, form]) => hasForm(input[name], form))
  if (valid) return input
  throw refuse(
    'input lacks a member, holds one that this provider does not take, or a malformed one.',
    'input',
  )
}

const hasForm = (value: Json | undefined, form: InputForm): boolean =>
  typeof form === 'function'
    ? form(value)
    : value === undefined || (typeof value === 'string' && form.test(value))
