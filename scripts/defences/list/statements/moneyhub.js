// What docs/providers/moneyhub.md states: each removal turns a test red that cites the number. Most stop no attack of docs/security.md.
import { removal } from '../../removal.js'

export const moneyhub = [
  removal(
    'the connection’s id as an essential claim',
    [],
    [
      {
        file: 'providers/moneyhub/authorization-request.ts',
        text: "'mh:con_id': { essential: true, ...(choice",
        by: "'mh:con_id': { ...(choice",
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 14, 20: asks for the institution, for the user’s sub and for the connection’s id',
  ),
  removal(
    'the usual lifetime of data tokens',
    [],
    [{ file: 'providers/moneyhub/facts.ts', text: 'usualTokenSeconds = 7200', by: 'usualTokenSeconds = 60' }],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 17: uses a data token for two hours where its response does not say how long',
  ),
  removal(
    'a filter of transactions',
    [],
    [{ file: 'providers/moneyhub/options.ts', text: "'categoryId', ", by: '' }],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 18: filters transactions by what the Data API knows, and by nothing else',
  ),
  removal(
    'the day of a one-time consent',
    [],
    [
      {
        file: 'providers/moneyhub/backend.ts',
        text: 'oneTimeSeconds = 24 * 3600',
        by: 'oneTimeSeconds = 3600',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 1: lasts a day where nobody says otherwise',
  ),
  removal(
    'the modes of each use case',
    [],
    [
      {
        file: 'providers/moneyhub/preset.ts',
        text: "if (mode !== 'bff' && !(once && mode === 'mediated'))",
        by: 'if (false)',
      },
    ],
    'providers/moneyhub/client.test.ts',
    'moneyhub 16: refuses a mode in which the page would have a token that reads nothing',
  ),
  removal(
    'the institutions that the backend allows',
    [],
    [
      {
        file: 'providers/moneyhub/backend.ts',
        text: 'if (bankIds?.has(choice.bankId) === false)',
        by: 'if (false)',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 14: goes to the institutions that the backend allows',
  ),
  removal(
    'the consent in the request',
    [],
    [
      {
        file: 'providers/moneyhub/authorization-request.ts',
        text: "...(consent && { 'mh:consent'",
        by: "...(false && { 'mh:consent'",
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 6: carries what the consent is to be',
  ),
  removal(
    'PAR as the usual delivery',
    [],
    [
      {
        file: 'providers/moneyhub/options.ts',
        text: "delivery = 'par' } = options",
        by: "delivery = 'request-object' } = options",
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 5, 22: sends the person with a request_uri alone',
  ),
  removal(
    'half an hour for the way to the bank',
    [],
    [
      {
        file: 'providers/moneyhub/facts.ts',
        text: 'transactionSeconds = 1800',
        by: 'transactionSeconds = 600',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 7, 8: waits for a person who takes 25 minutes at the bank',
  ),
  removal(
    'the token endpoint as the audience at Moneyhub',
    [],
    [
      {
        file: 'providers/moneyhub/client.ts',
        text: 'assertionAudience: audience = `${issuer}/token` }',
        by: 'assertionAudience: audience = issuer }',
      },
    ],
    'providers/moneyhub/client.test.ts',
    'moneyhub 10, 12: signs a new assertion for every request, for the token endpoint and a minute',
  ),
  removal(
    'the sub of a data token',
    [],
    [
      {
        file: 'providers/moneyhub/backend.ts',
        text: '{ scope: route.scope ?? scope, sub: userOf(data), rejected }',
        by: '{ scope: route.scope ?? scope, rejected }',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 17, 25: reads with a client_credentials token for scope and sub, asked for once',
  ),
  removal(
    'the path of transactions',
    [],
    [{ file: 'providers/moneyhub/options.ts', text: "path: '/transactions'", by: "path: '/transaction'" }],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 3, 18: reads accounts and transactions at the Data API, and nothing else',
  ),
  removal(
    'mh:con_id in the details',
    [],
    [
      {
        file: 'providers/moneyhub/backend.ts',
        text: "details: { 'mh:con_id': connectionId, ...(state",
        by: 'details: { ...(state',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 16, 26: tells the connection’s id out of the ID Token',
  ),
  removal(
    'one Moneyhub user for a person',
    [],
    [
      {
        file: 'providers/moneyhub/users.ts',
        text: '(await rememberedUser(former, key, context)) ?? ensureStored(call, key, clientUserId, context)',
        by: '(await rememberedUser(former, `${key}x`, context)) ?? createUser(call, clientUserId, context)',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 2, 13: connects several institutions under one profile, and reads them all',
  ),
  removal(
    'the data that the backend allows',
    [],
    [
      {
        file: 'backend/flow/begin.ts',
        text: '&& asked.every((one) => parseScope(allowed).includes(one))',
        by: '',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 4: asks for less data where the page says so, and for no more than the backend allows',
  ),
  removal(
    'code taken out of the address',
    [],
    [{ file: 'core/callback/capture.ts', text: "'code state iss ", by: "'state iss " }],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 9, 23: takes code and state from the query, and leaves neither there',
  ),
  removal(
    'no token for a page in bff mode',
    [],
    [
      {
        file: 'backend/flow/redemption.ts',
        text: "if (provider.mode !== 'mediated') return { connection }\n",
        by: '',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 11: the token stays at the backend in bff mode',
  ),
  removal(
    'no token kept that reads no data',
    [],
    [
      {
        file: 'providers/moneyhub/backend.ts',
        text: '...(once ? { tokens } : { sub: userId }),',
        by: 'tokens, sub: userId,',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 15, 16: is connected although its token reads no data, and keeps no token',
  ),
  removal(
    'openid in the scope',
    [],
    [{ file: 'providers/moneyhub/preset.ts', text: "  checkOpenidScope('Moneyhub', scope)\n", by: '' }],
    'providers/moneyhub/client.test.ts',
    'moneyhub 19: refuses a scope without openid, since the ID Token names the connection',
  ),
  removal(
    'prompt=consent',
    [],
    [{ file: 'providers/moneyhub/authorization-request.ts', text: "    prompt: 'consent',\n", by: '' }],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 19, 21, 24: pushes the documented parameters, and nonce and PKCE',
  ),
  removal(
    'max_age',
    [],
    [
      {
        file: 'providers/moneyhub/authorization-request.ts',
        text: '    max_age: String(maxAgeSeconds),\n',
        by: '',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 19, 21, 24: pushes the documented parameters, and nonce and PKCE',
  ),
  removal(
    'the look at auth_time',
    [],
    [
      {
        file: 'providers/moneyhub/backend.ts',
        text: '    maxAgeSeconds,\n    // Without',
        by: '    // Without',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 16, 24, 26: refuses an ID Token with a person who authenticated two days ago',
  ),
  removal(
    'the five minutes of a request object',
    [],
    [
      {
        file: 'providers/moneyhub/authorization-request.ts',
        text: 'requestObjectSeconds = 300',
        by: 'requestObjectSeconds = 3600',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 21, 22: puts a signed request object beside the same parameters',
  ),
  removal(
    'the demand for iss in the page',
    [],
    [
      { file: 'providers/moneyhub/preset.ts', text: 'requireIss: true', by: 'requireIss: false' },
      {
        file: 'core/callback/decide.ts',
        text: 'provider.requireIss === true || promisesIss === true',
        by: 'provider.requireIss === true',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 24: refuses a response with no iss',
  ),
  removal(
    'the demand for iss at the backend',
    [],
    [{ file: 'providers/moneyhub/backend.ts', text: 'checkResponseIssuer(iss, issuer, true)\n', by: '' }],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 24: the backend wants iss itself, though discovery did not promise it',
  ),
  removal(
    'addresses made of what is known',
    [],
    [
      {
        file: 'providers/moneyhub/users.ts',
        text: '`/${encodeURIComponent(userId)}/connections`',
        by: '`/#{encodeURIComponent(userId)}/connections`',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 27: goes to addresses made of the options, without a template’s leftovers',
  ),
]
