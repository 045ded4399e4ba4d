import { singleUser, type ClientOptions } from 'countersign'
import { oidc, stitch } from 'countersign/providers'

/** What the app gives `createClient`, in a module of its own, so that tests can give it `fakeBank`. */
export const bankOptions = {
  subject: singleUser,
  backend: '/connect',
  providers: {
    stitch: stitch({ clientId: 'test-18fbd892', scope: 'openid accounts offline_access' }),
    giro: oidc({
      issuer: 'https://login.giro.example',
      clientId: 'my-client',
      scope: 'openid accounts',
      api: 'https://api.giro.example/v1/',
    }),
  },
} satisfies ClientOptions
