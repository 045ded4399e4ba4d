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

test('the same seeds give the same traces, whatever ran before in the same process', async () => {
  const first = await simulate('--seeds', '24')
  expect(first).toMatchObject({ seeds: 24, failed: 0 })
  expect(first.steps).toBeGreaterThan(1000)
  expect((await simulate('--seeds', '24')).traces).toBe(first.traces)
  const [alone, before] = [await simulate('--seed', '23'), await simulate('--seeds', '23')]
  expect(first.steps - before.steps).toBe(alone.steps)
}, 1_200_000)

describe('the simulation notices', () => {
  test.each(Object.entries(plants))(
    '%s',
    async (name, { invariant }) => {
      const report = await simulate('--plant', name, '--seeds', '40000', '--until', invariant)
      expect(report.violation?.invariant).toMatch(new RegExp(`^${invariant}`))
      expect(report.story).toContain(`Broken: ${report.violation?.invariant}`)
    },
    1_200_000,
  )

  test('nothing in the same seeds without a plant', async () => {
    expect(await simulate('--seeds', '60')).toMatchObject({ seeds: 60, failed: 0 })
  }, 1_200_000)
})

test('a plant whose text is no longer there fails', async () => {
  await expect(simulate('--plant', 'nothing of the kind')).rejects.toThrow()
})
