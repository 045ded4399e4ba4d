import { readConfiguration } from './configuration.js'
import { changeUser, useUser } from './session.js'

const { users } = readConfiguration()

/** Who is signed in to the app, and the way to change that. */
export function SessionMenu() {
  const user = useUser()
  return (
    <form className="session" aria-label="App user">
      <label htmlFor="user">App user</label>
      <select
        id="user"
        value={user?.id ?? ''}
        onChange={(event) => {
          void changeUser(users.find(({ id }) => id === event.target.value) ?? null)
        }}
      >
        {users.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
        <option value="">Signed out</option>
      </select>
    </form>
  )
}
