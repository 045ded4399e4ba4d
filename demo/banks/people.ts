/** Somebody who banks here. */
export interface Person {
  /** The user name, and the account id inside the bank. */
  readonly id: string
  readonly uuid: string
  readonly name: string
  readonly email: string
}

/** The demo's people, the first of whom signs in unless another is asked for. */
export const people: readonly [Person, ...Person[]] = [
  {
    id: 'ada',
    uuid: '5b0d6c0e-2f7a-4a63-9d5e-0c1f4f0f1ada',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
  },
  {
    id: 'grace',
    uuid: '8e1f7a52-6c3d-4b7e-a1d9-3f9b2c6d9ace',
    name: 'Grace Hopper',
    email: 'grace@example.com',
  },
]

/** The person with this user name. */
export function findPerson(id: string): Person | undefined {
  return people.find((person) => person.id === id.trim().toLowerCase())
}
