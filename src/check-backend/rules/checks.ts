import { expect } from '../harness/expectations.js'
import { Mismatch } from '../harness/mismatch.js'
import type { Attempt, Scene } from '../harness/scene.js'
import type { Role } from '../options.js'

/** The delay of an answer of the provider, so that requests made at once meet: milliseconds. */
export const heldMilliseconds = 300

/** @throws {Mismatch} for a token that a page could not use. */
export function checkTokenType(type: unknown, expiresIn: unknown): void {
  expect(typeof type === 'string' && /^bearer$/i.test(type), 'token_type is not Bearer')
  const seconds = expiresIn ?? 1
  const isLeft = typeof seconds === 'number' && seconds > 0 && seconds <= 3600
  expect(isLeft, 'expires_in is not what is left of the token')
}

/** @throws {Mismatch} for an authorization URL that is not what the page asked for. */
export function checkAuthorizationUrl(value: string, { body }: Attempt, issuer: string): void {
  const url = URL.canParse(value) ? new URL(value) : undefined
  const isThere = url?.origin === issuer && url.pathname === '/authorize'
  expect(isThere, `authorization_url does not lead to ${issuer}/authorize`)
  const wanted = { ...body, response_type: 'code', code_challenge_method: 'S256' }
  for (const [name, given] of Object.entries(wanted)) {
    const [seen, second] = url.searchParams.getAll(name)
    expect(seen === given && second === undefined, `authorization_url has another ${name} than was asked for`)
  }
  expect(url.searchParams.get('client_id') !== null, 'authorization_url has no client_id')
  for (const name of ['client_secret', 'client_assertion', 'code_verifier'])
    expect(!url.searchParams.has(name), `authorization_url holds a ${name}`)
}

/** @throws {Mismatch} for anything but a connection document of the provider in that role. */
export function checkConnection({ options }: Scene, value: unknown, role: Role = 'mediated'): void {
  const connection = Object(value) as Record<string, unknown>
  const isText = (name: string): boolean => typeof connection[name] === 'string'
  const isSeconds = (name: string): boolean =>
    Number.isInteger(connection[name]) && Number(connection[name]) > 1e9 && Number(connection[name]) < 1e11
  const isSecondsOrAbsent = (name: string): boolean => connection[name] === undefined || isSeconds(name)
  const checks: Readonly<Record<string, boolean>> = {
    id: isText('id') && /^[\w.~-]{16,200}$/.test(String(connection['id'])),
    provider: connection['provider'] === options.providers[role],
    status: connection['status'] === 'connected',
    scope: isText('scope'),
    missing_scope: isText('missing_scope'),
    created_at: isSeconds('created_at'),
    consent_expires_at: isSecondsOrAbsent('consent_expires_at'),
    renew_by: isSecondsOrAbsent('renew_by'),
    identity: connection['identity'] === undefined || connection['identity'] === 'unproven',
    details: typeof connection['details'] === 'object' && connection['details'] !== null,
  }
  const wrong = Object.keys(checks).filter((name) => checks[name] !== true)
  // The rule `token` is the first to look at one.
  if (wrong.length > 0)
    throw new Mismatch(`the connection's ${wrong.join(', ')} is not as the contract has it`, 'token')
}
