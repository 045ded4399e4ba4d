import { backend, defineProvider } from 'countersign/providers'

/** Example Bank, for `createClient` in the page. */
export const examplebank = ({ clientId, issuer }: { clientId: string; issuer: string }) =>
  defineProvider({
    label: 'Example Bank',
    clientId,
    issuer,
    scope: 'openid accounts offline_access',
    authorizationEndpoint: `${issuer}/authorize`,
    api: `${issuer}/`,
    channel: backend('mediated'),
    toInput: ({ branch }: { branch: string }) => ({ branch }),
    toDetails: ({ customer }) => ({ customer: typeof customer === 'string' ? customer : '' }),
  })
