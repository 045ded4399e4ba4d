import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import * as errors from '../../src/protocol/errors.js'

const made = [
  new errors.CountersignError('popup_blocked', 'No.'),
  new errors.AuthorizationResponseError('access_denied', 'No.', { error: 'access_denied' }),
  new errors.TokenEndpointError('No.', { error: 'invalid_grant', status: 400 }),
  new errors.TransactionError('state_unknown', 'No.'),
  new errors.ValidationError('id_token_invalid', 'nonce', 'No.'),
  new errors.NetworkError('No.'),
  new errors.StorageError(),
  new errors.BackendError('provider_error', 'No.', { error: 'provider_error', status: 502 }),
]

describe.each(made.map((error) => [error.name, error] as const))('%s', (name, error) => {
  test('is an error of the library, and says its name after a minifier, too', () => {
    expect(error).toBeInstanceOf(errors.CountersignError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(errors[name as keyof typeof errors])
    expect(Object.keys(error)).toContain('name')
    expect(String(error)).toMatch(new RegExp(`^${name}: `))
  })

  test('has a code, a recovery and nothing that is undefined', () => {
    expect(error.code).toMatch(/^[a-z_]+$/)
    expect(['resume', 'authorize', 'sign_in', 'configure']).toContain(error.recovery)
    expect(error).not.toHaveProperty('cause')
    expect(error).not.toHaveProperty('retryAfterSeconds')
    expect(error).not.toHaveProperty('errorDescription')
    expect(error).not.toHaveProperty('errorUri')
  })

  test('can be reported whole', () => {
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      name,
      code: error.code,
      recovery: error.recovery,
    })
    expect(inspect(error)).toContain(error.message)
    expect(structuredClone(error)).toBeInstanceOf(Error)
  })
})

test('an error says how long to wait where that is known', () => {
  expect(new errors.NetworkError('No.', { retryAfterSeconds: 7 })).toMatchObject({
    recovery: 'resume',
    retryAfterSeconds: 7,
  })
})
