import type { TokenSet } from '../../protocol/token-response.js'
import { bindingOf, isOtherBinding } from '../connections/binding.js'
import { listConnections } from '../connections/stored-connections.js'
import { providerOf, type Context } from '../context.js'
import { providerContext } from '../provider-context.js'
import { retry } from '../storage/retry.js'
import type { Claimed, Presented } from './claim-transaction.js'
import type { KeptAnswer, TransactionOwner, TransactionRecord } from './transactions.js'
import {
  giveUp,
  giveUpWaiting,
  noteWaiting,
  revocableSeconds,
  type WaitingAnswer,
} from './waiting-answers.js'

/** Seconds for which an answer waits that could not be checked. A page asks again for as long. */
const keptSeconds = 600

/** What one call has to redeem. */
export interface Job extends Claimed, Presented {
  readonly owner: TransactionOwner
}

/** An answer that has just come. */
export const toAnswer = ({ now }: Context, tokens: TokenSet): KeptAnswer => ({
  tokens,
  receivedAt: now(),
  until: now() + keptSeconds,
})

/**
 * Keeps an answer that cannot be checked now, in the record of its transaction: for the same user and verifier the same request goes
 * on with it. After ten minutes its tokens are revoked.
 */
export async function keepAnswer(context: Context, job: Job, answer: KeptAnswer): Promise<void> {
  const { transaction, attempts } = job
  const write: TransactionRecord = { phase: 'begun', transaction, attempts: Math.max(attempts, 1), answer }
  await retry(() =>
    context.records.change<TransactionRecord, undefined>(job.key, (current) =>
      // Also where another has sent the code by now, and was refused: this is what it gave.
      current?.phase === 'done'
        ? { result: undefined }
        : { write, until: answer.until + revocableSeconds, result: undefined },
    ),
  )
  if (job.answer) return
  const { key, owner, challenge } = job
  const waiting = {
    key,
    challenge,
    provider: owner.provider,
    receivedAt: answer.receivedAt,
    until: answer.until,
  }
  giveUpLater(context, owner, waiting)
  await noteWaiting(context, owner.subject, waiting)
}

/** Revokes an answer that nobody has asked for again. Where this process has ended by then, its user's next list does. */
function giveUpLater(context: Context, owner: TransactionOwner, waiting: WaitingAnswer): void {
  const timer: unknown = setTimeout(() => {
    giveUp(context, waiting).then(
      (given) => given && dropAnswer(context, owner, given.answer.tokens),
      () => undefined,
    )
  }, keptSeconds * 1000)
  // A process that has nothing else to do need not wait for it.
  ;(timer as { readonly unref?: () => void }).unref?.()
}

/**
 * Revokes the answers of a user that nobody has asked for again, also those of processes that have ended. Not where the provider of
 * that name is another server or client by now, which must not see these tokens: they end by themselves.
 */
export const giveUpAnswers = (context: Context, subject: string): Promise<void> =>
  giveUpWaiting(context, subject, async (provider, { answer, binding }) => {
    if (!context.providers.has(provider) || isOtherBinding(binding, bindingOf(context, provider))) return
    await dropAnswer(context, { subject, provider }, answer.tokens)
  })

/**
 * Revokes the tokens of an answer that is not used, as well as it can. Not where the user has a connection at this provider: there
 * are servers that end every grant of a person with one of their tokens.
 */
export async function dropAnswer(
  context: Context,
  { subject, provider: name }: Pick<TransactionOwner, 'subject' | 'provider'>,
  { accessToken, refreshToken }: TokenSet,
): Promise<void> {
  const provider = providerOf(context, name)
  try {
    const connections = await listConnections(context, subject)
    if (connections.some((connection) => connection.provider === name)) return
    const connection = {
      ...{ id: '', subject, scope: '', createdAt: context.now(), accessToken, refreshToken },
      ...{ sub: undefined, details: {}, data: undefined },
    }
    await provider.revoke?.(connection, providerContext(context, provider))
  } catch {
    // Nobody has these tokens any more. They end by themselves.
  }
}
