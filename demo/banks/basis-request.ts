import { basisErrorUri, basisProfileScope } from '../../src/testing/quirks/basis.js'
import { readInitToken, InitTokenProblem, type InitToken, type InitTokenClient } from './basis-init-token.js'

/** The client as it was registered. */
export interface BasisClient extends InitTokenClient {
  readonly clientName: string
  readonly redirectUris: readonly string[]
  /** The parameter that carries the initialization token; newer documents call it `token`. */
  readonly initTokenParam: 'init_token' | 'token'
}

/** An authorization request that was accepted. */
export interface ConnectRequest {
  readonly redirectUri: string
  readonly state: string | null
  readonly scope: string
  readonly codeChallenge: string
  readonly initToken: InitToken
}

/** A request that is refused with a page: there is nowhere to redirect to. */
export class NoRedirect extends Error {}

/** A request that is refused at its redirect URI, with the parameters of {@link errorParameters}. */
export class ConnectError extends Error {
  readonly error: string

  constructor(error: string, description: string) {
    super(description)
    this.error = error
  }
}

/** Where an error may be sent. @throws NoRedirect */
export function readRedirectUri(parameters: URLSearchParams, client: BasisClient): string {
  const redirectUris = parameters.getAll('redirect_uri')
  const [redirectUri] = redirectUris
  if (parameters.getAll('client_id').some((id) => id !== client.clientId) || !parameters.has('client_id'))
    throw new NoRedirect('The client_id is unknown.')
  if (redirectUris.length !== 1 || redirectUri === undefined || !client.redirectUris.includes(redirectUri))
    throw new NoRedirect('The redirect_uri is not one of those registered for this client.')
  return redirectUri
}

/**
 * Checks an authorization request whose redirect URI is known to be good.
 *
 * @param now When the initialization token is read.
 * @throws ConnectError
 */
export async function readRequest(
  parameters: URLSearchParams,
  redirectUri: string,
  client: BasisClient,
  now: Date,
): Promise<ConnectRequest> {
  const repeated = [...parameters.keys()].find((name) => parameters.getAll(name).length > 1)
  if (repeated !== undefined) throw invalid(`Request includes ${repeated} more than once.`)
  checkResponseType(parameters.get('response_type'))
  return {
    redirectUri,
    state: parameters.get('state'),
    scope: readScope(parameters.get('scope')),
    codeChallenge: readCodeChallenge(parameters.get('code_challenge')),
    initToken: await readToken(parameters, client, now),
  }
}

function checkResponseType(responseType: string | null): void {
  if (!responseType) throw invalid('Request is missing response_type.')
  if (responseType !== 'code')
    throw new ConnectError('unsupported_response_type', 'The response_type must be code.')
}

function readScope(scope: string | null): string {
  if (!scope) throw invalid('Request is missing scope.')
  if (scope !== basisProfileScope)
    throw new ConnectError('invalid_scope', `The scope must be ${basisProfileScope}.`)
  return scope
}

/** Documented: code_challenge_method is not supported and S256 assumed, so whatever it says is not even read. */
function readCodeChallenge(codeChallenge: string | null): string {
  if (!codeChallenge) throw invalid('Request is missing code_challenge.')
  if (!/^[\w-]{43}$/.test(codeChallenge)) throw invalid('Request has a malformed code_challenge.')
  return codeChallenge
}

async function readToken(parameters: URLSearchParams, client: BasisClient, now: Date): Promise<InitToken> {
  try {
    return await readInitToken(parameters.get(client.initTokenParam), client, now)
  } catch (error) {
    throw error instanceof InitTokenProblem ? invalid(error.message) : error
  }
}

const invalid = (description: string) => new ConnectError('invalid_request', description)

/** The parameters of an error response, in the documented order. */
export function errorParameters({ error, message }: ConnectError, state: string | null) {
  return {
    error,
    error_uri: basisErrorUri,
    ...(state === null ? {} : { state }),
    error_description: message,
  }
}
