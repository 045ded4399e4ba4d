import type { Transaction } from './transaction.js'

/** An interaction at the provider that this browser has sent the person to; see callback/interaction.ts. */
export interface InteractionRecord extends Pick<
  Transaction,
  'v' | 'provider' | 'subject' | 'returnTo' | 'expiresAt'
> {
  readonly phase: 'interaction'
}

/** True for the record of an interaction. Other scripts may write to the same storage. */
export const isInteraction = (value: unknown): value is InteractionRecord => {
  const { v, phase } = Object(value) as Partial<InteractionRecord>
  return v === 1 && phase === 'interaction'
}
