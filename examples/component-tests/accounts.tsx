import { useAuthorizationCallback, useAuthorize, useConnection } from 'countersign'
import { useEffect, useState } from 'react'

const query = JSON.stringify({ query: '{ user { bankAccounts { id name } } }' })

/** Connects Stitch, and lists the accounts. */
export function Accounts() {
  const stitch = useConnection('stitch')
  switch (stitch.status) {
    case 'restoring':
      return <p>One moment…</p>
    case 'connected':
      return (
        <>
          <List load={stitch.fetch} />
          <button onClick={() => void stitch.disconnect()}>Disconnect</button>
        </>
      )
    case 'reauthorization_required':
      return <Connect label="Connect Stitch again" />
    case 'disconnected':
    case 'failed':
    case 'sign_in_required':
      return <Connect label="Connect Stitch" />
  }
}

function Connect({ label }: { readonly label: string }) {
  const { authorize, error } = useAuthorize('stitch')
  const callback = useAuthorizationCallback()
  return (
    <>
      {callback.status === 'cancelled' && <p>Nothing was connected.</p>}
      {(callback.status === 'denied' || callback.status === 'failed') && (
        <p role="alert">That did not work: {callback.error.code}</p>
      )}
      {error && <p role="alert">Stitch cannot be reached: {error.code}</p>}
      {callback.status === 'pending' ? <p>Connecting…</p> : <button onClick={authorize}>{label}</button>}
    </>
  )
}

interface Account {
  readonly id: string
  readonly name: string
}

function List({ load }: { readonly load: (path: string, init: RequestInit) => Promise<Response> }) {
  const [accounts, setAccounts] = useState<readonly Account[]>([])
  useEffect(() => {
    const headers = { 'content-type': 'application/json' }
    const loading = load('/graphql', { method: 'POST', headers, body: query })
    void loading.then(async (response) => {
      const { data } = (await response.json()) as { data: { user: { bankAccounts: Account[] } } }
      setAccounts(data.user.bankAccounts)
    })
  }, [load])
  return (
    <ul>
      {accounts.map(({ id, name }) => (
        <li key={id}>{name}</li>
      ))}
    </ul>
  )
}
