import { describe, expect, test } from 'vitest'
import { NetworkError, TokenEndpointError, ValidationError } from '../../src/protocol/errors.js'
import {
  isGivenUp,
  mayTry,
  secondsToTry,
  statusFrom,
  type RefreshTrouble,
} from '../../src/protocol/refresh-trouble.js'
import { judgeRefresh, noteTrouble } from '../../src/protocol/refresh-verdict.js'

const answer = (status: number, error?: string) => new TokenEndpointError('No.', { error, status })

describe('a refresh', () => {
  test.each([
    ['invalid_grant', answer(400, 'invalid_grant'), 'ended'],
    ['invalid_token', answer(401, 'invalid_token'), 'ended'],
    ['invalid_grant of a careless server', answer(500, 'invalid_grant'), 'ended'],
    // LemonLDAP, of a token that it does not know.
    ['invalid_request', answer(400, 'invalid_request'), 'refused'],
    ['access_denied', answer(403, 'access_denied'), 'refused'],
    ['a word of its own', answer(400, 'token_expired'), 'refused'],
    ['invalid_client', answer(401, 'invalid_client'), 'undecided'],
    ['unauthorized_client', answer(400, 'unauthorized_client'), 'undecided'],
    ['unsupported_grant_type', answer(400, 'unsupported_grant_type'), 'undecided'],
    ['invalid_scope', answer(400, 'invalid_scope'), 'undecided'],
    ['invalid_target', answer(400, 'invalid_target'), 'undecided'],
    ['invalid_dpop_proof', answer(400, 'invalid_dpop_proof'), 'undecided'],
    ['use_dpop_nonce', answer(400, 'use_dpop_nonce'), 'undecided'],
    ['temporarily_unavailable', answer(400, 'temporarily_unavailable'), 'undecided'],
    ['server_error', answer(400, 'server_error'), 'undecided'],
    ['slow_down', answer(400, 'slow_down'), 'undecided'],
    ['429', answer(429), 'undecided'],
    ['503', answer(503), 'undecided'],
    ['500 and an error', answer(500, 'server_error'), 'undecided'],
    ['500 and nothing', answer(500), 'unanswered'],
    ['502 of a gateway', answer(502), 'unanswered'],
    ['504 of a gateway', answer(504), 'unanswered'],
    ['504 with an error', answer(504, 'temporarily_unavailable'), 'unanswered'],
    // Glewlwyd, of a token that it does not know.
    ['400 and nothing', answer(400), 'unanswered'],
    ['a page with 404', answer(404), 'unanswered'],
    ['a page with 200', new ValidationError('token_response_invalid', 'body', 'No.'), 'unanswered'],
    ['a redirect', new ValidationError('response_malformed', 'status', 'No.'), 'unanswered'],
    ['too much', new ValidationError('response_malformed', 'body', 'No.'), 'unanswered'],
    ['an ID Token of another person', new ValidationError('id_token_invalid', 'sub', 'No.'), 'ended'],
    [
      'an ID Token with a wrong signature',
      new ValidationError('id_token_invalid', 'signature', 'No.'),
      'ended',
    ],
    ['another type of token', new ValidationError('token_response_invalid', 'token_type', 'No.'), 'ended'],
    ['an ID Token of the wrong time', new ValidationError('id_token_invalid', 'iat', 'No.'), 'refused'],
    ['a scope that is a number', new ValidationError('token_response_invalid', 'scope', 'No.'), 'refused'],
    ['wrong metadata', new ValidationError('metadata_invalid', 'issuer', 'No.'), 'undecided'],
    ['no answer', new NetworkError('No.'), 'unanswered'],
    ['anything else', new Error('No.'), 'undecided'],
  ])('that ends in %s', (_what, error, verdict) => {
    expect(judgeRefresh(error)).toBe(verdict)
  })
})

describe('the trouble of a connection', () => {
  const minute = 60
  const hour = 3600
  const day = 24 * hour
  /** Trouble after some verdicts, each at a time. */
  const after = (...verdicts: [verdict: 'refused' | 'unanswered' | 'undecided', at: number][]) =>
    verdicts.reduce<RefreshTrouble | undefined>(
      (trouble, [verdict, at]) => noteTrouble(trouble, verdict, at),
      undefined,
    )

  test.each<[string, RefreshTrouble | undefined, ReturnType<typeof statusFrom>]>([
    ['nothing that was decided', after(['undecided', 0]), 'connected'],
    ['one refusal', after(['refused', 0]), 'connected'],
    [
      'many refusals within ten minutes',
      after(['refused', 0], ['refused', 1], ['refused', 599]),
      'connected',
    ],
    ['a second one after ten minutes', after(['refused', 0], ['refused', 600]), 'reauthorization_required'],
    ['a second one after days', after(['refused', 0], ['refused', 3 * day]), 'reauthorization_required'],
    [
      'a second one with an outage in between',
      after(['refused', 0], ['undecided', 300], ['unanswered', 500], ['refused', 600]),
      'reauthorization_required',
    ],
    ['a refusal, and an outage after ten minutes', after(['refused', 0], ['undecided', 600]), 'connected'],
    ['a clock that was set back', after(['refused', 10 * hour], ['refused', 0]), 'connected'],
    ['one page', after(['unanswered', 0]), 'connected'],
    ['a second one', after(['unanswered', 0], ['unanswered', day]), 'failed'],
    [
      'three pages, then refusals',
      after(
        ['unanswered', 0],
        ['unanswered', 1],
        ['unanswered', 2],
        ['refused', hour],
        ['refused', 2 * hour],
      ),
      'reauthorization_required',
    ],
    [
      'pages after the end',
      after(
        ['refused', 0],
        ['refused', 600],
        ['unanswered', hour],
        ['unanswered', 2 * hour],
        ['unanswered', day],
      ),
      'reauthorization_required',
    ],
  ])('after %s', (_what, trouble, status) => {
    expect(statusFrom(trouble)).toBe(status)
  })

  test('costs nothing while nothing is wrong', () => {
    expect(noteTrouble(undefined, 'undecided', 0)).toBeUndefined()
    expect(mayTry(undefined, 0)).toBe(true)
    expect(mayTry(after(['refused', 0]), 1)).toBe(true)
  })

  test('that was not answered is left alone for half a minute', () => {
    const trouble = after(['unanswered', 1000])
    expect(mayTry(trouble, 1000)).toBe(false)
    expect(secondsToTry(trouble, 1010)).toBe(20)
    expect(mayTry(trouble, 1030)).toBe(true)
    // A clock that was set back does not stop the tries.
    expect(mayTry(trouble, 0)).toBe(true)
  })

  test.each([
    ['is stopped', after(['refused', 0], ['refused', 10 * minute])],
    ['has failed', after(['unanswered', 0], ['unanswered', 10 * minute])],
  ])('that %s is tried once an hour', (_what, trouble) => {
    expect(mayTry(trouble, 10 * minute)).toBe(false)
    expect(mayTry(trouble, 10 * minute + hour - 1)).toBe(false)
    expect(mayTry(trouble, 10 * minute + hour)).toBe(true)
    const tried = noteTrouble(trouble, 'undecided', 2 * hour)
    expect(mayTry(tried, 3 * hour - 1)).toBe(false)
    expect(mayTry(tried, 3 * hour)).toBe(true)
    // A clock that was set back does not stop the tries.
    expect(mayTry(tried, 0)).toBe(true)
  })

  test('is given up after seven days where the server refuses, and never where nobody knows', () => {
    const stopped = noteTrouble(after(['refused', 0], ['refused', hour]), 'refused', 2 * day)
    expect(isGivenUp(stopped, hour + 7 * day - 1)).toBe(false)
    expect(isGivenUp(stopped, hour + 7 * day)).toBe(true)
    const failed = after(['unanswered', 0], ['unanswered', 0], ['unanswered', 0])
    expect(isGivenUp(failed, 70 * day)).toBe(false)
    expect(isGivenUp(undefined, 70 * day)).toBe(false)
  })
})
