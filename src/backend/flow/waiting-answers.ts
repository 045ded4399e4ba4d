import type { Context } from '../context.js'
import { tombstoneSeconds } from './claim-transaction.js'
import type { Binding } from '../connections/record.js'
import type { KeptAnswer, TransactionRecord } from './transactions.js'

/** Seconds for which an answer that is given up can still be revoked: its user may ask for the list on the next day only. */
export const revocableSeconds = 86_400

/** Where an answer waits. What it says is in the record of its transaction. */
export interface WaitingAnswer extends Pick<KeptAnswer, 'receivedAt' | 'until'> {
  /** Of the transaction's record in the store. */
  readonly key: string
  readonly provider: string
  /** S256 of the verifier. */
  readonly challenge: string
}

/** The largest number that is remembered of one user. */
const maximumWaiting = 20

const waitingKey = async ({ subjectKey }: Context, subject: string): Promise<string> =>
  `answers:${await subjectKey(subject)}`

/**
 * Notes that an answer waits, so that its tokens are revoked although the process that received it has ended. Never rejects: the
 * process that is here revokes them too, and they end by themselves.
 */
export async function noteWaiting(context: Context, subject: string, waiting: WaitingAnswer): Promise<void> {
  await changeWaiting(context, subject, (all) => [
    ...all.filter(({ key }) => key !== waiting.key).slice(1 - maximumWaiting),
    waiting,
  ]).catch(() => undefined)
}

/**
 * Gives up the answers of a user that have waited too long.
 *
 * @param drop Revokes the tokens of one.
 */
export async function giveUpWaiting(
  context: Context,
  subject: string,
  drop: (provider: string, given: GivenUp) => Promise<void>,
): Promise<void> {
  const isOver = ({ until }: WaitingAnswer): boolean => until <= context.now()
  const found = await context.records.read<readonly WaitingAnswer[]>(await waitingKey(context, subject))
  const over = (found ?? []).filter(isOver)
  if (over.length === 0) return
  for (const waiting of over) {
    const given = await giveUp(context, waiting)
    if (given) await drop(waiting.provider, given)
  }
  await changeWaiting(context, subject, (all) => all.filter((waiting) => !isOver(waiting)))
}

/** An answer that nobody can ask for any more. */
export interface GivenUp {
  readonly answer: KeptAnswer
  /** The server and client whose tokens it holds. */
  readonly binding: Binding | undefined
}

/** Ends a transaction whose answer still waits. @returns The answer, to one caller only. */
export const giveUp = (
  { records, now }: Context,
  { key, challenge, receivedAt }: WaitingAnswer,
): Promise<GivenUp | undefined> =>
  records.change<TransactionRecord, GivenUp | undefined>(key, (current) =>
    current?.phase === 'begun' && current.answer?.receivedAt === receivedAt
      ? {
          write: { phase: 'failed', challenge, error: 'provider_unavailable' },
          until: now() + tombstoneSeconds,
          result: { answer: current.answer, binding: current.transaction.binding },
        }
      : { result: undefined },
  )

async function changeWaiting(
  context: Context,
  subject: string,
  next: (all: readonly WaitingAnswer[]) => readonly WaitingAnswer[],
): Promise<void> {
  const key = await waitingKey(context, subject)
  await context.records.change<readonly WaitingAnswer[], undefined>(key, (all = []) => {
    const write = next(all)
    const until = Math.max(context.now() + 1, ...write.map((waiting) => waiting.until + revocableSeconds))
    return { write, until, result: undefined }
  })
}
