import type { Json, JsonObject } from '../../protocol/contract.js'
import { ValidationError } from '../../protocol/errors.js'
import { hasOwn } from '../../protocol/has-own.js'

/** The page's choice, checked. */
export type MoneyhubChoice = (
  | { readonly mode: 'connect'; readonly bankId: string }
  | { readonly mode: Renewal; readonly connectionId: string }
) & { readonly consent: JsonObject | undefined }

type Renewal = 'reauth' | 'reconsent' | 'refresh'

/** Moneyhub's ids of connections look like `<bankId>:<uuid>`; each is one segment of a path. */
export function isConnectionId(value: unknown): value is string {
  return typeof value === 'string' && /^(?!\.{1,2}$)[\w.:~-]{1,200}$/.test(value)
}

const daySeconds = 24 * 3600
const longestConsentSeconds = 90 * daySeconds
/** 72 months. */
const longestHistorySeconds = 72 * 31 * daySeconds

/** The form of each member that a page may choose. What belongs together is checked by {@link readChoice}. */
export const inputForms: Readonly<Record<string, RegExp | ((value: Json | undefined) => boolean)>> = {
  mode: /^(?:connect|reauth|reconsent|refresh)$/,
  bank_id: /^[\w-]{1,128}$/,
  connection_id: (value) => value === undefined || isConnectionId(value),
  consent: (value) => value === undefined || isConsent(value),
}

const isDateTime = (value: Json): boolean =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.test(value) &&
  !Number.isNaN(Date.parse(value))

const consentForms: Readonly<Record<string, (value: Json) => boolean>> = {
  expirationDateTime: isDateTime,
  transactionFromDateTime: isDateTime,
  permissions: (value) =>
    Array.isArray(value) &&
    value.length <= 64 &&
    value.every((name) => typeof name === 'string' && /^[A-Za-z]{1,64}$/.test(name)),
  permissionsAction: (value) => value === 'add' || value === 'replace',
}

function isConsent(value: Json): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value as JsonObject).every(
    ([name, member]) => hasOwn(consentForms, name) && consentForms[name]?.(member) === true,
  )
}

/**
 * Reads the page's choice: an institution to connect, or a connection to renew, and a consent within Moneyhub's limits.
 *
 * @param now Epoch seconds.
 * @throws {ValidationError} `input_invalid` naming the member.
 */
export function readChoice(input: JsonObject, now: number): MoneyhubChoice {
  const { mode = 'connect', bank_id: bankId, connection_id: connectionId } = input
  const consent = input['consent'] as JsonObject | undefined
  checkConsent(consent ?? {}, now)
  if (mode === 'connect') {
    if (typeof bankId !== 'string' || connectionId !== undefined)
      throw invalid('bank_id', 'Connecting at Moneyhub takes a bank_id, and no connection_id.')
    return { mode, bankId, consent }
  }
  if (typeof connectionId !== 'string' || bankId !== undefined)
    throw invalid(
      'connection_id',
      'Renewing a connection at Moneyhub takes its connection_id, and no bank_id.',
    )
  return { mode: mode as Renewal, connectionId, consent }
}

function checkConsent(
  {
    expirationDateTime: until,
    transactionFromDateTime: since,
    permissions,
    permissionsAction: action,
  }: JsonObject,
  now: number,
) {
  if (action !== undefined && permissions === undefined)
    throw invalid(
      'permissionsAction',
      "A consent's permissionsAction says what its permissions do: give both.",
    )
  const end = until === undefined ? now + 1 : Date.parse(until as string) / 1000
  if (end <= now || end > now + longestConsentSeconds)
    throw invalid('expirationDateTime', "A consent's expirationDateTime lies within the next 90 days.")
  const start = since === undefined ? now : Date.parse(since as string) / 1000
  if (start > now || start < now - longestHistorySeconds)
    throw invalid(
      'transactionFromDateTime',
      "A consent's transactionFromDateTime lies within the last 72 months.",
    )
}

/** An error about what the page gave. */
export const invalid = (member: string, sentence: string): ValidationError =>
  new ValidationError('input_invalid', member, sentence, { recovery: 'configure' })
