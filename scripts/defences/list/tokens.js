// Token responses, ID Tokens and metadata: attacks 39 to 68. What oauth4webapi checks as well is removed there, too.
import { removal } from '../removal.js'

const verify = 'protocol/verify-id-token.ts'
const verifyTest = 'protocol/verify-id-token.test.ts'
const idToken = 'protocol/id-token.ts'
const idTokenTest = 'protocol/id-token.test.ts'
const response = 'protocol/token-response.ts'
const responseTest = 'protocol/token-response.test.ts'
const endpoint = 'protocol/token-endpoint.ts'
const endpointTest = 'protocol/token-endpoint.test.ts'
const metadata = 'protocol/metadata.ts'
const metadataTest = 'protocol/metadata.test.ts'
const http = 'protocol/http.ts'
const httpTest = 'protocol/http.test.ts'
const keys = 'protocol/signing-keys.ts'
const keysTest = 'protocol/signing-keys.test.ts'
const apiTest = 'core/connections/access-token.test.ts'
const strictest = 'providers/kit/backend/strictest-checks.ts'
const library = 'oauth4webapi'
const redeemTest = 'core/callback/redeem.test.ts'

/** The signature is not looked at: what claims and header alone refuse is told from it. */
const noSignature = {
  file: verify,
  text: 'unchecked: await checkSignature(server, response, rules.fetch, rules.now)',
  by: 'unchecked: undefined',
}
const anyAlgorithm = { file: verify, text: 'if (!isAccepted(rules, algorithm))', by: 'if (false)' }

export const tokens = [
  removal(
    'the list of algorithms, for none',
    [39],
    [anyAlgorithm, noSignature],
    verifyTest,
    'without a signature is refused, even when the metadata lists none',
  ),
  removal(
    'the list of algorithms, for HS256',
    [40],
    [anyAlgorithm, noSignature],
    verifyTest,
    'signed with the public key as HS256 is refused',
  ),
  removal('the signature', [41], [noSignature], verifyTest, 'signed by somebody else is refused'),
  removal(
    'the signature of changed claims',
    [41],
    [noSignature],
    verifyTest,
    'whose claims were changed after signing is refused',
  ),
  removal(
    'the signature, where the token brings its own key',
    [42],
    [noSignature],
    verifyTest,
    'that brings its own key in jwk is refused',
  ),
  removal(
    'the signature of a refreshed ID Token',
    [41, 50],
    [noSignature],
    endpointTest,
    'refuses an ID Token with a bad signature',
  ),
  removal(
    'the signature that could not be checked',
    [41, 102],
    [{ file: endpoint, text: 'if (unchecked) throw unchecked', by: '' }],
    'core/callback/waiting-answer.test.ts',
    'is refused and revoked when it turns out to be signed by somebody else',
  ),
  removal(
    'the azp',
    [43],
    [{ file: idToken, text: 'if (azp !== undefined && azp !== expected.clientId)', by: 'if (false)' }],
    verifyTest,
    'is refused with an azp of a stranger',
  ),
  removal(
    'the audience',
    [43],
    [
      { file: library, text: 'else if (result.claims.aud !== expected) {', by: 'else if (false) {' },
      noSignature,
    ],
    verifyTest,
    'is refused with another audience',
  ),
  removal(
    'a stranger among the audiences',
    [43],
    [
      { file: library, text: 'if (claims.azp === undefined) {', by: 'if (false) {' },
      { file: library, text: 'if (claims.azp !== client.client_id) {', by: 'if (false) {' },
    ],
    verifyTest,
    'is refused with a stranger among its audiences',
  ),
  removal(
    'the issuer of an ID Token',
    [44],
    [{ file: library, text: 'if (result.claims.iss !== expected) {', by: 'if (false) {' }],
    verifyTest,
    'is refused with another issuer',
  ),
  removal(
    'the length of a subject',
    [44],
    [{ file: idToken, text: 'sub.length > 255 ||', by: '' }],
    verifyTest,
    'is refused with a subject of 256 characters',
  ),
  removal(
    'the expiry',
    [45],
    [{ file: library, text: 'if (claims.exp <= now - clockTolerance) {', by: 'if (false) {' }],
    verifyTest,
    'is refused with an expiry 31 s ago',
  ),
  removal(
    'the not-before time',
    [45],
    [{ file: library, text: 'if (claims.nbf > now + clockTolerance) {', by: 'if (false) {' }],
    verifyTest,
    'is refused with a beginning that is 5 minutes away',
  ),
  removal(
    'an issue time to come',
    [45],
    [{ file: idToken, text: 'iat > now + ahead ||', by: '' }],
    verifyTest,
    'is refused with an issue time that is 5 minutes away',
  ),
  removal(
    'an old issue time',
    [45],
    [{ file: idToken, text: 'iat < now - behind', by: 'false' }],
    verifyTest,
    'is refused with an issue time 11 minutes ago',
  ),
  removal(
    'a sign-in to come',
    [45],
    [{ file: idToken, text: '(fresh && -age > (tolerance ?? 30)) ||', by: '' }],
    verifyTest,
    'is refused with an authentication that is 5 minutes away',
  ),
  removal(
    'the nonce',
    [46],
    [{ file: idToken, text: 'if (fresh && claims.nonce !== expected.nonce)', by: 'if (false)' }],
    verifyTest,
    'of another transaction is refused',
  ),
  removal(
    'a nonce that nobody asked for',
    [46],
    [
      {
        file: idToken,
        text: 'claims.nonce !== expected.nonce',
        by: '(expected.nonce !== undefined && claims.nonce !== expected.nonce)',
      },
    ],
    verifyTest,
    'that nobody asked for is refused when it holds a nonce',
  ),
  removal(
    'the hash of the access token',
    [47],
    [{ file: idToken, text: 'if (atHash !== undefined && ', by: 'if (false && ' }],
    idTokenTest,
    'belongs to the access token it came with',
  ),
  removal(
    'the hash of the state',
    [47],
    [{ file: idToken, text: 'sHash !== undefined &&', by: 'false &&' }],
    idTokenTest,
    'belongs to the state of its transaction',
  ),
  removal(
    'the age of a sign-in',
    [48],
    [{ file: idToken, text: 'age > maxAgeSeconds + (tolerance ?? 30)', by: 'false' }],
    verifyTest,
    'must say when the person signed in, if a limit was set, and within it',
  ),
  removal(
    'the ID Token where a limit was set',
    [48],
    [{ file: verify, text: 'subject ?? maxAgeSeconds ??', by: 'subject ??' }],
    verifyTest,
    'must come where a limit was set for the sign-in',
  ),
  removal(
    'the subject that was asked for',
    [49],
    [{ file: idToken, text: '(expected.subject !== undefined && sub !== expected.subject)', by: 'false' }],
    verifyTest,
    'must name the subject that was asked for',
  ),
  removal(
    'the ID Token where a subject is expected',
    [49, 50],
    [{ file: verify, text: '(subject ?? maxAgeSeconds', by: '(maxAgeSeconds' }],
    verifyTest,
    'must come where a subject is expected, with a nonce or without, even if it is required',
  ),
  removal(
    'the ID Token where openid was asked for',
    [46],
    [{ file: verify, text: "(idToken === 'required' ? nonce : undefined)", by: 'undefined' }],
    verifyTest,
    'is required when openid was asked for',
  ),
  removal(
    'openid in every request, by the page',
    [50, 97],
    [{ file: 'protocol/requested-scope.ts', text: "parseScope(configured).includes('openid')", by: 'false' }],
    'core/authorize/authorization.test.ts',
    'asks for openid although the application leaves it out, where the provider’s scope has it',
  ),
  removal(
    'openid in every request, by the backend',
    [50, 97],
    [{ file: 'protocol/requested-scope.ts', text: "parseScope(configured).includes('openid')", by: 'false' }],
    'backend/flow/transactions.test.ts',
    'asks for openid although the page leaves it out, where the backend’s scope has it',
  ),
  removal(
    'the person of a renewal, in the page',
    [50],
    [{ file: 'core/channel/direct-redeem.ts', text: 'nonce, subject, ...asked }', by: 'nonce, ...asked }' }],
    'core/callback/redeem.test.ts',
    'is refused when another person renews the connection',
  ),
  removal(
    'the person of a refresh, in the page',
    [50],
    [
      {
        file: 'protocol/refresh-tokens.ts',
        text: 'checkTokens(endpoint, expected, body)',
        by: 'checkTokens(endpoint, {}, body)',
      },
    ],
    endpointTest,
    "refuses another user's ID Token",
  ),
  removal(
    'the person of a refresh, at the backend',
    [50],
    [
      {
        file: 'backend/connections/refresh.ts',
        text: 'if (sub === undefined || grant?.sub === undefined || grant.sub === sub) return grant',
        by: 'if (grant === grant) return grant',
      },
      {
        file: 'protocol/refresh-tokens.ts',
        text: 'checkTokens(endpoint, expected, body)',
        by: 'checkTokens(endpoint, {}, body)',
      },
    ],
    'backend/connections/access-tokens.test.ts',
    'whose ID Token names another person ends the connection',
  ),
  removal(
    'own members only',
    [52],
    [{ file: response, text: 'hasOwn(body, name) ? body[name] : undefined', by: 'body[name]' }],
    responseTest,
    'must be a member of the answer itself',
  ),
  removal(
    'own providers only, in the page',
    [52],
    [
      {
        file: 'core/of-this-app.ts',
        text: 'if (!hasOwn(providers, name)) return false',
        by: '',
      },
      {
        file: 'core/of-this-app.ts',
        text: '(clientId ?? providers[name]?.clientId) === providers[name]?.clientId',
        by: 'true',
      },
    ],
    'core/tampering.test.ts',
    'so that it has another client connects nothing: {"clientId":"client-2"}',
  ),
  removal(
    'the members that a preset names',
    [52],
    [{ file: response, text: '(rules.extraMembers ?? [])', by: 'Object.keys(body)' }],
    responseTest,
    'only the members that a preset names are kept',
  ),
  removal(
    'the token type',
    [53, 55],
    [
      {
        file: response,
        text: "return name === 'bearer' || bearerAliases.includes(name) ? 'bearer' : undefined",
        by: "return 'bearer'",
      },
    ],
    responseTest,
    'is refused when it is ""',
  ),
  removal(
    'the aliases of one preset',
    [54],
    [{ file: response, text: 'bearerAliases.includes(name)', by: "name.startsWith('bearer')" }],
    responseTest,
    'is refused when it is "Bearer:"',
  ),
  removal(
    'a token that is not bound',
    [55],
    [
      {
        file: response,
        text: "if (dpop) return name === 'dpop' ? 'dpop' : undefined",
        by: "if (dpop && name === 'dpop') return 'dpop'",
      },
    ],
    responseTest,
    'is DPoP when, and only when, the request was bound to a key',
  ),
  removal(
    'a token that is bound although none was asked for',
    [55],
    [
      {
        file: response,
        text: "return name === 'bearer' || bearer",
        by: "return name === 'dpop' || name === 'bearer' || bearer",
      },
    ],
    responseTest,
    'is refused when it is "DPoP"',
  ),
  removal(
    'the characters of a token',
    [56],
    [{ file: 'protocol/token.ts', text: '&& characters.test(value)', by: '' }],
    responseTest,
    'is refused when it is "a b"',
  ),
  removal(
    'the length of a token',
    [56],
    [{ file: 'protocol/token.ts', text: 'value.length <= longestToken && ', by: '' }],
    responseTest,
    'has at most 64 KiB',
  ),
  removal(
    'the limit of a body',
    [57],
    [
      {
        file: http,
        text: 'if (size > maximumBytes) return undefined',
        by: 'if (size > 1e8) return undefined',
      },
    ],
    httpTest,
    'a body may be as large as the limit, and no byte larger',
  ),
  removal(
    'the time of a request',
    [57],
    [
      {
        file: http,
        text: 'signal: limit.signal,',
        by: 'signal: init.signal ?? new AbortController().signal,',
      },
    ],
    httpTest,
    'every request has a signal that ends it in time',
  ),
  removal(
    'the type of an answer',
    [58],
    [
      {
        file: http,
        text: 'if (!/^application\\/(?:[\\w.+-]+\\+)?json\\s*(?:;|$)/i.test(type)) return undefined',
        by: '',
      },
    ],
    endpointTest,
    'is refused when it is HTML that could be parsed',
  ),
  removal(
    'an error beside tokens',
    [58],
    [{ file: response, text: "if (filled(body, 'error') !== undefined)", by: 'if (false)' }],
    responseTest,
    'tokens beside an error "invalid_grant" are refused',
  ),
  removal(
    'the status of an answer',
    [58, 59],
    [
      {
        file: endpoint,
        text: 'if (answer.response.status !== 200)',
        by: 'if (answer.response.status >= 300)',
      },
    ],
    endpointTest,
    'is refused with status 201',
  ),
  removal(
    'a redirect, when it is asked for',
    [60],
    [{ file: 'protocol/plain-request.ts', text: "redirect: 'manual',", by: '' }],
    httpTest,
    'sends no cookie, no referrer, keeps nothing and follows nothing',
  ),
  removal(
    'a redirect, when it comes',
    [60],
    [{ file: http, text: 'response.status === 0 ||', by: '' }],
    httpTest,
    'a redirect as a browser shows it, with status 0, is refused',
  ),
  removal(
    'the longest life of a token',
    [61],
    [{ file: response, text: 'Math.min(seconds, longestSeconds)', by: 'seconds' }],
    responseTest,
    '86401 means 86400 seconds',
  ),
  removal(
    'the form of a lifetime',
    [61],
    [{ file: response, text: "typeof seconds !== 'number' || !(seconds >= 0)", by: 'false' }],
    responseTest,
    'is refused when it is null',
  ),
  removal(
    'the issuer of metadata',
    [62],
    [{ file: metadata, text: "if (document['issuer'] !== issuer)", by: 'if (false)' }],
    metadataTest,
    'is refused when its issuer is "https://as.example/"',
  ),
  removal(
    'the origin of endpoints',
    [63],
    [{ file: metadata, text: '    if (!isAllowed(addresses[name], name))', by: '    if (false)' }],
    metadataTest,
    'is refused when its authorization_endpoint is "https://evil.example/x"',
  ),
  removal(
    'the origin of an alias for mutual TLS',
    [63],
    [
      {
        file: metadata,
        text: "mtls ? (Object(document['mtls_endpoint_aliases']) as Record<string, unknown>) : {}",
        by: '{}',
      },
    ],
    metadataTest,
    'is refused when an alias for mutual TLS lies on another origin',
  ),
  removal(
    'the pause between fetches of keys',
    [64],
    [{ file: keys, text: '!isRecent(keys.refetchedAt, pauseSeconds, now)', by: 'true' }],
    keysTest,
    'costs the server a fetch every ten seconds, however many come: sixty a minute cost six',
  ),
  removal(
    'the fetch of newer keys',
    [64],
    [{ file: keys, text: 'if (!known || keys.fetching ||', by: 'if (!known || false &&' }],
    keysTest,
    'under another name is good at once',
  ),
  removal(
    'the age of keys',
    [64],
    [{ file: keys, text: 'isRecent(keys.set?.at, keptSeconds, now) ? keys.set : undefined', by: 'keys.set' }],
    keysTest,
    'keys are fetched when the first signature comes, and again after 300 s',
  ),
  removal(
    'the end of metadata whose endpoint has moved',
    [65],
    [
      {
        file: 'core/channel/direct-client.ts',
        text: 'response.status === 410) stored.write(undefined)\n',
        by: 'response.status === 410) {}\n',
      },
    ],
    'core/paths.test.ts',
    'is forgotten where an endpoint is not there any more, so that the next page asks for it',
  ),
  removal(
    'the check of stored metadata',
    [63, 65, 73],
    [{ file: 'core/channel/stored-metadata.ts', text: 'checkMetadata(', by: '((x) => x)(' }],
    'core/paths.test.ts',
    'that is stored and names a token endpoint elsewhere is fetched again',
  ),
  removal(
    'the scope that was not granted',
    [66],
    [
      {
        file: 'core/channel/direct-redeem.ts',
        text: 'checked.scope === undefined ? requested : parseScope(checked.scope)',
        by: 'requested',
      },
    ],
    'core/callback/redeem.test.ts',
    'tells which scope was not granted',
  ),
  removal(
    'a path that is appended and never resolved',
    [67, 99],
    [
      {
        file: 'core/channel/resource-url.ts',
        text: "new URL(origin + base + path.replace(/^\\/+/, ''))",
        by: "new URL(path.replace(/^\\/+/, ''), origin + base)",
      },
    ],
    apiTest,
    'to "https:127.0.0.1:4680/transactions" goes to "https:127.0.0.1:4680/transactions" below the base',
  ),
  removal(
    'the base of an API',
    [67],
    [{ file: 'core/channel/resource-url.ts', text: '!url.pathname.startsWith(base) ||', by: '' }],
    apiTest,
    'to "../admin" is not sent',
  ),
  removal(
    'encoded ways out of a base',
    [67],
    [
      {
        file: 'core/channel/resource-url.ts',
        text: '/%(?:25)*(?:2e|2f|5c|00)|\\/\\/|\\.\\.;|\\\\/i.test(url.pathname.slice(base.length - 1))',
        by: 'false',
      },
    ],
    apiTest,
    'to "%2E%2e%2fadmin" is not sent',
  ),
  removal(
    'a redirect of the API',
    [67],
    [{ file: 'core/channel/authorized-fetch.ts', text: "redirect: 'error',", by: '' }],
    apiTest,
    'carries the access token in its header, and no cookie',
  ),
  removal(
    'the person of userinfo',
    [49],
    [{ file: 'core/channel/userinfo.ts', text: '(subject !== undefined && sub !== subject)', by: 'false' }],
    'core/connections/userinfo.test.ts',
    'about {"sub":"user-2"} is refused',
  ),
  removal(
    'the client of stored metadata',
    [101],
    [
      {
        file: 'core/channel/stored-metadata.ts',
        text: 'record.issuer === issuer && record.clientId === clientId',
        by: 'true',
      },
    ],
    'core/paths.test.ts',
    'that is stored and is of another client is fetched again',
  ),
  removal(
    'the end of tokens whose ID Token is refused',
    [103],
    [{ file: 'core/channel/direct-redeem.ts', text: '      drop(error)\n', by: '\n' }],
    redeemTest,
    'whose ID Token is refused for its nonce is revoked',
  ),
  removal(
    'a check that only an ID Token could confirm, in a request for none',
    [150],
    [
      {
        file: 'providers/kit/backend/oauth-client.ts',
        text: 'refuseWithoutIdToken(extra, setup.nonce)',
        by: '',
      },
    ],
    'providers/oidc/oidc.test.ts',
    'begins nothing by a client that asks for a check without an ID Token',
  ),
  removal(
    'the certificate to which an access token is bound',
    [162],
    [{ file: 'providers/kit/backend/fapi.ts', text: 'thumbprintOf(fetch) ?? bound', by: 'bound' }],
    'openid/fapi.test.ts',
    'that is bound to another certificate than the one of mtlsFetch is refused',
  ),
  removal(
    'the key to which an access token is bound',
    [162],
    [
      {
        file: 'providers/kit/backend/fapi.ts',
        text: 'if (dpop && jkt === (await dpop.calculateThumbprint())) return',
        by: 'if (dpop && jkt !== undefined) return',
      },
    ],
    'openid/fapi.test.ts',
    'an access token that is bound to another key is refused',
  ),
  removal(
    'the smaller max_age of page and backend',
    [163],
    [{ file: strictest, text: 'Math.min(...ages)', by: 'Math.max(...ages)' }],
    'providers/oidc/oidc.test.ts',
    'lets a page ask for more, and for less it gets no connection',
  ),
  removal(
    'the ways of signing in that the backend names',
    [163],
    [{ file: strictest, text: 'demanded.acrValues?.includes(value) ?? true', by: 'true' }],
    'providers/oidc/oidc.test.ts',
    'begins nothing for a page that names none of the ways of signing in',
  ),
  removal(
    'an ID Token for which there can be no key',
    [151],
    [
      {
        file: 'protocol/verify-id-token.ts',
        text: 'if (expected.code !== undefined && server.jwks_uri === undefined)',
        by: 'if (false)',
      },
    ],
    'core/channel/asked-checks.test.ts',
    'ends what it came for, once and for all: its code is spent',
  ),
  removal(
    'the nonce and the sign-in of a refreshed ID Token',
    [152],
    [{ file: idToken, text: 'if (!fresh) await checkRepeats(claims, expected.first)', by: '' }],
    'backend/connections/access-tokens.test.ts',
    'whose ID Token has another nonce than the first one ends the connection',
  ),
  removal(
    'that a refreshed ID Token is of no earlier sign-in',
    [152],
    [{ file: idToken, text: 'authTime < firstAuthTime', by: 'false' }],
    'backend/connections/access-tokens.test.ts',
    'whose ID Token has an earlier auth_time than the first one ends the connection',
  ),
  removal(
    'the limit of refreshes that a refused token causes',
    [153],
    [
      {
        file: 'backend/connections/good-tokens.ts',
        text: '!attended || refresh !== undefined || mayReplace(replacedAt, now())',
        by: 'attended || refresh !== undefined || mayReplace(replacedAt, now())',
      },
    ],
    'backend/connections/access-tokens.test.ts',
    'that is said to be refused again and again is replaced twice a minute and ten times an hour',
  ),
  removal(
    'the limit of connections, before anybody is sent away',
    [154],
    [
      {
        file: 'backend/flow/begin.ts',
        text: 'if (!record) await checkHasRoom(context, session.subject)',
        by: '',
      },
    ],
    'backend/flow/transactions.test.ts',
    'begins no other before one is disconnected, and loses none',
  ),
  removal(
    "the names in the place of users' ids",
    [155],
    [{ file: 'core/records/hidden-subjects.ts', text: '...names.hide(writes)', by: '...writes' }],
    'core/records/hidden-subjects.test.ts',
    'is in no record, and its hash neither, from the click to the sign-out',
  ),
  removal(
    "another token of the client's own, where one is refused",
    [156],
    [
      {
        file: 'providers/moneyhub/users.ts',
        text: 'if (answer.response.status !== 401) return answer',
        by: 'if (answer === answer) return answer',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 13: asks once for another token where the users API refuses the one that is kept',
  ),
  removal(
    'the type of a stored token',
    [164],
    [
      {
        file: 'backend/connections/good-tokens.ts',
        text: 'isRejected || isOfOtherType(context, record)',
        by: 'isRejected',
      },
    ],
    'providers/oidc/dpop.test.ts',
    'when `dpop` is switched off and on again, the next request refreshes first, and none is refused',
  ),
  removal(
    'the limit of refreshes for tokens of another type',
    [164],
    [{ file: 'backend/connections/refresh.ts', text: '|| isOfOtherType(context, record)', by: '' }],
    'providers/oidc/dpop.test.ts',
    'replicas that disagree about `dpop` do not refresh for pages without end',
  ),
  removal(
    'the status with which an API asks for a nonce',
    [168],
    [
      {
        file: 'protocol/send-with-proof.ts',
        text: 'answer.status === 401 && oauth.isDPoPNonceError(error)',
        by: 'oauth.isDPoPNonceError(error)',
      },
    ],
    'providers/kit/backend/dpop.test.ts',
    'a payment that is answered with 201 is not sent once more, whatever nonce the answer asks for',
  ),
]
