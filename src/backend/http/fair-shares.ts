import { setLast } from './set-last.js'

/** A budget that all users share, as it stands. */
export interface Budget {
  readonly name: string
  /** Requests a minute for all together. */
  readonly perMinute: number
  /** Requests that are left now. */
  readonly available: number
}

/** Divides budgets among users when they run short. */
export interface FairShares {
  /** Takes one request for a user. Gives 0 when it may go on, otherwise the seconds until the user's share allows for it. */
  readonly take: (budget: Budget, subject: string) => number
}

/** Users for whom room is left beside those who ask already. */
const roomFor = 10

const maximumUsers = 10_000
const minute = 60

/** A user's requests a minute, as of a time. */
interface Rate {
  readonly perMinute: number
  readonly at: number
}

/**
 * Lets everybody ask while more than half of a budget is left. Below that, a user may ask as often as an equal share of all who
 * asked within the last minute, with ten more counted in. So those who ask much never have all of it, and who has not asked for
 * a minute gets an answer, as long as fewer users ask than the budget has requests.
 */
export function createFairShares(now: () => number): FairShares {
  const budgets = new Map<string, Map<string, Rate>>()
  return {
    take({ name, perMinute, available }, subject) {
      const rates = budgets.get(name) ?? new Map<string, Rate>()
      budgets.set(name, rates)
      forgetQuiet(rates, now())
      const before = rates.get(subject)
      const rate = before ? before.perMinute * Math.exp((before.at - now()) / minute) : 0
      const share = perMinute / (rates.size + roomFor)
      if (before && available < perMinute / 2 && rate + 1 > share) {
        const untilForgotten = before.at + minute - now()
        return share > 1 ? Math.min(untilForgotten, minute * Math.log(rate / (share - 1))) : untilForgotten
      }
      setLast(rates, subject, { perMinute: rate + 1, at: now() }, maximumUsers)
      return 0
    },
  }
}

/** The first are those who have been quiet for longest. */
function forgetQuiet(rates: Map<string, Rate>, now: number): void {
  for (const [subject, { at }] of rates) {
    if (now - at < minute) return
    rates.delete(subject)
  }
}
