import { isInteraction } from './interaction.js'

/**
 * The note that a connection was disconnected: other pages may have tokens of it that no other page has, or be about to store its
 * renewal. It tells a disconnected connection from one whose record is gone because storage was cleared.
 */
export interface Disconnected {
  readonly v: 1
  readonly phase: 'disconnected'
  /** When the note may go: epoch seconds. */
  readonly expiresAt: number
}

/** No page stays out of sight for longer and comes back with its memory: seconds. */
const noteSeconds = 24 * 3600

/** Makes the note. */
export const noteDisconnected = (now: number): Disconnected => ({
  v: 1,
  phase: 'disconnected',
  expiresAt: now + noteSeconds,
})

/** True for a note that may go, and for an interaction from which nobody came back. */
export const isOldNote = (value: unknown, now: number): boolean => {
  const { phase, expiresAt = now } = Object(value) as Partial<Disconnected>
  return (phase === 'disconnected' || isInteraction(value)) && expiresAt < now
}
