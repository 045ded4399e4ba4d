import { forRequest, forSubject, type Context } from '../context.js'
import type { Lifecycle } from '../lifecycle.js'
import { reportRefusal } from '../report-refusal.js'

/** What the app's own server has this backend do, without a request. */
export interface Calls {
  /** Does the work of one call for a user. @throws {Refusal} for whatever fails */
  readonly forUser: <T>(subject: string, work: (own: Context) => Promise<T>) => Promise<T>
  /** Does the work of one call for no user in particular. @throws {Refusal} for whatever fails */
  readonly alone: <T>(work: (own: Context) => Promise<T>) => Promise<T>
}

/** Makes the calls of one backend: each has an id of its own, and `close` waits for those under way. */
export function createCalls(
  context: Context,
  { track, checkOpen }: Pick<Lifecycle, 'track' | 'checkOpen'>,
): Calls {
  const begin = (): Context => forRequest(context, crypto.randomUUID(), false)

  async function run<T>(own: Context, work: (own: Context) => Promise<T>): Promise<T> {
    try {
      checkOpen()
      await context.ready()
      return await work(own)
    } catch (error) {
      throw reportRefusal(own, error)
    }
  }

  return {
    forUser: (subject, work) => track(forSubject(begin(), subject).then((own) => run(own, work))),
    alone: (work) => track(run(begin(), work)),
  }
}
