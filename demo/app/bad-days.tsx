import type { TokensState } from 'countersign'
import { useState } from 'react'
import type { ProviderName } from './bank.js'

/** What a bank can be told to do the next time, with the words of its control endpoint. */
export interface Wish {
  readonly label: string
  readonly behaviour: object
}

/** What any bank can be told. */
const common: readonly Wish[] = [
  { label: 'Refuse, whatever is pressed', behaviour: { outcome: 'deny' } },
  { label: 'Say it is temporarily unavailable', behaviour: { error: 'temporarily_unavailable' } },
  { label: 'Lose the answer of the token endpoint', behaviour: { token: 'broken-reply' } },
  { label: 'Issue a token that expires at once', behaviour: { accessTokenSeconds: 1 } },
  { label: 'No longer accept the refresh token', behaviour: { refresh: { error: 'invalid_grant' } } },
]

/** What {@link BadDays} takes. */
export interface BadDaysProps {
  readonly name: ProviderName
  readonly title: string
  /** What only this bank can be told. */
  readonly wishes?: readonly Wish[] | undefined
  readonly tokens: TokensState
}

/** Lets a person try what happens when things go wrong. */
export function BadDays({ name, title, wishes: own = [], tokens }: BadDaysProps) {
  const wishes = [...common, ...own]
  const [told, setTold] = useState('')
  async function tell(index: number) {
    const wish = wishes[index]
    if (!wish) return
    await fetch(`/banks/${name}/next`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(wish.behaviour),
    })
    setTold(`The bank will: ${wish.label.toLowerCase()}.`)
  }
  return (
    <details>
      <summary>Try a bad day</summary>
      <label>
        The next time, the bank should
        <select
          aria-label={`The next time, the bank should (${title})`}
          value=""
          onChange={(event) => void tell(Number(event.target.value))}
        >
          <option value="" disabled>
            Choose…
          </option>
          {wishes.map(({ label }, index) => (
            <option key={label} value={index}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <output>{told}</output>
      {tokens.status === 'connected' && 'getAccessToken' in tokens && (
        <TenCallers getAccessToken={tokens.getAccessToken} />
      )}
    </details>
  )
}

/** Ten callers at the same moment; they all get the same token. */
function TenCallers({ getAccessToken }: { getAccessToken: () => Promise<string> }) {
  const [result, setResult] = useState('')
  async function ask() {
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => getAccessToken()))
    const tokens = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    setResult(`${String(tokens.length)} callers got a token, ${String(new Set(tokens).size)} different.`)
  }
  return (
    <p className="actions">
      <button type="button" className="quiet" onClick={() => void ask()}>
        Ask for the token ten times at once
      </button>
      <output>{result}</output>
    </p>
  )
}
