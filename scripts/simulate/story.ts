import type { Result } from './run.js'

/** Lines that say little: what is read, and Web Crypto. */
const dull = /: (?:reads |digest|importKey|exportKey|verify|sign|generateKey|learns that nothing)|\bsends /

/** A failure as a story: what was done and what happened, step by step, to what is not as it must be. */
export function tellStory({ plan, about, trace, violation }: Result): string {
  const lines = trace.filter((line) => !dull.test(line))
  const told = lines.filter((line, index) => line !== lines[index - 1])
  const width = String(told.length).length
  const without = plan.without.length > 0 ? `, without ${plan.without.length} things that do not matter` : ''
  return [
    `Seed ${plan.seed}: ${about}${without}.`,
    ...told.map((line, index) => `${String(index + 1).padStart(width)}  ${line}`),
    `Broken: ${violation?.invariant ?? 'nothing'}. ${violation?.detail ?? ''}`,
  ].join('\n')
}
