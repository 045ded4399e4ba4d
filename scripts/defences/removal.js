/**
 * @param {string} name What is missing then.
 * @param {readonly number[]} attacks The attacks of docs/security.md that it stops.
 * @param {readonly import('./edits.js').Edit[]} edits Several where one check stands behind another: alone, neither would be missed.
 * @param {string} test The test file, below test.
 * @param {string} title The title of the test that turns red; with that of its `describe` before ` > ` where another has the same.
 * @returns {import('./edits.js').Removal}
 */
export const removal = (name, attacks, edits, test, title) => ({ name, attacks, edits, test, title })
