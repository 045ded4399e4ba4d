import { AuthorizationResponseError, type CountersignError, type ErrorCode } from 'countersign'

const words: Partial<Record<ErrorCode, string>> = {
  temporarily_unavailable: 'The bank cannot answer at the moment. Nothing was connected.',
  state_missing: 'This answer belongs to nothing you began here, so it was not used.',
  state_unknown: 'This answer belongs to nothing you began in this browser, so it was not used.',
  transaction_expired: 'It took too long, so nothing was connected. Start again when you are ready.',
  transaction_in_use: 'Another tab of this browser is finishing this connection.',
  subject_mismatch:
    'Another user of this app began this connection. It was not finished, and nothing was connected.',
  sign_in_required: 'You are not signed in to this app. Sign in, and it goes on from here.',
  subject_unknown: 'This app could not find out who you are. Sign in, and it goes on from here.',
  redemption_unknown: 'It is not known whether the bank has finished the connection. Start again to be sure.',
  token_error: 'The bank did not finish the connection.',
  backend_unavailable: 'This app cannot work just now. Your answer at the bank is kept for a while.',
  provider_unavailable: 'The bank does not answer just now. Your answer there is kept for a while.',
  provider_error: 'The bank did not finish the connection.',
  other_person:
    'Somebody else signed in at the bank than the person whose connection this is. It stays as it was.',
  person_unknown:
    'The bank does not say who signed in, so the connection was not renewed. It stays as it was.',
  refresh_failed: 'The bank gives answers that make no sense. This app tries again from time to time.',
  rate_limited: 'There were too many attempts. Wait a little before the next one.',
  network_error: 'No answer came. Look whether you are online.',
  popup_blocked: 'Your browser did not let the bank’s window open.',
  storage_unavailable:
    'Your browser keeps nothing for this page, so the way back from the bank could not be found. Allow site data, or leave private browsing.',
}

/** The library's sentences are for developers; these are for the person. Undefined where it has none of its own. */
export function wordsFor(error: CountersignError): string | undefined {
  if (words[error.code] !== undefined) return words[error.code]
  return error instanceof AuthorizationResponseError
    ? 'The bank did not accept the request. Nothing was connected.'
    : undefined
}
