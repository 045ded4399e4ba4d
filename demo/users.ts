/** A user of the app: not of a bank. */
export interface User {
  readonly id: string
  readonly name: string
}

/** Who can sign in to the app. */
export const users: readonly [User, ...User[]] = [
  { id: 'robin', name: 'Robin' },
  { id: 'sam', name: 'Sam' },
]

/** The user of this id. */
export function userOf(id: unknown): User | undefined {
  return users.find((user) => user.id === id)
}
