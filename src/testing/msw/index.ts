export { bankHandlers } from './bank-handlers.js'
