import { useConnection } from 'countersign'
import { useEffect, useState } from 'react'
import { useChosen } from '../chosen.js'
import { ProviderCard } from '../provider-card.js'
import { Resource } from '../resource.js'

interface Institution {
  readonly name: string
  readonly platforms: readonly { readonly id: string; readonly display_name: string }[]
}

interface Profile {
  readonly company_name: string
  readonly connections: readonly {
    readonly platform_id: string
    readonly platform_name: string
    readonly institution_name: string
    readonly signed_in_as: string
  }[]
}

const wishes = [
  { label: 'Get an expired initialization token', behaviour: { secondsLater: 3600 } },
  { label: 'Not know the redirect URI', behaviour: { unregistered: true } },
]

/** Basis: the person chooses where to sign in; the backend says who they are, and signs it. */
export function BasisCard() {
  const [platformId, setPlatformId] = useState('')
  return (
    <ProviderCard
      name="basis"
      title="Basis"
      about="Business data through Basis Connect: at the click, the app’s backend signs who you are and where you sign in."
      where="Access token: in the memory of this page. Refresh token and client secret: never outside the backend."
      input={platformId ? { platformId } : null}
      choices={<Platforms chosen={platformId} choose={setPlatformId} />}
      wishes={wishes}
    >
      {() => <BasisProfile />}
    </ProviderCard>
  )
}

/** What the access token opens: the profile whose id came with it. */
function BasisProfile() {
  const basis = useConnection('basis', useChosen())
  if (basis.status !== 'connected') return null
  const { connection, fetch } = basis
  return (
    <Resource<Profile>
      id={connection.id + String(connection.connectedAt)}
      load={async () => {
        const response = await fetch(`/profiles/${connection.details.profileId}`)
        if (!response.ok) throw new Error('The profile could not be fetched.')
        return (await response.json()) as Profile
      }}
    >
      {(profile) => <ProfileTable {...profile} />}
    </Resource>
  )
}

/** The platforms that Basis lists, through the app's server. The first one is chosen until another is. */
function Platforms({ chosen, choose }: { chosen: string; choose: (id: string) => void }) {
  const [institutions, setInstitutions] = useState<readonly Institution[]>()
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    let wanted = true
    listInstitutions().then(
      (list) => {
        if (!wanted) return
        setInstitutions(list)
        choose(list[0]?.platforms[0]?.id ?? '')
      },
      () => {
        if (wanted) setFailed(true)
      },
    )
    return () => {
      wanted = false
    }
  }, [choose])
  if (failed)
    return <p className="problem">The list of institutions could not be fetched. Load the page again.</p>
  return (
    <label className="choice">
      Where do you sign in?
      <select
        value={chosen}
        disabled={!institutions}
        onChange={(event) => {
          choose(event.target.value)
        }}
      >
        {institutions ? null : <option value="">Fetching…</option>}
        {institutions?.map(({ name, platforms }) => (
          <optgroup key={name} label={name}>
            {platforms.map(({ id, display_name }) => (
              <option key={id} value={id}>
                {display_name}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  )
}

async function listInstitutions(): Promise<readonly Institution[]> {
  const response = await fetch('/institutions')
  if (!response.ok) throw new Error('The server did not list the institutions.')
  return (await response.json()) as readonly Institution[]
}

function ProfileTable({ company_name, connections }: Profile) {
  return (
    <table>
      <caption>Basis profile of {company_name}</caption>
      <thead>
        <tr>
          <th scope="col">Platform</th>
          <th scope="col">Signed in</th>
        </tr>
      </thead>
      <tbody>
        {connections.map(({ platform_id, platform_name, institution_name, signed_in_as }) => (
          <tr key={platform_id}>
            <th scope="row">
              {platform_name} <small>{institution_name}</small>
            </th>
            <td>{signed_in_as}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
