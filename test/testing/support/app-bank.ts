import { createClient } from 'countersign'
import { bankOptions } from '../../../examples/component-tests/bank-options.js'

/** The client of an app, in a module of its own. Unlike the example's it is not registered, which would hold for all tests. */
export const bank = createClient(bankOptions)
