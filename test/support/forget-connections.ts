import { users } from '../../demo/users.js'

/** Disconnects at the backend what a test has left there: the next one's page would show it as connected. */
export async function forgetConnections(origin: string): Promise<void> {
  for (const { id: user } of users) {
    const headers = { origin, countersign: '1', cookie: `demo-user=${user}` }
    const listed = await fetch(`${origin}/connect/connections`, { headers })
    const { connections } = (await listed.json()) as { connections: readonly { id: string }[] }
    await Promise.all(
      connections.map(({ id }) =>
        fetch(`${origin}/connect/connections/${id}`, { method: 'DELETE', headers }),
      ),
    )
  }
}
