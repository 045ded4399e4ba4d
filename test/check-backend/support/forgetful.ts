import { variant, type Variant } from './variants.js'

/** Backends that are careless with transactions, tokens and the provider's API. Each is the Express example but for a line or two. */
export const forgetful: readonly Variant[] = [
  variant("accepts another user's transaction", 'transaction-foreign', [
    'transactions.js',
    '[subject, provider, state]',
    '[provider, state]',
  ]),
  variant("accepts another provider's transaction", 'provider-mixed', [
    'transactions.js',
    '[subject, provider, state]',
    '[subject, state]',
  ]),
  variant('does not check the verifier', 'verifier', [
    'transactions.js',
    "if (!isAnswer(verifier, transaction.challenge)) throw new Refusal('transaction_invalid')",
    '',
  ]),
  variant('begins again with the state of another transaction', 'state-replayed', [
    'transactions.js',
    "if (known && !again) throw new Refusal('transaction_invalid')",
    '',
  ]),
  variant('redeems twice', 'token-again', [
    'transactions.js',
    'if (transaction.connection) return transaction.connection',
    '',
  ]),
  variant('redeems twice at once', 'token-parallel', [
    'transactions.js',
    'if (transaction.running) return transaction.running',
    '',
  ]),
  variant('sends a refused code again', 'code-refused', [
    'transactions.js',
    "error.error !== 'provider_unavailable' ||",
    '',
  ]),
  variant('gives up a code that nobody has answered for', 'provider-down', [
    'transactions.js',
    "error.error !== 'provider_unavailable' ||",
    'true ||',
  ]),
  variant(
    'follows redirects',
    ['provider-unusable', 'resource-redirect'],
    ['provider.js', "redirect: 'manual'", "redirect: 'follow'"],
  ),
  variant('overlooks what was not granted', 'missing-scope', [
    'connections.js',
    '.filter((one) => !granted.includes(one))',
    '.filter(() => false)',
  ]),
  variant('gives a renewed connection another id', 'renew', [
    'connections.js',
    'all.has(renews) ? renews',
    'false ? renews',
  ]),
  variant(
    "finds other users' connections",
    ['connection-foreign', 'resource-foreign'],
    ['connections.js', 'connection?.subject !== subject', '!connection'],
  ),
  variant('refreshes for everybody who asks', 'refresh-parallel', [
    'connections.js',
    '??= refresh',
    '= refresh',
  ]),
  variant('keeps the old refresh token', 'refresh-rotated', [
    'connections.js',
    'tokens.refreshToken ?? refreshToken',
    'refreshToken',
  ]),
  variant('ends a connection in a bad minute', 'refresh-unavailable', [
    'connections.js',
    "error.error === 'invalid_grant'",
    'true',
  ]),
  variant('does not say that a connection is over', 'refresh-refused', [
    'connections.js',
    "error.error === 'invalid_grant'",
    'false',
  ]),
  variant('does not revoke', 'disconnect', ['provider.js', '!revocationEndpoint', 'true']),
  variant('does not forget unless the provider agrees', 'disconnect-unconfirmed', [
    'connections.js',
    'all.delete(connection.id)\n',
    "if ((await providers[connection.provider].revoke('x')) === false) return false\n      all.delete(connection.id)\n",
  ]),
  variant('hands out tokens in bff mode', 'access-tokens', [
    'app.js',
    "provider.mode === 'mediated' ? toAccessToken(connection.tokens) : {}",
    'toAccessToken(connection.tokens)',
  ]),
  variant('has the other way in open', 'resource-mediated', [
    'resources.js',
    "provider.mode !== 'bff'",
    'false',
  ]),
  variant('follows dots', 'resource-path', [
    'resources.js',
    "'(?!\\\\.{1,2}(?:/|$))[A-Za-z0-9._~:-]{1,128}'",
    "'.+'",
  ]),
  variant('resolves a path as if it were a link', 'resource-first-segment', [
    'resources.js',
    'buildUrl(provider.api, path)',
    'new URL(path, provider.api)',
  ]),
  variant(
    'takes a path below any host for one of the API',
    ['resource-path', 'resource-first-segment'],
    ['resources.js', "'(?!\\\\.{1,2}(?:/|$))[A-Za-z0-9._~:-]{1,128}'", "'[A-Za-z0-9._~:/-]{1,256}'"],
    ['resources.js', 'buildUrl(provider.api, path)', 'new URL(path, provider.api)'],
  ),
  variant('changes how a segment is written', 'resource-first-segment', [
    'resources.js',
    'base.pathname + path',
    "base.pathname + path.replaceAll(':', '%3A')",
  ]),
  variant('passes on every query', 'resource-query', [
    'resources.js',
    '!isKnown || new Set',
    'false && new Set',
  ]),
  variant("passes on the page's headers", 'resource-request-headers', [
    'resources.js',
    "'x-fapi-interaction-id': req.correlation,",
    "'x-forwarded-for': req.get('x-forwarded-for') ?? '',",
  ]),
  variant("passes on the API's headers", 'resource-answer-headers', [
    'resources.js',
    "res.removeHeader('Countersign')",
    "res.removeHeader('Countersign')\n  if (headers.has('refresh')) res.set('Refresh', headers.get('refresh'))",
  ]),
  variant(
    "passes on the API's echo of the token",
    ['resource-token-echoed', 'access-tokens'],
    ['resources.js', 'if (holds(answer.text, accessToken))', 'if (false)'],
  ),
  variant('overlooks the token in escapes', 'resource-token-echoed', [
    'resources.js',
    '  text.includes(token) ||\n  text\n    .replace(',
    "  text.includes(token) ||\n  ''\n    .replace(",
  ]),
  variant('passes on HTML', 'resource-type', ['resources.js', "text !== '' &&", 'false &&']),
  variant('passes on answers of any size', 'resource-size', ['resources.js', '4_194_304', '4_194_304_000']),
  variant('repeats a POST', 'resource-token-refused-post', [
    'resources.js',
    "req.method !== 'GET') throw",
    'false) throw',
  ]),
  variant('lists connections in a form of its own', 'connections', [
    'app.js',
    'connections.list(req.subject).map(toDocument)',
    'connections.list(req.subject).map((one) => ({ ...toDocument(one), details: undefined }))',
  ]),
  variant('has another form for bff connections', 'bff-token', [
    'app.js',
    'connection: toDocument(connection), ...accessToken',
    "connection: { ...toDocument(connection), ...(provider.mode === 'bff' && { details: null }) }, ...accessToken",
  ]),
  variant('tells the time in milliseconds', 'token', [
    'connections.js',
    'created_at: createdAt',
    'created_at: createdAt * 1000',
  ]),
  // The token that its API repeats is then another one than it looks for.
  variant(
    'refreshes whenever it is asked',
    ['access-token', 'resource-token-echoed', 'resource-step-up', 'access-tokens'],
    ['connections.js', 'expiresAt - now() > 10', 'expiresAt - now() > 7200'],
  ),
  {
    ...variant('replaces tokens that nobody has refused', 'access-token-rejected', [
      'connections.js',
      'sha256(accessToken) !== rejected',
      'rejected === undefined',
    ]),
    sometimes: 'refresh-parallel',
  },
  variant(
    'finds transactions by anything that fits',
    ['transaction-foreign', 'state', 'provider-mixed'],
    [
      'transactions.js',
      'const transaction = all.get(keyOf(owner))',
      'const transaction = all.get(keyOf(owner)) ?? [...all.values()].find((one) => isAnswer(verifier, one.challenge))',
    ],
  ),
  variant("takes the provider's 401 for its own", 'provider-refused', [
    'provider.js',
    "!isBearer)\n      throw new Refusal('provider_error')",
    "!isBearer)\n      throw new Refusal(status === 401 ? 'unauthenticated' : 'provider_error')",
  ]),
  variant(
    'answers for unknown connections as for nobody',
    ['disconnect', 'connection-foreign', 'connection-unknown', 'resource-foreign'],
    ['connections.js', "throw new Refusal('unknown_connection')", "throw new Refusal('unauthenticated')"],
  ),
  variant(
    'has tokens of bff providers fetched',
    ['bff-access-token', 'access-tokens'],
    ['app.js', "providers[connection.provider].mode !== 'mediated'", 'false'],
  ),
  variant('forgets the query', 'resource', ['resources.js', 'url.search = checkQuery', 'checkQuery']),
  variant(
    'reaches everything at the API',
    ['resource-unlisted', 'resource-path'],
    [
      'resources.js',
      "if (matching.length === 0) throw new Refusal('not_found')",
      'if (matching.length === 0) return {}',
    ],
  ),
  variant(
    "passes on the API's stack traces",
    ['resource-error', 'provider-words'],
    ['resources.js', "if (answer.status >= 500) throw new Refusal('provider_unavailable')", ''],
  ),
  variant('sends a refused token again', 'resource-token-refused', [
    'resources.js',
    'send(hashOf(answer.accessToken))',
    'send()',
  ]),
  variant("passes on the API's second 401", 'resource-token-refused-twice', [
    'resources.js',
    "    if (answer.status === 401) throw new Refusal('provider_error')",
    '',
  ]),
  variant('takes a wish for a stronger sign-in for a refused token', 'resource-step-up', [
    'resources.js',
    'if (wanted) throw',
    'if (false) throw',
  ]),
  variant('does not say which sign-in the API wants', 'resource-step-up', [
    'resources.js',
    'connection: id, wanted',
    'connection: id',
  ]),
]
