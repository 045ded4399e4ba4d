import type { ServerResponse } from 'node:http'
import type { BasisBehaviour } from './basis-behaviour.js'
import { basisTokenSeconds, isBasisOwnScope } from '../../src/testing/quirks/basis.js'
import type { BasisGrants } from './basis-grants.js'
import type { BasisClient } from './basis-request.js'
import type { ReadableControl } from './control.js'
import { sendJson, type BankRequest, type Handler } from './http.js'
import { applyChanges } from './signing-keys.js'

interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly scope: string
  readonly refresh_token?: string
  readonly profile_id?: string | undefined
}

/** A refusal of the token endpoint. */
class TokenError extends Error {}

/**
 * The token endpoint: HTTP Basic with the credentials as they were issued, and no CORS headers, so that a page cannot
 * read what it answers.
 */
export function serveTokens(
  client: BasisClient,
  grants: BasisGrants,
  control: ReadableControl<BasisBehaviour>,
): Handler {
  return (request, response) => {
    if (request.method !== 'POST') sendJson(response, 405, { error: 'invalid_request' }, { allow: 'POST' })
    else if (!isAuthenticated(request, client)) refuseClient(response)
    else answer(response, readForm(request))
  }

  function answer(response: ServerResponse, form: URLSearchParams): void {
    try {
      sendJson(response, 200, grant(form))
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
      sendJson(response, 400, { error: error.message })
    }
  }

  function grant(form: URLSearchParams): TokenAnswer {
    if ([...form.keys()].some((name) => form.getAll(name).length > 1)) throw new TokenError('invalid_request')
    switch (required(form, 'grant_type')) {
      case 'authorization_code':
        return redeem(form)
      case 'refresh_token':
        return refresh(form)
      case 'client_credentials':
        return issueOwn(form.get('scope') ?? '')
      default:
        throw new TokenError('unsupported_grant_type')
    }
  }

  function redeem(form: URLSearchParams): TokenAnswer {
    const redirectUri = form.get('redirect_uri') ?? undefined
    const granted = grants.redeem(required(form, 'code'), required(form, 'code_verifier'), redirectUri)
    if (!granted) throw new TokenError('invalid_grant')
    const seconds = accessTokenSeconds()
    const answer: TokenAnswer = {
      access_token: grants.issueAccessToken(granted, seconds),
      token_type: 'Bearer',
      expires_in: seconds,
      refresh_token: grants.issueRefreshToken(granted),
      profile_id: granted.profileId,
      scope: granted.scope,
    }
    return applyChanges(answer, control.take('tokenResponse') ?? {})
  }

  function refresh(form: URLSearchParams): TokenAnswer {
    const replaces = control.take('rotate') ?? false
    const granted = grants.refresh(required(form, 'refresh_token'), replaces)
    if (!granted) throw new TokenError('invalid_grant')
    const seconds = accessTokenSeconds()
    const answer: TokenAnswer = {
      access_token: grants.issueAccessToken(granted, seconds),
      token_type: 'Bearer',
      expires_in: seconds,
      ...(replaces ? { refresh_token: grants.issueRefreshToken(granted) } : {}),
      scope: granted.scope,
    }
    return applyChanges(answer, control.take('refreshResponse') ?? {})
  }

  /** A token of the client's own, for what belongs to no profile. */
  function issueOwn(scope: string): TokenAnswer {
    if (!isBasisOwnScope(scope.split(' '))) throw new TokenError('invalid_scope')
    const access_token = grants.issueAccessToken({ scope }, basisTokenSeconds)
    return { access_token, token_type: 'Bearer', expires_in: basisTokenSeconds, scope }
  }

  // Documented: access tokens expire after 60 minutes.
  function accessTokenSeconds(): number {
    return control.take('accessTokenSeconds') ?? basisTokenSeconds
  }
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (!value) throw new TokenError('invalid_request')
  return value
}

function readForm(request: BankRequest): URLSearchParams {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false
  return new URLSearchParams(isForm ? request.body.toString() : '')
}

/** Documented: base64 of client_id, colon, client_secret as issued. RFC 6749 §2.3.1 would have both form-encoded first. */
function isAuthenticated(request: BankRequest, { clientId, clientSecret }: BasisClient): boolean {
  const [, credentials = ''] = /^basic (\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  return Buffer.from(credentials, 'base64').toString() === `${clientId}:${clientSecret}`
}

function refuseClient(response: ServerResponse): void {
  sendJson(response, 401, { error: 'invalid_client' }, { 'www-authenticate': 'Basic realm="basis"' })
}
