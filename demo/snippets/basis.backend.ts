import { createBackend, memoryStore, basis } from 'countersign/backend'

declare function userOf(request: Request): string | null // your app's own session

export const handler: (request: Request) => Promise<Response> =
  createBackend({
    origins: ['https://app.example'],
    store: memoryStore(), // redisStore(…) for several processes
    session: (request) => {
      const subject = userOf(request)
      return subject === null
        ? null
        : {
            subject,
            claims: {
              userEmail: 'ada@example.com',
              userName: 'Ada',
              companyEin: '12-3456789',
              companyName: 'Acme, LLC',
            },
          }
    },
    providers: {
      basis: basis({
        clientId: 'my-client',
        redirectUri: 'https://app.example/callback/basis',
        clientSecret: process.env['BASIS_CLIENT_SECRET'] ?? '',
        tokenEndpoint: 'https://api.usebasis.co/oauth/token',
      }),
    },
  })
