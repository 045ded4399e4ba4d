import type { Role } from '../../options.js'
import { answer, endpointOf, oauthError } from './endpoints.js'
import { Grants, type Consent, type ProviderSecrets } from './grants.js'
import type { IdTokenFault } from './id-tokens.js'
import { serve, type Answer, type ProviderRequest } from './server.js'

/** The provider's endpoints that can be scripted. */
export type ProviderEndpoint = 'token' | 'revoke' | 'api'

/**
 * What the provider does instead of answering as usual. `drop` closes the connection and does nothing; `lose` does what was
 * asked, and closes the connection without an answer.
 */
export type ScriptedAnswer = 'drop' | 'lose' | Answer | { readonly idToken: IdTokenFault }

/** A small authorization server with ID Tokens and an API, which does what its script says. */
export class ScriptedProvider {
  readonly issuer: string
  /** Every request so far, in order. */
  readonly requests: ProviderRequest[] = []
  readonly secrets: ProviderSecrets
  private readonly grants: Grants
  private readonly answers = new Map<string, ScriptedAnswer[]>()
  private readonly delays = new Map<string, number>()
  private stop: () => Promise<void> = () => Promise.resolve()

  private constructor(port: number) {
    this.issuer = `http://127.0.0.1:${String(port)}`
    this.grants = new Grants(this.issuer)
    this.secrets = this.grants.secrets
  }

  /** Starts one on 127.0.0.1. @throws {Error} when the port is taken. */
  static async start(port: number): Promise<ScriptedProvider> {
    const provider = new ScriptedProvider(port)
    provider.stop = await serve(port, (request) => provider.receive(request))
    return provider
  }

  /** A person consents at an authorization URL: gives the code. @throws {Mismatch} when it leads elsewhere. */
  consent(authorizationUrl: string, role: Role, consent: Consent): string {
    return this.grants.consent(authorizationUrl, role, consent)
  }

  /** Requests to one endpoint. */
  to(endpoint: ProviderEndpoint): readonly ProviderRequest[] {
    return this.requests.filter(({ target }) => endpointOf(target) === endpoint)
  }

  /** Puts an answer in place of the next one that has none yet. */
  next(endpoint: ProviderEndpoint, scripted: ScriptedAnswer): void {
    this.answers.set(endpoint, [...(this.answers.get(endpoint) ?? []), scripted])
  }

  /** Keeps the next answer back for so many milliseconds. */
  delay(endpoint: ProviderEndpoint, milliseconds: number): void {
    this.delays.set(endpoint, milliseconds)
  }

  /** Forgets what {@link next} and {@link delay} left over. */
  reset(): void {
    this.answers.clear()
    this.delays.clear()
  }

  /** An error of the token endpoint, for the script. */
  error(status: number, code: string): Answer {
    return oauthError(this.issuer, this.secrets, status, code)
  }

  close(): Promise<void> {
    return this.stop()
  }

  private async receive(request: ProviderRequest): Promise<Answer | 'drop'> {
    this.requests.push(request)
    const endpoint = endpointOf(request.target)
    const scripted = this.answers.get(endpoint)?.shift()
    const wait = this.delays.get(endpoint)
    this.delays.delete(endpoint)
    if (wait !== undefined) await new Promise((resolve) => setTimeout(resolve, wait))
    if (scripted === 'drop') return scripted
    if (scripted === 'lose') {
      answer(this.issuer, this.grants, request)
      return 'drop'
    }
    if (scripted && 'status' in scripted) return scripted
    return answer(this.issuer, this.grants, request, scripted?.idToken)
  }
}
