// A process as it runs in production: it tells a wrong key at the start, tells a load balancer how it is, counts, and lets what is
// under way end before it ends itself.
import { createServer, type Server } from 'node:http'
import type { Backend } from 'countersign/backend'
import { toNodeListener } from 'countersign/backend/node'
import { observe } from './telemetry.js'

/**
 * Serves a backend on loopback, behind your proxy.
 *
 * @param closeStore Called when nothing is under way any more, such as `() => pool.end()`.
 */
export async function serve(backend: Backend, port: number, closeStore: () => unknown): Promise<Server> {
  // Rejects with the remedy for a wrong key, before a load balancer sends anybody here.
  await backend.ready
  const contract = toNodeListener(observe(backend))
  const server = createServer((incoming, outgoing) => {
    if (incoming.url === '/healthz') void answerHealth()
    else contract(incoming, outgoing)

    async function answerHealth(): Promise<void> {
      const health = await backend.health()
      outgoing.writeHead(health.ok ? 200 : 503, { 'content-type': 'application/json' })
      outgoing.end(JSON.stringify(health))
    }
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))

  let ending: Promise<void> | undefined
  async function end(): Promise<void> {
    server.close()
    // A code that is being redeemed and a refresh end up in the store; a minute is the longest that a provider may take.
    await backend.close()
    await closeStore()
    server.closeAllConnections()
  }
  // Not `once`: without a listener a second signal, which npm and process groups send, would end what is under way.
  process.on('SIGTERM', () => void (ending ??= end()))
  return server
}
