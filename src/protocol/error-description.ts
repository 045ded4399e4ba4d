import { readJsonObject, type Answer } from './http.js'

/** Parameters whose values are words of the protocol: they may be in a description. */
const publicParameters =
  /^(?:grant_type|response_type|code_challenge_method|token_type_hint|client_assertion_type|prompt|display)$/

/** Values too short to be worth cutting: they would be found in any text. */
const shortestValue = 4

/** The values of a request's parameters, but for words of the protocol. */
export const parameterValues = (parameters: Iterable<readonly [name: string, value: unknown]>): string[] =>
  [...parameters].flatMap(([name, value]) => (publicParameters.test(name) ? [] : stringsIn(value)))

const stringsIn = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value
      ? Object.values(value).flatMap(stringsIn)
      : []

/** The values of a request's form, and of its headers that authorize it. */
export function sentValues({ body, headers }: RequestInit): string[] {
  const values = body instanceof URLSearchParams ? parameterValues(body) : []
  const all = new Headers(headers)
  const credentials = all.get('authorization')?.replace(/^\S+ /, '')
  const proof = all.get('dpop')
  return [...values, ...fromBasic(credentials), ...(proof === null ? [] : [proof])]
}

/** The credentials of HTTP Basic, and what they are made of. */
function fromBasic(credentials: string | undefined): string[] {
  if (credentials === undefined) return []
  try {
    const parts = atob(credentials).split(':')
    // Each was form-encoded before: RFC 6749 §2.3.1.
    return [credentials, ...parts, ...parts.map((part) => decodeURIComponent(part.replaceAll('+', ' ')))]
  } catch {
    return [credentials]
  }
}

/**
 * A server's own words about an error, for developers: at most 1024 characters, without control characters, and without
 * any of the values that were sent, as they are or percent-encoded. A server may repeat a code, a token or an e-mail address.
 */
export function cleanDescription(text: unknown, sent: readonly (string | undefined)[]): string | undefined {
  if (typeof text !== 'string') return undefined
  const values = sent
    .filter((value) => value !== undefined)
    .flatMap((value) => [
      value,
      encodeURIComponent(value),
      String(new URLSearchParams({ '': value })).slice(1),
    ])
    .filter((value) => value.length >= shortestValue)
    // The longest first: one may be part of another.
    .sort((a, b) => b.length - a.length)
  const cut = values.reduce((rest, value) => rest.replaceAll(value, '…'), text.replace(/\p{Cc}/gu, ' '))
  return cut.slice(0, 1024)
}

/** The `error_description` of an error answer. */
export const errorDescriptionOf = (answer: Answer): string | undefined =>
  answer.response.status === 200
    ? undefined
    : cleanDescription(readJsonObject(answer)?.['error_description'], answer.sent ?? [])
