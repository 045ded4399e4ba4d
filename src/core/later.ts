// Everything that is not needed before somebody clicks or comes back, as one part that is loaded on demand.
export { disconnect, fetchResource, getAccessToken } from './access.js'
export { depart, prepare } from './departure.js'
export { recover } from './recovery.js'
export { complete } from './redemption.js'
export { isOutdated, noteSession } from './session.js'
export { sweep } from './sweep.js'
export { synchronize } from './synchronize.js'
