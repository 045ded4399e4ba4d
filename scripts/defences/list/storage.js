// Refreshes, tabs and storage: attacks 69 to 82.
import { removal } from '../removal.js'

const refresh = 'core/channel/direct-refresh.ts'
const apiTest = 'core/connections/access-token.test.ts'
const decide = 'core/callback/decide.ts'
const tamperingTest = 'core/tampering.test.ts'
const expire = 'core/authorize/expire.ts'
const authorizationTest = 'core/authorize/authorization.test.ts'
const transaction = 'core/records/transaction.ts'
const databaseTest = 'platform/database.test.ts'
const tabsTest = 'platform/tabs.test.ts'

export const storage = [
  removal(
    'one refresh for all callers of a page',
    [69],
    [
      {
        file: 'core/held-tokens.ts',
        text: 'pending: (id) => requests.get(id),',
        by: 'pending: () => undefined,',
      },
    ],
    apiTest,
    'is refreshed once for ten callers',
  ),
  removal(
    'one refresh for all tabs',
    [69],
    [
      {
        file: refresh,
        text: 'platform.tabs.lock(`refresh:${id}`, waitSeconds, () =>',
        by: 'Promise.resolve().then(() =>',
      },
    ],
    'core/channel/shared-refresh.test.ts',
    'is one for pages that need a token at the same moment',
  ),
  removal(
    'the token that another tab has refreshed meanwhile',
    [69],
    [
      {
        file: refresh,
        text: 'if (accessToken !== undefined && accessToken !== rejected && expiresAt - now > 5)',
        by: 'if (false)',
      },
    ],
    'core/channel/shared-refresh.test.ts',
    'is one for pages that need a token at the same moment',
  ),
  removal(
    'one refresh for all callers of a backend',
    [69],
    [{ file: 'backend/connections/refresh.ts', text: "if (held) return 'wait'", by: '' }],
    'backend/connections/access-tokens.test.ts',
    'is one, for 200 callers at four replicas with one store',
  ),
  removal(
    'the write before a new token is handed out',
    [69],
    [
      {
        file: refresh,
        text: 'const left = await replaceTokens(\n    platform,',
        by: 'const left = kept; void replaceTokens(\n    platform,',
      },
    ],
    'core/channel/shared-refresh.test.ts',
    'is committed before anybody gets its token: where it cannot be stored, nobody does',
  ),
  removal(
    'the end by invalid_grant',
    [70],
    [{ file: refresh, text: "if (verdict === 'ended') return { kept: undefined, error: gone() }", by: '' }],
    'core/channel/direct-refresh.test.ts',
    'tokens in memory > end at once by invalid_grant, and are not tried again',
  ),
  removal(
    'the end by invalid_grant, at the backend',
    [70],
    [
      {
        file: 'backend/connections/refresh.ts',
        text: "const trouble = verdict === 'ended' ? undefined :",
        by: 'const trouble =',
      },
      {
        file: 'backend/connections/refresh.ts',
        text: "const status = verdict === 'ended' ? 'reauthorization_required' :",
        by: 'const status =',
      },
    ],
    'backend/connections/access-tokens.test.ts',
    'whose ID Token has a wrong signature of a known key ends the connection',
  ),
  removal(
    'the lost answer of a refresh, at the backend',
    [71],
    [
      {
        file: 'backend/connections/refresh-failure.ts',
        text: "? 'undecided' : 'unanswered'",
        by: "? 'undecided' : 'undecided'",
      },
    ],
    'backend/connections/access-tokens.test.ts',
    'with an answer that never comes is sent once more, 30 seconds later and no sooner',
  ),
  removal(
    'the lost answer of a refresh in a process that died',
    [71, 142],
    [
      {
        file: 'backend/connections/refresh-failure.ts',
        text: 'if (!isLost) return',
        by: 'if (!isLost || isLost) return',
      },
    ],
    'backend/connections/access-tokens.test.ts',
    'in a process that died is sent once more by another, and then tried hourly',
  ),
  removal(
    'the lost answer of a refresh, for tabs that waited',
    [71],
    [{ file: refresh, text: 'if (unanswered > seen) throw noAnswer()', by: '' }],
    apiTest,
    'a refresh that could not be checked is not repeated by the tabs that waited for it',
  ),
  removal(
    'the secrets of a transaction that has ended',
    [72],
    [
      {
        file: 'core/callback/store-result.ts',
        text: '[key]: ended,',
        by: '[key]: { ...ended, codeVerifier: transaction.codeVerifier },',
      },
    ],
    'core/secrets.test.ts',
    'nothing of the transaction is left but how it ended',
  ),
  removal(
    'tokens in memory only',
    [72, 77],
    [
      {
        file: 'providers/kit/page/direct.ts',
        text: 'settings.dpop === true || settings.persistTokens === true',
        by: 'true',
      },
    ],
    'core/secrets.test.ts',
    'no code, verifier, nonce or token is anywhere to be found: bank',
  ),
  removal(
    'the client of a stored transaction',
    [73],
    [
      {
        file: 'core/of-this-app.ts',
        text: '(clientId ?? providers[name]?.clientId) === providers[name]?.clientId',
        by: 'true',
      },
    ],
    tamperingTest,
    'so that it has another client connects nothing: {"clientId":"client-2"}',
  ),
  removal(
    'the issuer of a stored transaction',
    [73],
    [
      {
        file: decide,
        text: 'if (record.issuer !== undefined && provider?.issuer !== record.issuer) return changed()',
        by: '',
      },
    ],
    tamperingTest,
    'so that it has another issuer connects nothing: {"issuer":"https://evil.example"}',
  ),
  removal(
    'the redirect URI of a stored transaction',
    [73],
    [
      {
        file: 'core/of-this-app.ts',
        text: '(place === undefined || place === redirectUri(name))',
        by: 'true',
      },
    ],
    tamperingTest,
    'so that it has another redirect URI connects nothing: {"redirectUri":"https://evil.example/callback"}',
  ),
  removal(
    'the state inside a stored transaction',
    [73],
    [
      {
        file: decide,
        text: 'record.state === state ? checkRecord(context, record, provider) : changed()',
        by: 'checkRecord(context, record, provider)',
      },
    ],
    tamperingTest,
    'so that it has another state inside connects nothing: {"state":"sssssssssssssssssssssssssssssssssssssssssss"}',
  ),
  removal(
    'the verifier of a stored transaction',
    [73],
    [{ file: transaction, text: 'isCodeVerifier(codeVerifier) &&', by: '' }],
    'core/callback/decide.test.ts',
    'nothing is here',
  ),
  removal(
    'the version of a stored transaction',
    [73],
    [{ file: transaction, text: 'v === 1 &&\n', by: '' }],
    tamperingTest,
    'so that it has another version connects nothing: {"v":2}',
  ),
  removal(
    'the key of a stored connection',
    [73],
    [
      {
        file: 'core/records/connection.ts',
        text: "&& entry[0] === connectionKey((Object(connection) as Partial<Connection>).id ?? '')",
        by: "&& entry[0].startsWith(connectionKey(''))",
      },
    ],
    tamperingTest,
    'to a connection with another id is not shown, and the others are',
  ),
  removal(
    'the user of what is shown',
    [5, 73],
    [
      {
        file: 'core/connections/project.ts',
        text: '(Object(value) as { subject?: unknown }).subject === subject',
        by: 'Boolean(value)',
      },
    ],
    'core/connections/connections.test.ts',
    'sees own connections only',
  ),
  removal(
    'the user of an outcome',
    [5],
    [
      {
        file: 'core/callback/outcome.ts',
        text: 'if ((await context.revealSubject(subject)) !== context.subject()) return',
        by: 'if (false) return',
      },
      { file: 'core/callback/outcome.ts', text: '&& entry[1].subject === context.subject()', by: '' },
    ],
    'core/callback/redeem.test.ts',
    'does not learn what another user connected',
  ),
  removal(
    'the expiry of a transaction',
    [74],
    [{ file: decide, text: 'now > Math.min(expiresAt, createdAt + longestSeconds) ||', by: '' }],
    tamperingTest,
    'so that it has a beginning long ago and an expiry in the future connects nothing: {"createdAt":1,"expiresAt":99999999999}',
  ),
  removal(
    'the longest life of a transaction',
    [74],
    [{ file: decide, text: 'Math.min(expiresAt, createdAt + longestSeconds)', by: 'expiresAt' }],
    tamperingTest,
    'so that it has a beginning long ago and an expiry in the future connects nothing: {"createdAt":1,"expiresAt":99999999999}',
  ),
  removal(
    'a transaction from the future',
    [74],
    [{ file: decide, text: '|| createdAt > now + clockToleranceSeconds', by: '' }],
    tamperingTest,
    'so that it has a beginning in the future connects nothing: {"createdAt":99999999999}',
  ),
  removal(
    'the write before a person leaves',
    [75],
    [
      {
        file: 'core/authorize/begin.ts',
        text: 'if (await commit(context, left, click, ahead !== undefined)) {',
        by: 'if (await commit(context, left, click, ahead !== undefined).catch(() => true)) {',
      },
    ],
    authorizationTest,
    'when the transaction cannot be stored',
  ),
  removal(
    'the end of a transaction of the database',
    [75],
    [{ file: 'platform/database.ts', text: 'await promisifyRequest(records.transaction)\n', by: '' }],
    databaseTest,
    'has committed when the promise resolves',
  ),
  removal(
    'the limit of transactions',
    [76],
    [{ file: expire, text: 'own.slice(maximumTransactions - room)', by: 'own.slice(1000)' }],
    authorizationTest,
    'are at most sixteen; prepared ones make room first',
  ),
  removal(
    'nothing written for a state that nobody knows',
    [76],
    [
      {
        file: 'core/callback/redeem.ts',
        text: "if (!('ended' in step)) return undefined",
        by: "if (!('ended' in step)) return (step.do === 'refuse' ? { v: 1 } : undefined) as never",
      },
    ],
    'core/callback/redeem.test.ts',
    'is unknown, sends nothing and writes nothing',
  ),
  removal(
    'the verifier of who never came back',
    [72, 76],
    [
      {
        file: expire,
        text: "return { ...endWith(record, reasonOf(record), 'abandoned'),",
        by: "return { ...record, ...endWith(record, reasonOf(record), 'abandoned'),",
      },
    ],
    authorizationTest,
    'lose their verifier when nobody came back in time, and are told as abandoned',
  ),
  removal(
    'tokens out of the reach of developer tools',
    [77, 80],
    [
      {
        file: 'core/connections/tokens.ts',
        text: '    // Read when asked for, so that a refresh renders nothing.\n',
        by: '    get accessToken() {\n      return context.tokens.get(connection.id)?.accessToken?.value\n    },\n',
      },
    ],
    'react/use-connection.test.tsx',
    'holds no token that a developer tool could show',
  ),
  removal(
    'a key that cannot be exported',
    [77],
    [
      { file: 'core/channel/dpop.ts', text: '{ extractable: false }', by: '{ extractable: true }' },
      { file: 'core/channel/dpop.ts', text: '&& !privateKey.extractable', by: '' },
    ],
    'providers/oidc/oidc.test.ts',
    'keeps a key that cannot be exported',
  ),
  removal(
    'secrets in the options of a page',
    [77, 80],
    [
      {
        file: 'protocol/secrets.ts',
        text: "'d' in Object(value) || /secret|private|assertion|cert|password|^(?:jwk|key|pem)s?$/i.test(name)",
        by: 'false',
      },
    ],
    'core/client.test.ts',
    'for a client secret',
  ),
  removal(
    'private keys in the options of a page',
    [77, 80],
    [{ file: 'protocol/secrets.ts', text: "'d' in Object(value) ||", by: '' }],
    'protocol/secrets.test.ts',
    'a private JWK is refused under whatever name',
  ),
  removal(
    'the causes of errors',
    [80, 94],
    [
      {
        file: 'protocol/token-error.ts',
        text: "throw new ValidationError(\n      'id_token_invalid',\n      claimOf(error),",
        by: "if (error) throw Object.assign(new ValidationError('id_token_invalid', claimOf(error), ''), { cause: error })\n    throw new ValidationError(\n      'id_token_invalid',\n      claimOf(error),",
      },
    ],
    'protocol/verify-id-token.test.ts',
    'signed by somebody else is refused',
  ),
  removal(
    'values that a server repeats in its description',
    [80, 94],
    [
      {
        file: 'protocol/error-description.ts',
        text: "values.reduce((rest, value) => rest.replaceAll(value, '…'), text.replace(/\\p{Cc}/gu, ' '))",
        by: "text.replace(/\\p{Cc}/gu, ' ')",
      },
    ],
    'protocol/token-error.test.ts',
    'has no value of the request in it',
  ),
  removal(
    'values that a server repeats in an authorization response',
    [80, 94],
    [
      {
        file: 'core/callback/decide.ts',
        text: 'withoutSentValues(response.error, sentValues(record, provider))',
        by: 'response.error',
      },
    ],
    'core/callback/redeem.test.ts',
    'is told nothing of what was sent, which a server may repeat',
  ),
  removal(
    'a description that is stored',
    [80],
    [
      {
        file: 'core/records/ended-transaction.ts',
        text: "Object.assign({ name: '', code: '' }, error, { message: error.message })",
        by: "Object.assign({ name: '', code: '' }, error, { errorDescription: (error as { errorDescription?: string }).errorDescription, message: error.message })",
      },
    ],
    'core/callback/redeem.test.ts',
    'is told the server’s own words in the page that they came to, and in no other: they are not stored',
  ),
  removal(
    'the look at who is signed in when a page is shown again',
    [81],
    [
      {
        file: 'core/client.ts',
        text: '    void subject.check()\n    void connections.load()\n  })\n',
        by: '  })\n',
      },
    ],
    'core/connections/connections.test.ts',
    'are read again when a page comes out of the back/forward cache',
  ),
  removal(
    'the tokens in memory of the user before',
    [81],
    [
      {
        file: 'core/client.ts',
        text: 'what belongs to the one before.\n    context.tokens.forget()\n',
        by: 'what belongs to the one before.\n',
      },
    ],
    'core/channel/own-tokens.test.ts',
    'is given back when the connection is of a user who has signed out',
  ),
  removal(
    'what another tab has signed out',
    [81],
    [
      {
        file: 'core/client.ts',
        text: 'id === sessionKey ? subject.check() : connections.follow(id)',
        by: 'connections.follow(id)',
      },
    ],
    'core/connections/connections.test.ts',
    'who signs out in one tab is signed out in the others',
  ),
  removal(
    'the time to wait for a lock',
    [82],
    [
      {
        file: 'platform/tabs.ts',
        text: 'controller.abort()',
        by: '',
      },
    ],
    tabsTest,
    'that does not come free in time is given up',
  ),
  removal(
    'the end of a lease',
    [82],
    [
      {
        file: 'platform/fallback-lease.ts',
        text: 'return until > now && other !== owner && !isAbandoned',
        by: 'return other !== undefined && other !== owner && !isAbandoned',
      },
    ],
    tabsTest,
    'of a tab that died runs out',
  ),
  removal(
    'values of the request in every description',
    [80, 94],
    [
      {
        file: 'protocol/error-description.ts',
        text: "values.reduce((rest, value) => rest.replaceAll(value, '…'), text.replace(/\\p{Cc}/gu, ' '))",
        by: "text.replace(/\\p{Cc}/gu, ' ')",
      },
    ],
    'core/secret-search.test.ts',
    'nothing leaks when the token endpoint answers invalid_grant, and repeats the request',
  ),
  removal(
    'the user of an answer that cannot be stored',
    [171],
    [
      {
        file: 'core/callback/store-result.ts',
        text: 'if (context.subject() !== transaction.subject) forgetAnswer(context, state)?.drop()',
        by: '',
      },
    ],
    'core/callback/waiting-answer.test.ts',
    'is revoked when its user has signed out by the time it turns out that it cannot be stored',
  ),
]
