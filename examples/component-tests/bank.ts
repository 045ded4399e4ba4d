import { createClient } from 'countersign'
import { bankOptions } from './bank-options'

/** The app's client. */
export const bank = createClient(bankOptions)

declare module 'countersign' {
  interface Register {
    client: typeof bank
  }
}
