import type { ErrorCode } from '../index.js'
import { english } from './english.js'
import type { MessageCode, Messages } from './messages.js'

/** What has a message: an error, or a state of a hook. */
interface Source {
  readonly code?: ErrorCode
  readonly status?: string
  readonly error?: { readonly code: ErrorCode } | undefined
}

/**
 * The message for an error, or for the state of a hook: of a state with an `error`, that error's; else the one of its
 * `status`. `undefined` for a state with nothing to say, such as `connected` or `pending`.
 *
 * An error's own `message` is for developers: it names options and says what to change.
 *
 * @example
 * ```tsx
 * import { useAuthorizationCallback } from 'countersign'
 * import { messageFor } from 'countersign/messages'
 *
 * export function Problem() {
 *   const callback = useAuthorizationCallback()
 *   return <p role="alert">{messageFor(callback)}</p>
 * }
 * ```
 */
export function messageFor(source: { readonly code: ErrorCode }, messages?: Messages): string
export function messageFor(
  source: Omit<Source, 'code'> & { readonly status: string },
  messages?: Messages,
): string | undefined
export function messageFor(source: Source, messages: Messages = english): string | undefined {
  const key = source.code ?? source.error?.code ?? source.status
  return key !== undefined && Object.keys(messages).includes(key) ? messages[key as MessageCode] : undefined
}
