import type { ErrorCode } from '../../core/index.js'
import { hasOwn } from '../../protocol/has-own.js'

/** Why an error most likely came about, and where it is explained. */
export interface Cause {
  readonly text: string
  readonly link: string
}

const rfc = (number: number, section: string): string =>
  `https://www.rfc-editor.org/rfc/rfc${String(number)}.html#section-${section}`

const oauth = (section: string): string => rfc(6749, section)
const idToken = 'https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation'
const topology = rfc(10017, '6')

const cause = (text: string, link: string): Cause => ({ text, link })

/** For each code one: another code does not compile without. */
const causes: Readonly<Record<ErrorCode, Cause>> = {
  access_denied: cause('The person refused, or the provider did for them.', oauth('4.1.2.1')),
  authorization_error: cause(
    'The authorization server refused the request: look at its error, then at the client, the scope and the redirect URI registered there.',
    oauth('4.1.2.1'),
  ),
  temporarily_unavailable: cause(
    'The authorization server is overloaded or under maintenance.',
    oauth('4.1.2.1'),
  ),
  response_malformed: cause(
    'A parameter is missing or came twice: a proxy or a router may change the query.',
    oauth('4.1.2'),
  ),
  issuer_mismatch: cause(
    'Another authorization server answered, or `issuer` differs from what the server sends, such as by a slash at the end.',
    rfc(9207, '2.4'),
  ),
  state_missing: cause('The response has no `state`: a bookmark, or a server that drops it.', oauth('10.12')),
  state_unknown: cause(
    'The flow began in another browser or profile, storage was cleared meanwhile, or somebody planted the response.',
    oauth('10.12'),
  ),
  transaction_expired: cause(
    'The person took longer than the transaction lasts, or the device clock was changed.',
    oauth('4.1.2'),
  ),
  transaction_invalid: cause(
    'The provider in `createClient` changed between the click and the return, such as by a release.',
    oauth('4.1.3'),
  ),
  transaction_in_use: cause(
    'Another tab of this browser is redeeming the same response. It has the lock; see Transactions.',
    oauth('4.1.2'),
  ),
  subject_mismatch: cause('Another user of the app was signed in when the person came back.', oauth('10.12')),
  redemption_unknown: cause(
    'The page was closed before the answer to the code was stored, so the code may be spent.',
    oauth('4.1.2'),
  ),
  metadata_invalid: cause(
    'The metadata is not that of the configured issuer, or an endpoint lies on an origin that `origins` does not name.',
    rfc(8414, '3.3'),
  ),
  token_error: cause(
    'The token endpoint refused: `invalid_grant` is a code that is spent, expired or of another client; `invalid_client` a client that is not public there.',
    oauth('5.2'),
  ),
  token_response_invalid: cause('A member is missing or has the wrong type.', oauth('5.1')),
  id_token_invalid: cause(
    'The claim named here is not what was asked for. For times, look at the clock of the device.',
    idToken,
  ),
  reauthorization_required: cause(
    'The refresh token is spent, expired or revoked: the person renews.',
    oauth('6'),
  ),
  unknown_connection: cause(
    'The connection was ended in another tab or at the backend, or it is of another user of the app.',
    topology,
  ),
  too_many_connections: cause(
    'The user has as many connections as the backend keeps: one must be disconnected first.',
    topology,
  ),
  resource_not_allowed: cause(
    'The path given to `fetch` leads out of `api` of the provider.',
    rfc(6750, '5.3'),
  ),
  step_up_required: cause(
    'The API wants a newer sign-in, or a stronger one, than the person has: renew the connection with `acrValues` and `maxAgeSeconds` of the error.',
    rfc(9470, '3'),
  ),
  refresh_failed: cause('Two refreshes in a row got no OAuth answer.', oauth('6')),
  subject_unknown: cause(
    'The promise given as `subject` was rejected, or gave no id, so nobody knows who is signed in.',
    oauth('10.12'),
  ),
  sign_in_required: cause("The app's own session has ended.", topology),
  backend_not_found: cause(
    'Nothing of the contract answers at `backend`: a wrong path, a sign-in page, or an HTML fallback of the server.',
    topology,
  ),
  backend_refused: cause(
    "The backend finds the request malformed, or has no such path: page and backend may be of different versions. The backend's log says why.",
    topology,
  ),
  backend_response_invalid: cause(
    'What answered is no answer of the contract: a proxy may change it, or page and backend are of different versions.',
    topology,
  ),
  backend_unavailable: cause(
    "The backend's store or the app's session does not answer, or the keys that open the store have changed.",
    topology,
  ),
  unknown_provider: cause(
    'The backend has no provider of this name: the names in `createClient` and in `createBackend` differ.',
    topology,
  ),
  rate_limited: cause('This user sent more requests than the backend allows.', rfc(6585, '4')),
  forbidden_origin: cause('The backend does not list the origin of this page.', topology),
  network_error: cause(
    'No answer came. Without a network problem, it is CORS: the server does not allow this origin on this endpoint.',
    'https://fetch.spec.whatwg.org/#http-cors-protocol',
  ),
  storage_unavailable: cause(
    'IndexedDB is blocked, full, or was cleared meanwhile.',
    'https://w3c.github.io/IndexedDB/',
  ),
  other_person: cause('Another person signed in at the provider to renew.', idToken),
  person_unknown: cause(
    'Nothing in the answer to a renewal says who signed in: no ID Token came, or another issuer sent it.',
    idToken,
  ),
  input_invalid: cause(
    "What the page gave to `authorize`, or the session's claims at the backend, is not what the provider takes.",
    oauth('4.1.1'),
  ),
  environment_unsupported: cause(
    'There is no Web Crypto here, such as without https; or the response was opened in a frame; or a key cannot be used.',
    'https://w3c.github.io/webappsec-secure-contexts/',
  ),
  popup_blocked: cause(
    'The browser opened no window: `authorize` was called too long after the click, or not in one.',
    'https://html.spec.whatwg.org/multipage/interaction.html#tracking-user-activation',
  ),
  provider_error: cause("The provider refused the backend's request: its log says why.", oauth('5.2')),
  provider_unavailable: cause('The provider did not answer the backend.', oauth('5.2')),
}

/** The likely cause of an error code. */
export function causeOf(code: string | undefined): Cause | undefined {
  return code !== undefined && hasOwn(causes, code) ? causes[code as ErrorCode] : undefined
}
