/** Longest token that is accepted, in characters: 64 KiB. Some servers put the whole consent into their tokens. */
const longestToken = 65_536

const characters = /^[\x21-\x7e]+$/

/**
 * True for a text that may be an access token, a refresh token or an ID Token: visible ASCII, at most 65,536 characters.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#appendix-A.12
 */
export const isToken = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= longestToken && characters.test(value)
