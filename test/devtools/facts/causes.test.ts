import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { causeOf } from '../../../src/devtools/facts/causes.js'
import { redactError } from '../../../src/devtools/watch/redact.js'

/** The members of a union of texts, as its declaration lists them. */
function membersOf(file: string, name: string): readonly string[] {
  const source = readFileSync(new URL(`../../../src/protocol/${file}`, import.meta.url), 'utf8')
  const [, members = ''] = new RegExp(`export type ${name} =([^]*?)(?:\\n\\n|$)`).exec(source) ?? []
  return [...members.matchAll(/^\s+\| '(\w+)'/gm)].map(([, member = '']) => member)
}

const codes = membersOf('errors/base.ts', 'ErrorCode')
const contractErrors = membersOf('contract.ts', 'ContractErrorCode')

describe('every code of an error', () => {
  test('is found in the list of codes', () => {
    expect(codes).toContain('step_up_required')
    expect(codes.length).toBeGreaterThan(35)
    expect(contractErrors).toContain('too_many_connections')
  })

  test.each(codes)('has a likely cause, a sentence of its own, and a link: %s', (code) => {
    const { text = '', link = '' } = causeOf(code) ?? {}
    expect(text).toMatch(/^[A-Z].{20,}\.$/)
    expect(link).toMatch(/^https:\/\//)
    expect(codes.filter((other) => causeOf(other)?.text === text)).toEqual([code])
  })

  test.each(codes)('is shown, and not told by its shape: %s', (code) => {
    expect(redactError({ code })).toEqual({ code })
  })
})

describe('every error', () => {
  test.each(contractErrors)('of the backend contract is shown by its name: %s', (error) => {
    expect(redactError({ error })).toEqual({ error })
  })

  test.each([
    'invalid_authorization_details',
    'insufficient_user_authentication',
    'use_dpop_nonce',
    'request_uri_not_supported',
  ])('of a specification that this library carries out is shown by its name: %s', (error) => {
    expect(redactError({ error })).toEqual({ error })
  })

  test('that no specification names may be anything, and is not shown', () => {
    expect(redactError({ error: 'ada_lovelace' })).toEqual({})
  })
})

test('a code that this version does not know has no cause', () => {
  expect([causeOf('no_such_code'), causeOf('constructor'), causeOf(undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})
