import { backend } from './list/backend.js'
import { frontChannel } from './list/front-channel.js'
import { statements } from './list/statements.js'
import { storage } from './list/storage.js'
import { tokens } from './list/tokens.js'

/** @type {readonly import('./edits.js').Removal[]} */
export const removals = [...frontChannel, ...tokens, ...storage, ...backend, ...statements]
