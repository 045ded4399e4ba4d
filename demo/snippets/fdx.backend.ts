import { createBackend, memoryStore, fdx } from 'countersign/backend'
import { mtlsFetch } from 'countersign/backend/node'
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
      fdx: fdx({
        clientId: 'my-client',
        redirectUri: 'https://app.example/callback/fdx',
        issuer: 'https://data-provider.example',
        api: 'https://api.data-provider.example/fdx/',
        scope: 'ACCOUNT_BASIC READ_CONSENTS UPDATE_CONSENTS',
        fetch: mtlsFetch({
          cert: readFileSync('client.crt'),
          key: readFileSync('client.key'),
        }),
        consents: {
          budget: {
            durationType: 'TIME_BOUND',
            durationPeriod: 365,
            resources: [
              {
                resourceType: 'ACCOUNT',
                dataClusters: ['ACCOUNT_BASIC', 'ACCOUNT_DETAILED'],
              },
            ],
          },
        },
        routes: [{ method: 'GET', path: '/accounts' }],
      }),
    },
  })
