// The backend itself: one function from Request to Response, the same in every runtime. It stands for the provider that
// `countersign check-backend --settings` prints; replace that, `session` and `store` with yours.
import { createBackend, memoryStore, oidc } from 'countersign/backend'

const {
  APP_ORIGIN = 'http://localhost:3000',
  PROVIDER = 'http://127.0.0.1:4680',
  CLIENT_ID = 'check',
  CLIENT_SECRET,
  RATE_LIMIT,
} = process.env
if (!CLIENT_SECRET)
  throw new Error('CLIENT_SECRET is missing: set it to the secret of this client at the provider.')

const provider = (name: string, mode: 'mediated' | 'bff', scope = 'accounts payments') =>
  oidc({
    mode,
    issuer: PROVIDER,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    redirectUri: `${APP_ORIGIN}/callback/${name}`,
    scope,
    ...(mode === 'bff' && {
      api: `${PROVIDER}/api/`,
      routes: [
        { method: 'GET', path: '/accounts', query: ['limit'] },
        { method: 'GET', path: '/accounts/{accountId}' },
        { method: 'GET', path: '/{customerId}/transactions' },
        { method: 'POST', path: '/payments' },
      ],
    }),
  })

export const handler = createBackend({
  origins: [APP_ORIGIN],
  // For one process. Where there are several, as in every serverless runtime, they need one store: redisStore, or your own.
  store: memoryStore(),
  // Stands for your app's own session. Anybody can write this cookie, so it is for trying out and for nothing else.
  session: ({ headers }) => {
    const subject = /\bsession=(\w+)/.exec(headers.get('cookie') ?? '')?.[1]
    return subject === undefined ? null : { subject }
  },
  providers: {
    check: provider('check', 'mediated'),
    'check-bff': provider('check-bff', 'bff'),
    'check-openid': provider('check-openid', 'mediated', 'openid accounts payments'),
  },
  ...(RATE_LIMIT === 'off' && { rateLimit: 'off' }),
})
