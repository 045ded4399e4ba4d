import {
  createBackend,
  memoryStore,
  moneyhub,
} from 'countersign/backend'
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
      moneyhub: moneyhub({
        clientId: 'my-client',
        redirectUri: 'https://app.example/callback/moneyhub',
        privateKey: readFileSync('moneyhub.pem', 'utf8'),
        keyId: 'my-key',
      }),
    },
  })
