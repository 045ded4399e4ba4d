// Fastify 5: `await app.listen({ port: 3000 })`. The contract is a plugin of its own, in which Fastify parses no bodies.
import { toNodeListener } from 'countersign/backend/node'
import fastify from 'fastify'
import { handler } from './handler.js'

export const app = fastify()

const listener = toNodeListener(handler)

await app.register((contract, _options, done) => {
  contract.removeAllContentTypeParsers()
  // The backend reads the body itself, and refuses what is too large or not JSON with the contract's own errors.
  contract.addContentTypeParser('*', (_request, _body, parsed) => {
    parsed(null)
  })
  contract.all('/connect/*', (request, reply) => {
    reply.hijack()
    listener(request.raw, reply.raw)
  })
  done()
})
