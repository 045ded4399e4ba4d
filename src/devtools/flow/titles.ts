import type { EventKind, InspectedEvent, Lane } from '../log/event.js'

/** The names of the lanes. */
export const laneNames: Readonly<Record<Lane, string>> = {
  page: 'Page',
  storage: 'IndexedDB',
  backend: 'Backend',
  server: 'Authorization server',
  api: 'API',
}

/** The same, for a phone. */
export const shortLaneNames: Readonly<Record<Lane, string>> = {
  page: 'Page',
  storage: 'IDB',
  backend: 'Backend',
  server: 'Server',
  api: 'API',
}

const titles: Readonly<Record<EventKind, string>> = {
  prepared: 'Transaction prepared',
  metadata: 'Server metadata fetched',
  keys: 'Signing keys fetched',
  pushed: 'Authorization request pushed',
  authorization: 'Authorization URL requested',
  left: 'Left for the provider',
  not_left: 'Could not leave for the provider',
  at_provider: 'Signs in and decides',
  returned: 'Returned with a response',
  redeemed: 'Code redeemed',
  backend_redeems: 'Backend redeems the code',
  waits: 'Answer waits for the keys',
  stored: 'Connection stored',
  ended: 'Ended',
  refresh: 'Access token requested',
  renewal: 'Access token renewed',
  userinfo: 'Userinfo requested',
  resource: 'API called',
  backend_calls: 'Backend calls the API',
  connections: 'Connections listed',
  institutions: 'Institutions listed',
  disconnected: 'Disconnected',
  revoked: 'Token revoked',
  lock: 'Waited for another tab',
  clock: 'Clocks differ',
  not_rotated: 'Refresh token was not replaced',
  session: "The app's user changed",
  callback: 'Response refused',
}

/** A few words for what happened. */
export function titleOf({ kind, outcome = '', status }: InspectedEvent): string {
  if (kind === 'ended')
    return outcome === 'failed' ? 'Failed' : outcome.replace(/^./, (letter) => letter.toUpperCase())
  if (kind === 'callback' && outcome === 'resumable') return 'Not completed, can be resumed'
  if (status === 0) return `${titles[kind]}: no answer`
  return titles[kind]
}
