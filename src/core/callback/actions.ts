import { CountersignError } from '../../protocol/errors.js'
import { inBackground } from '../in-background.js'
import type { CallbackState, Restartable, Resumable } from './callback.js'

/** Both ways to take a step again. */
export const resumable = (resumeAsync: () => Promise<CallbackState>): Resumable => ({
  resume: inBackground(resumeAsync),
  resumeAsync,
})

/** Both ways to begin a connection again. */
export const restartable = (restartAsync: () => Promise<unknown>): Restartable => ({
  restart: inBackground(restartAsync),
  restartAsync,
})

/** Takes a step. An error that it throws is a state, in which the step can be taken again: the response is in this page's memory still. */
export const attempt = (step: () => Promise<CallbackState>): Promise<CallbackState> =>
  step().catch((error: unknown) => {
    if (!(error instanceof CountersignError)) throw error
    return { status: 'failed', error, returnTo: '/', ...resumable(step) }
  })
