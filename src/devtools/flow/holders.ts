import type { InspectedEvent, Lane } from '../log/event.js'
import type { Flow } from './flows.js'

/** A secret of a flow. */
export type Secret =
  'code verifier' | 'authorization code' | 'access token' | 'refresh token' | 'client credentials'

/** Who has each secret, at a moment of a flow. */
export type Holders = Readonly<Partial<Record<Secret, readonly Lane[]>>>

/** Who has which secret after an event of a flow. @param keepsTokens True where tokens outlive the page. */
export function holdersAfter(flow: Flow, index: number, keepsTokens: boolean): Holders {
  // A response that nobody here began: nothing is known of it.
  if (flow.mode === undefined) return {}
  const start: Holders = flow.mode === 'browser' ? {} : { 'client credentials': ['backend', 'server'] }
  return flow.events
    .slice(0, index + 1)
    .reduce<Holders>((before, event) => ({ ...before, ...after(event, flow, keepsTokens) }), start)
}

/** What an event changes. What a party has received, it may keep; what the library deletes, it no longer has. */
function after({ kind, answer }: InspectedEvent, { mode }: Flow, keepsTokens: boolean): Holders {
  const isDirect = mode === 'browser'
  const middle: readonly Lane[] = isDirect ? [] : ['backend']
  const pages: readonly Lane[] = isDirect && keepsTokens ? ['page', 'storage'] : ['page']
  const hasRefresh = isDirect ? (answer?.some(({ name }) => name === 'refresh_token') ?? false) : true
  switch (kind) {
    case 'prepared':
      return { 'code verifier': ['page', 'storage'] }
    case 'left':
      return { 'code verifier': ['storage'] }
    case 'at_provider':
      return { 'authorization code': ['server'] }
    case 'returned':
      return { 'code verifier': ['page', 'storage'], 'authorization code': ['page', 'storage', 'server'] }
    case 'redeemed':
      return {
        'code verifier': ['page', 'storage', ...middle, 'server'],
        'authorization code': ['page', 'storage', ...middle, 'server'],
        'access token': mode === 'bff' ? ['backend', 'server'] : ['page', ...middle, 'server'],
        ...(hasRefresh && { 'refresh token': isDirect ? ['page', 'server'] : ['backend', 'server'] }),
      }
    case 'stored':
      return {
        'code verifier': [],
        'authorization code': [],
        ...(isDirect &&
          keepsTokens && { 'access token': [...pages, 'server'], 'refresh token': [...pages, 'server'] }),
      }
    case 'ended':
      return { 'code verifier': [], 'authorization code': [] }
    default:
      return {}
  }
}
