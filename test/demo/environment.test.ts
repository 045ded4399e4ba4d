import { expect, test } from 'vitest'
import { readProvider } from '../../demo/environment.js'

const read = (environment: Record<string, string>) =>
  readProvider(
    environment,
    'BASIS',
    ['clientId', 'clientSecret', 'api'],
    ['keyFile', 'dpop', 'minimumSecretBytes'],
  )

const whole = {
  COUNTERSIGN_BASIS_CLIENT_ID: 'client-1',
  COUNTERSIGN_BASIS_CLIENT_SECRET: 'a secret of the test',
  COUNTERSIGN_BASIS_API: 'https://api.example/',
}

test('a provider without any variable is the embedded bank; so is one with no more than its mode', () => {
  expect(read({})).toBeUndefined()
  expect(read({ COUNTERSIGN_BASIS_MODE: 'mediated', COUNTERSIGN_STITCH_CLIENT_ID: 'x' })).toBeUndefined()
})

test('what is there is read by the names of the options', () => {
  expect(read({ ...whole, COUNTERSIGN_BASIS_DPOP: 'true' })).toEqual({
    clientId: 'client-1',
    clientSecret: 'a secret of the test',
    api: 'https://api.example/',
    dpop: 'true',
  })
})

test.each([
  ['is missing', { COUNTERSIGN_BASIS_CLIENT_SECRET: '' }, /COUNTERSIGN_BASIS_CLIENT_SECRET is missing/],
  [
    'is the client id, while others are there',
    { COUNTERSIGN_BASIS_CLIENT_ID: '' },
    /COUNTERSIGN_BASIS_CLIENT_ID is missing/,
  ],
  ['is misspelt', { COUNTERSIGN_BASIS_APPI: 'x' }, /COUNTERSIGN_BASIS_APPI is unknown/],
  ['is no address', { COUNTERSIGN_BASIS_API: 'api.example' }, /COUNTERSIGN_BASIS_API must be an address/],
  [
    'is an address without TLS',
    { COUNTERSIGN_BASIS_API: 'http://api.example' },
    /COUNTERSIGN_BASIS_API must be an address/,
  ],
  [
    'names no file',
    { COUNTERSIGN_BASIS_KEY_FILE: '/nowhere/key.pem' },
    /COUNTERSIGN_BASIS_KEY_FILE names a file/,
  ],
  [
    'is neither true nor false',
    { COUNTERSIGN_BASIS_DPOP: 'yes' },
    /COUNTERSIGN_BASIS_DPOP must be true or false/,
  ],
  [
    'is no number',
    { COUNTERSIGN_BASIS_MINIMUM_SECRET_BYTES: 'many' },
    /COUNTERSIGN_BASIS_MINIMUM_SECRET_BYTES must be/,
  ],
  [
    'is the placeholder of the documentation',
    { COUNTERSIGN_BASIS_CLIENT_ID: '…' },
    /COUNTERSIGN_BASIS_CLIENT_ID still has/,
  ],
])('a variable that %s is named, and no value is shown', (_what, variables, message) => {
  const attempt = () => read({ ...whole, ...variables })
  expect(attempt).toThrow(message)
  expect(attempt).not.toThrow(/a secret of the test/)
})

test('everything that is wrong is said at once', () => {
  expect(() => read({ COUNTERSIGN_BASIS_API: 'nowhere' })).toThrow(
    /CLIENT_ID is missing[\s\S]*CLIENT_SECRET is missing[\s\S]*API must be an address/,
  )
})
