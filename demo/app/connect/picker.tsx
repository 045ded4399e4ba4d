import { Search } from 'lucide-react'
import { useId, useState } from 'react'
import { changeDisplay, useDisplay } from '../display.js'
import { BankCard } from './bank-card.js'
import { useCatalog, useSearch, type Bank } from './catalog.js'

/** Id of the search field, where "Connect a demo bank" leads. */
export const searchId = 'search'

/** The banks that are not connected yet, to choose from. */
export function Picker({ banks, first }: { banks: readonly Bank[]; first: boolean }) {
  const [wanted, setWanted] = useState('')
  const heading = useId()
  const { banks: known } = useCatalog()
  const search = useSearch(wanted)
  // What the app's server knows of, and what the provider has found beside it.
  const further = search.banks.filter(({ id }) => !known.some((bank) => bank.id === id))
  const found = [...banks.filter((bank) => matches(bank, wanted)), ...further]
  return (
    <section className="picker" aria-labelledby={heading} id="add">
      <div className="picker-head">
        <h2 id={heading}>{first ? 'Choose your bank' : 'Add a bank'}</h2>
        <label className="search">
          <Search aria-hidden="true" />
          <span className="unseen">Search banks</span>
          <input
            id={searchId}
            type="search"
            placeholder="Search by name or country"
            autoComplete="off"
            maxLength={100}
            value={wanted}
            onChange={(event) => {
              setWanted(event.target.value)
            }}
          />
        </label>
      </div>
      <div className="tiles">
        {found.map((bank) => (
          <BankCard key={bank.id} bank={bank} />
        ))}
        {search.status === 'loading' && <div className="bank skeleton" aria-hidden="true" />}
      </div>
      {search.more && (
        <button type="button" className="button quiet" onClick={search.more}>
          More banks
        </button>
      )}
      {found.length === 0 && search.status !== 'loading' && (
        <p className="empty" role="status">
          No bank here is called “{wanted}”. Try “Fynbos”, or a country.
        </p>
      )}
      {search.retry && (
        <p className="outcome bad">
          The list of banks could not be fetched whole.{' '}
          <button type="button" className="button quiet" onClick={search.retry}>
            Try again
          </button>
        </p>
      )}
      <DisplayChoice />
    </section>
  )
}

const matches = ({ name, country, via }: Bank, wanted: string): boolean =>
  wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => `${name} ${country} ${via}`.toLowerCase().includes(word))

function DisplayChoice() {
  const display = useDisplay()
  return (
    <label className="switch">
      <input
        type="checkbox"
        checked={display === 'popup'}
        onChange={({ target }) => {
          changeDisplay(target.checked ? 'popup' : 'redirect')
        }}
      />
      Open banks in a window of their own
    </label>
  )
}
