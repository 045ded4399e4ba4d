import type { Check, InspectedError } from '../log/event.js'

/** A check of the library, as it is shown. */
interface KnownCheck {
  readonly name: string
  readonly section?: string
  /** Tells by an error that this check has failed. */
  readonly fails: (error: InspectedError) => boolean
}

const byCode =
  (...codes: readonly string[]) =>
  ({ code = '' }: InspectedError): boolean =>
    codes.includes(code)

const byClaim =
  (...claims: readonly string[]) =>
  ({ code, parameter = '' }: InspectedError): boolean =>
    code === 'id_token_invalid' && claims.includes(parameter)

/** In the order in which the library makes them. */
const responseChecks = {
  state: {
    name: 'A transaction of this browser has this state',
    section: 'RFC 6749 §10.12',
    fails: byCode('state_unknown', 'state_missing'),
  },
  configuration: {
    name: 'The provider is configured as it was at the click',
    fails: byCode('transaction_invalid'),
  },
  time: { name: 'The transaction has not expired', fails: byCode('transaction_expired') },
  iss: {
    name: 'iss names the authorization server that was asked',
    section: 'RFC 9207 §2.4',
    fails: byCode('issuer_mismatch'),
  },
  code: {
    name: 'The response holds a code, and no error',
    section: 'RFC 6749 §4.1.2',
    fails: byCode('access_denied', 'authorization_error', 'temporarily_unavailable', 'response_malformed'),
  },
  subject: { name: "The app's user is the one who began", fails: byCode('subject_mismatch') },
  unused: {
    name: 'The code has not been redeemed before',
    section: 'RFC 6749 §4.1.2',
    fails: byCode('redemption_unknown'),
  },
} satisfies Record<string, KnownCheck>

const tokenChecks = {
  status: {
    name: 'The token endpoint accepted the code and the verifier',
    section: 'RFC 7636 §4.6',
    fails: byCode('token_error', 'provider_error'),
  },
  form: {
    name: 'The token response is as OAuth has it',
    section: 'RFC 6749 §5.1',
    fails: byCode('token_response_invalid', 'backend_response_invalid'),
  },
} satisfies Record<string, KnownCheck>

const idTokenChecks = {
  present: {
    name: 'The response holds an ID Token',
    section: 'OIDC Core §3.1.3.3',
    fails: byClaim('id_token'),
  },
  idTokenIssuer: {
    name: 'iss is the configured issuer',
    section: 'OIDC Core §3.1.3.7',
    fails: byClaim('iss'),
  },
  audience: {
    name: 'aud is this client',
    section: 'OIDC Core §3.1.3.7',
    fails: byClaim('aud', 'azp'),
  },
  times: {
    name: 'It is new and has not expired',
    section: 'OIDC Core §3.1.3.7',
    fails: byClaim('exp', 'iat', 'nbf', 'auth_time'),
  },
  nonce: {
    name: 'nonce is the one of the request',
    section: 'OIDC Core §3.1.3.7',
    fails: byClaim('nonce'),
  },
  hashes: {
    name: 'at_hash and s_hash belong to this answer, where present',
    section: 'OIDC Core §3.1.3.6',
    fails: byClaim('at_hash', 's_hash'),
  },
  person: {
    name: 'A renewal shows the same person as before',
    fails: (error) => byClaim('sub')(error) || byCode('other_person', 'person_unknown')(error),
  },
  signature: {
    name: "The ID Token is signed with one of the server's keys",
    section: 'OIDC Core §3.1.3.7',
    fails: byClaim('alg', 'kid', 'signature'),
  },
} satisfies Record<string, KnownCheck>

type Result = Check['result']

/** Facts that decide between passed and skipped. */
export interface ResponseFacts {
  readonly sentIss: boolean
  readonly isKnown: boolean
}

/** The checks of an authorization response. @param error Why it was refused or ended, if it was. */
export function checksOfResponse(
  { sentIss, isKnown }: ResponseFacts,
  error: InspectedError | undefined,
): Check[] {
  return inOrder(responseChecks, error).map((check) =>
    check.result !== 'passed'
      ? check
      : !isKnown
        ? { ...check, result: 'skipped' }
        : check.name === responseChecks.iss.name && !sentIss
          ? { ...check, name: `${check.name} (none was sent)`, result: 'skipped' }
          : check,
  )
}

/** Facts that decide which checks of a token response there are. */
export interface TokenFacts {
  /** True where the page checks an ID Token: with `openid`, in `browser` mode. */
  readonly asksIdToken: boolean
  readonly isRenewal: boolean
}

/** The checks of a token response, and of its ID Token. */
export function checksOfTokens(
  { asksIdToken, isRenewal }: TokenFacts,
  error: InspectedError | undefined,
): Check[] {
  const { person, ...others } = idTokenChecks
  const ofPerson = isRenewal ? { person } : {}
  return inOrder(
    asksIdToken ? { ...tokenChecks, ...others, ...ofPerson } : { ...tokenChecks, ...ofPerson },
    error,
  )
}

/** Every check passes before the one that failed, and those after it were not reached. */
function inOrder(checks: Readonly<Record<string, KnownCheck>>, error: InspectedError | undefined): Check[] {
  const list = Object.values(checks)
  const failed = error ? list.findIndex(({ fails }) => fails(error)) : -1
  return list.map(({ name, section }, index) => {
    const result: Result = failed < 0 || index < failed ? 'passed' : index === failed ? 'failed' : 'skipped'
    return { name, result, ...(section !== undefined && { section }) }
  })
}
