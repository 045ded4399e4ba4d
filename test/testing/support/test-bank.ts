import { fakeBank } from 'countersign/testing'
import { bankOptions } from '../../../examples/component-tests/bank-options.js'

/** The bank of a test file whose components import the app's own client. */
export const fake = fakeBank(bankOptions)
