import type { ProviderWebhooks, WebhookKind } from '../../backend/webhooks/provider-webhooks.js'
import type { JsonObject } from '../../protocol/contract.js'
import type { MoneyhubClient } from './client.js'

/** Moneyhub's events about connections. */
const kinds = new Map<string, WebhookKind>([
  ['syncCompleted', 'synced'],
  ['postConnectionEnrichmentCompleted', 'synced'],
  ['newTransactions', 'data_changed'],
  ['updatedTransactions', 'data_changed'],
  ['deletedTransactions', 'data_changed'],
  ['restoredTransactions', 'data_changed'],
  ['deletedAccount', 'data_changed'],
  ['reauthReminder', 'renewal_needed'],
  ['refreshReminder', 'renewal_needed'],
])

/**
 * Moneyhub's webhooks in their JWT format. An event that names a connection is about that one, any other about all of the user's.
 *
 * @param issuer The `iss` of events: the identity service's origin, where that of ID Tokens ends with `/oidc`.
 * @see https://docs.moneyhubenterprise.com/docs/webhook-format
 */
export function createWebhooks(clientId: string, issuer: string, client: MoneyhubClient): ProviderWebhooks {
  return {
    signature: {
      issuer,
      audience: clientId,
      server: async (context) => (await client.endpoint(context)).server,
    },
    nameOf: ({ data }) => textOf(data?.['user_id']),
    read({ sub, events }) {
      const name = textOf(sub)
      if (name === undefined) return undefined
      return {
        name,
        events: Object.entries(events as JsonObject).map(([urn, value]) => {
          const detail = value as JsonObject
          const event = toEventType(urn)
          const connectionId = textOf(detail['connectionId'])
          return {
            name: event,
            kind: kinds.get(event) ?? 'other',
            detail,
            ...(connectionId !== undefined && {
              isAbout: ({ details }: { readonly details: JsonObject }) =>
                details['mh:con_id'] === connectionId,
            }),
          }
        }),
      }
    },
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** `syncCompleted` for `urn:com:moneyhub:events:sync-completed`: the name in Moneyhub's JSON format and documents. */
const toEventType = (urn: string): string =>
  (urn.split(':').at(-1) ?? '').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
