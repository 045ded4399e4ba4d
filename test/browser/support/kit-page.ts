// The kit where stories and Vitest's browser mode run it: in a page of a real browser, without Node.
import { singleUser, type ClientOptions } from 'countersign'
import { basis, fdx, moneyhub, oidc, stitch } from 'countersign/providers'
import { fakeBank } from 'countersign/testing'

const options = {
  subject: singleUser,
  backend: '/connect',
  providers: {
    browser: oidc({
      issuer: 'https://as.example',
      clientId: 'a',
      scope: 'openid accounts',
      dpop: true,
      par: true,
      api: 'https://as.example/v1',
    }),
    stitch: stitch({ clientId: 'b', scope: 'openid accounts' }),
    basis: basis({ clientId: '06914d28-f034-4d52-b048-e11024957c11', environment: 'development' }),
    moneyhub: moneyhub({ clientId: 'c' }),
    fdx: fdx({ clientId: 'd', issuer: 'https://bank.example/fdx', scope: 'READ_CONSENTS ACCOUNT_BASIC' }),
  },
} satisfies ClientOptions

async function run(): Promise<string> {
  const bank = fakeBank({ ...options, connected: { stitch: {}, basis: {}, moneyhub: {}, fdx: {} } })
  bank.client.authorization('browser').authorize()
  await bank.approve('browser')
  const tokens = bank.client.tokens('browser').get()
  if (tokens.status !== 'connected') return tokens.status
  const response = await tokens.fetch('accounts')
  const list = bank.client.connections.get()
  const providers = list.status === 'ready' ? list.connections.map(({ provider }) => provider) : [list.status]
  bank.close()
  return JSON.stringify([response.status, providers])
}

document.title = await run().catch(String)
