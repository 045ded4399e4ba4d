// The page, in the second half of the table: attacks 109 to 117, 145 to 149 and 157 to 161.
import { removal } from '../removal.js'

const directRedeem = 'core/channel/direct-redeem.ts'
const refresh = 'core/channel/direct-refresh.ts'
const refreshTest = 'core/channel/direct-refresh.test.ts'
const askedTest = 'core/channel/asked-checks.test.ts'
const waitingTest = 'core/callback/waiting-answer.test.ts'
const sharedTest = 'core/callback/shared-page.test.ts'
const captureTest = 'core/callback/capture.test.ts'
const clientTest = 'core/client.test.ts'
/** Lets stored tokens be used that are bound to another server, client or API. */
const boundTokens = {
  file: 'core/connections/access-token.ts',
  text: '![record, stored].every(',
  by: '![record].every(',
}
const bindingTest = 'core/connections/binding.test.ts'
const subjectTest = 'core/channel/backend-subject.test.ts'
const optionTests = 'protocol/option-tests.ts'
const place = 'protocol/redirect-place.ts'
const idToken = 'protocol/id-token.ts'
const reserved = 'protocol/reserved-parameters.ts'
const response = 'protocol/authorization-response.ts'
const redeem = 'core/callback/redeem.ts'
const decide = 'core/callback/decide.ts'
const capture = 'core/callback/capture.ts'
const send = 'core/callback/send.ts'
const verdict = 'protocol/refresh-verdict.ts'
const tokens = 'protocol/refresh-tokens.ts'
const call = 'core/channel/backend-call.ts'
const interact = 'core/authorize/interact.ts'
const finish = 'core/callback/interaction.ts'
const interactionTest = 'core/callback/interaction.test.ts'

/**
 * @param {string} name A parameter that the library sets itself.
 * @param {readonly import('../edits.js').Edit[]} others
 */
const reservedOnly = (name, ...others) =>
  removal(
    `the reserved parameter ${name}`,
    [111],
    [{ file: reserved, text: `|${name}|`, by: '|' }, ...others],
    askedTest,
    `or is set by the library (${name}) is a mistake, pushed or not`,
  )

/**
 * @param {string} path What a host adds to the path of a redirect URI.
 * @param {string} text What looks past it.
 * @param {string} by
 */
const folded = (path, text, by) =>
  removal(
    `what hosts add to a redirect URI: ${path}`,
    [112],
    [{ file: place, text, by }],
    clientTest,
    `for a redirect URI that is another provider’s, too, but for what hosts add: ${path}`,
  )

export const page = [
  removal(
    'the wait of an answer for its keys',
    [109],
    [
      {
        file: directRedeem,
        text: 'if (error instanceof KeysUnavailableError) return { unchecked: error, check, drop }',
        by: 'if (error instanceof KeysUnavailableError) return toRedeemed(client, transaction, renewed?.id, { ...answer, claims: undefined, receivedAt })',
      },
    ],
    waitingTest,
    'is in no storage, and the spent code is no longer',
  ),
  removal(
    'the note that a code has been answered, after a reload',
    [109],
    [
      {
        file: decide,
        text: "if (transaction.phase === 'answered') return { do: 'check', transaction }",
        by: '',
      },
    ],
    waitingTest,
    'is lost by a reload, which says so and sends nothing',
  ),
  removal(
    'the end of a spent code in the database',
    [109],
    [{ file: send, text: "phase: 'answered', code: '', expiresAt", by: "phase: 'answered', expiresAt" }],
    waitingTest,
    'is in no storage, and the spent code is no longer',
  ),
  removal(
    'max_age, which the ID Token must confirm, in the page',
    [110],
    [
      {
        file: idToken,
        text: '(maxAgeSeconds !== undefined && age > maxAgeSeconds + (tolerance ?? 30))',
        by: 'false',
      },
    ],
    askedTest,
    '(max_age) is refused where the ID Token does not confirm it',
  ),
  removal(
    'acr_values, which the ID Token must confirm',
    [110],
    [
      {
        file: idToken,
        text: "if (expected.acrValues && !expected.acrValues.some((value) => value === acr)) refuseIdToken('acr')",
        by: '',
      },
    ],
    askedTest,
    '(acr_values) is refused where the ID Token does not confirm it',
  ),
  removal(
    'the checks that extra parameters ask for',
    [110],
    [{ file: directRedeem, text: 'nonce, subject, ...asked }', by: 'nonce, subject }' }],
    askedTest,
    '(acr_values) is refused where the ID Token does not confirm it',
  ),
  removal(
    'the reserved parameters, in the options of a page',
    [111],
    [
      {
        file: optionTests,
        text: 'const reserved = reservedParameter(parameters)',
        by: 'const reserved = undefined',
      },
    ],
    askedTest,
    'or is set by the library (request_uri) is a mistake, pushed or not',
  ),
  ...['response_mode', 'nonce', 'request_uri', 'authorization_details', 'claims', 'id_token_hint'].map(
    (name) => reservedOnly(name),
  ),
  // Its name is that of a secret, too.
  reservedOnly('client_secret', {
    file: 'providers/kit/page/options.ts',
    text: 'refuseSecrets(options.parameters)',
    by: '',
  }),
  folded('/callback/', '|\\/+)$/', ')$/'),
  folded('/callback.html', '|\\.html|', '|'),
  folded('/callback/index.html', '\\/index\\.html|', ''),
  removal(
    'a redirect URI with a query beside one without',
    [112],
    [{ file: place, text: 'isAtRedirectUri(one, new URL(other)) ||', by: '' }],
    clientTest,
    'for a redirect URI that is another provider’s, too, but for what hosts add: /callback?p=b',
  ),
  removal(
    'a redirect URI with a query beside one without, at the backend',
    [112],
    [{ file: place, text: '|| isAtRedirectUri(other, new URL(one))', by: '' }],
    'backend/options.test.ts',
    'redirect URIs that only a query tells apart from each other throws at start, with the remedy',
  ),
  removal(
    'the flow under way, after a reload that only names its id',
    [113],
    [
      {
        file: decide,
        text: "return { do: 'refuse', error: lost, subject: record.subject }",
        by: "return { do: 'show', ended: endWith(record, lost) }",
      },
    ],
    sharedTest,
    'ends nothing, not even when the page is reloaded',
  ),
  removal(
    'the user to whom alone a lost flow is told',
    [113],
    [{ file: redeem, text: '=== context.subject() ? refused :', by: '!== undefined ? refused :' }],
    sharedTest,
    'tells another user nothing',
  ),
  removal(
    'the texts of an error without a state',
    [114],
    [
      {
        file: response,
        text: '{ error: toError(error, new URLSearchParams()).error }',
        by: 'toError(error, parameters)',
      },
    ],
    sharedTest,
    'at a page of the app is shown as untrusted, and ends nothing',
  ),
  removal(
    'the one connection that an error without a state may be about',
    [114],
    [{ file: redeem, text: 'return pending.length === 1 ? error : undefined', by: 'return error' }],
    sharedTest,
    'is not put down to one of two connections that are under way',
  ),
  removal(
    'the user to whom an error without a state is told',
    [114],
    [{ file: redeem, text: '&&\n      record.subject === context.subject()', by: '' }],
    sharedTest,
    'is not told to another user of the app than began it',
  ),
  removal(
    'the promise of iss, for errors',
    [115],
    [{ file: decide, text: '|| promisesIss === true', by: '' }],
    sharedTest,
    'an error without `iss` ends nothing where the metadata promises it',
  ),
  removal(
    'the refusal of JARM',
    [116],
    [{ file: response, text: "'token', 'response']", by: "'token']" }],
    captureTest,
    'with JARM and a code is taken away and refused',
  ),
  removal(
    'a token in the fragment beside a code in the query',
    [116],
    [{ file: capture, text: '...(inFragment ? fragment : [])', by: '' }],
    captureTest,
    'with a code in the query and a token in the fragment is taken away and refused',
  ),
  removal(
    'a second code in the fragment',
    [116],
    [
      {
        file: response,
        text: 'if (parameters.getAll(name).length > 1) throw malformed(name, `holds "${name}" twice`)',
        by: '',
      },
    ],
    captureTest,
    'with a code in the query and another one in the fragment is taken away and refused',
  ),
  removal(
    'JARM in the address bar',
    [116],
    [{ file: capture, text: "expires_in response'", by: "expires_in'" }],
    captureTest,
    'with JARM is taken away and refused',
  ),
  removal(
    'the errors of the app’s own onEvent',
    [117],
    [
      {
        file: 'core/create-context.ts',
        text: `new Promise((resolve) => {
      resolve(options.onEvent?.(event))
    }).catch(reportMistake)`,
        by: 'options.onEvent?.(event)',
      },
    ],
    sharedTest,
    'an onEvent that throws is reported, and ends nothing',
  ),
  removal(
    'the revocation of refreshed tokens that are refused',
    [145],
    [
      {
        file: tokens,
        text: `await revoke(endpoint, [
      [issued.refreshToken ?? refreshToken, 'refresh_token'],
      [issued.accessToken, 'access_token'],
    ]).catch(() => undefined)`,
        by: '',
      },
    ],
    refreshTest,
    'that come for another person are revoked, and end the connection',
  ),
  removal(
    'the person of a refreshed ID Token',
    [145],
    [{ file: idToken, text: '|| (expected.subject !== undefined && sub !== expected.subject)', by: '' }],
    refreshTest,
    'that come for another person are revoked, and end the connection',
  ),
  removal(
    'the issuer of a refreshed ID Token',
    [145],
    [{ file: 'oauth4webapi', text: 'if (result.claims.iss !== expected) {', by: 'if (false) {' }],
    refreshTest,
    'that come for another issuer are revoked, and end the connection',
  ),
  removal(
    'the type of refreshed tokens',
    [145],
    [{ file: verdict, text: "? parameter !== 'token_type'", by: '? true' }],
    refreshTest,
    'that come for another type are revoked, and end the connection',
  ),
  removal(
    'the end of a connection by a faulty refresh',
    [145],
    [{ file: verdict, text: "return isFaultOfForm(error) ? 'refused' : 'ended'", by: "return 'refused'" }],
    refreshTest,
    'that come for another person are revoked, and end the connection',
  ),
  removal(
    'the pause after a refresh that a gateway has answered',
    [146],
    [
      {
        file: verdict,
        text: "if (status === 502 || status === 504) return 'unanswered'",
        by: "if (status === 502 || status === 504) return 'undecided'",
      },
    ],
    refreshTest,
    "are not ended by an answer that is a gateway's: it is asked for once more",
  ),
  removal(
    'the half minute before a refresh is sent again',
    [146],
    [{ file: 'protocol/refresh-trouble.ts', text: 'trouble?.unanswered ? pauseSeconds : 0', by: '0' }],
    refreshTest,
    'are not ended by an answer that is lost: it is asked for once more',
  ),
  removal(
    'the hour between tries of a connection that has failed',
    [146],
    [
      {
        file: 'protocol/refresh-trouble.ts',
        text: "statusFrom(trouble) !== 'connected' ? trySeconds :",
        by: '',
      },
    ],
    refreshTest,
    'are not ended by an answer that is lost: it is asked for once more',
  ),
  ...['issuer', 'client id'].map((which) =>
    removal(
      `the ${which} that stored tokens are bound to`,
      [147],
      [
        which === 'issuer'
          ? { file: 'core/records/binding.ts', text: 'stored[0] === issuer &&', by: '' }
          : { file: 'core/records/binding.ts', text: '&& stored[1] === clientId', by: '' },
      ],
      bindingTest,
      `stored tokens, after the ${which} of the name has changed > are used nowhere: the person connects again, and the record is left alone`,
    ),
  ),
  removal(
    'the API that stored tokens are bound to',
    [147],
    [{ file: 'core/records/binding.ts', text: '&& isSameApi', by: '' }],
    bindingTest,
    'stored tokens, after the API of the name has changed > are used nowhere: the person connects again, and the record is left alone',
  ),
  removal(
    'the binding of the connection whose tokens are asked for',
    [147],
    [
      {
        file: 'core/connections/access-token.ts',
        text: '![record, stored].every(',
        by: '![stored].every(',
      },
    ],
    bindingTest,
    'stored tokens, after the issuer of the name has changed > are refused to whoever kept a connection from before',
  ),
  ...[
    {
      name: 'good tokens',
      edits: [boundTokens],
      seconds: 0,
    },
    {
      name: 'tokens that are refreshed',
      edits: [boundTokens, { file: refresh, text: '|| !isBoundTo(stored.binding, client.provider)', by: '' }],
      seconds: 3600,
    },
  ].map(({ name, edits, seconds }) =>
    removal(
      `the binding of ${name}`,
      [147],
      edits,
      bindingTest,
      `stored tokens, after the issuer of the name has changed > are used nowhere, although their connection is bound to what the name is now (${String(seconds)} seconds later)`,
    ),
  ),
  removal(
    'the binding of tokens that are given back',
    [147],
    [
      {
        file: 'core/channel/direct.ts',
        text: "if (!isBoundTo(stored?.binding, client.provider)) return unrevoked('no_endpoint')",
        by: '',
      },
    ],
    bindingTest,
    'stored tokens, after the issuer of the name has changed > are forgotten by a disconnect, and sent to nobody',
  ),
  removal(
    'the binding of a connection that is renewed',
    [147],
    [{ file: directRedeem, text: '![record, stored].every(', by: '![stored].every(' }],
    bindingTest,
    'a renewal at another server gives a connection of its own, also of one whose tokens an older version did not bind',
  ),
  removal(
    'the binding of the tokens of a connection that is renewed',
    [147],
    [{ file: directRedeem, text: '![record, stored].every(', by: '![record].every(' }],
    bindingTest,
    'a renewal at another server gives a connection of its own, also of one that an older version did not bind',
  ),
  removal(
    'the user in every request of the contract',
    [148],
    [{ file: call, text: '...(user && { [subjectHeader]: await sha256(user) })', by: '' }],
    subjectTest,
    'says for which user the page asks',
  ),
  removal(
    'the page’s wait for its own user',
    [148],
    [
      {
        file: 'core/channel/backend-error.ts',
        text: `Where nobody has changed, give createClient the same id that \`session\` gives at the backend.",
    'sign_in',
    'sign_in_required',`,
        by: `",
    'authorize',
    'sign_in_required',`,
      },
    ],
    subjectTest,
    'an access token is refused, and the page asks to sign in',
  ),
  removal(
    'a disconnect that another session was asked for',
    [149],
    [
      {
        file: 'core/connections/disconnect.ts',
        text: `if (failure instanceof CountersignError && failure.code === 'sign_in_required') {
    context.requireSignIn()
    throw failure
  }`,
        by: '',
      },
    ],
    subjectTest,
    'a disconnect does not count as done, where the backend compares users',
  ),
  removal(
    'a disconnect during which the user has changed',
    [149],
    [{ file: 'core/connections/disconnect.ts', text: 'if (!isSameUser()) throw anotherUser()', by: '' }],
    subjectTest,
    'a disconnect does not count as done, where the backend knows no such connection of that user',
  ),
  removal(
    'the https of a logo, in the page',
    [157],
    [
      {
        file: 'core/channel/backend.ts',
        text: '...(url && { logo: url.href })',
        by: '...(logo !== undefined && { logo })',
      },
    ],
    'core/institutions/institutions.test.ts',
    'gives the group and the logo, and no logo that is not an https URL',
  ),
  removal(
    'the origin of the provider’s own pages',
    [159],
    [
      {
        file: interact,
        text: "!page || page.origin !== parseSecureUrl(authorizationEndpoint, 'browser')?.origin",
        by: '!page',
      },
    ],
    interactionTest,
    'sends nobody to "https://evil.example/"',
  ),
  removal(
    'the https of the provider’s own pages',
    [159],
    [
      {
        file: interact,
        text: "const page = parseSecureUrl(url, 'browser')\n  if (!page || page.origin !==",
        by: 'const page = new URL(url)\n  if (page.host !== new URL(authorizationEndpoint).host && page.origin !==',
      },
    ],
    interactionTest,
    'sends nobody to "http://as.example/"',
  ),
  removal(
    'the user who is sent to an interaction',
    [159],
    [{ file: interact, text: 'if (subject == null)', by: 'if (false)' }],
    interactionTest,
    'refuses while nobody is signed in',
  ),
  removal(
    'the interaction that this browser has begun',
    [160],
    [
      {
        file: finish,
        text: "if (!isExpected) return { status: 'none' }",
        by: "if (!isInteraction(record)) return { status: 'interaction_finished', provider, returnTo: '/' }",
      },
    ],
    interactionTest,
    'is nothing of an id that this browser knows nothing of',
  ),
  removal(
    'the provider of an interaction',
    [160],
    [{ file: finish, text: 'record.provider === provider &&', by: '' }],
    interactionTest,
    'is nothing at another provider’s redirect URI',
  ),
  removal(
    'the user of an interaction',
    [160],
    [{ file: finish, text: 'record.subject === context.subject() &&', by: '' }],
    interactionTest,
    'is nothing to another user of the app',
  ),
  removal(
    'the day of an interaction',
    [160],
    [{ file: finish, text: '&&\n    record.expiresAt > clock.now()', by: '' }],
    interactionTest,
    'is nothing after a day, and the record goes with the next click',
  ),
  removal(
    'the second look at where an interaction leads',
    [161],
    [{ file: finish, text: 'checkReturnTo(context, record.returnTo)', by: 'record.returnTo' }],
    interactionTest,
    'leads nowhere outside of the app, whatever storage holds',
  ),
  removal(
    'what went while the backend was asked',
    [169],
    [
      {
        file: 'core/connections/synchronize.ts',
        text: 'if (stored === undefined && before.has(key)) return undefined\n',
        by: '',
      },
    ],
    'core/connections/connections.test.ts',
    'and one that is disconnected while the answer is on its way does not come back by it',
  ),
]
