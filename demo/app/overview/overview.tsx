import { useState } from 'react'
import { money } from '../format.js'
import { keptHeight, useKeptHeight } from '../parts/kept-height.js'
import { BalanceChart } from './chart.js'
import { historyIn, totalIn, type Holdings } from './holdings.js'

const days = 60

/** Name by which the height of this part is kept. */
const part = 'overview'

/** The total, and how it came about. Each currency stands for itself. */
export function Overview({ holdings, now }: { holdings: Holdings; now: number }) {
  const { currencies, accounts, loading } = holdings
  const [wanted, setWanted] = useState<string>()
  const currency = currencies.find((one) => one === wanted) ?? currencies[0]
  const whole = useKeptHeight<HTMLElement>(part, !loading && currency !== undefined)
  if (currency === undefined) return <Nothing loading={loading} />
  const inCurrency = accounts.filter(({ balance }) => balance?.currency === currency)
  const banks = new Set(inCurrency.map(({ bank }) => bank.id))
  return (
    <section className="panel total" aria-labelledby="total" ref={whole}>
      <div className="total-head">
        <div>
          <h2 id="total">Cash</h2>
          <p className="figure number">{money(totalIn(currency, holdings), currency)}</p>
          <p className="meta">
            {count(inCurrency.length, 'account')} at {count(banks.size, 'bank')}
            {loading && ', and more to come'}
          </p>
        </div>
        {currencies.length > 1 && (
          <fieldset className="currencies">
            <legend className="unseen">Currency</legend>
            {currencies.map((one) => (
              <label key={one}>
                <input
                  type="radio"
                  name="currency"
                  checked={one === currency}
                  onChange={() => {
                    setWanted(one)
                  }}
                />
                <span>
                  {one} <b className="number">{money(totalIn(one, holdings), one, 0)}</b>
                </span>
              </label>
            ))}
          </fieldset>
        )}
      </div>
      <BalanceChart
        key={currency}
        currency={currency}
        history={historyIn(currency, holdings, days, now)}
        now={now}
      />
    </section>
  )
}

const count = (number: number, what: string): string => `${String(number)} ${what}${number === 1 ? '' : 's'}`

/** Connected, and no balance is known: it is being fetched, or not shared. */
function Nothing({ loading }: { loading: boolean }) {
  const height = loading ? keptHeight(part) : undefined
  return (
    <section
      className={height === undefined ? 'panel total' : 'panel total as-before'}
      aria-labelledby="total"
      style={{ height }}
    >
      <h2 id="total">Cash</h2>
      {loading ? (
        <div className="skeleton-block chart-to-come" aria-hidden="true" />
      ) : (
        <p className="meta">
          No bank shares a balance at the moment. Connect one, or renew one that is connected.
        </p>
      )}
    </section>
  )
}
