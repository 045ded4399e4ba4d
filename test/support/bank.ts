import { singleUser, type ClientOptions } from 'countersign'
import { oidc } from 'countersign/providers'
import { fakeBank, type FakeBank, type FakeBankOptions } from 'countersign/testing'

const common = { issuer: 'https://as.example', clientId: 'client-1', scope: 'openid accounts offline_access' }
const authorizationEndpoint = 'https://mediated.example/authorize'

/** An app with one bank of its own and one through its backend. */
const options = {
  subject: singleUser,
  backend: '/connect',
  providers: {
    bank: oidc({ ...common, api: 'https://as.example/api/v1' }),
    mediated: oidc({
      ...common,
      issuer: 'https://mediated.example',
      authorizationEndpoint,
      mode: 'mediated',
    }),
  },
} satisfies ClientOptions

type Providers = (typeof options)['providers']

/** The app's banks. */
export const openBank = (more: Partial<FakeBankOptions<Providers>> = {}): FakeBank<Providers> =>
  fakeBank({ ...options, ...more })

/** The same, for somebody who has pressed "Connect". */
export function openVisit(more?: Partial<FakeBankOptions<Providers>>): FakeBank<Providers> {
  const bank = openBank(more)
  bank.client.authorization('bank', { returnTo: '/accounts' }).authorize()
  return bank
}
