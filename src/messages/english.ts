import type { Messages } from './messages.js'

const notYourFault = 'This is a problem with this app, and there is nothing you can do to fix it.'

/** {@link Messages} in English. */
export const english: Messages = {
  cancelled: 'You stopped at your bank. Nothing was connected and nothing was shared.',
  closed: 'The bank’s window was closed. If you still have it open, you can finish there.',

  access_denied: 'Access was declined at your bank. Nothing was shared.',
  authorization_error: 'Your bank did not accept the request. Nothing was connected.',
  temporarily_unavailable:
    'Your bank is not available at the moment. Nothing was connected; try again later.',
  response_malformed: 'Your bank’s reply could not be read. Nothing was connected.',
  issuer_mismatch: 'The reply did not come from the bank you chose, so it was not used.',

  state_missing: 'This reply does not belong to anything you started here, so it was not used.',
  state_unknown:
    'This reply does not belong to anything you started in this browser. Your bank’s app may have returned you to a different browser from the one you started in: go back to that one, or start again here.',
  transaction_expired: 'That took too long, so nothing was connected. Start again when you are ready.',
  transaction_invalid: 'This connection could not be finished. Start again.',
  transaction_in_use: 'Another tab is already finishing this connection.',
  subject_mismatch:
    'Somebody else was signed in to this app when this connection was started. It was not finished.',
  redemption_unknown: 'We could not find out whether the connection was finished. Start again to be sure.',

  metadata_invalid: `Your bank could not be reached the way this app expects. ${notYourFault}`,
  token_error: 'Your bank did not finish the connection. Start again.',
  token_response_invalid: 'Your bank’s reply could not be used. Nothing was connected.',
  id_token_invalid: 'Your bank’s reply could not be verified, so it was not used.',

  unknown_connection: 'This account is no longer connected.',
  reauthorization_required: 'Your bank wants you to approve this connection again.',
  refresh_failed: 'Your bank is not renewing this connection right now. We will try again later.',
  step_up_required: 'Your bank wants you to sign in again before it shows this. Connect again to go on.',
  resource_not_allowed: `This app asked for something it is not allowed to read. ${notYourFault}`,

  sign_in_required: 'You are not signed in. Sign in to continue where you stopped.',
  subject_unknown: 'We could not find out whether you are signed in. Try again.',
  backend_not_found: `This app could not reach its own server. ${notYourFault}`,
  backend_refused: `This app’s server did not accept the request. ${notYourFault}`,
  backend_response_invalid: `This app’s server gave a reply that could not be used. ${notYourFault}`,
  backend_unavailable: 'This app’s server is not available at the moment. Try again in a moment.',
  forbidden_origin: `This app’s server does not accept requests from this address. ${notYourFault}`,
  unknown_provider: `This app’s server does not know this bank. ${notYourFault}`,
  rate_limited: 'Too many attempts. Wait a little, then try again.',

  other_person:
    'The person who signed in at the bank is not the person this connection belongs to. Nothing was changed.',
  too_many_connections: 'You have too many connections. Disconnect one, then try again.',
  person_unknown: 'Your bank did not say whose account this is, so the connection was not changed.',
  provider_error: 'Your bank did not finish the connection. Start again.',
  provider_unavailable: 'Your bank is not available at the moment. Nothing is lost; try again later.',

  input_invalid: `This request could not be sent. ${notYourFault}`,
  network_error: 'There was no response. Check that you are online, then try again.',
  storage_unavailable:
    'Your browser does not let this site store data, so we could not pick up where you left off at your bank. Allow site data for this site, or leave private browsing.',
  environment_unsupported: 'This browser cannot be used here. Try an up-to-date browser.',
  popup_blocked: 'Your browser blocked the bank’s window. Allow pop-ups for this site, then try again.',
}
