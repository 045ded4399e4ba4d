import { CountersignError, useConnection, useConnections, type Connection } from 'countersign'
import { messageFor } from 'countersign/messages'
import type { BasisDetails, FdxDetails, MoneyhubDetails } from 'countersign/providers'
import { useEffect, useInsertionEffect, useRef, useState } from 'react'
import type { ProviderName } from '../bank.js'
import { dropLoaded, setLoaded, type BankData, type Profile } from './accounts.js'
import { loadApiture } from './apiture.js'
import { loadFdx } from './fdx.js'
import { loadMoneyhub } from './moneyhub.js'
import { loadOpenid } from './openid.js'
import { readJson, type BankFetch } from './read.js'
import { loadStitch } from './stitch.js'

/** Fetches what is behind every connection, and again when one is renewed. */
export function Loaders() {
  const all = useConnections()
  if (all.status !== 'ready') return null
  return all.connections.map(({ provider, id }) => <Loader key={id} provider={provider} id={id} />)
}

function Loader({ provider, id }: { provider: ProviderName; id: string }) {
  const state = useConnection(provider, { connection: id })
  const connected = state.status === 'connected' ? state : undefined
  const version = connected && `${connected.connection.id} ${String(connected.connection.connectedAt)}`
  const [attempt, setAttempt] = useState(0)
  const present = useRef(connected)
  useInsertionEffect(() => {
    present.current = connected
  })
  useEffect(() => {
    if (version === undefined || !present.current) {
      dropLoaded(id)
      return
    }
    let wanted = true
    const { connection, fetch } = present.current
    setLoaded(id, { status: 'loading' })
    load(connection, fetch).then(
      (data) => {
        if (wanted) setLoaded(id, { status: 'loaded', data })
      },
      (error: unknown) => {
        if (wanted) setLoaded(id, { status: 'failed', message: sentence(error), again })
      },
    )
    function again() {
      dropLoaded(id)
      setAttempt((before) => before + 1)
    }
    return () => {
      wanted = false
    }
  }, [id, version, attempt])
  useEffect(
    () => () => {
      dropLoaded(id)
    },
    [id],
  )
  return null
}

const sentence = (error: unknown): string =>
  error instanceof CountersignError ? messageFor(error) : 'The bank did not answer as expected.'

function load(connection: Connection<object, ProviderName>, fetch: BankFetch): Promise<BankData> {
  const { provider, details, grantedScope } = connection
  switch (provider) {
    case 'apiture':
      return loadApiture(fetch)
    case 'basis':
      return loadBasis(fetch, details as BasisDetails)
    case 'fdx':
      return loadFdx(fetch, details as FdxDetails)
    case 'moneyhub':
      return loadMoneyhub(fetch, (details as MoneyhubDetails).connectionId)
    case 'moneyhubOnce':
      return loadMoneyhub(fetch, undefined)
    case 'openid':
      return loadOpenid(fetch)
    case 'stitch':
      return loadStitch(fetch, grantedScope)
  }
}

/** The profile whose id came with the access token. */
async function loadBasis(fetch: BankFetch, { profileId }: BasisDetails): Promise<BankData> {
  const profile = await readJson<Profile>(fetch, `/profiles/${profileId}`)
  return { accounts: [], transactions: [], extra: { kind: 'profile', profile } }
}
