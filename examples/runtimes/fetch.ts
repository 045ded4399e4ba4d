// Cloudflare Workers (with nodejs_compat, for process.env), `deno serve fetch.ts`, `bun fetch.ts`.
import { handler } from './handler.js'

export default { fetch: handler } satisfies { fetch(request: Request): Promise<Response> }
