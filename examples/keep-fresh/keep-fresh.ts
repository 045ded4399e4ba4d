// Renews the connections that would die because nobody uses them. Run it once a day, in one replica or in all of them: a
// connection is refreshed once, whoever comes first.
import { Refusal, type Backend, type DueConnection } from 'countersign/backend'

/** What a run has done. */
export interface Report {
  /** Connections that were renewed, here or by another replica. */
  renewed: number
  /** Connections whose provider, or its limit, could not serve them now. They stay due: the next run tries again. */
  later: number
  /** Connections that only the person can renew. */
  ended: number
}

export interface KeepFreshOptions {
  /** Days before the end of a connection. More than a week, so that a job that fails a few times loses nothing. */
  readonly daysAhead?: number
  /** Renewals under way at once. */
  readonly concurrency?: number
  /** Epoch seconds. */
  readonly now?: () => number
  /** Called for a connection that only the person can renew: write to them. */
  readonly onEnded?: (connection: DueConnection) => unknown
}

/** @throws {Refusal} `backend_unavailable` where the store fails or the backend closes: the next run goes on. */
export async function keepFresh(
  { connections }: Pick<Backend, 'connections'>,
  {
    daysAhead = 14,
    concurrency = 4,
    now = () => Date.now() / 1000,
    onEnded = () => undefined,
  }: KeepFreshOptions = {},
): Promise<Report> {
  const report: Report = { renewed: 0, later: 0, ended: 0 }
  const due = connections.due({ renewBefore: now() + daysAhead * 86_400 })[Symbol.asyncIterator]()

  async function renew(connection: DueConnection): Promise<void> {
    try {
      await connection.renew()
      report.renewed += 1
    } catch (error) {
      if (!(error instanceof Refusal) || error.error === 'backend_unavailable') throw error
      if (error.error === 'unknown_connection') return
      if (error.error === 'reauthorization_required') {
        report.ended += 1
        await onEnded(connection)
      } else {
        report.later += 1
      }
    }
  }

  async function work(): Promise<void> {
    for (let next = await due.next(); !next.done; next = await due.next()) await renew(next.value)
  }

  await Promise.all(Array.from({ length: concurrency }, work))
  return report
}
