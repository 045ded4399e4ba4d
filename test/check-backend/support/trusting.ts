import { variant, type Variant } from './variants.js'

/** Backends that believe what they are told. Each is the Express example but for a line or two. */
export const trusting: readonly Variant[] = [
  variant('sends no nonce', 'id-token', ['provider.js', '...(isOpenId && { nonce }),', '']),
  variant('needs no nonce', 'nonce-missing', ['app.js', '? !provider.isOpenId :', '? true :']),
  variant('reads no ID Token', 'id-token-missing', [
    'provider.js',
    'const isDue = isOpenId &&',
    'const isDue = false &&',
  ]),
  variant('does without an ID Token where none comes', 'id-token-missing', [
    'provider.js',
    '(nonce !== undefined || body.id_token !== undefined)',
    'body.id_token !== undefined',
  ]),
  variant('does not look at signatures', 'id-token-signature', [
    'id-token.js',
    '!(await isSigned(idToken, header, jwksUri))',
    'false',
  ]),
  variant('takes ID Tokens of any issuer', 'id-token-issuer', [
    'id-token.js',
    'claims.iss !== issuer',
    'false',
  ]),
  variant('takes ID Tokens for any client', 'id-token-audience', [
    'id-token.js',
    'if (claims.aud !== clientId && !(',
    'if (false && !(',
  ]),
  variant('takes ID Tokens for several clients', 'id-token-audience', [
    'id-token.js',
    '!(claims.aud?.length === 1 && claims.aud[0] === clientId)',
    '!Array.isArray(claims.aud)',
  ]),
  variant('takes ID Tokens of other requests', 'id-token-nonce', [
    'id-token.js',
    'claims.nonce !== nonce',
    'false',
  ]),
  variant('takes old ID Tokens', 'id-token-expired', [
    'id-token.js',
    '!(claims.exp > now - leewaySeconds)',
    'false',
  ]),
  variant('acts for whoever is signed in, whatever the page says', 'subject', [
    'guard.js',
    'asked !== undefined && asked !== own',
    'false',
  ]),
  variant('renews a connection as another person', 'other-person', [
    'connections.js',
    'known !== undefined && person !== known',
    'false',
  ]),
  variant('lets a refresh change the person', 'refresh-person', [
    'connections.js',
    'if (tokens.person !== undefined && tokens.person !== connection.person) throw over(connection)',
    '',
  ]),
  variant('sends a refresh again whose answer was lost', 'refresh-lost', [
    'connections.js',
    ' || error.isUnanswered ? over(connection)',
    ' ? over(connection)',
  ]),
  variant('loses a connection whose refresh was lost', 'refresh-lost', [
    'connections.js',
    "throw error.error === 'invalid_grant'",
    "if (error.isUnanswered) connection.subject = ''\n      throw error.error === 'invalid_grant'",
  ]),
  variant('drops what the page asks of the sign-in', 'asked-checks', [
    'app.js',
    "scope connection input'",
    "scope connection input acr_values max_age'",
  ]),
  variant(
    'asks for a stronger sign-in, and does not look whether it was one',
    'asked-checks',
    ['app.js', "scope connection input'", "scope connection input acr_values max_age'"],
    [
      'app.js',
      "if (redirectUri !== provider.redirectUri) throw new Refusal('invalid_request')",
      `if (redirectUri !== provider.redirectUri) throw new Refusal('invalid_request')
      const { acr_values: acr, max_age: age } = req.body
      if (acr !== undefined && !(typeof acr === 'string' && /^[\\w ]+$/.test(acr))) throw new Refusal('invalid_request')
      if (age !== undefined && !(Number.isInteger(age) && age >= 0)) throw new Refusal('invalid_request')
      if ((acr ?? age) !== undefined && nonce === undefined) throw new Refusal('invalid_request')
      const wanted = new URLSearchParams({ ...(acr && { acr_values: acr }), ...(age && { max_age: age }) })`,
    ],
    [
      'app.js',
      "authorization_url: provider.authorizationUrl({ state, challenge, nonce, scope: asked.join(' ') }),",
      "authorization_url: `${provider.authorizationUrl({ state, challenge, nonce, scope: asked.join(' ') })}&${wanted}`,",
    ],
  ),
  variant('overlooks the scope of the authorization response', 'response-scope', [
    'connections.js',
    'named === undefined ? told',
    'true ? told',
  ]),
  variant('takes the scope of the authorization response for granted', 'response-scope', [
    'connections.js',
    'told.filter((one) => words(named).includes(one))',
    'words(named)',
  ]),
  variant('gives reasons of its own', 'disconnect-reason', [
    'app.js',
    'res.json(await connections.forget(connection))',
    "const { revoked } = await connections.forget(connection)\n      res.json({ revoked, ...(!revoked && { reason: 'bad day' }) })",
  ]),
]
