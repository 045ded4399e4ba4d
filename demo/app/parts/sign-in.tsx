import { Act } from './act.js'
import { readConfiguration } from '../configuration.js'
import { changeUser } from '../session.js'

const { users } = readConfiguration()

/**
 * The app's own sign-in. A real app asks for a password here; what counts is that it asks, and signs nobody in by itself.
 *
 * @param onDone Goes on with what needed somebody who is signed in.
 */
export function SignIn({ onDone }: { onDone?: () => void }) {
  return (
    <p className="actions">
      {users.map((user) => (
        <Act
          key={user.id}
          label={`Sign in as ${user.name}`}
          onClick={() => {
            void changeUser(user).then(onDone)
          }}
        />
      ))}
    </p>
  )
}
