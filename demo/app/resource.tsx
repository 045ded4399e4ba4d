import { CountersignError } from 'countersign'
import { useEffect, useInsertionEffect, useRef, useState, type ReactNode } from 'react'

type Loaded<T> =
  | { readonly status: 'loading' }
  | { readonly status: 'loaded'; readonly value: T }
  | { readonly status: 'failed'; readonly message: string }

/** Shows what `load` brings; the present one runs again when `id` changes, which names what it is about. */
export function Resource<T>({
  id,
  load,
  children,
}: {
  id: string
  load: () => Promise<T>
  children: (value: T) => ReactNode
}) {
  const [state, setState] = useState<Loaded<T>>({ status: 'loading' })
  const [attempt, setAttempt] = useState(0)
  const present = useRef(load)
  useInsertionEffect(() => {
    present.current = load
  })
  useEffect(() => {
    let wanted = true
    present.current().then(
      (value) => {
        if (wanted) setState({ status: 'loaded', value })
      },
      (error: unknown) => {
        const message =
          error instanceof CountersignError ? error.message : 'The bank did not answer as expected.'
        if (wanted) setState({ status: 'failed', message })
      },
    )
    return () => {
      wanted = false
    }
  }, [id, attempt])
  if (state.status === 'loading') return <p className="loading">Fetching…</p>
  if (state.status === 'loaded') return <>{children(state.value)}</>
  return (
    <div className="problem">
      <p>{state.message}</p>
      <button
        type="button"
        onClick={() => {
          setState({ status: 'loading' })
          setAttempt(attempt + 1)
        }}
      >
        Fetch again
      </button>
    </div>
  )
}

/** One account of any bank. */
export interface Account {
  readonly id: string
  readonly name: string
  readonly number: string
  /** Already written out with its currency. */
  readonly balance: string | undefined
}

/** A table of accounts. */
export function Accounts({ accounts, caption }: { accounts: readonly Account[]; caption: string }) {
  return (
    <table>
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Account</th>
          <th scope="col" className="number">
            Balance
          </th>
        </tr>
      </thead>
      <tbody>
        {accounts.map(({ id, name, number, balance }) => (
          <tr key={id}>
            <th scope="row">
              {name} <small>{number}</small>
            </th>
            <td className="number">{balance ?? 'not shared'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** An amount as people write it. */
export const money = (amount: number, currency: string): string =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).format(amount)
