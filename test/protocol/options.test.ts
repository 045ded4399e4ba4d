import { describe, expect, test } from 'vitest'
import { requestParameters, signatureAlgorithms } from '../../src/protocol/option-tests.js'
import { checkOptions, type OptionForm } from '../../src/protocol/options.js'

const check =
  (options: unknown, forms: Record<string, OptionForm> = {}) =>
  () =>
    checkOptions('bank', options, forms)

describe('options', () => {
  test.each([undefined, null, 'issuer'])('that are %j are missed', (options) => {
    expect(check(options)).toThrow(new TypeError('bank needs an object of options.'))
  })

  test.each([undefined, ''])('that must be given are missed when they are %j', (clientId) => {
    expect(check({ clientId }, { clientId: 'string!' })).toThrow(
      'bank: `clientId` is missing or empty. If it comes from an environment variable, check that it is set.',
    )
  })

  test('may be undefined where they have a default', () => {
    expect(check({ api: undefined }, { api: 'url', dpop: 'boolean' })).not.toThrow()
  })

  test.each([
    ['persistToken', 'persistTokens'],
    ['clientID', 'clientId'],
    ['parms', 'params'],
    ['redirect_uri', 'redirectUri'],
  ])('called %s are told apart from %s', (given, meant) => {
    const forms = {
      persistTokens: 'boolean',
      clientId: 'string',
      params: 'object',
      redirectUri: 'string',
    } as const
    expect(check({ [given]: 1 }, forms)).toThrow(`bank has no option "${given}". Did you mean "${meant}"?`)
  })

  test('like nothing else are answered with all there are', () => {
    expect(check({ colour: 'red' }, { issuer: 'string', scope: 'string' })).toThrow(
      'bank has no option "colour". It takes issuer, scope.',
    )
  })

  test.each<[OptionForm, unknown, unknown]>([
    ['string', 'a', 7],
    ['string', 'openid banking/read', ['openid']],
    ['string', 'a', null],
    ['url', 'https://as.example/x?y', 'http://as.example/'],
    ['url', 'http://bank.localhost:4000/', '/relative'],
    ['issuer', 'https://as.example/tenant', 'https://as.example?tenant'],
    ['boolean', false, 'false'],
    ['number', 0, '0'],
    ['strings', ['a'], 'a'],
    ['strings', [], [1]],
    ['stringOrStrings', 'a', []],
    ['stringOrStrings', ['a', 'b'], 7],
    ['object', {}, 'x'],
    ['object', [], null],
    ['function', () => 0, {}],
    [['a', 'b'], 'b', 'c'],
  ])('of the form %j can be %j and not %j', (form, good, bad) => {
    expect(check({ value: good }, { value: form })).not.toThrow()
    expect(check({ value: bad }, { value: form })).toThrow(/^bank: `value` must be /)
  })

  test.each([
    ['parameters', requestParameters, { prompt: 'login' }, { prompt: undefined }],
    ['parameters', requestParameters, {}, { max_age: 7 }],
    ['parameters', requestParameters, undefined, null],
    ['algorithms', signatureAlgorithms, ['ES256', 'PS512', 'EdDSA'], []],
    ['algorithms', signatureAlgorithms, ['Ed25519'], ['HS256']],
    ['algorithms', signatureAlgorithms, undefined, 'RS256'],
  ])('with a test for %s can be %j and not %j', (_name, form, good, bad) => {
    expect(check({ value: good }, { value: form })).not.toThrow()
    expect(check({ value: bad }, { value: form })).toThrow(/^bank: `value` must be /)
  })

  test.each([
    ['clientId', ' '],
    ['clientId', 'client '],
    ['clientId', 'client\n'],
    ['clientId', 'café'],
    ['scope', ' '],
    ['scope', 'openid\n'],
    ['scope', 'openid\taccounts'],
    ['scope', 'openid,accounts'],
    ['scope', 'accounts,openid'],
    ['scope', 'open"id'],
    ['scope', 'open\\id'],
    ['scope', 'comptes épargne'],
  ])('called %s are not %j, which no authorization server would know', (name, value) => {
    const forms = { [name]: 'string!' } as const
    expect(check({ [name]: value }, forms)).toThrow(
      `bank: \`${name}\` must be of the type string (RFC 6749).`,
    )
  })

  test.each([
    ['clientId', 'c'],
    ['clientId', 'my client'],
    ['clientId', '06914d28-f034-4d52-b048-e11024957c11'],
    ['clientId', 'https://app.example/client.json?v="1"'],
    ['scope', 'openid'],
    ['scope', ' openid  accounts '],
    ['scope', 'accounts:read,transactions:read'],
    ['scope', 'https://bank.example/scopes#read banking/read [all] {a|b}~'],
  ])('called %s can be %j', (name, value) => {
    expect(check({ [name]: value }, { [name]: 'string!' })).not.toThrow()
  })

  test('that are an issuer are not the address of its document', () => {
    const issuer = 'https://as.example/.well-known/openid-configuration'
    expect(check({ issuer }, { issuer: 'issuer!' })).toThrow(
      'bank: `issuer` is the address of the discovery document. Give the issuer: the value of "issuer" in that document.',
    )
  })

  test.each([
    [{ max_age: 'a day' }, 'the parameter "max_age" must be a whole number of seconds.'],
    [{ max_age: '-1' }, 'the parameter "max_age" must be a whole number of seconds.'],
    [{ acr_values: ' ' }, 'the parameter "acr_values" must name at least one value.'],
  ])('that ask for a check which could not be made (%j) are refused', (parameters, sentence) => {
    expect(check({ parameters }, { parameters: requestParameters })).toThrow(`bank: ${sentence}`)
  })

  test.each([{ max_age: '0' }, { acr_values: 'urn:mace:incommon:iap:silver phr' }])(
    'that ask for a check (%j) are taken',
    (parameters) => {
      expect(check({ parameters }, { parameters: requestParameters })).not.toThrow()
    },
  )

  test.each([{ max_age: '0' }, { acr_values: 'phr' }])(
    'that ask for a check (%j) are refused beside a scope without openid, since no ID Token would come',
    (parameters) => {
      const forms = { scope: 'string!', parameters: requestParameters } as const
      expect(check({ scope: 'accounts', parameters }, forms)).toThrow(
        `bank: the parameter "${String(Object.keys(parameters)[0])}" needs "openid" in \`scope\``,
      )
      expect(check({ scope: 'openid accounts', parameters }, forms)).not.toThrow()
    },
  )

  test.each([
    'state',
    'nonce',
    'redirect_uri',
    'code_challenge',
    'client_id',
    'scope',
    'claims',
    'client_secret',
  ])('that are parameters do not have %s', (name) => {
    expect(check({ parameters: { [name]: 'x' } }, { parameters: requestParameters })).toThrow(
      `the parameter "${name}" is set by countersign`,
    )
  })

  test('are in no message', () => {
    expect(check({ clientId: ['hunter2'] }, { clientId: 'string' })).toThrow(/^(?!.*hunter2)/)
  })
})
