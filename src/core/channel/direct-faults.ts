// What goes wrong between a page and an authorization server that was not made for pages, told by the option to change.
import type { Platform } from '../../platform/platform.js'
import { NetworkError, TokenEndpointError, ValidationError } from '../../protocol/errors.js'
import type { ServerMetadata } from '../../protocol/metadata.js'
import { limitTime } from '../../protocol/time-limit.js'

/** Seconds for which a server may take to show that it is there. */
const probeSeconds = 5

/**
 * Finds out why a request to an authorization server got no answer, as far as a page can: the device is offline, or the server
 * answers and lets no page read it (CORS). A request that changes nothing is sent once more, because a connection may break at any
 * time; for others the sentence names both causes, and the app may resume.
 *
 * @returns The answer to a second request, the error that says why, or `undefined` where nothing is known.
 */
export async function lookAgain(
  platform: Pick<Platform, 'fetch' | 'isOnline'>,
  url: string,
  init: RequestInit,
): Promise<Response | NetworkError | undefined> {
  if (!platform.isOnline())
    return new NetworkError('No answer came: the device is offline. Try again when it is online.')
  if (!(await isReachable(platform, url))) return undefined
  if (init.method === 'POST') return mayBeUnreadable(init)
  return platform.fetch(url, init).catch(() => unreadable(url))
}

/** Test for a server that answers at all. A page cannot read such an answer, and sends nothing of the person's for it. */
function isReachable({ fetch }: Pick<Platform, 'fetch'>, url: string): Promise<boolean> {
  const { signal, end } = limitTime(probeSeconds)
  return fetch(url, {
    mode: 'no-cors',
    credentials: 'omit',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
    signal,
  })
    .then(
      () => true,
      () => false,
    )
    .finally(end)
}

const remedy =
  "Register this page's origin there, and the client as a public one; where the server is not made for pages, use a backend: `mode: 'mediated'`."

function unreadable(url: string): NetworkError {
  const place = url.includes('/.well-known/') ? 'metadata' : 'keys'
  return new NetworkError(
    `The authorization server is there, but does not let this page read its ${place} (CORS). ${remedy}`,
    { recovery: 'configure' },
  )
}

function mayBeUnreadable({ body }: RequestInit): NetworkError {
  const place =
    body instanceof URLSearchParams && body.has('grant_type') ? 'its token endpoint' : 'this endpoint'
  return new NetworkError(
    `The authorization server is there, but no answer of ${place} could be read: the connection broke, or no page may read it (CORS). Try again. If it stays so: ${remedy}`,
  )
}

/** The error of a refusal of the client as such: a page is a public client, and the server wants another kind. */
export function refusedClient(server: ServerMetadata, error: TokenEndpointError): TokenEndpointError {
  const { token_endpoint_auth_methods_supported: methods } = server
  const evidence =
    methods && !methods.includes('none') ? ' Its metadata does not list "none" among the ways to do so.' : ''
  return new TokenEndpointError(
    `The authorization server does not accept this page as the client: the \`clientId\` is wrong, or the client has to authenticate, which no page can.${evidence} Register a public client (token_endpoint_auth_method "none"), or use a backend: \`mode: 'mediated'\`.`,
    error,
    { recovery: 'configure' },
  )
}

/** The error of a renewal whose ID Token names another person (`sub`), or that brought none (`id_token`). */
export const otherPerson = (claim: 'sub' | 'id_token'): ValidationError =>
  claim === 'sub'
    ? new ValidationError(
        'other_person',
        claim,
        'The person who signed in is not the one this connection belongs to. The connection is unchanged: start again with authorize() and sign in as the same person, or connect again without `connection`.',
      )
    : new ValidationError(
        'person_unknown',
        claim,
        'No ID Token says who has signed in, so the connection is unchanged. Connect again with authorize(), without `connection`.',
      )
