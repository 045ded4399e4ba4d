/** The provider's endpoints. */
export type ProviderEndpoint = 'token' | 'revoke' | 'api'

/** An answer of the provider; `drop` closes the connection without one. */
export type ScriptedAnswer =
  | 'drop'
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string | Uint8Array
    }

/** Answers that the check puts in place of the provider's own. */
export interface Script {
  /** Puts an answer in place of the next one that has none yet. */
  readonly next: (endpoint: ProviderEndpoint, answer: ScriptedAnswer) => void
  /** Keeps the next answer back for so many milliseconds. */
  readonly delay: (endpoint: ProviderEndpoint, milliseconds: number) => void
  /** Forgets what {@link next} and {@link delay} left over. */
  readonly reset: () => void
  /** The scripted answer to a request, when its delay is over; `undefined` where there is none. */
  readonly take: (endpoint: string) => Promise<ScriptedAnswer | undefined>
}

/** An answer in JSON. */
export const json = (
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): ScriptedAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

/** Starts with an empty script. */
export function createScript(): Script {
  const answers = new Map<string, ScriptedAnswer[]>()
  const delays = new Map<string, number>()
  return {
    next(endpoint, answer) {
      answers.set(endpoint, [...(answers.get(endpoint) ?? []), answer])
    },
    delay(endpoint, milliseconds) {
      delays.set(endpoint, milliseconds)
    },
    reset() {
      answers.clear()
      delays.clear()
    },
    async take(endpoint) {
      const answer = answers.get(endpoint)?.shift()
      const wait = delays.get(endpoint)
      delays.delete(endpoint)
      if (wait !== undefined) await new Promise((resolve) => setTimeout(resolve, wait))
      return answer
    },
  }
}
