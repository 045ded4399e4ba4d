import { OAuthRefusal, type ServerRequest } from './http.js'
import { readJwt, verifyJwt } from './jwt.js'
import type { Registration } from './registration.js'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Credentials that a request carries, by the names of RFC 7591 §2. */
export type Credentials = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'

/** How a request authenticates its client. */
export function credentialsOf(headers: Headers, form: URLSearchParams): Credentials {
  if (/^basic /i.test(headers.get('authorization') ?? '')) return 'client_secret_basic'
  if (form.has('client_assertion')) return 'private_key_jwt'
  return form.has('client_secret') ? 'client_secret_post' : 'none'
}

const refuse = (why: string): never => {
  throw new OAuthRefusal('invalid_client', why, 401, { 'www-authenticate': 'Basic realm="kit"' })
}

/**
 * Checks the client authentication of a request.
 *
 * @param audiences The `aud` values that a client assertion may have.
 * @param used Ids of the assertions that have been used.
 * @throws {OAuthRefusal} `invalid_client` when it is missing, wrong or of another kind than is registered.
 * @see https://www.rfc-editor.org/rfc/rfc7523.html#section-3
 */
export async function authenticateClient(
  request: ServerRequest,
  form: URLSearchParams,
  { clientId, authentication }: Registration,
  { audiences, used, now }: { audiences: readonly string[]; used: Set<string>; now: number },
): Promise<void> {
  const given = credentialsOf(request.headers, form)
  const id = form.get('client_id')
  const { sub: asserted = id } = readJwt(form.get('client_assertion') ?? '')?.claims ?? {}
  // Basis alone takes that for wrong credentials.
  const isBasic = authentication.method === 'client_secret' && authentication.raw === true
  if (id === null && given === 'none' && !isBasic)
    throw new OAuthRefusal('invalid_request', 'the client has neither named nor authenticated itself')
  if (id !== null && asserted !== id)
    throw new OAuthRefusal('invalid_request', 'the client_id is not that of the client assertion')
  if (id !== null && id !== clientId) refuse('the client is unknown')
  switch (authentication.method) {
    case 'none':
      if (id === null || given !== 'none') refuse('the client is public, and names itself by client_id')
      return
    case 'tls_client_auth':
      if (id === null || !request.certificate) refuse('no client certificate was presented')
      return
    case 'client_secret':
      if (!hasSecret(request.headers, form, clientId, authentication))
        refuse('the secret is wrong or missing')
      return
    case 'private_key_jwt': {
      if (form.get('client_assertion_type') !== assertionType) refuse('there is no client assertion')
      const { key } = authentication
      const assertion = await verifyJwt(form.get('client_assertion') ?? '', () => key, [
        'ES256',
        'RS256',
        'PS256',
      ])
      if (!assertion) refuse('the signature of the client assertion is not good')
      const { iss, sub, aud, exp, jti } = assertion?.claims ?? {}
      if (iss !== clientId || sub !== clientId) refuse('the client assertion is of another client')
      if (!audiences.includes(String(aud))) refuse('the client assertion is for another audience')
      if (typeof exp !== 'number' || exp <= now) refuse('the client assertion has expired')
      if (typeof jti !== 'string' || used.has(jti)) refuse('the client assertion was used before')
      used.add(String(jti))
    }
  }
}

function hasSecret(
  headers: Headers,
  form: URLSearchParams,
  clientId: string,
  { secret, raw = false }: { readonly secret: string; readonly raw?: boolean },
): boolean {
  const [, basic] = /^basic (\S+)$/i.exec(headers.get('authorization') ?? '') ?? []
  if (basic === undefined)
    return !raw && form.get('client_id') === clientId && form.get('client_secret') === secret
  const [id = '', ...rest] = decode(basic).split(':')
  const plain = (text: string): string => (raw ? text : decodeURIComponent(text.replace(/\+/g, ' ')))
  return plain(id) === clientId && plain(rest.join(':')) === secret
}

function decode(basic: string): string {
  try {
    return atob(basic)
  } catch {
    return ''
  }
}
