import type { MoneyhubBooking } from '../quirks/moneyhub.js'

const bookings = [
  { daysAgo: 1, description: 'Corner Grocer', amount: -2318 },
  { daysAgo: 3, description: 'Northern Rail', amount: -1460 },
  { daysAgo: 8, description: 'Salary', amount: 214000 },
] as const

/** Three made-up bookings of the last days, the newest first. @param now epoch seconds */
export const sampleBookings = (now: number): readonly MoneyhubBooking[] =>
  bookings.map(({ daysAgo, description, amount }, index) => ({
    id: `t${String(index + 1)}`,
    date: new Date((now - daysAgo * 86_400) * 1000).toISOString().slice(0, 10),
    description,
    amount,
  }))
