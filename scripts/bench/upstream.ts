import { randomBytes } from 'node:crypto'

/** What the provider answers at a path: new tokens, or the person's profile. */
export function answerOf(path: string): object {
  if (path.startsWith('/api/')) return { id: 'profile-1', accounts: Array.from({ length: 5 }, account) }
  return {
    access_token: randomBytes(24).toString('base64url'),
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: randomBytes(24).toString('base64url'),
    profile_id: 'profile-1',
  }
}

const account = (_: unknown, index: number): object => ({
  id: `account-${index}`,
  name: 'Business checking',
  currency: 'USD',
  balance: 123_456.78,
})
