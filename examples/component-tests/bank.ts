import { createClient } from 'countersign'
import { bankOptions } from './bank-options.js'

/** The app's client. */
export const bank = createClient(bankOptions)

declare module 'countersign' {
  interface Register {
    client: typeof bank
  }
}
