// The backend, in the second half of the table: attacks 120 to 144, 157 and 158.
import { removal } from '../removal.js'

const shares = 'backend/http/fair-shares.ts'
const limitTest = 'backend/http/rate-limit.test.ts'
const sessions = 'backend/http/known-sessions.ts'
const handler = 'backend/handler.ts'
const address = 'backend/http/client-address.ts'
const moneyhub = 'providers/moneyhub/backend.ts'
const guard = 'backend/http/guard.ts'
const guardTest = 'backend/http/guard.test.ts'
const subjects = 'backend/subject-keys.ts'
const subjectsTest = 'backend/subject-keys.test.ts'
const secretKey = 'backend/crypto/secret-key.ts'
const optionsTest = 'backend/options.test.ts'
const retryAfter = 'protocol/retry-after.ts'
const retryAfterTest = 'protocol/retry-after.test.ts'
const endings = 'backend/connections/endings.ts'
const kept = 'backend/flow/kept-answer.ts'
const redeemOnce = 'backend/flow/redeem-once.ts'
const claim = 'backend/flow/claim-transaction.ts'
const keptTest = 'backend/flow/kept-answer.test.ts'
const binding = 'backend/connections/binding.ts'
const bindingTest = 'backend/connections/binding.test.ts'
const own = 'backend/connections/backend-connections.ts'
const ownTest = 'backend/connections/backend-connections.test.ts'
const stored = 'backend/connections/stored-connections.ts'
const due = 'backend/connections/due.ts'
const lists = 'backend/institutions/institution-lists.ts'
const listsTest = 'backend/institutions/institutions.test.ts'
const dueTest = 'backend/connections/due.test.ts'

/** @param {string} where Where an answer is kept. */
const checkedAgain = (where) =>
  `an answer that cannot be checked yet, kept ${where} > is checked again by the same request, and the code is not sent again: keys are 503`

export const server = [
  removal(
    'the fair shares of a provider’s budget',
    [120],
    [{ file: shares, text: 'before && available < perMinute / 2 && rate + 1 > share', by: 'false' }],
    limitTest,
    'cannot be used up for somebody else by 20 users who ask all the time',
  ),
  removal(
    'the budget of requests without an address',
    [121],
    [
      {
        file: handler,
        text: '(await knownSessions.has(request)) ? undefined : unknownAddress',
        by: 'undefined',
      },
    ],
    limitTest,
    'where there is none stops a flood without a session, and nobody who has one',
  ),
  removal(
    'the sessions that are known already',
    [121],
    [{ file: handler, text: 'await context.knownSessions.add(request)', by: '' }],
    limitTest,
    'where there is none stops a flood without a session, and nobody who has one',
  ),
  removal(
    'the end of a known session',
    [121],
    [{ file: handler, text: 'await context.knownSessions.remove(request)', by: '' }],
    limitTest,
    'is asked for again once the session is over',
  ),
  removal(
    'credentials as what tells sessions apart',
    [121],
    [{ file: sessions, text: 'sha256(JSON.stringify(credentials))', by: "sha256('one')" }],
    limitTest,
    'where there is none stops a flood without a session, and nobody who has one',
  ),
  removal(
    'the addresses of machines nearby',
    [122],
    [{ file: address, text: "nearby.test(address.replace(/^::ffff:/i, '')) ||", by: '' }],
    limitTest,
    'of the socket 127.0.0.1 with the headers {} is by default undefined',
  ),
  removal(
    'the addresses of machines nearby, mapped to IPv6',
    [122],
    [{ file: address, text: "address.replace(/^::ffff:/i, '')", by: 'address' }],
    limitTest,
    'of the socket ::ffff:10.1.2.3 with the headers {} is by default undefined',
  ),
  removal(
    'the headers of proxies',
    [122],
    [{ file: address, text: '||\n    proxyHeaders.some((name) => request.headers.has(name))', by: '' }],
    limitTest,
    'of the socket 203.0.113.7 with the headers {"via":"1.1 proxy"} is by default undefined',
  ),
  removal(
    'the owner of a Moneyhub connection that is renewed',
    [123],
    [
      {
        file: moneyhub,
        text: 'if (await users.owns(userId, choice.connectionId, context)) return',
        by: 'return',
      },
    ],
    'providers/moneyhub/client.test.ts',
    'is refused for a connection of somebody else, before Moneyhub is asked to renew it',
  ),
  removal(
    'the permissions that a page may name',
    [124],
    [{ file: moneyhub, text: '  checkPermissions(choice, settings)\n', by: '' }],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 6: a page names no permission where the backend lists none',
  ),
  removal(
    'every one of the permissions that a page names',
    [124],
    [
      {
        file: moneyhub,
        text: 'named.every((name) => permissions.has(name))',
        by: 'named.some((name) => permissions.has(name))',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 6: a page names no permission where the backend lists others',
  ),
  ...[
    'GET /connections',
    'DELETE /connections/ID',
    'POST /connections/ID/access-token',
    'POST /stitch/token',
  ].map((call) =>
    removal(
      `the user for whom a page asks: ${call}`,
      [126],
      [{ file: handler, text: 'await checkSubject(request, session.subject)', by: '' }],
      guardTest,
      `is compared with the session’s before anything is done: ${call}`,
    ),
  ),
  removal(
    'the hash of the user for whom a page asks',
    [126],
    [
      {
        file: guard,
        text: 'asked !== null && !isSameHash',
        by: "asked !== null && asked !== 'robin' && !isSameHash",
      },
    ],
    guardTest,
    'is compared with the session’s before anything is done: GET /connections',
  ),
  removal(
    'the HMAC in the place of a user’s id',
    [127],
    [
      {
        file: subjects,
        text: '(key = hmac(`subject ${subject}`))',
        by: '(key = sha256(`subject ${subject}`))',
      },
    ],
    subjectsTest,
    'who reads the store and the log cannot find a user there by trying their ids',
  ),
  removal(
    'the secret under which users are named',
    [127],
    [
      {
        file: subjects,
        text: "secret === undefined ? randomSecretOf(store) : decodeSecretKey(secret, '`subjectKeySecret`')",
        by: 'new Uint8Array(32)',
      },
    ],
    subjectsTest,
    'a user is named by an HMAC under the secret, the same on every platform',
  ),
  removal(
    'the proof of the secret in the store',
    [128],
    [
      {
        file: 'backend/storage/canary.ts',
        text: "if (found !== subjects) throw new TypeError(remedies['subjects'])",
        by: '',
      },
    ],
    subjectsTest,
    'another secret than the one of the store serves nobody, and says which to put back',
  ),
  removal(
    'the check of the store before anybody is served',
    [128],
    [{ file: handler, text: 'await context.ready()', by: '' }],
    subjectsTest,
    'another secret than the one of the store serves nobody, and says which to put back',
  ),
  ...['a secret of zeros', 'a key of zeros'].map((what) =>
    removal(
      what,
      [129],
      [{ file: secretKey, text: 'if (bytes.every((byte) => byte === 0)) throw', by: 'if (false) throw' }],
      optionsTest,
      `${what} throws at start, with the remedy`,
    ),
  ),
  removal(
    'the digits of Retry-After',
    [130],
    [
      {
        file: retryAfter,
        text: '/^\\d+$/.test(value) ?',
        by: 'value !== "" && Number.isFinite(Number(value)) ?',
      },
    ],
    retryAfterTest,
    'Retry-After: 1.5 asks for a wait of undefined seconds',
  ),
  removal(
    'the longest wait',
    [130],
    [
      {
        file: retryAfter,
        text: 'Math.min(Math.max(0, seconds), longestSeconds)',
        by: 'Math.max(0, seconds)',
      },
    ],
    retryAfterTest,
    'Retry-After: 86401 asks for a wait of 86400 seconds',
  ),
  removal(
    'a wait that is over',
    [130],
    [{ file: retryAfter, text: 'Math.max(0, seconds)', by: 'seconds' }],
    retryAfterTest,
    'Retry-After: Fri, 31 Dec 1999 23:59:59 GMT asks for a wait of 0 seconds',
  ),
  removal(
    'the form of a date',
    [130],
    [
      {
        file: retryAfter,
        text: '/^[A-Z][a-z]{2,8},? [\\w :-]+GMT$/.test(value) ? Date.parse(value) : NaN',
        by: 'Date.parse(value)',
      },
    ],
    retryAfterTest,
    'Retry-After: -5 asks for a wait of undefined seconds',
  ),
  removal(
    'the note of a grant that is to end',
    [131],
    [{ file: stored, text: 'if (isHere(record)) await noteEnding(context, record)', by: '' }],
    'providers/fdx/fdx.test.ts',
    'fdx 22: is kept as its id alone where the client has a token of its own',
  ),
  removal(
    'the id alone of a consent that the client can end by itself',
    [131],
    [{ file: 'providers/fdx/end-consent.ts', text: 'if (hasClientToken) return { details }', by: '' }],
    'providers/fdx/fdx.test.ts',
    'fdx 22: is kept as its id alone where the client has a token of its own',
  ),
  removal(
    'the seven days of a note',
    [131],
    [
      { file: endings, text: '&& endsAt(ending) > now', by: '' },
      { file: endings, text: '?.filter((ending) => endsAt(ending) > now())', by: '?.filter(() => true)' },
      { file: endings, text: 'Math.max(...endings.map(endsAt))', by: '1e10' },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 22: is tried again at growing distances, and forgotten after seven days',
  ),
  removal(
    'the answer that waits for its keys, in memory',
    [132],
    [
      {
        file: redeemOnce,
        text: 'if (answer && isForNow(error)) await keepAnswer(context, job, answer)',
        by: 'if (false) return "overtaken"',
      },
    ],
    keptTest,
    checkedAgain('in the process’s memory'),
  ),
  removal(
    'the answer that waits for its keys, and not its code, when it is asked for again',
    [132],
    [
      {
        file: claim,
        text: 'if (answer) return claimAnswered(now, { transaction, attempts, answer }, lease)',
        by: '',
      },
    ],
    keptTest,
    'is revoked by a request that comes after ten minutes',
  ),
  removal(
    'the seal of an answer that waits',
    [132],
    [
      {
        file: 'backend/options.ts',
        text: 'createRecords(store, sealing, now,',
        by: 'createRecords(store, undefined, now,',
      },
    ],
    keptTest,
    'an answer that is kept lies sealed in the store, and another replica goes on with it',
  ),
  removal(
    'the verifier of an answer that waits',
    [133],
    [
      {
        file: claim,
        text: "if (!isSameHash(transaction.challenge, challenge)) return { result: { refuse: 'verifier' } }",
        by: '',
      },
    ],
    keptTest,
    'an answer that cannot be checked yet, kept sealed > is nobody else’s, and no other verifier’s',
  ),
  removal(
    'the user of an answer that waits',
    [133],
    [
      {
        file: 'backend/flow/transactions.ts',
        text: '`transaction:${await sha256(JSON.stringify([subject, provider, state]))}`',
        by: '`transaction:${await sha256(JSON.stringify([provider, state]))}`',
      },
    ],
    keptTest,
    'an answer that cannot be checked yet, kept in the process’s memory > is nobody else’s, and no other verifier’s',
  ),
  removal(
    'the revocation of an answer that is refused',
    [134],
    [{ file: redeemOnce, text: 'if (answer) await dropAnswer(context, job.owner, answer.tokens)', by: '' }],
    keptTest,
    'for another nonce has its tokens revoked',
  ),
  removal(
    'the connection whose grant the revocation of an answer may end',
    [134],
    [
      {
        file: kept,
        text: 'if (connections.some((connection) => connection.provider === name)) return',
        by: '',
      },
    ],
    keptTest,
    'is not revoked where that may end the grant of a connection that the user has',
  ),
  removal(
    'the revocation of an answer that nobody asks for again',
    [134],
    [
      {
        file: kept,
        text: '(given) => given && dropAnswer(context, owner, given.answer.tokens)',
        by: '() => undefined',
      },
    ],
    keptTest,
    'an answer that cannot be checked yet, kept sealed > is revoked after ten minutes, although nobody asks again',
  ),
  removal(
    'the revocation of tokens of another person',
    [135],
    [
      {
        file: 'backend/connections/refresh.ts',
        text: 'await provider.revoke?.({ ...held, accessToken, refreshToken }, own).catch(() => undefined)',
        by: '',
      },
      {
        file: 'protocol/refresh-tokens.ts',
        text: "[issued.refreshToken ?? refreshToken, 'refresh_token'],",
        by: '',
      },
      { file: 'protocol/refresh-tokens.ts', text: "[issued.accessToken, 'access_token'],", by: '' },
    ],
    'backend/connections/access-tokens.test.ts',
    'with tokens of another person has them revoked',
  ),
  ...['issuer', 'client id'].map((which) =>
    removal(
      `the ${which} that a connection is bound to`,
      [136],
      [
        {
          file: binding,
          text: which === 'issuer' ? '!isSameServer(one, other) ||' : 'one.clientId !== other.clientId ||',
          by: '',
        },
      ],
      bindingTest,
      `a connection of another ${which} than the provider has now > must be renewed, and none of its tokens goes anywhere`,
    ),
  ),
  removal(
    'the API that a connection is bound to',
    [136],
    [
      {
        file: binding,
        text: '(one.api !== undefined && other.api !== undefined && one.api !== other.api)',
        by: 'false',
      },
    ],
    bindingTest,
    'a connection of another API than the provider has now is not used for it',
  ),
  removal(
    'the server that a code is for',
    [136],
    [
      {
        file: claim,
        text: "if (isOtherBinding(transaction.binding, binding)) return { result: { refuse: 'configuration' } }",
        by: '',
      },
    ],
    bindingTest,
    'a code is not sent to another server than the person was sent to',
  ),
  removal(
    'the server of an answer that nobody asks for again',
    [136],
    [{ file: kept, text: '|| isOtherBinding(binding, bindingOf(context, provider))', by: '' }],
    keptTest,
    'its tokens are not sent to another client or server that has the provider’s name by now',
  ),
  removal(
    'the issuer beside the person of a renewal',
    [137],
    [{ file: stored, text: '!from || !to || isSameServer(from, to)', by: 'true' }],
    bindingTest,
    'is of nobody who is known, and leaves the connection as it was',
  ),
  ...['accessToken', 'fetch', 'disconnect'].map((use) =>
    removal(
      `the user of a connection that a job uses: ${use}`,
      [138],
      [{ file: stored, text: 'record?.subject !== subject', by: '!record' }],
      ownTest,
      `does not exist for ${use}`,
    ),
  ),
  removal(
    'the user whom a job must name',
    [139],
    [
      {
        file: own,
        text: "if (typeof subject === 'string' && subject !== '' && subject.length <= 255) return subject",
        by: 'if (true) return String(subject)',
      },
    ],
    ownTest,
    'cannot be meant by undefined: the user must be named',
  ),
  removal(
    'the routes of a job',
    [140],
    [
      { file: 'backend/connections/resource-route.ts', text: 'parts.length === segments.length &&', by: '' },
      {
        file: 'backend/connections/resource-route.ts',
        text: 'if (name === undefined) return part === segments[index]',
        by: 'if (name === undefined) return true',
      },
    ],
    ownTest,
    'to "/accounts" is not sent',
  ),
  removal(
    'the characters of a job’s path',
    [140],
    [
      {
        file: 'backend/connections/resource-route.ts',
        text: 'segments.every((part) => segment.test(part))',
        by: 'true',
      },
      { file: 'backend/connections/resource-route.ts', text: 'parts.length === segments.length &&', by: '' },
    ],
    ownTest,
    'to "/graphql/../connect/token" is not sent',
  ),
  removal(
    'the day between two refreshes of a job',
    [141],
    [{ file: due, text: 'now - (tokens?.issuedAt ?? 0) >= restSeconds &&', by: '' }],
    dueTest,
    'is not repeated within a day by a job that looks further ahead than connections last',
  ),
  removal(
    'one refresh for two replicas that run a job',
    [141],
    [{ file: 'backend/connections/refresh.ts', text: "if (held) return 'wait'", by: '' }],
    dueTest,
    'is one for two replicas that run the job at once, and for a page beside them',
  ),
  removal(
    'the end of the consent, for a job',
    [143],
    [{ file: due, text: 'consentExpiresAt > now &&', by: '' }],
    dueTest,
    'is one whose consent has ended, or ends before it would have to be used',
  ),
  removal(
    'a consent that ends before it would have to be used',
    [143],
    [{ file: 'backend/connections/due-index.ts', text: '&& consentExpiresAt > renewBy', by: '' }],
    dueTest,
    'is one whose consent has ended, or ends before it would have to be used',
  ),
  removal(
    'the limit of requests without a person',
    [144],
    [
      {
        file: 'backend/connections/unattended-limit.ts',
        text: 'const wait = unattendedWait(context, record)\n  if (wait > 0)',
        by: 'const wait = 0\n  if (wait > 0)',
      },
    ],
    dueTest,
    'is one for all replicas',
  ),
  removal(
    'the count of requests without a person, for all replicas',
    [144],
    [
      {
        file: 'backend/connections/resource-proxy.ts',
        text: 'record ? { write: countUnattended(context, record), result: undefined } : { result: undefined },',
        by: '(record && countUnattended(context, record), { result: undefined }),',
      },
    ],
    dueTest,
    'is one for all replicas',
  ),
  removal(
    'the origins of logos',
    [157],
    [{ file: lists, text: '&& origins.includes(url.origin)', by: '' }],
    listsTest,
    'leaves out a logo on another origin',
  ),
  removal(
    'logos without a query',
    [157],
    [{ file: lists, text: "url?.search === '' && url.href.length", by: 'url && url.href.length' }],
    listsTest,
    'leaves out a logo with a query, which could name the reader',
  ),
  removal(
    'the members of an institution',
    [157],
    [
      {
        file: lists,
        text: '.map(({ id, name, group, logo }): [string, InstitutionDocument] => {',
        by: `.map((entry): [string, InstitutionDocument] => {
        const { id, name, group, logo } = entry
        if (id) return [id, entry]`,
      },
    ],
    listsTest,
    'gives each entry its id, name, group and logo, and nothing else that the provider has written',
  ),
  removal(
    'the session of who asks for institutions',
    [158],
    [
      {
        file: handler,
        text: "throw new Refusal('unauthenticated')",
        by: "return { route, session: { subject: 'anybody', claims: {} } }",
      },
    ],
    listsTest,
    'is for signed-in users and for pages of the app alone',
  ),
  removal(
    'the hour of a list',
    [158],
    [
      { file: lists, text: 'const good = youngerThan(goodSeconds)', by: 'const good = undefined' },
      { file: lists, text: 'return youngerThan(goodSeconds) ??', by: 'return undefined ??' },
    ],
    listsTest,
    'is read once an hour for all users',
  ),
  removal(
    'the budget of a list',
    [158],
    [{ file: lists, text: 'await count().catch(', by: 'await Promise.resolve().catch(' }],
    listsTest,
    'counts against the provider’s budget when it is read, and not when it is known',
  ),
  removal(
    'the minute after a list that could not be read',
    [158],
    [{ file: lists, text: 'if (failed && now() - failed.at < pauseSeconds) throw failed.error', by: '' }],
    listsTest,
    'is the one of the last day while the provider does not answer, which is asked once a minute',
  ),
  ...[
    { query: '?page=2', text: '!areKnown ||' },
    { query: '?query=a&query=b', text: 'new Set(names).size < names.length ||' },
    { query: `?query=${'a'.repeat(101)}`, text: '|| query.length > longestQuery' },
    {
      query: '?cursor=x',
      text: "if (cursor !== null && after === undefined)\n    throw malformed('This backend did not issue that cursor. Leave it out to start from the first page.')",
    },
  ].map(({ query, text }) =>
    removal(
      `the parameters of a list: ${query.slice(0, 20)}`,
      [158],
      [{ file: 'backend/institutions/list-institutions.ts', text, by: '' }],
      listsTest,
      `refuses ${query}, and asks no provider`,
    ),
  ),
]
