import { expect, test, vi } from 'vitest'

test('keeps the advice of oidc-provider, and nothing else, off the console', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  await import('../../../demo/banks/oidc-provider.js')
  console.warn('oidc-provider WARNING: a quick start')
  console.info('oidc-provider NOTICE: you SHOULD')
  console.warn('Something is wrong.')
  expect(warn.mock.calls).toEqual([['Something is wrong.']])
})
