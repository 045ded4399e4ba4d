import { expect, test } from 'vitest'
import {
  calculateCodeChallenge,
  createCodeVerifier,
  createNonce,
  createState,
  isCodeChallenge,
  isCodeVerifier,
} from '../../src/protocol/pkce.js'

const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'

test('calculates the code challenge of RFC 7636 appendix B', async () => {
  expect(await calculateCodeChallenge(verifier)).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
})

test('calculates the code challenge of the pair in the Stitch documentation', async () => {
  expect(await calculateCodeChallenge('chy0EHtabciY0kjRzCDr113O2slAa-xY_zvdApkXxvw')).toBe(
    'FVF6VCwYJ_XljGdLXVjxs6g-_QRh4_CDutLOf_oIzPw',
  )
})

test.each([
  ['code verifier', createCodeVerifier],
  ['state', createState],
  ['nonce', createNonce],
])('a thousand of a %s are 43 base64url characters each, no two alike', (_name, create) => {
  const made = Array.from({ length: 1000 }, () => create())
  expect(new Set(made).size).toBe(1000)
  for (const value of made) expect(value).toMatch(/^[A-Za-z0-9_-]{43}$/)
})

test.each([
  ['43 characters', 'a'.repeat(43), true],
  ['128 characters', 'a'.repeat(128), true],
  ['every unreserved character', `${'a'.repeat(40)}-._~`, true],
  ['42 characters', 'a'.repeat(42), false],
  ['129 characters', 'a'.repeat(129), false],
  ['a space', `${verifier} `, false],
  ['a line break at the end', `${verifier}\n`, false],
  ['a reserved character', `${verifier}+`, false],
  ['a letter beyond ASCII', `${verifier}é`, false],
  ['an array', [verifier], false],
  ['a number', 1, false],
])('a code verifier may have %s: %#', (_name, value, accepted) => {
  expect(isCodeVerifier(value)).toBe(accepted)
})

test.each([
  ['43 base64url characters', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', true],
  ['42', 'a'.repeat(42), false],
  ['44', 'a'.repeat(44), false],
  ['padding', `${'a'.repeat(42)}=`, false],
  ['the alphabet of base64', `${'a'.repeat(42)}+`, false],
  ['a line break at the end', `${'a'.repeat(43)}\n`, false],
  ['an array', ['a'.repeat(43)], false],
])('a code challenge of %s: %#', (_name, value, accepted) => {
  expect(isCodeChallenge(value)).toBe(accepted)
})
