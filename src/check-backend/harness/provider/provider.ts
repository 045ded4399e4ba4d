import { answer, endpointOf, oauthError } from './endpoints.js'
import { createGrants, type Grants } from './grants.js'
import { createScript, type ProviderEndpoint, type Script } from './script.js'
import { serve, type ProviderRequest } from './server.js'

/** A small authorization server with an API, which does what its script says. */
export interface ScriptedProvider
  extends Pick<Grants, 'secrets' | 'consent'>, Pick<Script, 'next' | 'delay' | 'reset'> {
  readonly issuer: string
  readonly requests: readonly ProviderRequest[]
  /** Requests to one endpoint. */
  readonly to: (endpoint: ProviderEndpoint) => readonly ProviderRequest[]
  /** Has the next answer of the token endpoint be an error of OAuth. */
  readonly refuse: (status: number, error: string) => void
  readonly close: () => Promise<void>
}

/** Starts the provider on 127.0.0.1. @throws {Error} when the port is taken. */
export async function startProvider(port: number): Promise<ScriptedProvider> {
  const issuer = `http://127.0.0.1:${String(port)}`
  const requests: ProviderRequest[] = []
  const grants = createGrants(issuer)
  const { next, delay, reset, take } = createScript()
  const close = await serve(port, async (request) => {
    requests.push(request)
    return (await take(endpointOf(request.target))) ?? answer(issuer, grants, request)
  })
  return {
    issuer,
    requests,
    secrets: grants.secrets,
    consent: grants.consent,
    to: (endpoint) => requests.filter(({ target }) => endpointOf(target) === endpoint),
    next,
    refuse: (status, error) => {
      next('token', oauthError(issuer, grants.secrets, status, error))
    },
    delay,
    reset,
    close,
  }
}
