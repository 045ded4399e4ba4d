import { randomUUID } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { Profile } from './moneyhub-profiles.js'

/** What {@link createWebhooks} needs. */
export interface WebhookSettings {
  /** Where events go. @defaultValue none is sent */
  readonly url: string | undefined
  /** The origin of the identity service, which is not the issuer of ID Tokens. */
  readonly issuer: string
  readonly clientId: string
  /** Signs an event with the key of ID Tokens. */
  readonly sign: (claims: JWTPayload) => Promise<string>
}

/** Tells the partner what becomes of connections. */
export interface Webhooks {
  /** `syncCompleted` for each connection whose data were not there before. */
  readonly synced: (profile: Profile) => void
  /** `reauthReminder` for each connection. */
  readonly remind: (profile: Profile, days: number) => void
}

/**
 * Moneyhub's webhooks in the JWT format (RFC 8417). Nobody waits for them, and one that does not arrive is lost.
 *
 * @see https://docs.moneyhubenterprise.com/docs/webhook-format
 */
export function createWebhooks({ url, issuer, clientId, sign }: WebhookSettings): Webhooks {
  const told = new Set<string>()

  async function send(sub: string, event: string, detail: object): Promise<void> {
    if (url === undefined) return
    const iat = Math.floor(Date.now() / 1000)
    const events = { [`urn:com:moneyhub:events:${event}`]: detail }
    const body = await sign({ iss: issuer, aud: clientId, sub, jti: randomUUID(), iat, events })
    await fetch(url, { method: 'POST', headers: { 'content-type': 'application/jwt' }, body })
  }

  const begin = (...event: Parameters<typeof send>): void => {
    send(...event).catch(() => undefined)
  }

  return {
    synced({ userId, connections }) {
      for (const { id, lastUpdated, institution } of connections.values()) {
        const sync = `${id} ${lastUpdated}`
        if (told.has(sync)) continue
        told.add(sync)
        begin(userId, 'sync-completed', { connectionId: id, bankName: institution.name, status: 'completed' })
      }
    },
    remind({ userId, connections }, timeUntilReauthorizationInDays) {
      for (const { id, institution } of connections.values())
        begin(userId, 'reauth-reminder', {
          connectionId: id,
          bankName: institution.name,
          timeUntilReauthorizationInDays,
        })
    },
  }
}
