import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { CheckOptions } from '../../../src/check-backend/options.js'

/** The origin of the app whose backend is checked. */
export const app = 'https://app.example'

/** A port that nobody listens on at this moment. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Options of the check but for the base URL: two users, all levels and tiers. */
export async function checkOptions(
  changes: Partial<CheckOptions> = {},
): Promise<Omit<CheckOptions, 'baseUrl'>> {
  return {
    origin: app,
    level: 2,
    tier: 'all',
    providers: { mediated: 'check', bff: 'check-bff', openid: 'check-openid' },
    redirectUri: `${app}/callback/{provider}`,
    providerPort: await freePort(),
    sessions: { user: { cookie: 'session=robin' }, other: { cookie: 'session=kim' } },
    rateLimit: false,
    ...changes,
  }
}
