import { expect, test } from 'vitest'
import { refuseSecrets } from '../../src/protocol/secrets.js'

test.each([
  'clientSecret',
  'client_secret',
  'secret',
  'privateKey',
  'private_key_pem',
  'clientAssertion',
  'certificate',
  'clientCert',
  'password',
  'jwk',
  'jwks',
  'key',
  'keys',
  'pem',
])('an option called %s is refused by name', (name) => {
  expect(() => {
    refuseSecrets({ clientId: 'client', [name]: 'hunter2' })
  }).toThrow(
    new TypeError(
      `"${name}" must not be in a page, where everybody can read it: configure it at the backend.`,
    ),
  )
})

test('a private JWK is refused under whatever name', () => {
  expect(() => {
    refuseSecrets({ signing: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'hunter2' } })
  }).toThrow('"signing" must not be in a page')
})

test('the message does not hold the value', () => {
  expect(() => {
    refuseSecrets({ clientSecret: 'hunter2' })
  }).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hunter2') as string }))
})

test('ordinary options pass', () => {
  expect(() => {
    refuseSecrets({
      clientId: 'client',
      scope: 'openid',
      issuer: 'https://as.example',
      direct: {},
      api: null,
    })
  }).not.toThrow()
})
