import type { WebhookEvent } from 'countersign/backend'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createScene, openBank, pennyhill, type TestBank } from './scene.js'

let bank: TestBank

beforeAll(async () => {
  bank = await openBank()
})

afterAll(() => bank.close())

/** An app with two of a person's banks, and Moneyhub's webhooks, signed by a further key of Moneyhub's. */
async function open() {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const further = { ...(await exportJWK(publicKey)), kid: 'events', alg: 'RS256', use: 'sig' }
  const scene = createScene(bank, {
    fetch: async (url, init) => {
      const response = await fetch(url, init)
      if (!url.endsWith('/oidc/certs')) return response
      const { keys } = (await response.json()) as { keys: object[] }
      return Response.json({ keys: [...keys, further] })
    },
  })
  const told: WebhookEvent[] = []
  const webhooks = scene.backend.webhooks({ onEvent: (event) => told.push(event) })
  const first = await scene.connect()
  const second = await scene.connect({ bankId: pennyhill })
  const requests = bank.requests.find('/oidc/token')
  const { sub = '' } = requests.at(-1)?.parameters ?? {}

  /** Sends an event in Moneyhub's JWT format: its header has no type, and its issuer is not that of ID Tokens. */
  async function send(event: string, detail: object, claims: object = {}): Promise<Response> {
    const jwt = await new SignJWT({
      iss: bank.origin,
      aud: bank.clientId,
      jti: crypto.randomUUID(),
      sub,
      events: { [`urn:com:moneyhub:events:${event}`]: detail },
      iat: Math.floor(Date.now() / 1000),
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'events' })
      .sign(privateKey)
    const headers = { 'content-type': 'application/jwt' }
    return webhooks(
      new Request('https://app.example/webhooks/moneyhub', { method: 'POST', headers, body: jwt }),
    )
  }
  const connectionId = (connected: typeof first) => connected.connection.details.connectionId
  return { scene, told, send, first, second, connectionId }
}

describe('Moneyhub’s webhooks', () => {
  test('in its JWT format tell of one of the person’s banks, or of all', async () => {
    const { told, send, first, second, connectionId } = await open()
    const detail = {
      connectionId: connectionId(second),
      bankName: 'Pennyhill',
      timeUntilReauthorizationInDays: 5,
    }
    expect((await send('reauth-reminder', detail)).status).toBe(202)
    expect(told).toEqual([
      {
        subject: 'robin',
        id: second.connection.id,
        provider: 'moneyhub',
        name: 'reauthReminder',
        kind: 'renewal_needed',
        verified: true,
        detail,
      },
    ])
    told.length = 0
    await send('new-transactions', { accounts: [] })
    expect(told.map(({ id, kind }) => [id, kind])).toEqual([
      [first.connection.id, 'data_changed'],
      [second.connection.id, 'data_changed'],
    ])
    told.length = 0
    await send('sync-completed', { connectionId: connectionId(first) })
    await send('payment-completed', { paymentId: 'p' })
    expect(told.map(({ name, kind }) => [name, kind])).toEqual([
      ['syncCompleted', 'synced'],
      ['paymentCompleted', 'other'],
      ['paymentCompleted', 'other'],
    ])
  })

  test.each(['constructor', 'toString', '__proto__'])(
    'called %s are of no kind that is known',
    async (name) => {
      const { told, send } = await open()
      expect((await send(name, {})).status).toBe(202)
      expect(told.map(({ kind }) => kind)).toEqual(['other', 'other'])
    },
  )

  test('of another issuer, client or person, and in the unsigned format, are told to nobody', async () => {
    const { scene, told, send } = await open()
    expect((await send('sync-completed', {}, { iss: bank.issuer })).status).toBe(400)
    expect((await send('sync-completed', {}, { aud: 'another' })).status).toBe(400)
    expect((await send('sync-completed', {}, { sub: 'somebody' })).status).toBe(202)
    const webhooks = scene.backend.webhooks({ onEvent: (event) => told.push(event) })
    const unsigned = { id: 'a', eventType: 'syncCompleted', userId: 'u', payload: {} }
    const headers = { 'content-type': 'application/json' }
    const request = new Request('https://app.example/webhooks/moneyhub', {
      method: 'POST',
      headers,
      body: JSON.stringify(unsigned),
    })
    expect((await webhooks(request)).status).toBe(415)
    expect(told).toEqual([])
  })
})
