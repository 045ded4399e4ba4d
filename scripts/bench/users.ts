// npm run bench:users: the heap of one process after requests of 1,000 and of 100,000 users, whose records lie in a store
// outside it: `node --expose-gc`.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { basis, createBackend } from 'countersign/backend'
import { remoteAddress, sqliteStore } from 'countersign/backend/node'
import { openSqlite } from '../../test/support/open-sqlite.js'

const app = 'https://app.example'
const folder = mkdtempSync(join(tmpdir(), 'countersign-users-'))
const backend = createBackend({
  origins: [app],
  store: sqliteStore(await openSqlite(join(folder, 'app.db'))),
  keys: [randomBytes(32).toString('base64url')],
  subjectKeySecret: randomBytes(32).toString('base64url'),
  session: ({ headers }) => ({
    subject: headers.get('cookie') ?? '',
    claims: {
      userEmail: 'robin@example.com',
      userName: 'Robin',
      companyEin: '12-3456789',
      companyName: 'Example',
    },
  }),
  // An address for each user, too: the worst case for what is counted by address.
  clientAddress: (request) => remoteAddress(request) ?? request.headers.get('x-real-ip') ?? undefined,
  providers: {
    basis: basis({
      clientId: '06914d28-f034-4d52-b048-e11024957c11',
      clientSecret: randomBytes(64).toString('base64'),
      redirectUri: `${app}/callback/basis`,
      authorizationEndpoint: 'http://127.0.0.1:9/authorize',
      tokenEndpoint: 'http://127.0.0.1:9/token',
    }),
  },
})

async function visit(user: number): Promise<void> {
  const address = `10.${String(user >> 16)}.${String((user >> 8) & 255)}.${String(user & 255)}`
  const { status } = await backend(
    new Request(`${app}/connect/connections`, {
      headers: { countersign: '1', cookie: `user-${String(user)}`, 'x-real-ip': address },
    }),
  )
  if (status !== 200) throw new Error(`answered ${String(status)}`)
}

for (let user = 1; user <= 100_000; user += 1) {
  await visit(user)
  if (![1000, 10_000, 100_000].includes(user)) continue
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)
  console.log(
    `${String(user).padStart(7)} users: heap ${mebibytes(heapUsed)} MiB, resident ${mebibytes(rss)} MiB`,
  )
}
rmSync(folder, { recursive: true })
