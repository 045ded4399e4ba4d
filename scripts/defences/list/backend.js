// The backend: attacks 2, 31, 78, 83 to 96, and its webhooks.
import { removal } from '../removal.js'

const guard = 'backend/http/guard.ts'
const guardTest = 'backend/http/guard.test.ts'
const body = 'backend/http/body.ts'
const transactions = 'backend/flow/transactions.ts'
const claim = 'backend/flow/claim-transaction.ts'
const begin = 'backend/flow/begin.ts'
const flowTest = 'backend/flow/transactions.test.ts'
const proxy = 'backend/connections/resource-proxy.ts'
const route = 'backend/connections/resource-route.ts'
const proxyTest = 'backend/connections/resource-proxy.test.ts'
const sealing = 'backend/storage/sealing.ts'
const sealingTest = 'backend/storage/sealing.test.ts'
const stored = 'backend/connections/stored-connections.ts'
const tokensTest = 'backend/connections/access-tokens.test.ts'
const limitTest = 'backend/http/rate-limit.test.ts'
const securityEvent = 'backend/webhooks/security-event.ts'
const webhooksTest = 'backend/webhooks/webhooks.test.ts'

export const backend = [
  removal(
    'the user of a transaction in the store',
    [2, 31, 96],
    [
      {
        file: transactions,
        text: '`transaction:${await sha256(JSON.stringify([subject, provider, state]))}`',
        by: '`transaction:${await sha256(JSON.stringify([provider, state]))}`',
      },
      {
        file: transactions,
        text: '`transaction ${JSON.stringify([subject, provider, state])}`',
        by: '`transaction ${JSON.stringify([provider, state])}`',
      },
    ],
    flowTest,
    'of another user is refused before the code is spent',
  ),
  removal(
    'the provider of a transaction',
    [12, 96],
    [
      {
        file: transactions,
        text: '`transaction:${await sha256(JSON.stringify([subject, provider, state]))}`',
        by: '`transaction:${await sha256(JSON.stringify([subject, state]))}`',
      },
      {
        file: transactions,
        text: '`transaction ${JSON.stringify([subject, provider, state])}`',
        by: '`transaction ${JSON.stringify([subject, state])}`',
      },
    ],
    flowTest,
    'is no transaction of another provider that the backend has',
  ),
  removal(
    'the user of a sealed transaction',
    [93],
    [
      {
        file: transactions,
        text: '`transaction ${JSON.stringify([subject, provider, state])}`',
        by: '`transaction`',
      },
    ],
    flowTest,
    'of one transaction does not serve another',
  ),
  removal(
    'the verifier, before the code is spent',
    [6, 78, 96],
    [
      {
        file: claim,
        text: "if (!isSameHash(transaction.challenge, challenge)) return { result: { refuse: 'verifier' } }\n  // The code",
        by: '// The code',
      },
    ],
    flowTest,
    'with another verifier is refused before the code is spent',
  ),
  removal(
    'the verifier of a transaction that is done',
    [10, 96],
    [
      {
        file: claim,
        text: "if (!isSameHash(current.challenge, challenge)) return { result: { refuse: 'verifier' } }",
        by: '',
      },
    ],
    flowTest,
    'that is done gives nothing to another verifier',
  ),
  removal(
    'the expiry of a transaction, at the backend',
    [96],
    [
      {
        file: claim,
        text: "if (transaction.expiresAt <= now) return { result: { refuse: 'expired' } }",
        by: '',
      },
    ],
    flowTest,
    'that was begun again expires all the same',
  ),
  removal(
    'one redemption for all replicas',
    [10, 96],
    [{ file: claim, text: "if (held) return 'wait'", by: '' }],
    flowTest,
    'lets another replica wait, too',
  ),
  removal(
    'the number of token requests for a code',
    [10, 96],
    [
      { file: claim, text: 'if (attempts >= maximumAttempts)', by: 'if (attempts >= 99)' },
      {
        file: 'backend/flow/redeem-once.ts',
        text: "reason === 'provider_unavailable' && attempts < maximumAttempts",
        by: "reason === 'provider_unavailable'",
      },
    ],
    flowTest,
    'whose request nobody answered may be sent once more, and no third time',
  ),
  removal(
    'the issuer of a response, at the backend',
    [12, 96],
    [
      {
        file: 'protocol/authorization-response.ts',
        text: 'issuer !== undefined && iss !== issuer',
        by: 'false',
      },
    ],
    flowTest,
    'whose response came from another issuer is refused before the code is spent',
  ),
  removal(
    'a transaction that the backend has begun',
    [78],
    [
      {
        file: claim,
        text: "if (!transaction) return { result: { refuse: 'unknown' } }",
        by: "if (!transaction) return { result: { refuse: 'made up' } }",
      },
    ],
    flowTest,
    'of another user is refused before the code is spent',
  ),
  removal(
    'the registered redirect URIs',
    [85, 96],
    [
      {
        file: begin,
        text: 'redirectUris.find((uri) => uri === value)',
        by: '(typeof value === "string" ? value : redirectUris[0])',
      },
    ],
    flowTest,
    'with another redirect_uri is refused',
  ),
  removal(
    'the allowed scope',
    [85],
    [{ file: begin, text: 'asked.every((one) => parseScope(allowed).includes(one))', by: 'true' }],
    flowTest,
    'with more scope than the backend allows is refused',
  ),
  removal(
    'the members of a request',
    [85],
    [
      {
        file: body,
        text: 'if (!Object.keys(body).every((name) => (names as readonly string[]).includes(name))) {',
        by: 'if (false) {',
      },
    ],
    flowTest,
    'with client_id is refused',
  ),
  removal(
    'the members of an input',
    [85],
    [{ file: begin, text: 'Object.keys(input).every((name) => Object.hasOwn(forms, name)) &&', by: '' }],
    flowTest,
    'with an input that the provider does not take is refused',
  ),
  removal(
    'the form of an input',
    [85],
    [
      {
        file: begin,
        text: 'Object.entries(forms).every(([name, form]) => hasForm(input[name], form))',
        by: 'true',
      },
    ],
    'providers/own/own.test.ts',
    'refuses a branch in another form than the backend takes',
  ),
  removal(
    'the nonce where openid is asked for',
    [85],
    [
      {
        file: begin,
        text: "if (nonce === undefined && parseScope(scope).includes('openid'))",
        by: 'if (false)',
      },
    ],
    flowTest,
    'is of the same person, whatever scope the page asks for: an ID Token with its issuer',
  ),
  removal(
    'the claims of the session before those of the token',
    [85],
    [
      {
        file: 'providers/basis/init-token.ts',
        text: '{ ...claims, client_id: clientId, iat: now, exp: now + seconds }',
        by: '{ client_id: clientId, iat: now, exp: now + seconds, ...claims }',
      },
    ],
    'providers/basis/init-token.test.ts',
    'basis 17: lets no claim stand in for what the backend says itself',
  ),
  removal(
    'the Moneyhub user of the session',
    [49, 85],
    [
      {
        file: 'providers/moneyhub/authorization-request.ts',
        text: 'sub: { essential: true, ...(userId !== undefined && { value: userId }) },',
        by: 'sub: { essential: true },',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 13: names the user as the app wants, or takes the user that the app’s session names',
  ),
  removal(
    'the user of a connection',
    [85],
    [
      {
        file: stored,
        text: "if (record?.subject !== subject) throw new Refusal('unknown_connection')",
        by: "if (!record) throw new Refusal('unknown_connection')",
      },
    ],
    tokensTest,
    'of somebody else’s connection does not exist',
  ),
  removal(
    'the user of a connection that is renewed',
    [85],
    [
      {
        file: stored,
        text: "if (record?.subject !== subject) throw new Refusal('unknown_connection')",
        by: "if (!record) throw new Refusal('unknown_connection')",
      },
    ],
    flowTest,
    'cannot renew what is not the user’s',
  ),
  removal(
    'the provider of a connection that is renewed',
    [85],
    [
      {
        file: begin,
        text: "if (record && record.provider !== name) throw new Refusal('unknown_connection')",
        by: '',
      },
    ],
    flowTest,
    'cannot renew a connection at another provider',
  ),
  removal(
    'the person of a renewal, at the backend',
    [50, 85],
    [
      {
        file: stored,
        text: 'if (isSame && old.sub === fresh.sub) return undefined',
        by: 'if (isSame) return undefined',
      },
    ],
    flowTest,
    'renews nothing when another person has signed in at the bank: their tokens are revoked and not kept',
  ),
  removal(
    'the limit of one user',
    [86],
    [
      {
        file: 'backend/handler.ts',
        text: "await countRequest(context, { by: 'subject', key: session.subject, action })",
        by: '',
      },
    ],
    limitTest,
    'counts each on their own, and says how long to wait',
  ),
  removal(
    'the limit of an address',
    [86],
    [
      {
        file: 'backend/handler.ts',
        text: "if (key !== undefined) await countRequest(context, { by: 'address', key, action })",
        by: '',
      },
    ],
    limitTest,
    'stops a flood without a session before the session is looked up',
  ),
  removal(
    'the limit of a provider',
    [86],
    [
      {
        file: begin,
        text: "await countRequest(context, {\n      by: 'provider',",
        by: "void ({\n      by: 'provider',",
      },
    ],
    limitTest,
    'a spent budget begins nothing, and leaves nothing pending',
  ),
  removal(
    'the limit of pending transactions',
    [86],
    [{ file: transactions, text: '  await countPending(context, owner.subject, key, expiresAt)\n', by: '' }],
    flowTest,
    'is refused while the user has too many others pending in the store',
  ),
  removal(
    'the audience of an assertion',
    [87],
    [{ file: 'providers/kit/backend/client-assertion.ts', text: "payload['aud'] = audience", by: '' }],
    'providers/stitch/backend.test.ts',
    'takes its audience and type from the options',
  ),
  removal(
    'the providers that there are',
    [88],
    [
      {
        file: 'backend/context.ts',
        text: 'const provider = providers.get(name)\n',
        by: 'const provider = providers.get(name) ?? [...providers.values()][0]\n',
      },
    ],
    flowTest,
    'of another provider is refused',
  ),
  removal(
    'the origin of a request',
    [83],
    [
      {
        file: guard,
        text: "if (origin === null ? method !== 'GET' : !origins.includes(origin)) forbid('origin')",
        by: '',
      },
    ],
    guardTest,
    'from https://evil.example is refused before anything is done',
  ),
  removal(
    'the exact origin of a request',
    [83],
    [
      {
        file: guard,
        text: ': !origins.includes(origin))',
        by: ': !origins.some((one) => origin.startsWith(one)))',
      },
    ],
    guardTest,
    'from https://app.example.evil.example is refused before anything is done',
  ),
  removal(
    'a request without an origin',
    [83],
    [{ file: guard, text: "origin === null ? method !== 'GET'", by: 'origin === null ? false' }],
    guardTest,
    'without Origin is refused before anything is done',
  ),
  removal(
    'the metadata of a request',
    [83],
    [{ file: guard, text: 'site !== null &&\n', by: 'false &&\n' }],
    guardTest,
    'from another site by its metadata is refused before anything is done',
  ),
  removal(
    'the header that a form cannot send',
    [83],
    [{ file: guard, text: "if (version === null) forbid('header')", by: 'if (version === null) return' }],
    guardTest,
    'without the header that a form cannot send is refused before anything is done',
  ),
  removal(
    'the type of a body',
    [83],
    [{ file: body, text: 'checkJsonType(request.headers)\n  const body', by: 'const body' }],
    guardTest,
    'as a form with JSON in text/plain is refused for its type, with a stolen Origin, too',
  ),
  removal(
    'CORS that is off',
    [84],
    [{ file: guard, text: '!options.cors || ', by: '' }],
    guardTest,
    'is off unless it is asked for: a preflight gets 403 and no CORS header',
  ),
  removal(
    'the origins of CORS',
    [84],
    [{ file: guard, text: '|| !origins.includes(origin)) return response', by: ') return response' }],
    guardTest,
    'lets in the app’s origins and no others, by name',
  ),
  removal(
    'the session',
    [83, 96],
    [
      {
        file: 'backend/handler.ts',
        text: "await context.knownSessions.remove(request)\n    throw new Refusal('unauthenticated')",
        by: "return { route, session: { subject: 'nobody' } }",
      },
    ],
    guardTest,
    'nobody is signed in: 401 for every call, and the provider hears nothing',
  ),
  removal(
    'the characters of a segment',
    [89],
    [{ file: route, text: 'segments.every((part) => segment.test(part))', by: 'true' }],
    proxyTest,
    'accounts/ that is not listed does not exist',
  ),
  removal(
    'the listed paths',
    [89],
    [{ file: route, text: 'parts.length === segments.length &&', by: '' }],
    proxyTest,
    'accounts/a/b that is not listed does not exist',
  ),
  removal(
    'the path of an id that looks like an address',
    [67, 89, 98],
    [
      {
        file: route,
        text: "url.pathname = root.pathname + segments.join('/')",
        by: "url.href = new URL(segments.join('/'), root).href",
      },
      { file: route, text: 'url.origin !== root.origin ||', by: '' },
      { file: route, text: '!url.pathname.startsWith(root.pathname)', by: 'false' },
    ],
    proxyTest,
    'that begins with http:127.0.0.1:4680 is not a URL of its own: it goes below the base, as it came',
  ),
  removal(
    'the value that a path is bound to',
    [85, 89],
    [{ file: route, text: 'return !bound || bound(held) === segments[index]', by: 'return true' }],
    proxyTest,
    'that is bound to the connection has one value',
  ),
  removal(
    'the listed parameters of a query',
    [89],
    [{ file: route, text: 'names.every((name) => query.includes(name)) &&', by: '' }],
    proxyTest,
    'with a parameter that is not listed is refused',
  ),
  removal(
    'a parameter that comes twice',
    [89],
    [{ file: route, text: '&& new Set(names).size === names.length', by: '' }],
    proxyTest,
    'with a parameter twice is refused',
  ),
  removal(
    'the headers that go on',
    [90],
    [
      {
        file: proxy,
        text: 'const headers = pick(request.headers, forwardedHeaders)',
        by: 'const headers = Object.fromEntries(request.headers)',
      },
    ],
    proxyTest,
    'go on by name only',
  ),
  removal(
    'the headers that come back',
    [90],
    [
      {
        file: proxy,
        text: "...pick(\n        headers,\n        relayedHeaders.filter((name) => name !== 'retry-after'),\n      ),",
        by: '...Object.fromEntries(headers),',
      },
    ],
    proxyTest,
    'come back by name only',
  ),
  removal(
    'the type of what is relayed',
    [91],
    [{ file: proxy, text: "if (body === undefined && text !== '')", by: 'if (false)' }],
    proxyTest,
    'of the type text/html is not relayed',
  ),
  removal(
    'an answer of a broken API',
    [91],
    [
      {
        file: proxy,
        text: "if (status >= 500) throw new Refusal('provider_unavailable', { reason: `status_${String(status)}` })",
        by: '',
      },
    ],
    proxyTest,
    'with a failure becomes an error of the contract',
  ),
  removal(
    'the mode of access tokens',
    [77],
    [
      {
        file: 'backend/routes.ts',
        text: "if (providerOf(context, provider).mode !== 'mediated') throw",
        by: 'if (false) throw',
      },
    ],
    tokensTest,
    'does not exist for pages in bff mode',
  ),
  removal(
    'no-store',
    [92],
    [{ file: 'backend/http/responses.ts', text: "'cache-control': 'no-store',", by: '' }],
    guardTest,
    'every answer forbids caching, framing, sniffing and embedding',
  ),
  removal(
    'the headers against framing',
    [30, 91, 92],
    [
      {
        file: 'backend/http/responses.ts',
        text: "\"default-src 'none'; frame-ancestors 'none'; sandbox\"",
        by: '"default-src \'none\'"',
      },
    ],
    guardTest,
    'every answer forbids caching, framing, sniffing and embedding',
  ),
  removal(
    'the purpose of a sealed value',
    [93],
    [{ file: sealing, text: '`countersign 1 ${context}`', by: "'countersign 1'" }],
    sealingTest,
    'a sealed value opens for the same context until it expires',
  ),
  removal(
    'the expiry of a sealed value',
    [93],
    [{ file: sealing, text: 'return expiresAt > now ? {', by: 'return true ? {' }],
    sealingTest,
    'a sealed value opens for the same context until it expires',
  ),
  removal(
    'a key that is not in the ring',
    [93],
    [{ file: sealing, text: 'find((candidate) => candidate.id === id)?.aead', by: 'at(0)?.aead' }],
    sealingTest,
    'the ring: the first key seals, all open, and one that is gone opens nothing',
  ),
  removal(
    'the length of a key',
    [93],
    [
      {
        file: 'backend/crypto/secret-key.ts',
        text: 'if (bytes?.length !== 32) throw',
        by: 'if (!bytes) throw',
      },
      { file: 'backend/crypto/secret-key.ts', text: '{43}=?$/.test', by: '+=?$/.test' },
    ],
    sealingTest,
    'that is too short is refused, with how to make one and without itself',
  ),
  removal(
    'keys for a store that outlives the process',
    [93],
    [
      {
        file: 'backend/check-options.ts',
        text: 'if (keys === undefined && unsealed !== true && store.inProcess !== true) {',
        by: 'if (false) {',
      },
    ],
    'backend/options.test.ts',
    'a store that outlives the process, without keys throws at start, with the remedy',
  ),
  removal(
    'the words of the log',
    [94],
    [
      {
        file: 'backend/http/to-refusal.ts',
        text: "return /^[A-Za-z]{1,40}$/.test(name) ? [name, ...codesOf(error, name)].join(':') : 'unexpected'",
        by: 'return error.message',
      },
    ],
    'backend/options.test.ts',
    'a failure that nobody foresaw is told by its name and code',
  ),
  removal(
    'the provider’s words in an answer',
    [94],
    [
      {
        file: 'backend/http/to-refusal.ts',
        text: "return new Refusal('provider_error', { reason })",
        by: "return new Refusal('provider_error', { reason, description: (arguments[0] as TokenEndpointError).errorDescription ?? '' })",
      },
    ],
    'providers/stitch/backend.test.ts',
    'no answer but the one that hands over an access token holds a secret, and no event does',
  ),
  removal(
    'the limit of a body, while it is read',
    [95],
    [
      {
        file: 'protocol/http.ts',
        text: 'if (size > maximumBytes) return undefined',
        by: 'if (size > 1e6) return undefined',
      },
    ],
    guardTest,
    'that says it is shorter than it is, is counted',
  ),
  removal(
    'the depth of a body',
    [95],
    [{ file: body, text: 'depth > maximumDepth ||', by: '' }],
    guardTest,
    'too deep is refused',
  ),
  removal(
    'the number of members',
    [95],
    [{ file: body, text: '|| members > maximumMembers', by: '' }],
    guardTest,
    'with too many members is refused',
  ),
  removal(
    'the names of members',
    [52, 95],
    [{ file: body, text: 'if (poisonous.has(name))', by: 'if (false)' }],
    guardTest,
    'with __proto__ is refused',
  ),
  removal(
    'UTF-8',
    [95],
    [{ file: body, text: 'fatal: true, ', by: '' }],
    guardTest,
    'in invalid UTF-8 is refused',
  ),
  removal(
    'the encoding of a body',
    [95],
    [{ file: body, text: "|| headers.has('content-encoding')", by: '' }],
    guardTest,
    'that is encoded, or in another charset, is refused for its type',
  ),
  removal(
    'the methods of a path',
    [95],
    [
      {
        file: 'backend/handler.ts',
        text: 'Object.hasOwn(routes, request.method) ? routes[request.method as Method] : undefined',
        by: 'Object.values(routes)[0]',
      },
    ],
    'backend/handler.test.ts',
    'answers 405 with the methods that there are',
  ),
  removal(
    'the note before something is sent, for who has lost the lease',
    [104, 105],
    [
      {
        file: 'backend/storage/attempt.ts',
        text: "if (seen.overtaken) throw new Error('overtaken')",
        by: '',
      },
    ],
    'backend/storage/attempt.test.ts',
    'whose lease is overtaken sends nothing',
  ),
  removal(
    'the routes for which the client has a token of its own',
    [106],
    [
      {
        file: 'providers/fdx/backend.ts',
        text: 'if (!isConsentRoute(route)) return undefined',
        by: '',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 22: never uses it for data',
  ),
  removal(
    'the scheme of the addresses in a consent',
    [107],
    [{ file: 'providers/fdx/consent.ts', text: "&& new URL(value).protocol === 'https:'", by: '' }],
    'providers/fdx/fdx.test.ts',
    'fdx 21: keeps the names of FDX 6, and addresses only where they are https',
  ),
  removal(
    'the signature of a webhook',
    [165],
    [{ file: securityEvent, text: '  await checkSigned(server, response, context)\n', by: '' }],
    webhooksTest,
    'is refused where nobody, another key, or a secret that is public has signed it',
  ),
  removal(
    'what tells a webhook from an ID Token',
    [165],
    [
      {
        file: securityEvent,
        text: "if (idTokenMembers.some((name) => name in claims)) refuseWebhook('type')",
        by: '',
      },
    ],
    webhooksTest,
    'with the nonce of an ID Token is refused',
  ),
  removal(
    'the memory of webhooks that were told',
    [166],
    [{ file: 'backend/webhooks/once.ts', text: "'done' in current", by: 'false' }],
    webhooksTest,
    'has its effect once, in whatever replica it arrives, and is accepted every time',
  ),
  removal(
    'the second telling of an unsigned webhook',
    [167],
    [
      {
        file: 'backend/webhooks/webhooks.ts',
        text: 'if (repeated !== undefined)',
        by: 'if (repeated === 0)',
      },
    ],
    webhooksTest,
    'does not pass for the provider’s, which is told once those ten seconds are over',
  ),
  removal(
    'the kinds of events, of which no member of an object is one',
    [52],
    [
      {
        file: 'providers/moneyhub/webhooks.ts',
        text: 'kinds.get(event)',
        by: '(Object.fromEntries(kinds) as Record<string, WebhookKind>)[event]',
      },
    ],
    'providers/moneyhub/webhooks.test.ts',
    'called constructor are of no kind that is known',
  ),
  removal(
    'the consent that a provider was asked about',
    [170],
    [
      {
        file: 'backend/connections/live-details.ts',
        text: 'record?.createdAt === claimed.createdAt\n      ?',
        by: 'record\n      ?',
      },
    ],
    'backend/connections/live-details.test.ts',
    'what a provider said of a consent is not told of the one that has taken its place meanwhile',
  ),
]
