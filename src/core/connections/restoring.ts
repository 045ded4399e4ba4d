/** What lies in the database, as `Database.entries` gives it. */
export type Entries = [key: string, value: unknown][]

/**
 * Brings the stored records up to date. Resolves with them as they are then; with `undefined` where they must be read again.
 *
 * @param isPart True for a part of the records: then nothing is done about transactions.
 * @throws {CountersignError} `sign_in_required` where nothing is known, because the backend says that nobody is signed in.
 */
export type Restore = (subject: string, entries: Entries, isPart: boolean) => Promise<Entries | undefined>
