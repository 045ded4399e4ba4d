// The simulation itself: it repeats itself exactly, and it notices what it is there for.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { plants } from '../../scripts/simulate/plants.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What scripts/simulate/simulate.js says with `--json`. */
interface Report {
  readonly seeds: number
  readonly steps: number
  /** A digest of all traces. */
  readonly traces: string
  readonly failed: number
  readonly violation?: { readonly invariant: string; readonly detail: string }
  readonly story?: string
}

/** Runs the simulation in a process of its own: it takes the place of timers, chance and Web Crypto. */
function simulate(...settings: readonly string[]): Promise<Report> {
  const script = join(root, 'scripts/simulate/simulate.js')
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [script, '--json', ...settings], { cwd: root }, (error, stdout, stderr) => {
      // It exits with 1 when a seed has failed.
      if (stdout.startsWith('{')) resolve(JSON.parse(stdout) as Report)
      else reject(error ?? new Error(stderr))
    })
  })
}

test('the same seeds give the same traces, from whichever seed on', async () => {
  const [first, second, part] = await Promise.all([
    simulate('--seeds', '80'),
    simulate('--seeds', '80'),
    simulate('--seed', '79'),
  ])
  expect(first).toMatchObject({ seeds: 80, failed: 0 })
  expect(first.steps).toBeGreaterThan(5000)
  expect(second.traces).toBe(first.traces)
  // What ran before in the same process changes nothing.
  const [last, before] = await Promise.all([simulate('--seeds', '80'), simulate('--seeds', '79')])
  expect(last.steps - before.steps).toBe(part.steps)
})

describe('the simulation notices', () => {
  test.each(Object.entries(plants))(
    '%s',
    async (name, { invariant, from = 0 }) => {
      const report = await simulate('--plant', name, '--from', `${from}`, '--seeds', '5000', '--first')
      expect(report.violation?.invariant).toMatch(new RegExp(`^${invariant}`))
      expect(report.story).toContain(`Broken: ${report.violation?.invariant}`)
    },
    180_000,
  )

  test('none of them in the same seeds without it', async () => {
    expect(await simulate('--seeds', '100')).toMatchObject({ seeds: 100, failed: 0 })
  })
})

test('a plant whose text is no longer there fails', async () => {
  await expect(simulate('--plant', 'nothing of the kind')).rejects.toThrow()
})
