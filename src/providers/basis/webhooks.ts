import type { ProviderWebhooks } from '../../backend/webhooks/provider-webhooks.js'
import { isUuid } from './facts.js'

/**
 * Basis' webhook, which nobody signs: it says that there is something to read of a profile.
 *
 * @see https://basis.readme.io/docs/webhooks
 */
export const webhooks: ProviderWebhooks = {
  nameOf({ details }) {
    const id = details['profile_id']
    return typeof id === 'string' ? id : undefined
  },
  read({ topic, payload }) {
    const { profile_id: id } = Object(payload) as { readonly profile_id?: unknown }
    if (topic !== 'ledger-build-complete' || !isUuid(id)) return undefined
    return { name: id, events: [{ name: topic, kind: 'data_changed', detail: {} }] }
  },
}
