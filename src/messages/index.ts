export { english } from './english.js'
export { messageFor } from './message-for.js'
export type { MessageCode, Messages } from './messages.js'
