import { variant, type Variant } from './variants.js'

/** Backends that are careless about who asks and what, and about what they answer. Each is the Express example but for a line or two. */
export const careless: readonly Variant[] = [
  variant('accepts every origin', 'origin', [
    'guard.js',
    "if (origin !== undefined && !origins.includes(origin)) throw new Refusal('forbidden_origin')",
    '',
  ]),
  variant('compares the end of the origin only', 'origin', [
    'guard.js',
    '!origins.includes(origin)',
    '!origins.some((one) => origin.endsWith(new URL(one).host))',
  ]),
  variant('accepts a POST without an origin', 'origin', ['guard.js', 'origin === undefined &&', 'false &&']),
  variant('does not look at Sec-Fetch-Site', 'fetch-metadata', [
    'guard.js',
    "if (site !== undefined && site !== 'same-origin') throw new Refusal('forbidden_origin')",
    '',
  ]),
  variant('works without the Countersign header', 'header', [
    'guard.js',
    "if (version === undefined) throw new Refusal('forbidden_origin')\n    if (version !== '1')",
    "if (version !== undefined && version !== '1')",
  ]),
  variant('takes any version for its own', 'version', ['guard.js', "version !== '1'", 'false']),
  variant('works for nobody', 'session', [
    'app.js',
    'req.subject = await session(req)',
    "req.subject = (await session(req)) ?? 'nobody'",
  ]),
  variant('lets every origin ask', 'cors', [
    'guard.js',
    "if (preflight) throw new Refusal('forbidden_origin')",
    'if (preflight) return res.status(204).end()',
  ]),
  variant('lets every origin read', 'cors-answers', [
    'guard.js',
    "res.set('Countersign', '1')",
    "res.set('Countersign', '1').set('Access-Control-Allow-Origin', req.get('origin') ?? '*')",
  ]),
  variant("takes any text for a request's id", 'correlation', [
    'guard.js',
    'uuid.test(given)',
    'given !== undefined',
  ]),
  variant("answers with an id that is not the request's", 'correlation', [
    'guard.js',
    'uuid.test(given) ? given.toLowerCase() : ',
    '',
  ]),
  variant('builds addresses from X-Forwarded-Host', 'forwarded', [
    'app.js',
    'expires_in: transactions.seconds,',
    "expires_in: transactions.seconds, self: req.get('x-forwarded-host') ?? '',",
  ]),
  variant('answers HEAD', 'method', ['guard.js', "req.method === 'HEAD') throw", 'false) throw']),
  variant('lets a parameter say the method', 'method-override', [
    'guard.js',
    "const origin = req.get('origin')",
    "req.method = req.query._method ?? req.method\n    const origin = req.get('origin')",
  ]),
  variant('takes paths for alike that are not', 'path-unknown', [
    'app.js',
    '{ caseSensitive: true, strict: true }',
    '{}',
  ]),
  variant('finds providers in prototypes', 'provider-unknown', [
    'app.js',
    'Object.assign(Object.create(null), list)',
    'list',
  ]),
  variant('reads text/plain', 'content-type', [
    'body.js',
    "throw new Refusal('unsupported_media_type')",
    'void 0',
  ]),
  variant('reads large bodies', 'body-size', ['body.js', "limit = '16kb'", "limit = '1mb'"]),
  variant(
    'takes a list for an object',
    'body-form',
    ['body.js', "if (Array.isArray(body)) throw new Refusal('invalid_request')", ''],
    ['body.js', 'strict: members !== undefined', 'strict: true'],
  ),
  variant(
    'overlooks members that it does not know',
    ['asked-checks', 'body-members'],
    [
      'body.js',
      "if (!Object.keys(body).every((name) => members.includes(name))) throw new Refusal('invalid_request')",
      '',
    ],
  ),
  variant('takes short verifiers', 'parameters', [
    'app.js',
    "if (!isVerifier(verifier)) throw new Refusal('invalid_request')",
    '',
  ]),
  variant('compares the beginning of the redirect URI', 'redirect-uri', [
    'app.js',
    'redirectUri !== provider.redirectUri',
    '!String(redirectUri).startsWith(provider.redirectUri)',
  ]),
  variant('asks for any scope', 'scope', [
    'app.js',
    "if (!asked.every((one) => words(provider.scope).includes(one))) throw new Refusal('invalid_request')",
    '',
  ]),
  variant('does not look at the issuer', 'issuer', ['app.js', 'iss !== provider.issuer', 'false']),
  variant('lets answers be cached', 'caching', ['guard.js', "'no-store'", "'private, max-age=60'"]),
  variant('lets answers be sniffed', 'headers', [
    'guard.js',
    "res.set('X-Content-Type-Options', 'nosniff')",
    '',
  ]),
  variant('does not mark its answers', 'version-header', ['guard.js', "res.set('Countersign', '1')", '']),
  variant('has errors of its own', 'error-form', [
    'refusal.js',
    'error_description: description',
    'message: description',
  ]),
  variant('leaks the secret', 'client-secret', [
    'app.js',
    'expires_in: transactions.seconds,',
    'expires_in: transactions.seconds, debug: provider.clientSecret,',
  ]),
  variant('hands out the refresh token', 'refresh-tokens', [
    'connections.js',
    'toAccessToken = ({ accessToken, expiresAt }) => ({',
    'toAccessToken = ({ accessToken, expiresAt, refreshToken }) => ({ refresh_token: refreshToken,',
  ]),
  variant(
    "passes on the provider's error text",
    'provider-words',
    [
      'provider.js',
      "throw new Refusal('invalid_grant')",
      "throw Object.assign(new Refusal('invalid_grant'), { description: body.error_description })",
    ],
    ['refusal.js', 'error_description: description', 'error_description: problem.description ?? description'],
  ),
  variant("shows the provider the app's cookies", 'outbound', [
    'provider.js',
    "accept: 'application/json' }",
    "accept: 'application/json', 'x-app': 'session=robin' }",
  ]),
  variant('does not say how the challenge was made', 'authorization', [
    'provider.js',
    "code_challenge_method: 'S256',",
    '',
  ]),
  variant(
    'lets members of every object pass',
    'body-prototype',
    ['body.js', 'poisonous.has(name)', 'false'],
    ['body.js', 'members.includes(name)', "(members.includes(name) || name in {} || name === 'prototype')"],
  ),
  variant('lists logos with a query, which may name the person', 'institutions', [
    'app.js',
    'const authorizationMembers',
    "router.get('/:provider/institutions', (_req, res) => res.json({ institutions: [{ id: 'a', name: 'A', logo: 'https://logos.example/a.svg?user=robin' }] }))\n  const authorizationMembers",
  ]),
  variant('lists logos with a user name', 'institutions', [
    'app.js',
    'const authorizationMembers',
    "router.get('/:provider/institutions', (_req, res) => res.json({ institutions: [{ id: 'a', name: 'A', logo: 'https://robin@logos.example/a.svg' }] }))\n  const authorizationMembers",
  ]),
]
