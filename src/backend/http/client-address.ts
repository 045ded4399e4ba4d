/** The other end of the socket, of requests that came by Node's listener. */
const socketAddresses = new WeakMap<Request, string>()

/** Notes where a request has come from. */
export function noteSocketAddress(request: Request, address: string): void {
  socketAddresses.set(request, address)
}

/** The other end of the request's socket; `undefined` for a request that Node's listener has not made. */
export const socketAddress = (request: Request): string | undefined => socketAddresses.get(request)

/** Headers by which proxies say that they are there. */
const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']

/** Addresses of machines beside this one: RFC 1918, RFC 4193, RFC 3927, RFC 6598, loopback. */
const nearby =
  /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd][\da-f]{2}:|fe80:)/i

/**
 * The client's address where nobody has said how to find it: the socket's, unless that is a proxy's. All clients would share
 * that one, and be stopped together. A client that pretends to be a proxy has no address, and so shares
 * what those without one may ask.
 */
export function directAddress(request: Request): string | undefined {
  const address = socketAddress(request)
  const isProxy =
    address === undefined ||
    nearby.test(address.replace(/^::ffff:/i, '')) ||
    proxyHeaders.some((name) => request.headers.has(name))
  return isProxy ? undefined : address
}

/** Stands for the address of requests that have none. */
export const unknownAddress = 'unknown'

/** The part of an address that is counted: of IPv6 the /64 network, because one client has all of its addresses. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const url = `http://[${address}]`
  if (!URL.canParse(url)) return address.slice(0, 64)
  const [head = '', tail] = new URL(url).hostname.slice(1, -1).split('::')
  const groups = head.split(':').filter(Boolean)
  const zeros = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length
  const whole = [...groups, ...Array<string>(zeros).fill('0'), ...(tail?.split(':') ?? [])]
  return `${whole.slice(0, 4).join(':')}::/64`
}
