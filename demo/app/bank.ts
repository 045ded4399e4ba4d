import { createClient } from 'countersign'
import { inspect } from 'countersign/devtools'
import { apiture, basis, fdx, moneyhub, oidc, stitch } from 'countersign/providers'
import { readConfiguration } from './configuration.js'
import { findUser, onUserChanged, readUser } from './session.js'

const configuration = readConfiguration()
const { list: _list, ...moneyhubOptions } = configuration.moneyhub

/** The demo's client: made before anything renders, because it takes the response out of the address bar. */
export const bank = createClient({
  backend: '/connect',
  // The page asks; until the answer is here, nothing says that nobody is signed in.
  subject: readUser().then((user) => user?.id ?? null),
  providers: {
    apiture: apiture(configuration.apiture),
    basis: basis(configuration.basis),
    fdx: fdx(configuration.fdx),
    moneyhub: moneyhub(moneyhubOptions),
    moneyhubOnce: moneyhub({ ...moneyhubOptions, useCase: 'one-time' }),
    openid: oidc(configuration.openid),
    stitch: stitch(configuration.stitch),
  },
})

// At once: the page may be redeeming a code before anything renders.
inspect(bank)

onUserChanged((user) => {
  bank.setSubject(user?.id ?? null)
})
addEventListener('focus', () => {
  if (bank.connections.get().status === 'sign_in_required') void findUser()
})

declare module 'countersign' {
  interface Register {
    client: typeof bank
  }
}

/** The names of the demo's providers. */
export type ProviderName = keyof typeof bank.providers
