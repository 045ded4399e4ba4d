// The heap after every fifth of 100 000 requests, in a process of its own: `node --expose-gc`. Time goes by a second for
// every connection that comes and goes, so that what the store keeps for a while is given up in the end.
import { answerOf } from './upstream.js'
import { createMeasuredBackend, origin, userHeader } from './backend.js'
import { begun, disconnect, refresh, resource, type AnswerBody, type Exchange } from './exchanges.js'

const rounds = 20_000
const users = 1000
let seconds = Date.now() / 1000

const backend = await createMeasuredBackend('http://127.0.0.1:9', {
  now: () => seconds,
  fetch: (url) => Promise.resolve(Response.json(answerOf(new URL(url).pathname))),
})

async function send({ method, path, user, body }: Exchange): Promise<AnswerBody> {
  const response = await backend(
    new Request(`${origin}${path}`, {
      method,
      headers: { origin, countersign: '1', [userHeader]: user, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    }),
  )
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return (await response.json()) as AnswerBody
}

for (let round = 1; round <= rounds; round += 1) {
  const provider = round % 2 ? 'basis' : 'bff'
  const user = `user-${round % users}`
  const token = await begun(send, provider, user)
  const { connection, access_token: accessToken = '' } = await send(token)
  const connected = { id: connection?.id ?? '', user, accessToken }
  await send(provider === 'bff' ? resource(connected) : refresh(connected))
  // The page reloads and asks what there is.
  await send({ method: 'GET', path: '/connect/connections', user })
  await send(disconnect(connected))
  seconds += 1
  if (round % (rounds / 5) === 0) {
    globalThis.gc?.()
    process.send?.({ requests: round * 5, bytes: process.memoryUsage().heapUsed })
  }
}
process.disconnect()
