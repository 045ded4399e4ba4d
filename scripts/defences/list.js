import { backend } from './list/backend.js'
import { demo } from './list/demo.js'
import { frontChannel } from './list/front-channel.js'
import { page } from './list/page.js'
import { server } from './list/server.js'
import { statements } from './list/statements.js'
import { storage } from './list/storage.js'
import { tokens } from './list/tokens.js'

/** @type {readonly import('./edits.js').Removal[]} */
export const removals = [
  ...frontChannel,
  ...tokens,
  ...storage,
  ...backend,
  ...page,
  ...server,
  ...demo,
  ...statements,
]

export { inBrowser } from './list/demo.js'
