/** The part of a provider that says to whom tokens may go. */
interface Parties {
  readonly issuer?: string | undefined
  readonly clientId: string
  readonly api?: string | undefined
}

/** Issuer, client id and the origin of the API as one text: what the tokens of a connection are bound to. */
export const bindingOf = ({ issuer, clientId, api }: Parties): string =>
  JSON.stringify([issuer ?? null, clientId, originOf(api)])

/**
 * True when what was stored under a binding may be used with a provider. A name in `providers` may stand for another server,
 * client or API by now, and in another app at the same origin.
 *
 * @param binding Absent where an older version stored it: then it is the provider's, and gets a binding when it is written
 * again. So an upgrade ends no connection.
 */
export function isBoundTo(binding: string | undefined, provider: Parties): boolean {
  if (binding === undefined) return true
  const stored = parse(binding)
  const [issuer, clientId, api] = parse(bindingOf(provider))
  // An app that names its API only now has not sent the token to another one.
  const isSameApi = stored[2] === null || api === null || originOf(stored[2]) === api
  return stored[0] === issuer && stored[1] === clientId && isSameApi
}

/** True when two bindings are the same. An older version wrote the whole URL of the API. */
export const isSameBinding = (a: string, b: string): boolean => normalize(a) === normalize(b)

function normalize(binding: string): string {
  const [issuer, clientId, api] = parse(binding)
  return JSON.stringify([issuer, clientId, originOf(api)])
}

/** Other scripts may have written it. */
function parse(binding: unknown): readonly [issuer: unknown, clientId: unknown, api: unknown] {
  try {
    const [issuer = null, clientId = null, api = null] = JSON.parse(String(binding)) as unknown[]
    return [issuer, clientId, api]
  } catch {
    return [undefined, undefined, undefined]
  }
}

function originOf(url: unknown): string | null {
  try {
    return new URL(String(url)).origin
  } catch {
    return null
  }
}
