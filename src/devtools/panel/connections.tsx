'use client'
import * as React from 'react'
import type { Connection } from '../../core/index.js'
import { readTokenFacts, type TokenFacts } from '../facts/read-connections.js'
import { duration } from '../flow/duration.js'
import type { InspectedEvent } from '../log/event.js'
import { providerNamed } from '../watch/watched.js'
import { Table } from './table.js'
import type { TabProps } from './tab-props.js'
import { dateOf, untilMoment, useNow, useRead } from './time.js'

const columns = [
  ...['Provider', 'Id', 'Mode', 'Status', 'Granted scope', 'Missing scope', 'Token age', 'Next refresh'],
  ...['Consent ends', 'Renew by', 'Tokens are'],
]

const none: readonly Connection[] = []

/** Every connection of the app's user, with what is known of its tokens. */
export function Connections({
  inspection,
  events,
}: Pick<TabProps, 'inspection' | 'events'>): React.ReactElement {
  const { client, watched } = inspection
  const { context } = watched
  const state = React.useSyncExternalStore(client.connections.subscribe, client.connections.get)
  const now = useNow(context.platform.clock)
  const connections = state.status === 'ready' ? state.connections : none
  const read = React.useCallback(() => {
    return readTokenFacts(
      watched,
      connections.map(({ id }) => id),
    )
  }, [watched, connections])
  const tokens = useRead(read, events)
  return (
    <Table
      label="Connections"
      columns={columns}
      none={
        state.status === 'ready'
          ? 'There are no connections.'
          : `Not known: ${state.status.replaceAll('_', ' ')}.`
      }
      rows={connections.map(({ id, provider, status, grantedScope, missingScope, ...connection }) => {
        const mode = providerNamed(context, provider)?.channel.mode
        const facts = tokens?.get(id)
        return {
          key: id,
          isBad: status !== 'connected',
          cells: [
            provider,
            <code key="id">{id}</code>,
            mode,
            status.replaceAll('_', ' '),
            grantedScope.join(' ') || 'none',
            missingScope.join(' ') || 'none',
            ageOf(events, id, now),
            mode === 'bff' ? 'at the backend' : nextRefresh(facts, now),
            dateOf(connection.consentExpiresAt),
            dateOf(connection.renewBy),
            mode === 'browser'
              ? whereTokensAre(facts)
              : mode === 'bff'
                ? 'at the backend'
                : 'at the backend; the access token in this page, too',
          ],
        }
      })}
    />
  )
}

function ageOf(events: readonly InspectedEvent[], id: string, now: number): string {
  const got = events
    .filter(
      ({ kind, connection, outcome }) =>
        connection === id && (kind === 'stored' || (kind === 'renewal' && outcome === 'renewed')),
    )
    .at(-1)
  return got ? duration(now * 1000 - got.at - (got.milliseconds ?? 0)) : 'not seen'
}

function nextRefresh(facts: TokenFacts | undefined, now: number): string {
  if (!facts || (!facts.isHeld && !facts.isStored)) return 'at the next use'
  const { expiresAt } = facts
  if (expiresAt === undefined) return 'when the API refuses it'
  return expiresAt > now ? `at the first use ${untilMoment(expiresAt - 5, now)} or later` : 'at the next use'
}

function whereTokensAre(facts: TokenFacts | undefined): string {
  if (!facts) return '…'
  const place = facts.isStored
    ? 'in IndexedDB'
    : facts.isHeld
      ? "in this page's memory"
      : 'nowhere in this page'
  return facts.isBound ? `bound to a key of this browser (DPoP), ${place}` : `bearer tokens, ${place}`
}
