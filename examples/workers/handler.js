import { createBackend, stitch } from 'countersign/backend'

/**
 * @param {Record<string, string>} env Secrets and variables of the Worker.
 * @param {import('countersign/backend').Store} store
 */
export function createHandler(env, store) {
  return createBackend({
    origins: [env.APP_ORIGIN],
    keys: [env.COUNTERSIGN_KEY], // wrangler secret put COUNTERSIGN_KEY, with what `openssl rand -base64 32` prints
    subjectKeySecret: env.COUNTERSIGN_SUBJECT_SECRET, // likewise, and never changed
    store,
    // Stands for your app's own session. Anybody can write this cookie, so it is for trying out and for nothing else.
    session: ({ headers }) => {
      const subject = /\bsession=(\w+)/.exec(headers.get('cookie') ?? '')?.[1]
      return subject === undefined ? null : { subject }
    },
    clientAddress: ({ headers }) => headers.get('cf-connecting-ip') ?? undefined,
    providers: {
      stitch: stitch({
        clientId: env.STITCH_CLIENT_ID,
        clientSecret: env.STITCH_SECRET,
        redirectUri: `${env.APP_ORIGIN}/callback/stitch`,
        scope: 'openid accounts balances offline_access',
        idToken: 'unverified',
      }),
    },
  })
}
