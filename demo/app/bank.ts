import { createClient } from 'countersign'
import { inspect } from 'countersign/devtools'
import { at } from './base.js'
import { readConfiguration } from './configuration.js'
import { createProviders } from './providers.js'
import { findUser, onUserChanged, readUser } from './session.js'

const configuration = readConfiguration()
const { basePath, fake } = configuration

/** The demo's client: made before anything renders, because it takes the response out of the address bar. */
export const bank = createClient({
  backend: at('/connect'),
  ...(basePath !== '' && { basePath }),
  // What is connected at the fake banks and what is connected at the others stay apart.
  ...(fake !== false && { namespace: 'fake' }),
  // The page asks; until the answer is here, nothing says that nobody is signed in.
  subject: readUser().then((user) => user?.id ?? null),
  providers: createProviders(configuration),
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
