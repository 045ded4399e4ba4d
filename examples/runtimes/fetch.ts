// Cloudflare Workers (with nodejs_compat, for process.env), `deno serve --allow-env --allow-net fetch.ts`, `bun fetch.ts`.
// Deno wants the name of the file as it is.
import { handler } from './handler.ts'

export default { fetch: handler } satisfies { fetch(request: Request): Promise<Response> }
