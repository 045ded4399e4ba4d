import { Search } from 'lucide-react'
import { useId, useState } from 'react'
import { changeDisplay, useDisplay } from '../display.js'
import { BankCard } from './bank-card.js'
import { useCatalog, type Bank } from './catalog.js'

/** Id of the search field, where "Connect a demo bank" leads. */
export const searchId = 'search'

/** The banks that are not connected yet, to choose from. */
export function Picker({ banks, first }: { banks: readonly Bank[]; first: boolean }) {
  const { status } = useCatalog()
  const [wanted, setWanted] = useState('')
  const heading = useId()
  const found = banks.filter((bank) => matches(bank, wanted))
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
        {status === 'loading' && <div className="bank skeleton" aria-hidden="true" />}
      </div>
      {found.length === 0 && (
        <p className="empty" role="status">
          No bank here is called “{wanted}”. Try “Fynbos”, or a country.
        </p>
      )}
      {status === 'failed' && (
        <p className="outcome bad">The list of banks could not be fetched whole. Load the page again.</p>
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
