import type { BasisClaims } from 'countersign/backend'

/** A user of the app: not of a bank. */
export interface User {
  readonly id: string
  readonly name: string
  /** What the app knows of the user's business. It stays on the server. */
  readonly business: BasisClaims
}

/** Who can sign in to the app. */
export const users: readonly [User, ...User[]] = [
  {
    id: 'robin',
    name: 'Robin',
    business: {
      userEmail: 'robin@lasagna.example',
      userName: 'Robin Ferrara',
      companyEin: '88-1231234',
      companyName: 'Lasagna Enterprises, LLC',
      nativeUserId: 'user-robin',
      nativeCompanyId: 'company-456',
    },
  },
  {
    id: 'sam',
    name: 'Sam',
    business: {
      userEmail: 'sam@acme.example',
      userName: 'Sam Okafor',
      companyEin: '123456789',
      companyName: 'Acme Property Holdings, LLC',
      nativeUserId: 'user-sam',
      nativeCompanyId: 'company-457',
    },
  },
]

/** The user of this id. */
export function userOf(id: unknown): User | undefined {
  return users.find((user) => user.id === id)
}
