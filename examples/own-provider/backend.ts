import { defineBackendProvider, oauthClient } from 'countersign/backend'

/** Example Bank, for `createBackend` on the server. */
export const examplebank = (options: {
  clientId: string
  clientSecret: string
  issuer: string
  redirectUri: string
}) =>
  defineBackendProvider({
    label: 'Example Bank',
    mode: 'mediated',
    redirectUri: options.redirectUri,
    scope: 'openid accounts offline_access',
    client: oauthClient({
      clientId: options.clientId,
      clientSecret: options.clientSecret,
      issuer: options.issuer,
      extraMembers: ['customer'], // of its token response
    }),
    input: { branch: (name) => typeof name === 'string' && /^[a-z]{2,20}$/.test(name) },
    toParameters: ({ input }) => ({ branch: input['branch'] as string }),
    toGrant(tokens) {
      const { customer } = tokens.extra
      const details = typeof customer === 'string' ? { customer } : {}
      return { tokens, sub: tokens.claims?.sub, details }
    },
  })
