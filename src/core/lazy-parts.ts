// Everything that is not needed before somebody clicks or comes back, as one part that is loaded on demand.
export { disconnect, fetchResource, getAccessToken } from './connections/access-token.js'
export { depart, prepare } from './authorize/begin.js'
export { resumePending } from './callback/resume-pending.js'
export { complete } from './callback/redeem.js'
export { isOutdated, noteSession } from './subject.js'
export { expire } from './authorize/expire.js'
export { synchronize } from './connections/synchronize.js'
