import type { Snippets } from './snippets.js'

/** Nobody who connects a bank has to wait for what only a developer reads. */
export const loadSnippets = async (): Promise<Snippets> => (await import('./snippets.js')).all
