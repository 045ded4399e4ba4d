import { useState } from 'react'
import { BankMark } from '../mark.js'
import { money, sayDay } from '../format.js'
import { Act } from '../parts/act.js'
import type { Booking } from './holdings.js'

const page = 30

/** What came and went on all accounts, newest first, by day. */
export function Transactions({ bookings, now }: { bookings: readonly Booking[]; now: number }) {
  const [count, setCount] = useState(page)
  const days = byDay(bookings.slice(0, count))
  return (
    <section className="panel transactions" aria-labelledby="transactions">
      <h2 id="transactions">Transactions</h2>
      <table>
        <caption className="unseen">Transactions</caption>
        <thead className="unseen">
          <tr>
            <th scope="col">What and where</th>
            <th scope="col">Amount</th>
          </tr>
        </thead>
        {days.map(([date, ofDay]) => (
          <tbody key={date}>
            <tr className="day">
              <th scope="rowgroup" colSpan={2}>
                <time dateTime={date}>{sayDay(date, now)}</time>
              </th>
            </tr>
            {ofDay.map((booking) => (
              <BookingRow key={`${booking.holding.bank.id} ${booking.id}`} {...booking} />
            ))}
          </tbody>
        ))}
      </table>
      {bookings.length > count && (
        <p className="actions">
          <Act
            quiet
            label={`Show ${String(Math.min(page, bookings.length - count))} more`}
            onClick={() => {
              setCount(count + page)
            }}
          />
        </p>
      )}
    </section>
  )
}

function BookingRow({ text, money: { amount, currency }, holding }: Booking) {
  return (
    <tr>
      <th scope="row">
        <span className="booking">
          <BankMark brand={holding.bank.brand} />
          <span>
            {text}
            <small>
              {holding.bank.name} <span className="number">{holding.number}</span>
            </small>
          </span>
        </span>
      </th>
      <td className={amount > 0 ? 'number incoming' : 'number'}>
        {amount > 0 && '+'}
        {money(amount, currency)}
      </td>
    </tr>
  )
}

function byDay(bookings: readonly Booking[]): [string, Booking[]][] {
  const days = new Map<string, Booking[]>()
  for (const booking of bookings) days.set(booking.date, [...(days.get(booking.date) ?? []), booking])
  return [...days]
}
