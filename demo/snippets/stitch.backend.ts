import { createBackend, memoryStore, stitch } from 'countersign/backend'
import { readFileSync } from 'node:fs'

declare function userOf(request: Request): string | null // your app's own session

export const handler: (request: Request) => Promise<Response> =
  createBackend({
    origins: ['https://app.example'],
    store: memoryStore(), // redisStore(…) for several processes
    session: (request) => {
      const subject = userOf(request)
      return subject === null ? null : { subject }
    },
    providers: {
      stitch: stitch({
        clientId: 'my-client',
        redirectUri: 'https://app.example/callback/stitch',
        scope: 'openid accounts balances offline_access',
        privateKey: readFileSync('stitch.pem', 'utf8'),
        keyId: 'my-key',
        idToken: 'unverified',
      }),
    },
  })
