// The contract for the provider that `countersign check-backend --settings` prints. Replace both, and `session`, with yours.
import { createApp } from './app.js'
import { oauthProvider } from './provider.js'

const {
  PORT = '3000',
  APP_ORIGIN = 'http://localhost:3000',
  PROVIDER = 'http://127.0.0.1:4680',
  CLIENT_ID = 'check',
  CLIENT_SECRET,
} = process.env
if (!CLIENT_SECRET)
  throw new Error('CLIENT_SECRET is missing: set it to the secret of this client at the provider.')

const provider = (name, mode, scope = 'accounts payments') =>
  oauthProvider({
    mode,
    issuer: PROVIDER,
    authorizationEndpoint: `${PROVIDER}/authorize`,
    tokenEndpoint: `${PROVIDER}/token`,
    revocationEndpoint: `${PROVIDER}/revoke`,
    jwksUri: `${PROVIDER}/jwks`,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    redirectUri: `${APP_ORIGIN}/callback/${name}`,
    scope,
    api: `${PROVIDER}/api/`,
    resources: [
      { method: 'GET', path: 'accounts', query: ['limit'] },
      { method: 'GET', path: 'accounts/{accountId}' },
      { method: 'GET', path: '{customerId}/transactions' },
      { method: 'POST', path: 'payments' },
    ],
  })

const app = createApp({
  origins: [APP_ORIGIN],
  // Stands for your app's own session. Anybody can write this cookie, so it is for trying out and for nothing else.
  session: (req) => /\bsession=(\w+)/.exec(req.get('cookie') ?? '')?.[1],
  providers: {
    check: provider('check', 'mediated'),
    'check-bff': provider('check-bff', 'bff'),
    'check-openid': provider('check-openid', 'mediated', 'openid accounts payments'),
  },
})

app.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`The contract is served at http://localhost:${PORT}/connect`)
})
