// The job as a process of its own: `npx tsx job.ts`, once a day, from cron or as a Kubernetes CronJob.
import { backend, redis } from './backend.js'
import { keepFresh } from './keep-fresh.js'

// A renewal that is under way is finished and stored before the process ends. Not `once`: a second signal would end it.
process.on('SIGTERM', () => void backend.close())

await backend.ready // rejects with the remedy for a wrong key
try {
  const report = await keepFresh(backend, {
    onEnded: ({ subject, provider }) => {
      notify(subject, `Please connect ${provider} again.`)
    },
  })
  process.stdout.write(`${JSON.stringify(report)}\n`)
} finally {
  await backend.close()
  redis.destroy()
}

function notify(subject: string, text: string): void {
  // Your mail or push service.
  process.stdout.write(`${JSON.stringify({ to: subject, text })}\n`)
}
