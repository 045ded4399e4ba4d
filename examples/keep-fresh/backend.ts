// The backend that your web server and the job share: the same providers, keys and Redis.
import { createBackend, redisStore, stitch } from 'countersign/backend'
import { createClient } from 'redis'

const { COUNTERSIGN_KEY = '', COUNTERSIGN_SUBJECT_SECRET = '', STITCH_SECRET = '' } = process.env
const { REDIS_URL = 'redis://127.0.0.1:6379' } = process.env

export const redis = createClient({ url: REDIS_URL })
// Without a listener Node ends the process when Redis goes away.
redis.on('error', (error: Error) => {
  process.stderr.write(`${error.message}\n`)
})
await redis.connect()

export const backend = createBackend({
  origins: ['https://app.example'],
  store: redisStore(redis),
  keys: [COUNTERSIGN_KEY],
  subjectKeySecret: COUNTERSIGN_SUBJECT_SECRET,
  session: () => null, // the job has no pages; your web server gives its own session here
  log: (event) => {
    process.stdout.write(`${JSON.stringify(event)}\n`)
  },
  providers: {
    stitch: stitch({
      clientId: 'test-my-client',
      clientSecret: STITCH_SECRET,
      redirectUri: 'https://app.example/callback/stitch',
      scope: 'openid accounts balances offline_access',
      idToken: 'unverified',
    }),
  },
})
