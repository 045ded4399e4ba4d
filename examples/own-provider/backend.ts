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
    input: { branch: /^[a-z]{2,20}$/ },
    toParameters: ({ input }) => ({ branch: String(input['branch'] ?? 'main') }),
    toGrant: (tokens) => ({
      tokens,
      sub: tokens.claims?.sub,
      details: { customer: String(tokens.extra['customer']) },
    }),
  })
