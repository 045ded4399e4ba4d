import { basis } from 'countersign/backend'
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'

const profileId = '2e7c5b1a-94f0-4c52-8b0d-3a6f1d9e7c44'

const { webhooks } = basis({
  clientId: '06914d28-f034-4d52-b048-e11024957c11',
  clientSecret: randomBytes(64).toString('base64'),
  redirectUri: 'https://app.example/callback/basis',
  environment: 'development',
  tokenEndpoint: 'https://api.example/oauth/token',
})

const body = {
  environment: 'development',
  topic: 'ledger-build-complete',
  payload: { profile_id: profileId },
}

test('Basis’ webhook is about the connection of its profile, and since nobody signs it, it says nothing else', () => {
  expect(webhooks?.signature).toBeUndefined()
  expect(webhooks?.read(body)).toEqual({
    name: profileId,
    events: [{ name: 'ledger-build-complete', kind: 'data_changed', detail: {} }],
  })
  const connection = { details: { profile_id: profileId } } as unknown as Parameters<
    NonNullable<typeof webhooks>['nameOf']
  >[0]
  expect(webhooks?.nameOf(connection)).toBe(profileId)
})

test.each([
  {},
  { ...body, topic: 'other' },
  { ...body, payload: null },
  { ...body, payload: {} },
  { ...body, payload: { profile_id: '../profiles' } },
])('%j is none', (payload) => {
  expect(webhooks?.read(payload)).toBeUndefined()
})
