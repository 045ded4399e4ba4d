import { TransactionError } from '../../protocol/errors.js'

/** The end of a transaction whose person never came back. */
export const neverCameBack = (): TransactionError =>
  new TransactionError(
    'transaction_expired',
    'The person went to the provider and did not come back in time. Start again with authorize().',
  )

/** The end of a code that nobody has used in time. */
export const cameTooLate = (): TransactionError =>
  new TransactionError(
    'transaction_expired',
    "Too much time passed before the provider's answer could be used. Start again with authorize().",
  )

/** The end of a code of which nobody knows what became. */
export const unknownFate = (): TransactionError =>
  new TransactionError(
    'redemption_unknown',
    'It is not known whether the provider accepted the code. Start again with authorize().',
  )
