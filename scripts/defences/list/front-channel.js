// The way out and the way back: attacks 1 to 38.
import { removal } from '../removal.js'

const response = 'protocol/authorization-response.ts'
const responseTest = 'protocol/authorization-response.test.ts'
const decide = 'core/callback/decide.ts'
const redeem = 'core/callback/redeem.ts'
const redeemTest = 'core/callback/redeem.test.ts'
const authorizationTest = 'core/authorize/authorization.test.ts'
const request = 'protocol/authorization-request.ts'
const requestTest = 'protocol/authorization-request.test.ts'
const returnTo = 'protocol/return-to.ts'
const returnToTest = 'protocol/return-to.test.ts'

/** Any transaction will do for any response. */
const anyTransaction = {
  file: redeem,
  text: 'return redeem(context, response.state, { response, popup })',
  by: `const entries = await context.platform.database.entries()
  const any = entries.map(([key, value]) => (isTransaction(value) ? stateOf(key) : undefined)).find(Boolean)
  return redeem(context, any ?? response.state, { response, popup })`,
}

export const frontChannel = [
  removal(
    'the state of a response',
    [1],
    [anyTransaction],
    redeemTest,
    'with a state that was made up is not taken for the one that is awaited',
  ),
  removal(
    'the state of an error response',
    [18],
    [anyTransaction],
    redeemTest,
    'as a forged error does not end a flow that is under way',
  ),
  removal(
    'a response without a state',
    [3],
    [{ file: response, text: 'if (!state || state.length > 512)', by: 'if (state && state.length > 512)' }],
    responseTest,
    'belongs to nothing without a usable state: 0',
  ),
  removal(
    'the length of a state',
    [3],
    [{ file: response, text: '!state || state.length > 512', by: '!state' }],
    responseTest,
    'belongs to nothing without a usable state: 3',
  ),
  removal(
    'a state of the application',
    [4],
    [
      {
        file: 'core/authorize/create-transaction.ts',
        text: 'state: createState(random?.draw),',
        by: 'state: input.state ?? createState(random?.draw),',
      },
    ],
    authorizationTest,
    'takes no state from the input of the application',
  ),
  removal(
    'the user who began, in the page',
    [5],
    [{ file: decide, text: 'if (subject !== transaction.subject)', by: 'if (false)' }],
    redeemTest,
    'cannot be given what another user of this browser began',
  ),
  removal(
    'the verifier of the own transaction',
    [6],
    [
      {
        file: 'core/channel/direct-redeem.ts',
        text: 'redirectUri, codeVerifier, nonce,',
        by: "redirectUri, codeVerifier: 'v'.repeat(43), nonce,",
      },
    ],
    redeemTest,
    'is redeemed with the verifier and the redirect URI of its own transaction',
  ),
  removal(
    'S256 in the metadata',
    [7],
    [{ file: 'protocol/metadata.ts', text: 'methods !== undefined && !(Array', by: 'false && !(Array' }],
    'protocol/metadata.test.ts',
    'is refused when it offers the code challenge methods ["plain"]',
  ),
  removal(
    'the challenge method of a request',
    [8],
    [
      {
        file: 'protocol/code-request.ts',
        text: "{ code_challenge_method: 'S256' }",
        by: "{ code_challenge_method: 'plain' }",
      },
    ],
    'protocol/code-request.test.ts',
    'holds the parameters of RFC 6749 §4.1.1, RFC 7636 §4.3 and OpenID Connect, in one order',
  ),
  removal(
    'the challenge method of a backend’s URL',
    [8],
    [{ file: request, text: ", code_challenge_method: 'S256' }", by: ' }' }],
    requestTest,
    'is refused when it downgrades the challenge to plain',
  ),
  removal(
    'a verifier for each request',
    [9],
    [
      {
        file: 'core/authorize/create-transaction.ts',
        text: '= createCodeVerifier(random?.draw)',
        by: "= 'v'.repeat(43)",
      },
    ],
    authorizationTest,
    'uses a verifier, a state and a nonce of its own each time',
  ),
  removal(
    'the lock of a redemption',
    [10],
    [{ file: redeem, text: 'await tabs.lock(`tx:${await sha256(state)}`, 60, work)', by: 'await work()' }],
    redeemTest,
    'three pages with the same URL at once send one request and tell the same',
  ),
  removal(
    'the end of a transaction',
    [10],
    [{ file: 'core/callback/store-result.ts', text: '[key]: ended,', by: '' }],
    redeemTest,
    'a reload tells the result again',
  ),
  removal(
    'the number of sends',
    [10],
    [{ file: decide, text: '|| sends >= maximumSends[way]', by: '' }],
    redeemTest,
    'the same code is sent once more by resume, and no more than once',
  ),
  removal(
    'one redemption for all readers',
    [11],
    [
      { file: redeem, text: 'await tabs.lock(`tx:${await sha256(state)}`, 60, work)', by: 'await work()' },
      {
        file: 'core/client.ts',
        text: "if (capture) callback.begin()\n  show('complete')",
        by: "if (capture) callback.begin()\n  show('complete')\n  show('complete')",
      },
    ],
    'react/use-callback.test.tsx',
    'shows pending meanwhile, with one token request for any number of readers',
  ),
  removal(
    'the redirect URI of a response',
    [12],
    [{ file: decide, text: 'if (!isAtRedirectUri(redirectUri, url))', by: 'if (false)' }],
    redeemTest,
    'cannot be another provider’s: a response belongs to the redirect URI that was asked for',
  ),
  removal(
    'a redirect URI for each provider',
    [12],
    [
      {
        file: 'core/configuration.ts',
        text: 'if (seen.some((other) => areConfusable(other, uri)))',
        by: 'if (false)',
      },
    ],
    'core/client.test.ts',
    'for a redirect URI that two providers share',
  ),
  removal(
    'a redirect URI for each provider, at the backend',
    [12],
    [
      {
        file: 'backend/check-options.ts',
        text: 'provider.redirectUris.some((uri) => seen.some((other) => areConfusable(uri, other)))',
        by: 'false',
      },
    ],
    'backend/options.test.ts',
    'one redirect URI for two providers throws at start, with the remedy',
  ),
  removal(
    'the issuer of a response',
    [12, 13],
    [{ file: response, text: 'issuer !== undefined && iss !== issuer', by: 'false' }],
    responseTest,
    'is compared letter by letter: "https://as.example/" is another',
  ),
  removal(
    'an issuer that was promised',
    [13],
    [{ file: response, text: 'iss === undefined ? required :', by: 'iss === undefined ? false :' }],
    responseTest,
    'may be absent only where its server does not promise it',
  ),
  removal(
    'an empty iss',
    [13],
    [
      {
        file: response,
        text: "for (const name of ['code', 'error', 'iss'])",
        by: "for (const name of ['code', 'error'])",
      },
    ],
    responseTest,
    'is refused with an empty iss',
  ),
  removal(
    'the issuer of an error',
    [13, 18],
    [
      {
        file: decide,
        text: 'checkSender(record, response, provider)\n',
        by: 'if (!response.error) checkSender(record, response, provider)\n',
      },
    ],
    redeemTest,
    'of another server cannot end the flow by an error',
  ),
  removal(
    'a code that comes twice',
    [14],
    [{ file: response, text: 'parameters.getAll(name).length > 1', by: 'false' }],
    responseTest,
    'is refused with two of code, even when both are alike',
  ),
  removal(
    'other parameters that come twice',
    [15],
    [
      {
        file: response,
        text: 'parameters.getAll(name).length > 1',
        by: "name === 'code' && parameters.getAll(name).length > 1",
      },
    ],
    responseTest,
    'is refused with two of error_description, even when both are alike',
  ),
  removal(
    'the exact names of parameters',
    [16],
    [
      {
        file: response,
        text: "const code = parameters.get('code')",
        by: "const code = parameters.get('CODE') ?? parameters.get('code')",
      },
    ],
    responseTest,
    'knows its parameters by their exact names',
  ),
  removal(
    'a code beside an error',
    [17],
    [{ file: response, text: 'if (code !== null && error !== null)', by: 'if (false)' }],
    responseTest,
    'is refused with a code and an error',
  ),
  removal(
    'the cancellation of a provider that answers with the state alone',
    [19],
    [{ file: decide, text: 'if (provider.cancelsWithoutCode)', by: 'if (false)' }],
    redeemTest,
    'has cancelled at a provider that answers with the state alone',
  ),
  removal(
    'a token in the URL',
    [20],
    [{ file: response, text: 'if (parameters.has(name))', by: 'if (false)' }],
    responseTest,
    'is refused with access_token',
  ),
  removal(
    'control characters in a description',
    [21],
    [{ file: 'protocol/error-description.ts', text: "text.replace(/\\p{Cc}/gu, ' ')", by: 'text' }],
    responseTest,
    'has a description of at most 1024 characters, without control characters',
  ),
  removal(
    'the length of a description',
    [21],
    [{ file: 'protocol/error-description.ts', text: 'cut.slice(0, 1024)', by: 'cut' }],
    responseTest,
    'has a description of at most 1024 characters, without control characters',
  ),
  removal(
    'the characters of an error',
    [21],
    [
      {
        file: response,
        text: "{1,128}$/.test(error) ? error : 'unknown'",
        by: '{1,128}$/.test(error) ? error : error',
      },
    ],
    responseTest,
    'is called unknown when it holds what RFC 6749 does not allow: "a\\nb"',
  ),
  removal(
    'the scheme of an error_uri',
    [22],
    [{ file: response, text: '/^https:/i.test(uri) && ', by: '' }],
    responseTest,
    'has no errorUri when that is not an https URL: 0',
  ),
  removal(
    'the form of returnTo',
    [23, 24],
    [{ file: returnTo, text: '!/^\\/(?![/\\\\])[^\\\\\\p{Cc}]*$/u.test(path)', by: 'false' }],
    returnToTest,
    '"https:evil" goes to the start page',
  ),
  removal(
    'a path of returnTo that the parser makes //host',
    [25],
    [{ file: returnTo, text: "url.pathname.startsWith('//') ||", by: '' }],
    returnToTest,
    '"/.//evil" goes to the start page',
  ),
  removal(
    'the second look at returnTo',
    [26],
    [{ file: 'core/return-to.ts', text: 'returnTo: checkReturnTo(context, returnTo),', by: 'returnTo,' }],
    'core/tampering.test.ts',
    'so that the app would go on at //evil.example goes on at its start page',
  ),
  removal(
    'the second look at returnTo of who must sign in first',
    [26],
    [
      {
        file: 'core/callback/sign-in-required.ts',
        text: 'returnTo: checkReturnTo(context, returnTo),',
        by: 'returnTo,',
      },
    ],
    'core/tampering.test.ts',
    'so that the app would go on elsewhere after signing in goes on at its start page',
  ),
  removal(
    'the callback path as returnTo',
    [27],
    [{ file: returnTo, text: '|| isCallback(url)', by: '' }],
    returnToTest,
    '"/callback/stitch" goes to the start page',
  ),
  removal(
    'the cleaning of the address bar',
    [28],
    [
      {
        file: 'core/callback/capture.ts',
        text: 'for (const name of parameterNames) if (inQuery || !isShared) url.searchParams.delete(name)',
        by: '',
      },
    ],
    'core/callback/capture.test.ts',
    'is gone when createClient returns, before a router or an error reporter can read it',
  ),
  removal(
    'the cleaning of the query beside a response in the fragment',
    [28],
    [{ file: 'core/callback/capture.ts', text: 'inQuery || !isShared', by: 'inQuery' }],
    'core/callback/capture.test.ts',
    'leaves nothing of itself in the query where it came in the fragment',
  ),
  removal(
    'the cleaning of the fragment',
    [20, 28],
    [{ file: 'core/callback/capture.ts', text: "if (inFragment) url.hash = ''", by: '' }],
    'core/callback/capture.test.ts',
    'is also read from the fragment',
  ),
  removal(
    'the rest of the history entry',
    [28],
    [
      {
        file: 'core/callback/capture.ts',
        text: "parameters.get('state')?.slice(0, 16)",
        by: "parameters.get('state')",
      },
    ],
    'core/callback/capture.test.ts',
    'leaves an id in the history entry that gives nothing away',
  ),
  removal(
    'the wait of a page that is loaded ahead',
    [29],
    [
      {
        file: 'core/client.ts',
        text: 'context.platform.navigation.whenActive(() => {',
        by: ';((now) => now())(() => {',
      },
    ],
    'core/callback/capture.test.ts',
    'waits on a page that is loaded ahead until somebody sees it',
  ),
  removal(
    'the frame, on the way out',
    [30],
    [{ file: 'core/authorize/begin.ts', text: '!navigation.isTopLevel()', by: 'false' }],
    authorizationTest,
    'out of a frame',
  ),
  removal(
    'the parameters that only the library sets',
    [33],
    [{ file: 'protocol/reserved-parameters.ts', text: 'reserved.test(name)', by: 'false' }],
    requestTest,
    'refuses response_type as an extra parameter',
  ),
  removal(
    'an endpoint whose query holds a parameter',
    [33],
    [{ file: request, text: 'if (url.searchParams.has(name))', by: 'if (false)' }],
    requestTest,
    'refuses an endpoint whose query holds one of its parameters',
  ),
  removal(
    'the scheme of an endpoint',
    [34],
    [{ file: 'protocol/secure-url.ts', text: 'return url && secure &&', by: 'return url &&' }],
    requestTest,
    'is refused when it is "http://as.example/authorize"',
  ),
  removal(
    'a user name in an endpoint',
    [34],
    [{ file: 'protocol/secure-url.ts', text: '&& !url.username && !url.password ? url', by: '? url' }],
    requestTest,
    'is refused when it is "https://user@as.example/authorize"',
  ),
  removal(
    'the address that a backend sends people to',
    [35],
    [{ file: request, text: 'url.origin !== wanted.origin ||', by: '' }],
    requestTest,
    'is refused with another address: https://evil.example/authorize?response_type=code&client_id=client&state=sssssssssssssssssssssssssssssssssssssssssss&code_challenge=ccccccccccccccccccccccccccccccccccccccccccc&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback%2Fbank',
  ),
  removal(
    'the form of a request_uri',
    [35],
    [
      {
        file: 'protocol/pushed-authorization.ts',
        text: '!/^[\\x21-\\x7e]{1,2048}$/.test(requestUri)',
        by: 'false',
      },
    ],
    'protocol/pushed-authorization.test.ts',
    'refuses an answer with an empty one',
  ),
  removal(
    'the way from the popup to this page',
    [37],
    [{ file: 'platform/navigation.ts', text: 'if (popup) popup.opener = null', by: '' }],
    'platform/navigation.test.ts',
    'opens a popup that has no way back to this page',
  ),
  removal(
    'the shape of an announcement',
    [36, 38],
    [
      {
        file: 'platform/tabs.ts',
        text: "if (data?.v === 1 && typeof data.id === 'string') listener(data.id)",
        by: 'listener(data?.id)',
      },
    ],
    'platform/tabs.test.ts',
    'of another shape is not heard',
  ),
  removal(
    'the channel of an announcement',
    [36],
    [
      {
        file: 'platform/tabs.ts',
        text: "listening?.addEventListener('message', hear)",
        by: "globalThis.addEventListener('message', hear)",
      },
    ],
    'platform/tabs.test.ts',
    'that another window posts is not heard',
  ),
  removal(
    'a value in an announcement',
    [36, 38],
    [
      {
        file: 'core/callback/store-result.ts',
        text: 'context.platform.tabs.announce(id)\n',
        by: 'context.platform.tabs.announce(transaction.state)\n',
      },
    ],
    'core/connections/connections.test.ts',
    'hold ids and nothing else',
  ),
]
