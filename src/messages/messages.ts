import type { ErrorCode } from '../index.js'

/**
 * The keys of {@link Messages}: every code of an error, and the outcomes that are no errors, `cancelled` (the person
 * stopped at the provider) and `closed` (they closed the popup).
 */
export type MessageCode = ErrorCode | 'cancelled' | 'closed'

/**
 * A sentence or two for each code, for the people who use your app. Type a translation as `Messages`, and one that misses a
 * code does not compile, today or after an upgrade that adds one.
 *
 * @example
 * ```ts
 * import { english, type Messages } from 'countersign/messages'
 *
 * export const ours: Messages = { ...english, cancelled: 'You stopped at your bank. We connected nothing.' }
 * ```
 */
export type Messages = Readonly<Record<MessageCode, string>>
