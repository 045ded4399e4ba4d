// Everything that is not needed before somebody clicks or comes back, as one part that is loaded on demand.
import { loadModule } from './load-module.js'
import type * as Popup from './popup/watch.js'

export { begin, discard, prepare } from './authorize/begin.js'
export { expire } from './authorize/expire.js'
export { leave } from './authorize/leave.js'
export { resumePending } from './callback/resume-pending.js'
export { toAbandoned } from './connections/abandoned.js'
export { getAccessToken } from './connections/access-token.js'
export { disconnect } from './connections/disconnect.js'
export { retireTokens } from './connections/retire-tokens.js'
export { fetchResource } from './connections/resource.js'
export { fetchUserinfo } from './connections/userinfo.js'
export { refresh, synchronize } from './connections/synchronize.js'
export { complete, completeAgain } from './popup/hand-over.js'
export { ready } from './connections/ready.js'
export { tryAgain } from './connections/try-again.js'
export { isOutdated, noteSubject } from './records/subject.js'

/** The part that watches a popup. @throws {NetworkError} when it does not arrive. */
export const loadPopup = (): Promise<typeof Popup> => loadModule(import('./popup/watch.js'))
