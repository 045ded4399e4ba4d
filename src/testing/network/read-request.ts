import type { ServerRequest } from '../servers/http.js'

/** Reads what `fetch` is given, whatever its form. @param base the address of the page */
export async function readRequest(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  { base, certificate = false }: { readonly base: string; readonly certificate?: boolean },
): Promise<ServerRequest> {
  const given = typeof input === 'string' || input instanceof URL ? undefined : input
  const headers = new Headers(init?.headers ?? given?.headers)
  const { body = null } = init ?? {}
  if (body instanceof URLSearchParams && !headers.has('content-type'))
    headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8')
  return {
    method: (init?.method ?? given?.method ?? 'GET').toUpperCase(),
    url: new URL(typeof input === 'string' || input instanceof URL ? input : input.url, base),
    headers,
    body: await (typeof body === 'string' || body instanceof URLSearchParams
      ? String(body)
      : body === null
        ? (given?.text() ?? '')
        : new Response(body).text()),
    certificate,
  }
}
