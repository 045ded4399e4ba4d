// Cloudflare Workers. The backend is made once in each instance, when the first request brings its bindings.
import { createHandler } from './handler.js'
import { durableObjectStore } from './durable-object-store.js'

export { CountersignRecord } from './durable-object-store.js'

/** @type {ReturnType<typeof createHandler> | undefined} */
let handler

export default {
  /**
   * @param {Request} request
   * @param {Record<string, any>} env
   */
  fetch(request, env) {
    handler ??= createHandler(env, durableObjectStore(env.COUNTERSIGN))
    return handler(request)
  },
}
