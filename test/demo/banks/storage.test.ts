import { expect, test } from 'vitest'
import { createStorage } from '../../../demo/banks/storage.js'

test('keeps models apart', async () => {
  const { adapter } = createStorage()
  await adapter('AccessToken').upsert('id', { kind: 'AccessToken' })
  expect(await adapter('AccessToken').find('id')).toEqual({ kind: 'AccessToken' })
  expect(await adapter('RefreshToken').find('id')).toBeUndefined()
})

test('remembers when something was consumed, and forgets what was destroyed', async () => {
  const codes = createStorage().adapter('AuthorizationCode')
  await codes.upsert('id', {})
  await codes.consume('id')
  expect(await codes.find('id')).toEqual({ consumed: expect.any(Number) as number })
  await codes.destroy('id')
  expect(await codes.find('id')).toBeUndefined()
})

test('finds a session by its uid', async () => {
  const sessions = createStorage().adapter('Session')
  await sessions.upsert('one', { uid: 'a' })
  await sessions.upsert('two', { uid: 'b' })
  expect(await sessions.findByUid('b')).toEqual({ uid: 'b' })
})

test('revokes everything of a grant, of whatever model, and nothing else', async () => {
  const { adapter } = createStorage()
  await adapter('AccessToken').upsert('a', { grantId: 'grant' })
  await adapter('RefreshToken').upsert('r', { grantId: 'grant' })
  await adapter('RefreshToken').upsert('other', { grantId: 'another' })
  await adapter('AccessToken').revokeByGrantId('grant')
  expect(await adapter('AccessToken').find('a')).toBeUndefined()
  expect(await adapter('RefreshToken').find('r')).toBeUndefined()
  expect(await adapter('RefreshToken').find('other')).toBeDefined()
})

test('forgets one model when told to', async () => {
  const { adapter, forget } = createStorage()
  await adapter('AccessToken').upsert('id', {})
  await adapter('Grant').upsert('id', {})
  forget('AccessToken')
  expect(await adapter('AccessToken').find('id')).toBeUndefined()
  expect(await adapter('Grant').find('id')).toBeDefined()
})
